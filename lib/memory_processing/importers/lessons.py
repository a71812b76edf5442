"""Lessons learned, incidents, post-mortems in Markdown: one memory for each lesson.

A lesson is a file with frontmatter, or a section with labelled lines (``**Problem:**``,
``- Root cause: ...``, ``Fix:``), or, below a heading without labels, each list item or paragraph.
Severity is what the document says, or follows from the time that it says was lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memory_processing.errors import TransformError
from memory_processing.importers.folders import files_below, label_below
from memory_processing.importers.instructions import (
    INSTRUCTION_SUFFIXES,
    block_fields,
    heading_tags,
)
from memory_processing.importers.kinds import kind_of_text
from memory_processing.importers.markdown import blocks, slug, split_frontmatter
from memory_processing.importers.reading import Maker, a_time, numbered_lines, texts_of
from memory_processing.importers.seam import RawRecord
from memory_processing.importers.sections import Section, field_name, plain, sections_of
from memory_processing.record import Kind, Severity

__all__ = ["LESSON_FIELDS", "Lessons", "severity_of"]

LESSON_FIELDS = ("symptom", "cause", "fix", "prevention", "outcome")
_SEVERITIES: dict[str, Severity] = {
    **dict.fromkeys(("low", "minor", "trivial", "sev4", "p4", "s4"), "low"),
    **dict.fromkeys(("medium", "moderate", "normal", "sev3", "p3", "s3"), "medium"),
    **dict.fromkeys(("high", "major", "severe", "sev2", "p2", "s2"), "high"),
    **dict.fromkeys(("critical", "blocker", "sev1", "sev0", "p1", "p0", "s1"), "critical"),
}
_SPENT = re.compile(r"(\d+(?:\.\d+)?)\s*(minutes?|mins?|m|hours?|hrs?|h|days?|d)\b", re.IGNORECASE)
_MINUTES = {"m": 1, "h": 60, "d": 480}


class Lessons:
    """Reads a file of lessons, or all Markdown files of a folder of them."""

    name = "lessons"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The lessons in order, each at the line of its heading."""
        path = Path(path)
        if not path.is_dir():
            yield from self._file(path, Maker(label, self.name))
            return
        for file in files_below(path, INSTRUCTION_SUFFIXES, label):
            yield from self._file(file, Maker(label_below(file, path, label), self.name))

    def _file(self, path: Path, make: Maker) -> Iterator[RawRecord]:
        try:
            front, rest = split_frontmatter(numbered_lines(path, make.label))
            sections = sections_of(rest)
        except TransformError as error:
            yield make.failed(None, error)
            return
        if front.problem:
            hint = "write `key: value` lines between the two `---`"
            yield make.failed(1, TransformError(front.problem, hint=hint))
        whole = _named(front.fields)
        if any(name in whole for name in LESSON_FIELDS):
            yield _whole_file(make, front.fields, whole, sections)
            return
        for section in _with_parents(sections):
            yield from _section(make, section, whole)


def _whole_file(
    make: Maker, front: Mapping[str, Any], fields: dict[str, Any], sections: list[Section]
) -> RawRecord:
    title = str(front.get("title") or next((s.title for s in sections if s.title), ""))
    for section in sections:
        if (name := field_name(section.title)) and section.text:
            fields.setdefault(name, _joined(section.text))
    rest = _joined(sections[0].text) if not any(fields.get(n) for n in LESSON_FIELDS) else ""
    return make.record(1, **_lesson(title, fields, rest))


def _with_parents(sections: list[Section]) -> Iterator[Section]:
    """Sections; one whose heading is a label (``### Root cause``) belongs to the one above."""
    current: Section | None = None
    for section in sections:
        if current is not None and section.level > current.level and field_name(section.title):
            current.lines.append((section.line, f"{section.title}: {_joined(section.text)}"))
            current.lines.append((section.line, ""))
            continue
        if current is not None:
            yield current
        current = section
    if current is not None:
        yield current


def _section(make: Maker, section: Section, shared: Mapping[str, Any]) -> Iterator[RawRecord]:
    told = section.fields()
    if any(name in told for name in LESSON_FIELDS):
        fields = {**shared, **{name: text for name, (text, _) in told.items()}}
        yield make.record(section.line if section.title else 1, **_lesson(section.title, fields))
        return
    for block in blocks(section.lines):
        kind: Kind = kind_of_text(block.text) or "lesson"
        kind = "lesson" if kind in ("preference", "fact", "note") else kind
        tags = [slug(section.title)] if section.title and len(section.title) <= 40 else []
        if fields := block_fields(block, tags=[*tags, *heading_tags(block)], kind=kind):
            about = _about(shared)
            about["tags"] = [*fields["tags"], *about["tags"]]
            yield make.record(block.line, **{**fields, **about})


def _named(front: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a frontmatter by their names here."""
    named = ((field_name(str(name)), value) for name, value in front.items())
    return {name: value for name, value in named if name and value not in (None, "", [])}


def _lesson(title: str, fields: Mapping[str, Any], rest: str = "") -> dict[str, Any]:
    """One record: the text says what happened, why, what was done and what to do instead."""
    labels = {"symptom": "", "cause": "Cause", "fix": "Fix", "prevention": "Prevention"}
    parts = [plain(title)] if title else []
    for name, shown in (*labels.items(), ("outcome", "Outcome")):
        if said := _joined(str(fields.get(name) or "")):
            parts.append(f"{shown}: {said}" if shown else said)
    if rest:
        parts.append(rest)
    text = " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)
    failed = any(fields.get(name) for name in ("symptom", "cause"))
    kind: Kind = "failure" if failed else "lesson"
    if not failed and set(LESSON_FIELDS) & set(fields) == {"outcome"}:
        kind = "outcome"
    return {"kind": kind, "text": text, **_about(fields)}


def _about(fields: Mapping[str, Any]) -> dict[str, Any]:
    occurrences = str(fields.get("occurrences") or "")
    scope = {"agent": str(fields.get("agent") or ""), "files": list(texts_of(fields.get("files")))}
    return {
        "severity": severity_of(fields.get("severity"), fields.get("spent")),
        "occurrences": int(occurrences) if occurrences.isdecimal() else None,
        "created_at": a_time(fields.get("date")),
        "tags": list(texts_of(fields.get("tags"))),
        "scope": {name: value for name, value in scope.items() if value},
    }


def severity_of(said: object, spent: object = None) -> Severity | None:
    """The severity that a word says, or that the time lost amounts to (below 15 minutes low, to
    an hour medium, to four hours high, beyond critical); facts, section 7.

    >>> severity_of("SEV-2"), severity_of(None, "3 hours"), severity_of("unknown")
    ('high', 'high', None)
    """
    word = re.sub(r"[^a-z0-9]", "", str(said or "").lower())
    if word in _SEVERITIES:
        return _SEVERITIES[word]
    if not (found := _SPENT.search(str(spent or ""))):
        return None
    minutes = float(found[1]) * _MINUTES[found[2][0].lower()]
    if minutes < 15:
        return "low"
    return "medium" if minutes <= 60 else "high" if minutes <= 240 else "critical"


def _joined(text: str) -> str:
    return " ".join(plain(line) for line in text.splitlines() if line.strip())
