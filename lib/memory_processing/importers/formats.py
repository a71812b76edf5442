"""All formats by name, and which one a path holds.

source = source_for(Path("memory.jsonl"))          # looks at the content
source = source_for(Path("notes"), form="lessons")  # says it
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from batch_engine.core import ConfigurationError
from memory_processing.errors import MemoryStoreError
from memory_processing.importers.adr import DecisionRecords
from memory_processing.importers.cogx import COGX_FILES, COGX_MANIFEST, Cogx
from memory_processing.importers.documents import Shape, shape_of
from memory_processing.importers.instructions import INSTRUCTION_SUFFIXES, Instructions
from memory_processing.importers.jsonl import JsonLines
from memory_processing.importers.lessons import LESSON_FIELDS, Lessons
from memory_processing.importers.letta import LettaFile, LettaMessages
from memory_processing.importers.loose_json import LISTS, LooseJson
from memory_processing.importers.mcp import McpMemory
from memory_processing.importers.mem0 import MEM0_TEXTS, Mem0
from memory_processing.importers.reading import opened
from memory_processing.importers.seam import FileSource, Importer
from memory_processing.importers.sections import field_name

__all__ = ["FORMATS", "Format", "detect_format", "source_for"]

_HEAD = 64_000
_OUR_TEXTS = frozenset({"text", "summary", "content", "messages"})


class _Look:
    """What a path shows before it is read: name, start of the text, shape of the JSON."""

    def __init__(self, path: Path, label: str) -> None:
        self.path, self.label = path, label
        self.name = path.name.lower()
        self.suffix = path.suffix.lower()
        self.is_folder = path.is_dir()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names in a folder."""
        return (
            frozenset(item.name for item in self.path.iterdir()) if self.is_folder else frozenset()
        )

    @cached_property
    def head(self) -> str:
        """The first 64,000 bytes of a file as text."""
        if self.is_folder:
            return ""
        with opened(self.path, self.label) as file:
            return file.read(_HEAD).decode("utf-8", "replace")

    @cached_property
    def shape(self) -> Shape:
        """The shape of the whole file as one JSON document."""
        return Shape() if self.is_folder else shape_of(self.path, self.label)

    @cached_property
    def first_object(self) -> dict[str, Any]:
        """The first line that is a JSON object, of the first 20."""
        for line in islice((line for line in self.head.splitlines() if line.strip()), 20):
            try:
                data = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(data, dict):
                return data
        return {}

    @cached_property
    def headings(self) -> frozenset[str]:
        """The headings of a Markdown file, in lower case."""
        found = re.findall(r"^ {0,3}#{1,6}\s+(.+?)\s*$", self.head, re.MULTILINE)
        return frozenset(heading.lower() for heading in found)

    @property
    def is_markdown(self) -> bool:
        """Whether the name says that it is Markdown."""
        return self.suffix in INSTRUCTION_SUFFIXES

    @property
    def is_lines(self) -> bool:
        """Whether it is JSON lines: an object on the first line, and not one over the file."""
        return bool(self.first_object) and self.suffix in (".jsonl", ".ndjson", ".json", "")


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its importer, what it is for readers, and why a path is not in it (or "")."""

    importer: Importer
    title: str
    refuses: Callable[[_Look], str]


def _cogx(look: _Look) -> str:
    if look.is_folder:
        if not look.names & {COGX_MANIFEST, *COGX_FILES}:
            return "the folder has neither manifest.json nor memories.jsonl"
        if set(COGX_FILES) & look.names:
            return ""
        return "the folder has a manifest.json but no record file of an archive"
    data = look.first_object
    return "" if "external_id" in data and "kind" in data else "no object with kind and external_id"


def _letta(look: _Look) -> str:
    if look.is_folder:
        return "is a folder"
    if look.suffix == ".af" and look.shape.root == "object":
        return ""
    if {"agents", "blocks"} <= set(look.shape.keys) or "core_memory" in look.shape.keys:
        return ""
    return "no JSON object with agents and blocks"


def _mcp(look: _Look) -> str:
    if look.is_folder:
        return "is a folder"
    if look.first_object.get("type") in ("entity", "relation"):
        return ""
    if {"entities", "relations"} <= set(look.shape.keys):
        return ""
    return 'no line with "type": "entity" or "relation"'


def _mem0(look: _Look) -> str:
    if look.is_folder:
        return "is a folder"
    if look.is_markdown:
        found = re.search(r"^---[ \t]*\r?\n(?:[^\n]*:[^\n]*\n)*?id:", look.head, re.MULTILINE)
        if found and len(re.findall(r"^---[ \t]*\r?$", look.head, re.MULTILINE)) >= 2:
            return ""
        return "no block between --- lines with an id:"
    first = look.shape.first("", "results", "memories") or look.first_object
    if "memory" in first or ("hash" in first and set(MEM0_TEXTS) & first.keys()):
        return ""
    return "no item with a field `memory`"


def _jsonl(look: _Look) -> str:
    if look.is_folder:
        return "is a folder"
    if look.suffix in (".jsonl", ".ndjson"):
        return ""
    if look.suffix == ".json" or not look.is_lines:
        return "does not end in .jsonl"
    return "" if _OUR_TEXTS & look.first_object.keys() else "no line with a `text`"


def _json(look: _Look) -> str:
    if look.is_folder:
        return "is a folder"
    if look.suffix not in (".json", ""):
        return "does not end in .json"
    if not look.shape.root:
        return "is no JSON document"
    first = look.shape.first("", *LISTS)
    if _OUR_TEXTS & first.keys() or isinstance(look.shape.items.get(""), str):
        return ""
    if look.shape.holds_nothing(*LISTS):
        return ""
    return f"no list of objects with one of {', '.join(sorted(_OUR_TEXTS))}"


def _adr(look: _Look) -> str:
    if look.is_folder:
        numbered = [
            n for n in look.names if re.match(r"(?:adr[-_ ]?)?\d{2,5}[-_ ].*\.md$", n, re.I)
        ]
        return "" if numbered else "the folder has no files such as 0001-title.md"
    if not look.is_markdown:
        return "is no Markdown file"
    decided = {"decision", "decision outcome"} & look.headings
    around = {"status", "context", "consequences", "context and problem statement"}
    return (
        "" if decided and around & look.headings else "no headings Decision and Context or Status"
    )


def _lessons(look: _Look) -> str:
    named = re.search(r"lessons?|post-?mortems?|retro|incidents?|learnings?", look.name)
    if look.is_folder:
        return "" if named else "the name of the folder says nothing of lessons"
    if not look.is_markdown:
        return "is no Markdown file"
    labels = re.findall(
        r"^[ \t]*(?:[-*+] )?(?:\*\*)?([\w ]{3,20}?)(?:\*\*)?:", look.head, re.MULTILINE
    )
    told = {field_name(label) for label in labels} & set(LESSON_FIELDS)
    if named or len(told) >= 2:
        return ""
    return "no labels such as Problem, Cause, Fix"


def _instructions(look: _Look) -> str:
    if look.is_folder:
        found = any(item.suffix.lower() in INSTRUCTION_SUFFIXES for item in look.path.rglob("*.m*"))
        return "" if found else "no Markdown files in the folder"
    if look.is_markdown or look.name in (".cursorrules", ".windsurfrules", ".clinerules"):
        return ""
    return "is no Markdown file and none of the known rules files"


FORMATS: dict[str, Format] = {
    item.importer.name: item
    for item in (
        Format(Cogx(), "COGX archive: a folder with manifest.json, or one of its files", _cogx),
        Format(LettaFile(), "Letta agent file (.af): its memory blocks", _letta),
        Format(McpMemory(), "memory.jsonl of the MCP memory server", _mcp),
        Format(Mem0(), "mem0 export: JSON, JSON lines or Markdown", _mem0),
        Format(JsonLines(), "our own format: one record per line, as JSON", _jsonl),
        Format(LooseJson(), "JSON list of records, also of schema versions 0 and 1", _json),
        Format(DecisionRecords(), "architecture decision records in Markdown", _adr),
        Format(Lessons(), "lessons, incidents and post-mortems in Markdown", _lessons),
        Format(Instructions(), "CLAUDE.md, AGENTS.md, rules and memory files", _instructions),
        Format(LettaMessages(), "Letta agent file: what was said in it", lambda _: "only by name"),
    )
}
"""Every format by name, in the order in which they are tried."""


def detect_format(path: Path, *, label: str = "") -> str:
    """The name of the format that a file or folder is in, from its content first.

    Raises `ConfigurationError` that says what was tried and why each is not it, and
    `MemoryStoreError` if the path cannot be read.
    """
    path, label = Path(path), label or Path(path).as_posix()
    if not path.exists():
        raise MemoryStoreError(f"cannot read {label!r}: no such file", hint="check the path")
    look = _Look(path, label)
    tried = []
    for name, form in FORMATS.items():
        reason = form.refuses(look)
        if not reason:
            return name
        tried.append(f"{name} ({reason})")
    if not look.is_folder and not look.head.strip():
        raise ConfigurationError(f"{label!r} is empty", hint="check the file, or leave it out")
    raise ConfigurationError(
        f"{label!r} is in no known format; tried " + ", ".join(tried[:-1]),
        hint="name the format with --format if it is one of them",
    )


def source_for(path: Path, *, form: str = "", label: str = "") -> FileSource:
    """The source of records at a path, in the format ``form`` or the one that it shows.

    Raises `ConfigurationError` for an unknown format, and as `detect_format` does.

    >>> source_for(Path("CLAUDE.md")).importer.name
    'instructions'
    """
    path = Path(path)
    name = form or detect_format(path, label=label)
    if name not in FORMATS:
        raise ConfigurationError(
            f"there is no format {name!r}", hint=f"known: {', '.join(sorted(FORMATS))}"
        )
    return FileSource(path, FORMATS[name].importer, label)
