"""The programs that the commands need: Claude Code itself, and this one on the PATH."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

from template_creation.doctor.reading import MEASURED
from template_creation.values.agent import Issue

__all__ = ["Program", "find_claude", "program_issues"]

_ANSWER_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Program:
    """Claude Code as found: its ``path``, empty where there is none, and its ``version``, empty
    where it does not say."""

    path: str = ""
    version: str = ""


def find_claude(name: str = "claude") -> Program:
    """Claude Code on the PATH, asked for its version."""
    path = shutil.which(name)
    if path is None:
        return Program()
    try:
        done = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_WITHIN_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return Program(path)
    match = re.search(r"\b(\d+\.\d+\.\d+)\b", done.stdout)
    return Program(path, match[1] if match and done.returncode == 0 else "")


def program_issues(claude: Program, *, installed: bool) -> Iterator[Issue]:
    """Findings on the programs; ``installed``: our commands are there and need this program."""
    if not claude.path:
        message = "Claude Code is not on the PATH, so nothing here is used"
        fix = "npm install -g @anthropic-ai/claude-code"
        yield Issue("claude-missing", "claude", message, fix, "warning")
    elif not claude.version:
        message = "does not tell its version"
        fix = "run claude --version and mend what it says"
        yield Issue("claude-broken", claude.path, message, fix)
    elif _numbers(claude.version) < _numbers(MEASURED):
        message = f"is {claude.version}; what is said here was measured with {MEASURED}"
        yield Issue("claude-old", claude.path, message, "claude update", "warning")
    if installed and shutil.which("template-create") is None:
        message = "is not on the PATH, so /template-create cannot run it"
        fix = "pipx install template-create, or add its folder to the PATH"
        yield Issue("program-missing", "template-create", message, fix)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
