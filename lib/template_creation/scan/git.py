"""Git's own list of a work tree, without running anything that the repository asks for.

The environment is built anew, hooks, the file system monitor, signature programs and every
transport are switched off, and no lock is taken, so nothing is written or fetched.
(facts/codebase-to-template, sections 1 and 13.)
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from template_creation.scan.listing import Entry, Listing

__all__ = ["GitRefused", "list_with_git"]

_LOG_LIMIT: Final = 200
_TIMEOUT_S: Final = 120.0
_KEPT: Final = ("PATH", "HOME", "XDG_CONFIG_HOME", "SYSTEMROOT", "USERPROFILE", "TMPDIR", "TEMP")
_SAFE: Final = (
    "-c", "core.fsmonitor=false",
    "-c", "core.untrackedCache=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.pager=cat",
    "-c", "core.preloadIndex=false",
    "-c", "log.showSignature=false",
    "-c", "log.mailmap=false",
    "-c", "gpg.program=false",
    "-c", "protocol.allow=never",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
)  # fmt: skip


class GitRefused(Exception):  # noqa: N818 - reads as what happened
    """Git did not list the folder. ``reason`` says why, or is empty: it is no repository."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def list_with_git(root: Path) -> Listing:
    """Tracked and untracked files under ``root``, the ignore rules of the whole repository
    applied; ``root`` may be a sub-folder of it.

    Raises:
        GitRefused: no git, no repository, or git does not list this folder.
    """
    tracked = _git(root, "ls-files", "-z", "-s", "-t", "--cached")
    others = _git(root, "ls-files", "-z", "--others", "--exclude-standard")
    entries = {entry.path: entry for entry in map(_tracked, _split(tracked))}
    for path in _split(others):
        nested = path.endswith(b"/")
        entries.setdefault(path, Entry(path.rstrip(b"/"), "submodule" if nested else "file"))
    if not entries and _is_ignored(root):
        raise GitRefused("the repository around this folder ignores it")
    commit, log = _history(root)
    return Listing(tuple(entries.values()), "git", commit, log)


def _split(output: bytes) -> list[bytes]:
    return output.split(b"\0")[:-1]


def _tracked(line: bytes) -> Entry:
    """One line of ``ls-files -s -t``: ``H 100644 <hash> 0<tab><path>``; S is a file that a
    sparse checkout left out."""
    head, _, path = line.partition(b"\t")
    tag, mode = head.split(b" ", 2)[:2]
    if mode == b"160000":
        return Entry(path, "submodule")
    if mode == b"120000":
        return Entry(path, "symlink")
    return Entry(path, "sparse" if tag == b"S" else "file")


def _is_ignored(root: Path) -> bool:
    try:
        _git(root.parent, "check-ignore", "-q", "--", root.name)
    except GitRefused:
        return False
    return True


def _history(root: Path) -> tuple[str | None, tuple[str, ...]]:
    """The newest commit's hash and the newest subjects; in a sub-folder, those that touch it,
    so that work elsewhere in the repository changes nothing here. Nothing in a repository
    without commits."""
    try:
        in_folder = ["--", "."] if _git(root, "rev-parse", "--show-prefix").strip() else []
        output = _git(
            root, "log", "-z", f"-n{_LOG_LIMIT}", "--format=%H %s", "--encoding=UTF-8", *in_folder
        )
    except GitRefused:
        return None, ()
    lines = [line for line in output.decode("utf-8", "replace").split("\0") if line]
    if not lines:
        return None, ()
    return lines[0].partition(" ")[0], tuple(line.partition(" ")[2] for line in lines)


def _git(root: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", *_SAFE, "--no-pager", *arguments],
            cwd=root,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise GitRefused("git is not installed") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GitRefused(f"git could not be run ({type(error).__name__})") from error
    if done.returncode:
        raise GitRefused(_reason(done.stderr))
    return done.stdout


def _reason(message: bytes) -> str:
    """Why git refused, without the paths of its message."""
    text = message.decode("utf-8", "replace").lower()
    if "not a git repository" in text or "must be run in a work tree" in text:
        return ""
    if "dubious ownership" in text or "unsafe repository" in text:
        return "git does not trust the owner of this repository (safe.directory)"
    return "git could not read this repository"


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_PROTOCOL_FROM_USER": "0",
        "LC_ALL": "C",
    }
