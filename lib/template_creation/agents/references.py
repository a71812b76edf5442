"""References to a package's templates, wherever and however a text has them, and where they lead.

Paths are given from the package (``templates/api/a.py.template``), relative to the agent
(``../templates/...``), without the suffix, or as a folder. (F57, F62 of the facts.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from template_creation.values.agent import Issue

__all__ = ["TemplatePaths", "dangling_references", "find_references"]

_REFERENCE = re.compile(r"(?<![\w/.-])(?:(?:\.{1,2}/)*|(?:[\w.-]+/){1,6})(?=templates/)")
_IN_CODE = re.compile(r"templates/[^`\n]+(?=`)")
_WORD = re.compile(r"templates/[^\s`'\"()\[\]<>|,;]+")
_OPEN = re.compile(r"[*?{}$]|\.\.\.|\u2026|<")
SUFFIXES = (".template", ".tmpl", ".j2", ".jinja", ".jinja2", ".hbs", ".mustache", ".ejs")


@dataclass(frozen=True)
class TemplatePaths:
    """The paths of a package's templates, all of them below ``templates/``."""

    paths: frozenset[str]

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a template, at any depth."""
        return frozenset(
            "/".join(parts[:depth])
            for parts in (path.split("/") for path in self.paths)
            for depth in range(1, len(parts))
        )

    @cached_property
    def _bare(self) -> frozenset[str]:
        return frozenset(without_suffix(path) for path in self.paths)

    def is_file(self, path: str) -> bool:
        """Whether ``path`` is a template, with its suffix or without."""
        return path in self.paths or path in self._bare

    def has(self, path: str) -> bool:
        """Whether ``path`` is a template, with its suffix or without, or a folder of them; words
        may follow it."""
        words = path.split(" ")
        tries = (" ".join(words[:end]).rstrip("/") for end in range(len(words), 0, -1))
        return any(one in self.paths or one in self.folders or one in self._bare for one in tries)

    def nearest(self, path: str) -> str:
        """The template that ``path`` may have meant: of the same file name, else written alike;
        or nothing."""
        name = path.rpartition("/")[2]
        same = sorted(one for one in self.paths if one.rpartition("/")[2] == name)
        kind = without_suffix(name).rpartition(".")[2]
        alike = [one for one in self.paths if without_suffix(one).rpartition(".")[2] == kind]
        close = get_close_matches(path, sorted(alike), n=1, cutoff=0.6)
        return (same if len(same) == 1 else close or same or [""])[0]


def without_suffix(path: str) -> str:
    """``path`` without the ending that says it is a template."""
    return next((path.removesuffix(end) for end in SUFFIXES if path.endswith(end)), path)


def find_references(text: str) -> Iterator[tuple[int, str]]:
    """The references in ``text``, with their 1-based lines, each from ``templates/`` on;
    patterns and paths with something left open are none. In backticks a path may have spaces.

    >>> list(find_references("See [it](../templates/a.py.template) and `templates/*.ts`."))
    [(1, 'templates/a.py.template')]
    """
    for number, line in enumerate(text.splitlines(), 1):
        for match in _REFERENCE.finditer(line):
            in_code = line.count("`", 0, match.start()) % 2
            found = (_IN_CODE if in_code else _WORD).match(line, match.end())
            if found is None:
                continue
            path = found[0].strip().rstrip(".:!*_").partition("#")[0]
            path = re.sub(r":\d+(?:-\d+)?$", "", path)
            if len(path) > len("templates/") and not _OPEN.search(path):
                yield number, path


def dangling_references(text: str, known: Collection[str], *, file: str) -> tuple[Issue, ...]:
    """Every reference of the agent file ``text`` that leads to no template of the package, as
    warnings with the place and what may have been meant."""
    paths = TemplatePaths(frozenset(known))
    found = []
    for line, path in find_references(text):
        if paths.has(path):
            continue
        near = paths.nearest(path)
        fix = f"did you mean {near!r}?" if near else "leave it out, or add the template"
        message = f"no template {path!r} in the package"
        found.append(Issue("dangling-template", f"{file}:{line}", message, fix, "warning"))
    return tuple(dict.fromkeys(found))
