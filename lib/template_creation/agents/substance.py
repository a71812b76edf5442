"""Whether a text says something: no padding, no stuffing with section names, nothing general.

(F36, F39, F43, F69 of the facts: 160 lines that repeat four headings were once accepted.)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from template_creation.agents.markdown import Document, Section, normal_heading
from template_creation.agents.profiles import Profile
from template_creation.values.agent import Issue

__all__ = ["check_substance", "is_stuffing"]

MOST_REPEATS = 3
"""How often a sentence may stand in a file."""
MOST_REFERENCES = 8
"""How often the reason for a reference may."""
FEWEST_LINES = 12
"""The fewest lines that likeness is looked for in."""
LEAST_UNLIKE = 0.5
"""The least share of lines that differ in more than numbers."""
FEWEST_ITEMS = 3
"""The fewest items of which one has to name something of the code."""

_SECTION_WORDS = frozenset(
    {"template", "templates", "reference", "references", "related", "best", "practice"}
    | {"practices", "code", "example", "examples", "constraint", "constraints", "boundary"}
    | {"boundaries", "section", "and", "the"}
)
_SPECIFIC = re.compile(r"`[^`\n]+`|\"[^\"\n]+\"|\b\w+/\w+|\b\w+\.\w+\(|\b\d+ of \d+\b")


def is_stuffing(text: str) -> bool:
    """Whether ``text`` has no words but the names of sections.

    >>> is_stuffing("Template References Best Practices 12"), is_stuffing("Best route first")
    (True, False)
    """
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return bool(words) and all(word in _SECTION_WORDS for word in words)


def check_substance(document: Document, profile: Profile, *, is_grounded: bool) -> Iterator[Issue]:
    """What of ``document`` is padding: an error where it repeats itself to the letter, a warning
    where only numbers differ. Where it ``is_grounded`` in a package, items should name something
    of its code, too; a merge puts nothing general in place of something specific."""
    yield from _repeated(document, profile)
    yield from _alike(document)
    if not is_grounded:
        return
    for rule in profile.sections:
        section = document.section(*rule.names)
        if section is not None and rule.needs == "items":
            yield from _general(section)


def _repeated(document: Document, profile: Profile) -> Iterator[Issue]:
    """The same sentence over and over is padding, whatever the number of lines; references may
    all be there for one reason."""
    listed = [
        section
        for rule in profile.sections
        if rule.needs == "references" and (section := document.section(*rule.names))
    ]
    reasons = {" ".join(part.split()) for one in listed for part in one.said}
    counts: Counter[str] = Counter()
    first: dict[str, int] = {}
    for line, said in _lines(document):
        counts[said] += 1
        first.setdefault(said, line)
    for said, count in counts.items():
        if count > (MOST_REFERENCES if said in reasons else MOST_REPEATS):
            message = f"said {count} times: {said[:60]!r}"
            yield Issue("repeated", f"line {first[said]}", message, "say it once")


def _alike(document: Document) -> Iterator[Issue]:
    """Lines that differ only in their numbers are one line."""
    lines = [(line, normal_heading(said)) for line, said in _lines(document) if "`" not in said]
    lines = [(line, said) for line, said in lines if said]
    distinct = {said for _, said in lines}
    if len(lines) >= FEWEST_LINES and len(distinct) < LEAST_UNLIKE * len(lines):
        message = f"{len(lines)} lines of prose say {len(distinct)} things"
        yield Issue("padding", f"line {lines[0][0]}", message, "say each thing once", "warning")


def _general(section: Section) -> Iterator[Issue]:
    items = section.items
    if len(items) < FEWEST_ITEMS or any(_SPECIFIC.search(text) for _, text in items):
        return
    message = f"{section.heading}: no item names anything of the code"
    fix = "name the types, functions, files or counts of the request, or leave it out"
    yield Issue("generic", f"line {section.line}", message, fix, "warning")


def _lines(document: Document) -> Iterator[tuple[int, str]]:
    for line, text in document.prose:
        for part in text.split("\n"):
            if said := " ".join(part.split()):
                yield line, said
