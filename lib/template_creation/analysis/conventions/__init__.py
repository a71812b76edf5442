"""Measured habits: k of n, with every site, recountable by a regular expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Convention, Layer, Technology
from template_creation.values.facts import FileFacts
from template_creation.values.source import Codebase

__all__ = ["find_conventions"]


def find_conventions(
    codebase: Codebase,
    facts: Mapping[str, FileFacts],
    layers: Sequence[Layer],
    technologies: Sequence[Technology],
    texts: TextCache,
) -> tuple[Convention, ...]:
    """The conventions, the most useful of each layer first."""
    return ()
