"""A Markdown document as sections: heading, level, line, and the text below it as written.

For documents in which a section is the unit (decisions, lessons). One document is in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["Section", "field_name", "plain", "sections_of"]

_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_LABELLED = re.compile(
    r"^\s*(?:[-*+]\s+)?(\*\*|__)?([A-Za-z][\w '/-]{1,40}?)(?(1)(?:\s*:\s*\1|\1\s*:)|\s*:)\s*(.*)$"
)


@dataclass(slots=True)
class Section:
    """A heading (empty for what stands before the first one) and the lines below it, without
    those of the sections inside it."""

    title: str
    level: int
    line: int
    lines: list[tuple[int, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The lines without comments, as one text."""
        joined = "\n".join(line for _, line in self.lines)
        return _COMMENT.sub("", joined).strip()

    def fields(self) -> dict[str, tuple[str, int]]:
        """What labelled lines say (``**Fix:** ...``, ``- Severity: high``), each with its line;
        lines that follow belong to the label before them."""
        found: dict[str, tuple[str, int]] = {}
        current = ""
        for number, line in self.lines:
            labelled = _LABELLED.match(line)
            if labelled and (name := field_name(labelled[2])):
                current = name
                found.setdefault(current, (labelled[3].strip(), number))
            elif current and line.strip() and not labelled:
                text, first = found[current]
                found[current] = (f"{text} {plain(line)}".strip(), first)
            elif not line.strip() and current and found[current][0]:
                current = ""
        return {name: value for name, value in found.items() if value[0]}


def sections_of(lines: Iterable[tuple[int, str]]) -> list[Section]:
    """The sections of numbered lines in order; headings inside code are none."""
    found = [Section("", 0, 1)]
    fence = ""
    for number, line in lines:
        mark = _FENCE.match(line)
        heading = None if fence else _HEADING.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        if heading:
            title = _LINK.sub(r"\1", heading[2]).strip().strip("*_").strip()
            found.append(Section(title, len(heading[1]), number))
        else:
            found[-1].lines.append((number, line))
    return found


_NAMES = {
    "symptom": "symptom, symptoms, problem, issue, mistake, what happened, what went wrong, "
    "incident, failure, error",
    "cause": "cause, root cause, why, reason, why it happened",
    "fix": "fix, fix applied, solution, resolution, workaround, what we did",
    "prevention": "prevention, lesson, lesson learned, lessons learned, rule, takeaway, next time, "
    "recommendation, do instead",
    "outcome": "outcome, result, impact, effect",
    "severity": "severity, priority",
    "date": "date, when, created",
    "tags": "tags, labels, technologies, area",
    "occurrences": "occurrences, times, count",
    "spent": "time lost, time to fix, time spent",
    "status": "status",
    "context": "context, background",
    "agent": "agent, role",
    "files": "files, paths",
}
_BY_NAME = {name: key for key, names in _NAMES.items() for name in names.split(", ")}


def field_name(label: str) -> str:
    """The field that a label stands for, or nothing.

    >>> field_name("Root Cause"), field_name("Deployment")
    ('cause', '')
    """
    return _BY_NAME.get(re.sub(r"[\W_]+", " ", label).strip().lower(), "")


def plain(line: str) -> str:
    """A line without list mark, emphasis around all of it, and link targets."""
    text = re.sub(r"^\s*(?:[-*+]|\d+[.)])\s+", "", line)
    return _LINK.sub(r"\1", text).strip().strip("*_").strip()
