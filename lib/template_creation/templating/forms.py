"""The ways in which a term is written, and where bytes contain one of them.

(Facts section 6: search all variants, longest first; reject a match that is part of another
word.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from template_creation.templating.words import CASE_STYLES, in_case, plural_words
from template_creation.values.template import CaseStyle, Term

__all__ = ["Forms", "Hit", "forms_of", "outside_project"]

Number = Literal["singular", "plural"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a form of the term stands: byte offsets, number, and the case styles
    that would write it so (several for a term of one word)."""

    start: int
    end: int
    term: Term
    number: Number
    cases: tuple[CaseStyle, ...]


@dataclass(frozen=True)
class Forms:
    """All written forms of a term, and the pattern that finds them."""

    term: Term
    by_text: dict[bytes, tuple[Number, tuple[CaseStyle, ...]]]
    pattern: re.Pattern[bytes]

    def hits(self, data: bytes) -> Iterator[Hit]:
        """Where ``data`` contains a form, from left to right, without overlaps."""
        for match in self.pattern.finditer(data):
            number, cases = self.by_text[match.group()]
            yield Hit(match.start(), match.end(), self.term, number, cases)


def is_named(term: Term, data: bytes) -> bool:
    """Whether a form of ``term`` stands in ``data``, as a word or as a part of a name.

    >>> is_named(Term("entity", ("article",)), b"create table ARTICLES (id int)")
    True
    """
    return next(forms_of(term).hits(data), None) is not None


def outside_project(hits: Iterable[Hit], data: bytes, terms: Iterable[Term]) -> list[Hit]:
    """``hits`` by position, without those of the entity that are only part of the project's
    name, whatever its letter case (``pet`` in ``PetClinicApplication``)."""
    spans = [
        match.span()
        for term in terms
        if term.key == "project"
        for match in re.finditer(re.escape("".join(term.words).encode()), data, re.IGNORECASE)
    ]
    ordered = sorted(hits, key=lambda hit: (hit.start, -hit.end))
    if not spans:
        return ordered
    return [
        hit
        for hit in ordered
        if hit.term.key == "project"
        or not any(start <= hit.start and hit.end <= end for start, end in spans)
    ]


_LETTER = rb"A-Za-z\x80-\xff"


@lru_cache(maxsize=512)
def forms_of(term: Term) -> Forms:
    """The forms of ``term``; the plural ones only for an entity.

    >>> sorted(forms_of(Term("entity", ("todo", "item"))).by_text)[:3]
    [b'TODO_ITEM', b'TODO_ITEMS', b'Todo Item']
    """
    found: dict[bytes, tuple[Number, tuple[CaseStyle, ...]]] = {}
    for number, words in _numbers(term):
        for case in CASE_STYLES:
            text = in_case(words, case).encode()
            known = found.get(text)
            if known is None:
                found[text] = (number, (case,))
            elif known[0] == number:
                found[text] = (number, (*known[1], case))
    alternatives = [_bounded(text) for text in sorted(found, key=lambda item: (-len(item), item))]
    return Forms(term, found, re.compile(b"|".join(alternatives)))


def _numbers(term: Term) -> Iterator[tuple[Number, tuple[str, ...]]]:
    yield "singular", term.words
    many = plural_words(term.words)
    if term.key != "project" and many != term.words:
        yield "plural", many


def _bounded(text: bytes) -> bytes:
    """A pattern for ``text`` that does not match inside a longer word."""
    escaped = re.escape(text)
    if text.upper() == text:
        return rb"(?<![%b])%b(?![%b])" % (_LETTER, escaped, _LETTER)
    before = rb"A-Z\x80-\xff" if text[:1].isupper() else _LETTER
    return rb"(?<![%b])%b(?![a-z\x80-\xff])" % (before, escaped)
