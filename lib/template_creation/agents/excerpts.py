"""Which lines of an original to show for a declaration; always whole, exact lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from template_creation.agents.context import EnhancementContext
from template_creation.syntax import parse
from template_creation.values.template import Template

__all__ = ["ELLIPSIS", "LONGEST", "Lines", "cut_at", "excerpt_lines"]

LONGEST = 60
"""A declaration of more lines is cut at a statement."""

HEAD = 10
"""A type's fields are worth showing from so many lines on."""

ENOUGH = 12
"""So many lines of a long declaration say something; a cut that leaves fewer goes deeper."""

STRETCH = 75
"""Shown whole up to so many lines where a cut would leave next to nothing."""

ELLIPSIS = "..."
"""The line that stands for what was cut off; the caption says so."""

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

    @property
    def shown(self) -> str:
        """The text to show: exact lines, and a line with `ELLIPSIS` where it is cut."""
        if not self.is_cut:
            return self.text
        last = next(line for line in reversed(self.text.split("\n")) if line.strip())
        indent = last[: len(last) - len(last.lstrip())]
        return f"{self.text}\n{indent}{ELLIPSIS}"


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
    end = whole_end
    head = _head_end(cited, template, most)
    if head:
        end = _last_part(template, lines, start, head, _is_block) or head
        while not lines[end - 1].strip():
            end -= 1
    elif whole_end - start + 1 > most:
        end = _cut(template, context, start, whole_end, most)
    return Lines(template, start, end, whole_end, "\n".join(lines[start - 1 : end]))


def _head_end(cited: str, template: Template, most: int = LONGEST) -> int:
    """Where the head of a long type ends: its fields, before the first declaration inside it;
    0 where it is short, or has no head worth showing, or one that is too long."""
    symbol = next((item for item in template.symbols if item.id == cited), None)
    if symbol is None or symbol.end_line - symbol.line + 1 <= most:
        return 0
    inside = [
        part.line
        for part in template.symbols
        if symbol.line < part.line and part.end_line <= symbol.end_line
    ]
    end = min(inside, default=0) - 1
    return end if HEAD <= end - symbol.line + 1 <= most else 0


def _cut(
    template: Template, context: EnhancementContext, start: int, whole_end: int, most: int
) -> int:
    """Where to stop: after the last statement within ``most`` lines, or the last element where
    one statement of markup is all that follows; all of it where that would leave too little
    and the rest is short."""
    lines = context.original_lines(template)
    limit = start + most - 1
    end = _last_part(template, lines, start, limit, _is_block)
    if template.language in _MARKUP and (end or start) - start + 1 < most * 2 // 3:
        element = _last_part(template, lines, start, limit, _is_element)
        end = max(end or 0, element or 0) or None
    total = whole_end - start + 1
    length = end - start + 1 if end else 0
    if total <= STRETCH and length * 2 < most:
        return whole_end
    if length < ENOUGH:
        end = max(end or 0, cut_at(lines[start - 1 : whole_end], most) + start - 1)
    return end or whole_end


_MARKUP = frozenset({"tsx", "jsx", "javascript"})


def _last_part(
    template: Template,
    lines: Sequence[str],
    start: int,
    limit: int,
    holds_parts: Callable[[str], bool],
) -> int | None:
    """The last line of the last statement (or element) that ends by ``limit``, from the
    outermost node from ``start`` on in which they end early enough; ``None`` without a
    grammar."""
    tree = parse("\n".join(lines).encode(), template.language)
    if tree is None:
        return None
    best: int | None = None
    level = [tree.root_node]
    while level:
        ends = [
            child.end_point[0] + 1
            for node in level
            if holds_parts(node.type)
            for child in node.named_children
            if start < child.end_point[0] + 1 <= limit and child.start_point[0] + 1 > start
        ]
        if ends and max(ends) - start + 1 > (best - start + 1 if best else 0):
            best = max(ends)
        if best is not None and best - start + 1 >= ENOUGH and holds_parts is _is_block:
            return best
        level = [
            child
            for node in level
            for child in node.children
            if child.start_point[0] + 1 <= limit and child.end_point[0] + 1 >= limit
        ]
    return best


def _is_block(kind: str) -> bool:
    words = (
        "block",
        "body",
        "body_statement",
        "program",
        "module",
        "source_file",
        "compilation_unit",
    )
    return kind in words or kind.endswith(("_block", "_body", "_list", "_statement_list"))


def _is_element(kind: str) -> bool:
    return kind in ("jsx_element", "jsx_fragment")


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
        if line.strip() and at_level and depth <= nested and _indent(line) >= body:
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
