"""The two folders that a package is checked against: itself and the codebase it is from."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Code:
    """The codebase: text by path and line, as a reader with an editor sees it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lines: dict[str, list[str]] = {}

    def is_file(self, path: str) -> bool:
        """Whether ``path`` is a file inside the codebase; never one outside."""
        return self._is_inside(path) and (self.root / path).is_file()

    def is_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder of the codebase (``.`` is its top)."""
        return self._is_inside(path) and (self.root / path).is_dir()

    def _is_inside(self, path: str) -> bool:
        return bool(path) and not path.startswith(("/", "~")) and ".." not in path.split("/")

    def lines(self, path: str) -> list[str]:
        """The lines of a file without line ends and BOM; none if it is not there."""
        if path not in self._lines:
            text = (self.root / path).read_bytes() if self.is_file(path) else b""
            plain = text.decode("utf-8-sig", errors="replace")
            parts = plain.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            self._lines[path] = parts
        return self._lines[path]

    def length(self, path: str) -> int:
        """The number of lines of a file; a last line without an end counts."""
        lines = self.lines(path)
        return len(lines) - (not lines[-1])

    def text(self, path: str, first: int = 1, last: int | None = None) -> str:
        """The text of the lines ``first..last``, all of them without ``last``."""
        return "\n".join(self.lines(path)[max(first, 1) - 1 : last])

    @cached_property
    def paths(self) -> list[str]:
        """Every file below the top but git's own, as POSIX paths."""
        found = (item.relative_to(self.root) for item in self.root.rglob("*") if item.is_file())
        return sorted(item.as_posix() for item in found if item.parts[0] != ".git")

    @cached_property
    def folders(self) -> set[str]:
        """Every folder that holds a file, directly or deeper; the top is ``.``."""
        found = {"."}
        for path in self.paths:
            found.update(ancestors(path))
        return found

    def has_glob(self, glob: str) -> bool:
        """Whether a folder or file matches; ``*`` stands for one name or part of one."""
        return any(matches(glob, item) for item in (*self.folders, *self.paths))

    @cached_property
    def commit(self) -> str | None:
        """The commit of the codebase as git tells it, or ``None``."""
        if not (self.root / ".git").exists():
            return None
        asked = ["git", "-C", str(self.root), "rev-parse", "HEAD"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        return done.stdout.strip() or None

    @cached_property
    def subjects(self) -> list[str]:
        """The subjects of the last 200 commits, newest first."""
        asked = ["git", "-C", str(self.root), "log", "-n200", "--format=%s"]
        done = subprocess.run(asked, capture_output=True, check=False)
        return done.stdout.decode("utf-8", "replace").splitlines()

    @cached_property
    def listed(self) -> int | None:
        """How many entries git lists as the project's own, or ``None`` without git."""
        if self.commit is None:
            return None
        asked = ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others"]
        done = subprocess.run([*asked, "--exclude-standard"], capture_output=True, check=True)
        return len({item for item in done.stdout.split(b"\0") if item})


def matches(glob: str, path: str) -> bool:
    """Whether ``path`` matches ``glob`` name by name; ``**`` stands for any names.

    >>> matches("app/*/api", "app/items/api"), matches("app/*", "app/items/api")
    (True, False)
    >>> matches("**/http.go", "internal/users/http.go")
    True
    """
    wanted, names = glob.split("/"), path.split("/")
    if wanted[0] == "**":
        rest = "/".join(wanted[1:])
        return any(matches(rest, "/".join(names[at:])) for at in range(len(names)))
    if len(names) == 1 or len(wanted) == 1:
        return len(names) == len(wanted) == 1 and fnmatchcase(names[0], wanted[0])
    below = matches("/".join(wanted[1:]), "/".join(names[1:]))
    return fnmatchcase(names[0], wanted[0]) and below


def ancestors(path: str) -> list[str]:
    """The folders above ``path``, the nearest last."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


class Package:
    """The package: its documents, and its facts by what they are called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.manifest: Json = json.loads((root / "manifest.json").read_bytes())
        self.report: Json = json.loads((root / "report.json").read_bytes())
        self.facts: Json = self.report["facts"]
        self.templates: dict[str, Json] = {
            item["path"]: item for item in self.manifest["templates"]
        }
        self.template_ids: dict[str, Json] = {item["id"]: item for item in self.templates.values()}
        self.agents: dict[str, Json] = {item["name"]: item for item in self.manifest["agents"]}
        self.layers: dict[str, Json] = {item["name"]: item for item in self.facts["layers"]}
        self.conventions: list[Json] = self.facts["conventions"]
        self.technologies: list[Json] = self.facts["technologies"]
        self.commands: list[Json] = self.facts["commands"]
        self.memories: list[Json] = self.facts.get("memories", [])

    @cached_property
    def excluded(self) -> Counter[str]:
        """How many files each reason left out."""
        return Counter(item["reason"] for item in self.report["excluded_files"])

    def layer_files(self, names: list[str]) -> set[str]:
        """The files of the named layers together."""
        return {path for name in names for path in self.layers.get(name, {}).get("files", ())}


def sites(grouped: dict[str, list[list[int]]]) -> list[tuple[str, int, int]]:
    """The places of a convention as (path, first line, last line)."""
    return [(path, *span) for path, spans in grouped.items() for span in spans]


def place(site: tuple[str, int, int]) -> str:
    """A site as documents write it: ``path:line``, or the path alone for line 0.

    >>> place(("a.py", 3, 9)), place(("a.py", 0, 0))
    ('a.py:3', 'a.py')
    """
    return f"{site[0]}:{site[1]}" if site[1] else site[0]


def squeezed(text: str) -> str:
    """``text`` with every run of white space as one blank."""
    return re.sub(r"\s+", " ", text).strip()
