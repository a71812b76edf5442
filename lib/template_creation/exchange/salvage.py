"""Where agents' objects begin in a text whose brackets and quotes cannot be trusted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from template_creation.exchange.shapes import field_of, find_name, is_word

__all__ = ["heads"]

_QUOTES = {'"': '"', "'": "'"}


def heads(text: str, expected: Sequence[str]) -> list[int]:
    """The offsets behind the first character where an object begins with the name of an
    expected agent, or a key that is such a name has an object.

    Only names in the kind of quotes that ``text`` itself uses count: JSON inside of a string
    has its quotes escaped. A key that is a word of the format is none: it may stand inside of
    another agent's object.

    >>> heads('{"a": "x}, {"agent_name": "db", "content": "y"}', ["db"])
    [11]
    """
    first = re.search("[\"']", text)
    if first is None:
        return []
    quote = re.escape(_QUOTES[first[0]])
    said = rf"{quote}([^{quote}\\\n]{{1,200}}){quote}"
    pattern = re.compile(
        rf"\{{\s{{0,200}}{said}\s{{0,20}}:\s{{0,20}}{said}|{said}\s{{0,20}}:\s{{0,20}}\{{"
    )
    return [
        match.start()
        for match in pattern.finditer(text, 1)
        if _names(match[1] or "", match[2] or "", match[3] or "", expected)
    ]


def _names(key: str, value: str, own_key: str, expected: Sequence[str]) -> bool:
    if own_key:
        return not is_word(own_key) and bool(find_name(own_key, expected))
    return field_of(key) == "agent_name" and bool(find_name(value, expected))
