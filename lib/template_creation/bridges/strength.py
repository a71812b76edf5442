"""How much a measured habit tells a writer: by what it counts, and how surely.

Some kinds of habit are about every file of a layer, helpers included, so that a share of
two thirds is chance; others are about the very thing that is written, where it is a habit.
(facts/codebase-to-template.md section 11.)
"""

from __future__ import annotations

import re

__all__ = ["ALWAYS", "is_habit", "stated", "strength"]

FEWEST_PLACES = 5
"""A habit is told from five places on: 4 of 4 may be chance."""

ALWAYS = 0.8
"""From this share on a habit is told as what to do; below it, as what is usual."""

USUALLY = 0.6

_LEAST = {
    "call": 0.85,
    "decorator": 0.95,
    "declared name": 0.8,
    "formatting": 0.9,
    "injected parameter": 0.7,
    "result type": 0.65,
    "type name": 0.7,
}
"""The least share of kinds whose places are of several sorts."""

_FEWEST = {"result type": 8, "formatting": 12, "declared name": 6}

_TELLING = {
    "exception": 0.5,
    "error wrapping": 0.5,
    "base type": 0.45,
    "injection": 0.45,
    "injected parameter": 0.4,
    "async": 0.4,
    "assertion style": 0.4,
    "test style": 0.35,
    "fixture": 0.35,
    "class decorator": 0.35,
    "type kind": 0.35,
    "result type": 0.3,
    "return annotation": 0.3,
    "parameter annotation": 0.3,
    "component form": 0.3,
    "props type": 0.3,
    "route option": 0.3,
    "type name": 0.25,
    "file name": 0.2,
    "docstring": 0.2,
}
"""What changes the code that one writes weighs more than where files are or what they call."""


def is_habit(kind: str, k: int, n: int) -> bool:
    """Whether ``k`` of ``n`` places of this kind of habit are enough to tell a writer."""
    return n >= _FEWEST.get(kind, FEWEST_PLACES) and k >= _LEAST.get(kind, USUALLY) * n


def strength(kind: str, k: int, n: int, *, own: bool = True) -> float:
    """A measure for the order of habits; ``own`` where it is one of a single layer."""
    if not n:
        return 0.0
    return k / n + min(n, 30) / 60 + _TELLING.get(kind, 0.0) + (0.5 if own else 0.0)


def stated(statement: str) -> str:
    """A statement as the end of a sentence that begins with numbers.

    >>> stated("Functions of the api layer annotate what they return")
    'functions annotate what they return'
    """
    said = re.sub(r" of the [\w-]+ layer\b", "", statement.rstrip("."))
    first = said.split(" ", 1)[0]
    return said[:1].lower() + said[1:] if first[1:].islower() else said
