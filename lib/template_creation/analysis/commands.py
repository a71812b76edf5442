"""Commands that the project itself declares: scripts, targets, pipelines and tool tables.

A command is what a person would type in ``folder``, proved by the line that declares it.
Commands that deploy or publish, or that carry a secret, are left out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from template_creation.analysis.command_sources import RawCommand, raw_commands
from template_creation.analysis.manifests import Manifest
from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Command
from template_creation.values.source import Codebase

__all__ = ["find_commands", "purpose_of"]

MAX_PER_PURPOSE = 3
_ORDER = (
    "install",
    "run",
    "test",
    "lint",
    "format",
    "types",
    "build",
    "migrate",
    "generate",
    "other",
)


@cache
def _rules() -> tuple[tuple[tuple[str, re.Pattern[str]], ...], re.Pattern[str]]:
    """Purposes in order with their patterns, and what is never offered."""
    source = files("template_creation.analysis").joinpath("commands.toml")
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    purposes = tuple(
        (name, re.compile("|".join(patterns), re.IGNORECASE))
        for name, patterns in data["purposes"].items()
    )
    return purposes, re.compile("|".join(data["unwanted"]["patterns"]), re.IGNORECASE)


def purpose_of(name: str, command: str) -> str:
    """What a command is for, by its declared name first and by its text second.

    >>> purpose_of("test:e2e", "playwright test"), purpose_of("", "uv run ruff check .")
    ('test', 'lint')
    """
    for text in (name, command):
        for purpose, pattern in _rules()[0]:
            if text and pattern.search(text):
                return purpose
    return "other"


def find_commands(
    codebase: Codebase, manifests: tuple[Manifest, ...], texts: TextCache
) -> tuple[Command, ...]:
    """The commands by purpose, at most `MAX_PER_PURPOSE` for each purpose and declaring file,
    sorted by purpose, folder and rank of source; each command once per folder."""
    folders = {
        "/".join(parts[:depth])
        for file in codebase.files
        for parts in (file.path.split("/")[:-1],)
        for depth in range(1, len(parts) + 1)
    }
    seen: set[tuple[str, str]] = set()
    counts: dict[tuple[str, str, str], int] = {}
    found: list[tuple[str, str, RawCommand]] = []
    for raw in raw_commands(codebase, manifests, texts):
        key = (raw.folder, _plain(raw.command))
        if key in seen or _is_unwanted(raw) or (raw.folder and raw.folder not in folders):
            continue
        seen.add(key)
        purpose = purpose_of(raw.name, raw.command)
        group = (purpose, raw.path, raw.folder)
        counts[group] = counts.get(group, 0) + 1
        if counts[group] <= MAX_PER_PURPOSE and purpose != "other":
            found.append((purpose, raw.folder, raw))
    found.sort(key=lambda item: (_ORDER.index(item[0]), item[1].count("/"), item[1]))
    return tuple(_numbered(found))


def _numbered(found: list[tuple[str, str, RawCommand]]) -> Iterator[Command]:
    for index, (purpose, folder, raw) in enumerate(found, start=1):
        yield Command(f"C{index}", purpose, raw.command, folder, raw.path, raw.line)


def _plain(command: str) -> str:
    return re.sub(r"\s+", " ", command).strip()


def _is_unwanted(raw: RawCommand) -> bool:
    text = f"{raw.name} {raw.command}"
    return bool(_rules()[1].search(text)) or len(raw.command) > 200 or "\n" in raw.command
