"""Small trees on disk: real files, real links, real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

WriteTree = Callable[[Path, Mapping[str, bytes | str]], Path]
Git = Callable[..., str]


@pytest.fixture
def write_tree() -> WriteTree:
    """Writes ``{path: content}`` below a folder and gives the folder back."""

    def write(root: Path, files: Mapping[str, bytes | str]) -> Path:
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            target.write_bytes(data)
        root.mkdir(parents=True, exist_ok=True)
        return root

    return write


@pytest.fixture
def git(sealed: Path) -> Git:
    """Runs a real git command in a folder, as one fixed author, and gives its output."""

    def run(root: Path, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=root,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            check=True,
            capture_output=True,
        )
        return done.stdout.decode()

    return run


@pytest.fixture
def commit_all(git: Git) -> Callable[[Path], Path]:
    """Makes a folder a repository with everything in it committed."""

    def commit(root: Path, message: str = "First") -> Path:
        if not (root / ".git").exists():
            git(root, "init", "--quiet", "--initial-branch=main")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--allow-empty", f"--message={message}")
        return root

    return commit
