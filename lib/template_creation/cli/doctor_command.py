"""``template-create doctor``: what would silently not work, with a fix for each."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

from template_creation.cli.run import Console
from template_creation.doctor import Examination, examine
from template_creation.errors import ExitCode
from template_creation.values.agent import Issue

__all__ = ["run_doctor"]

_SCOPES = {"project": "of the project", "user": "of the user", "plugin": "of plugins"}


def run_doctor(console: Console, *, folder: Path) -> None:
    """Print the findings; exit 5 when one of them is an error."""
    found = examine(folder)
    code = ExitCode.VALIDATION_FAILED if found.errors else ExitCode.DONE
    document = {
        "status": "broken" if found.errors else "healthy",
        "exit_code": int(code),
        "folder": str(folder),
        "claude": {"path": found.claude.path, "version": found.claude.version},
        "agents": [
            {
                "path": str(file.path),
                "scope": file.folder.scope,
                "name": file.call_name,
                "loads": file.loads,
                "rule": file.reading.rule,
            }
            for file in found.agents
        ],
        "errors": [asdict(item) for item in found.errors],
        "warnings": [asdict(item) for item in found.warnings],
    }
    console.result(_text(found), document)
    if code:
        raise SystemExit(int(code))


def _text(found: Examination) -> str:
    lines = [_finding(item) for item in (*found.errors, *found.warnings)]
    counts = Counter[str](file.folder.scope for file in found.agents)
    loaded = sum(file.loads for file in found.agents)
    where = ", ".join(f"{counts[scope]} {said}" for scope, said in _SCOPES.items() if counts[scope])
    claude = f"Claude Code {found.claude.version}" if found.claude.version else "no Claude Code"
    files = _told(len(found.agents), "agent file")
    lines.append(f"Looked at {files} ({where or 'none'}); {claude}.")
    lines.append(
        f"{loaded} load{'s' if loaded == 1 else ''}; {_told(len(found.errors), 'error')}, "
        f"{_told(len(found.warnings), 'warning')}."
    )
    return "\n".join(lines)


def _told(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _finding(item: Issue) -> str:
    return f"{item.severity}: {item.place}: {item.message} [{item.rule}]\n  fix: {item.fix}"
