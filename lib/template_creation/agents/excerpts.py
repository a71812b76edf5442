"""Which lines of an original to show for a declaration; always whole, exact lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from template_creation.agents.context import EnhancementContext
from template_creation.values.template import Template

__all__ = ["LONGEST", "Lines", "cut_at", "excerpt_lines"]

LONGEST = 45
"""A declaration of more lines is cut at a statement."""

_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Lines:
    """A range of an original: 1-based and inclusive. ``whole_end`` is where the declaration
    really ends, so that a cut can be told."""

    template: Template
    start: int
    end: int
    whole_end: int
    text: str

    @property
    def is_cut(self) -> bool:
        """Whether lines of the declaration are left out."""
        return self.end < self.whole_end

    @property
    def caption(self) -> str:
        """``path:start-end`` of the original."""
        return f"{self.template.source}:{self.start}-{self.end}"


def excerpt_lines(cited: str, context: EnhancementContext, *, most: int = LONGEST) -> Lines:
    """The lines to show for a symbol id (``T3.s2``) or, for a file without declarations, a
    template id (``T3``); at most ``most``. Raises `KeyError` for an id that is unknown."""
    if cited in context.symbol_by_id:
        template, symbol = context.symbol_by_id[cited]
        start, whole_end = symbol.line, symbol.end_line
    else:
        template = context.template_by_id[cited]
        start, whole_end = 1, len(context.original_lines(template))
    lines = context.original_lines(template)
    whole_end = min(whole_end, len(lines))
    end = cut_at(lines[start - 1 : whole_end], most) + start - 1
    return Lines(template, start, end, whole_end, "\n".join(lines[start - 1 : end]))


def cut_at(lines: Sequence[str], most: int) -> int:
    """After how many of ``lines`` to stop: all of them if they fit, else the last place within
    ``most`` where a statement of the outermost level ends.

    >>> cut_at(["def f():", "    a = 1", "    b = [", "        2,", "    ]"], 4)
    2
    """
    if len(lines) <= most:
        return len(lines)
    best, depth, nested = 0, 0, 0
    body = _body_indent(lines)
    for number, line in enumerate(lines[:most], 1):
        depth += _balance(line)
        if number == 1 or (not best and _indent(line) <= _indent(lines[0])):
            nested = depth
        following = lines[number]
        at_level = not following.strip() or _indent(following) <= body
        if line.strip() and at_level and depth <= max(nested, 1) and _indent(line) >= body:
            best = number
    return best or most


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _body_indent(lines: Sequence[str]) -> int:
    """The indent of the first statements inside: the smallest that is deeper than the head's."""
    head = _indent(lines[0])
    deeper = [_indent(line) for line in lines[1:] if line.strip() and _indent(line) > head]
    return min(deeper, default=head)


def _balance(line: str) -> int:
    return sum(line.count(char) for char in _OPEN) - sum(line.count(char) for char in _CLOSE)
