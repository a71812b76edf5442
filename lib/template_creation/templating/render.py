"""Rendering: a template and values give bytes and a path; unsafe values are refused.

Rendering is concatenation, so that the original values give the original bytes. (Facts
section 8.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from template_creation.templating.words import (
    in_case,
    plural_words,
    singular_words,
    split_words,
)
from template_creation.values.template import Placeholder, Segment, Template, Term

__all__ = [
    "PLURAL_SUFFIX",
    "Value",
    "original_values",
    "render_original",
    "render_path",
    "render_segments",
    "render_template",
]

Value = str | Sequence[str]
"""A value as the user typed it (``"order line"``, ``"OrderLine"``) or as words."""

PLURAL_SUFFIX = "_plural"
"""``entity_plural`` gives the plural of ``entity`` where ours would be wrong."""

_Numbered = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


def words_of(value: Value) -> tuple[str, ...]:
    """The lower-case words of a value.

    >>> words_of("Order line") == words_of("order-line") == words_of(("order", "line"))
    True
    """
    if isinstance(value, str):
        return split_words(value)
    return tuple(word.lower() for word in value)


def numbered(values: Mapping[str, Value], original: Iterable[Term]) -> _Numbered:
    """Singular and plural words per term: from ``values``, else the original ones."""
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for term in original:
        one = words_of(values[term.key]) if term.key in values else term.words
        many_key = term.key + PLURAL_SUFFIX
        if many_key in values:
            many = words_of(values[many_key])
            one = one or singular_words(many)
        else:
            many = plural_words(one) if one else one
        found[term.key] = (one, many)
    return found


def original_values(template: Template) -> dict[str, Value]:
    """The values that render ``template`` back to its source."""
    return {term.key: term.words for term in template.original}


def render_segments(
    segments: Iterable[Segment], original: Iterable[Term], values: Mapping[str, Value]
) -> bytes:
    """``segments`` with their placeholders replaced; terms without a value keep the
    original one."""
    words = numbered(values, original)
    return b"".join(
        _text_of(segment, words) if isinstance(segment, Placeholder) else segment
        for segment in segments
    )


def _text_of(placeholder: Placeholder, words: _Numbered) -> bytes:
    one, many = words[placeholder.term]
    return in_case(many if placeholder.number == "plural" else one, placeholder.case).encode()


def render_template(template: Template, values: Mapping[str, Value]) -> bytes:
    """The content of ``template`` for ``values`` (``{"entity": "order line"}``); see
    `check_values` for the values that should not be rendered."""
    return render_segments(template.segments, template.original, values)


def render_path(template: Template, values: Mapping[str, Value]) -> str:
    """The path of the rendered file, relative to where it is rendered."""
    return render_segments(template.path_segments, template.original, values).decode()


def render_original(template: Template) -> bytes:
    """The bytes of the file that ``template`` was made from."""
    return render_segments(template.segments, template.original, {})
