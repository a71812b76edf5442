"""What the language rules are written with: text of nodes, drafts of symbols, the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Node

from template_creation.values.facts import Call, Import, Parameter, Raise, SymbolKind

__all__ = [
    "Captures",
    "Draft",
    "Rules",
    "Source",
    "call_text",
    "clip",
    "comment_above",
    "draft",
    "first_line",
    "first_named",
    "last_line",
    "string_content",
]

Captures = Mapping[str, list[Node]]
"""What a query found: capture name -> nodes in document order."""

_TEXT_LIMIT: Final = 120
_SIGNATURE_LIMIT: Final = 400
_CALLEE_LIMIT: Final = 80
_CALLEE_READ: Final = 2_000
_LITERAL_READ: Final = 600
_STRING_PREFIX: Final = re.compile(r"""^[A-Za-z@$]*(\"{3}|'{3}|"|'|`|:)""")


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file, and the text of its nodes."""

    data: bytes

    def text(self, node: Node) -> str:
        """The node's source text."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def callee(self, start: int, end: int) -> str:
        """The text of a callee between two offsets, as `call_text` gives it.

        A chain of a thousand calls has a thousand callees that hold one another: only the
        first bytes of each are read.
        """
        head = self.data[start : min(end, start + _CALLEE_READ)]
        return call_text(head.decode("utf-8", "replace"))

    def literal(self, node: Node | None, *kinds: str) -> str:
        """`string_content` of ``node`` if its type is one of ``kinds``, else nothing."""
        if node is None or node.type not in kinds:
            return ""
        end = min(node.end_byte, node.start_byte + _LITERAL_READ)
        return string_content(self.data[node.start_byte : end].decode("utf-8", "replace"))


@dataclass(slots=True)
class Draft:
    """A symbol before its parent is known. ``start`` and ``end`` are byte offsets of the
    whole declaration. An empty ``kind`` marks a container that is no symbol itself (a Rust
    ``impl``) and lends its name to what is inside. ``member`` is the kind that a function
    takes when this draft directly holds it."""

    name: str
    kind: SymbolKind | None
    start: int
    end: int
    line: int
    end_line: int
    body_line: int
    signature: str = ""
    parent: str | None = None
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    documented: bool = False
    is_async: bool = False
    exported: bool = False
    modifiers: tuple[str, ...] = ()


def _nothing(_source: Source, _captures: Captures) -> Iterable[Import]:
    return ()


def _no_raises(_source: Source, _captures: Captures) -> Iterable[Raise]:
    return ()


def _no_namespace(_source: Source, _captures: Captures) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Rules:
    """How one grammar's facts are read. ``query`` captures ``id`` (identifiers), ``decl``
    (declared names), ``call`` and whatever the functions ask for."""

    query: str
    symbols: Callable[[Source, Captures], Iterable[Draft]]
    call: Callable[[Source, Node], Call | None]
    imports: Callable[[Source, Captures], Iterable[Import]] = field(default=_nothing)
    raises: Callable[[Source, Captures], Iterable[Raise]] = field(default=_no_raises)
    declared: Callable[[Source, Captures], Iterable[str]] = field(
        default=lambda _source, _captures: ()
    )
    namespace: Callable[[Source, Captures], str] = field(default=_no_namespace)


def clip(text: str, limit: int = _TEXT_LIMIT) -> str:
    """``text`` on one line, white space runs as one space, at most ``limit`` characters.

    >>> clip("a,\\n   b")
    'a, b'
    """
    return " ".join(text.split())[:limit]


def first_line(node: Node) -> int:
    """The 1-based line on which ``node`` begins."""
    return node.start_point.row + 1


def first_named(node: Node | None) -> Node | None:
    """The first named child that is no comment, or ``None``."""
    if node is None:
        return None
    return next((child for child in node.named_children if not child.is_extra), None)


def last_line(node: Node) -> int:
    """The 1-based line on which ``node`` ends; a trailing line feed belongs to its line."""
    end = node.end_point
    return end.row if end.column == 0 and end.row > node.start_point.row else end.row + 1


def draft(
    source: Source,
    node: Node,
    *,
    name: str,
    kind: SymbolKind | None,
    body: Node | None = None,
    outer: Node | None = None,
    signature_start: int | None = None,
    signature_end: int | None = None,
) -> Draft:
    """The draft of the declaration at ``node``. ``outer`` is the node at which an excerpt
    begins (a decorator, an export); the signature ends at ``signature_end``, else where
    ``body`` begins, else with ``node``."""
    begin = outer if outer is not None else node
    start = node.start_byte if signature_start is None else signature_start
    end = signature_end or (body.start_byte if body is not None else node.end_byte)
    head = source.data[start:end].rstrip()
    end_line = last_line(node)
    counted = min(node.start_byte, start)
    body_line = source.data.count(b"\n", counted, start + len(head)) + 1
    body_line += first_line(node) - source.data.count(b"\n", counted, node.start_byte)
    return Draft(
        name=name,
        kind=kind,
        start=min(begin.start_byte, node.start_byte),
        end=node.end_byte,
        line=min(first_line(begin), first_line(node)),
        end_line=end_line,
        body_line=min(body_line, end_line),
        signature=clip(head.decode("utf-8", "replace"), _SIGNATURE_LIMIT),
    )


def string_content(text: str) -> str:
    """A string literal's content without prefix and quotes, at most 120 characters; a Ruby
    symbol's without its colon.

    >>> string_content('f"/items/{id}"'), string_content(":title")
    ('/items/{id}', 'title')
    """
    match = _STRING_PREFIX.match(text)
    if match is None:
        return text[:_TEXT_LIMIT]
    quote = match.group(1)
    inner = text[match.end() :]
    if quote != ":" and inner.endswith(quote):
        inner = inner[: -len(quote)]
    return inner[:_TEXT_LIMIT]


def call_text(text: str) -> str:
    """A callee's text without white space and without the arguments of earlier calls in the
    chain, at most 80 characters.

    >>> call_text("z.object({a: 1})\\n  .optional")
    'z.object().optional'
    """
    if "(" in text:
        kept: list[str] = []
        depth = 0
        for character in text:
            if character == ")" and depth:
                depth -= 1
            if not depth:
                kept.append(character)
            if character == "(":
                depth += 1
        text = "".join(kept)
    return "".join(text.split())[:_CALLEE_LIMIT]


def comment_above(source: Source, start: int, *starts: bytes, ends: bytes = b"\x00") -> bool:
    """Whether the line above offset ``start`` is a doc comment: begins with one of
    ``starts`` or ends with ``ends``."""
    line_start = source.data.rfind(b"\n", 0, start) + 1
    if line_start == 0:
        return False
    above = source.data[source.data.rfind(b"\n", 0, line_start - 1) + 1 : line_start].strip()
    return above.startswith(starts) or above.endswith(ends)
