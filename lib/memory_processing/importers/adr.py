"""Architecture decision records: one memory of kind "decision" for each document.

Nygard's form (Status, Context, Decision, Consequences), MADR ("Decision Outcome") and
frontmatter with status and date. A decision that no longer holds is tagged ``superseded``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memory_processing.errors import TransformError
from memory_processing.importers.folders import files_below, label_below
from memory_processing.importers.instructions import INSTRUCTION_SUFFIXES
from memory_processing.importers.markdown import split_frontmatter
from memory_processing.importers.reading import Maker, a_time, numbered_lines, texts_of
from memory_processing.importers.seam import RawRecord
from memory_processing.importers.sections import Section, plain, sections_of
from memory_processing.record import MAX_TEXT

__all__ = ["NOT_IN_FORCE", "DecisionRecords"]

NOT_IN_FORCE = re.compile(r"\b(?:superseded|deprecated|rejected|obsolete|withdrawn)\b", re.I)
_NUMBERED = re.compile(r"^(?:ADR[-\s]?)?(\d{1,5})\s*[-.:)]?\s+|^ADR[-\s]?(\d+)\s*[-.:)]?\s*", re.I)
_DECISION = re.compile(r"^(?:the )?decision(?:s| outcome)?(?: and .*)?$", re.IGNORECASE)
_KEPT = ("context", "context and problem statement", "consequences", "rationale")
_DATED = re.compile(r"^\s*[-*]?\s*\**(?:date|status|decided)\**\s*:\**\s*(.+)$", re.IGNORECASE)
_SKIPPED = re.compile(r"template|^readme|^index", re.IGNORECASE)
_LONGEST_EXTRA = 2_000


class DecisionRecords:
    """Reads one record, or the records of a folder (``docs/adr``); templates, indexes and
    readmes in a folder are passed over."""

    name = "adr"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """One record per document, at the line of its decision."""
        path = Path(path)
        if not path.is_dir():
            yield self._file(path, Maker(label, self.name))
            return
        for file in files_below(path, INSTRUCTION_SUFFIXES, label):
            if not _SKIPPED.search(file.stem):
                yield self._file(file, Maker(label_below(file, path, label), self.name))

    def _file(self, path: Path, make: Maker) -> RawRecord:
        try:
            front, rest = split_frontmatter(numbered_lines(path, make.label))
            sections = sections_of(rest)
        except TransformError as error:
            return make.failed(None, error)
        decided = next((s for s in sections if _DECISION.match(s.title)), None)
        said = _joined(decided.text) if decided else ""
        if not decided or not said:
            hint = "write what was decided below `## Decision`, or use --format instructions"
            found = "an empty one" if decided else "none"
            problem = f"expected a text below the heading Decision, got {found}"
            return make.failed(decided.line if decided else 1, TransformError(problem, hint=hint))
        title = next((s.title for s in sections if s.level == 1), "") or str(
            front.fields.get("title") or path.stem
        )
        return make.record(decided.line, **_record(title, said, front.fields, sections))


def _record(
    title: str, said: str, front: Mapping[str, Any], sections: list[Section]
) -> dict[str, Any]:
    number = _NUMBERED.match(title)
    subject = title[number.end() :].strip() if number else title
    status = _status(front, sections)
    extra = {
        section.title.lower(): _joined(section.text)[:_LONGEST_EXTRA]
        for section in sections
        if section.title.lower() in _KEPT and section.text
    }
    tags = ["adr", *texts_of(front.get("tags"))]
    if NOT_IN_FORCE.search(status):
        tags.append("superseded")
    text = f"{subject.rstrip('.')}: {said}"
    return {
        "id": f"ADR-{number[1] or number[2]}" if number else "",
        "kind": "decision",
        "text": text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rstrip() + "…",
        "tags": tags,
        "created_at": _date(front, sections),
        "extra": {**extra, **({"status": status} if status else {})},
    }


def _status(front: Mapping[str, Any], sections: list[Section]) -> str:
    if front.get("status"):
        return str(front["status"])
    for section in sections:
        if section.title.lower() == "status":
            return _joined(section.text)[:200]
    return _line_value(sections, "status")


def _date(front: Mapping[str, Any], sections: list[Section]) -> str | None:
    below = next((_joined(s.text) for s in sections if s.title.lower() == "date"), "")
    for value in (front.get("date"), below[:10], _line_value(sections, "date")[:10]):
        if moment := a_time(value):
            return moment
    return None


def _line_value(sections: list[Section], name: str) -> str:
    """What ``Date: 2026-01-31`` or ``* Status: accepted`` says near the top."""
    for section in sections[:2]:
        for _, line in section.lines:
            match = _DATED.match(line)
            if match and name in line.lower().split(":")[0]:
                return match[1].strip("* ")
    return ""


def _joined(text: str) -> str:
    return " ".join(plain(line) for line in text.splitlines() if line.strip())
