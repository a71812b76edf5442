"""The leaves of a syntax tree and what they are to a reader: name, text, comment, keyword."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

from tree_sitter import Node, Tree

__all__ = ["Leaf", "LeafKind", "leaf_at", "leaf_kind", "leaves", "node_types"]

LeafKind = Literal["identifier", "string", "comment", "keyword", "other"]
"""What a leaf is. ``string`` is text that the program carries: string contents, JSX text,
heredoc contents, template strings, symbols, regular expressions. ``other`` is punctuation,
numbers and whatever must stay as it is (a heredoc's tag)."""


class Leaf(NamedTuple):
    """One leaf: byte offsets, kind, and the grammar's node type."""

    start_byte: int
    end_byte: int
    kind: LeafKind
    node_type: str


_IDENTIFIERS = frozenset(
    {
        "class_variable",
        "constant",
        "field_identifier",
        "global_variable",
        "identifier",
        "implicit_parameter",
        "instance_variable",
        "label_name",
        "metavariable",
        "package_identifier",
        "private_property_identifier",
        "property_identifier",
        "shorthand_field_identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
        "statement_identifier",
        "type_identifier",
    }
)
_STRINGS = frozenset(
    {
        "bare_string",
        "bare_symbol",
        "char_literal",
        "character",
        "character_literal",
        "character_literal_content",
        "escape_sequence",
        "hash_key_symbol",
        "heredoc_body",
        "heredoc_content",
        "html_character_reference",
        "interpolated_string_text",
        "interpreted_string_literal",
        "interpreted_string_literal_content",
        "jsx_text",
        "multiline_string_fragment",
        "raw_string_content",
        "raw_string_literal",
        "raw_string_literal_content",
        "regex_pattern",
        "rune_literal",
        "simple_symbol",
        "string",
        "string_content",
        "string_fragment",
        "string_literal",
        "string_literal_content",
        "template_string",
        "verbatim_string_literal",
        "chained_string",
        "delimited_symbol",
        "subshell",
        "string_array",
        "symbol_array",
        "interpolated_string_expression",
        "regex",
    }
)
_KEYWORDS = frozenset(
    {
        "boolean_literal",
        "crate",
        "false",
        "iota",
        "mutable_specifier",
        "nil",
        "none",
        "null",
        "null_literal",
        "predefined_type",
        "primitive_type",
        "self",
        "super",
        "this",
        "true",
        "undefined",
        "void_type",
        "boolean_type",
        "metavariable_keyword",
    }
)


@cache
def _kind_of(node_type: str, is_named: bool) -> LeafKind:
    if node_type in _IDENTIFIERS:
        return "identifier"
    if is_named and (node_type.endswith("comment") or node_type.startswith("doc_comment")):
        return "comment"
    if is_named and node_type in _STRINGS:
        return "string"
    if node_type in _KEYWORDS or (not is_named and node_type[:1].isalpha()):
        return "keyword"
    return "other"


def leaf_kind(node: Node) -> LeafKind:
    """What ``node`` is. Asked of a node with children, it answers for the text between them
    (the words of a template string, the lines of a doc comment)."""
    return _kind_of(node.type, node.is_named)


def leaf_at(tree: Tree, offset: int) -> Leaf | None:
    """The leaf that covers byte ``offset``, or ``None`` outside the tree.

    Where no leaf covers it, the answer is the innermost node around it with its own extent:
    a gap inside a string is ``string``, white space between statements is ``other``.
    """
    node = tree.root_node.descendant_for_byte_range(offset, offset + 1)
    if node is None or not node.start_byte <= offset < node.end_byte:
        return None
    return Leaf(node.start_byte, node.end_byte, leaf_kind(node), node.type)


def leaves(tree: Tree) -> Iterator[Leaf]:
    """Every non-empty leaf in document order; offsets are bytes.

    Text inside a string or comment that its grammar gives no node (a gap) comes as a leaf
    of the surrounding node's kind.
    """
    cursor = tree.walk()
    down, right, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    gaps: list[tuple[int, LeafKind, str, int]] = []
    while True:
        node = cursor.node
        assert node is not None
        start, end = node.start_byte, node.end_byte
        if gaps and gaps[-1][0] < start:
            covered, kind, node_type, stop = gaps[-1]
            yield Leaf(covered, start, kind, node_type)
            gaps[-1] = (start, kind, node_type, stop)
        if down():
            kind = leaf_kind(node)
            if kind in {"string", "comment"}:
                gaps.append((start, kind, node.type, end))
            else:
                gaps.append((end, kind, node.type, end))
            continue
        if end > start:
            yield Leaf(start, end, leaf_kind(node), node.type)
        _cover(gaps, end)
        while not right():
            if not up():
                return
            covered, kind, node_type, stop = gaps.pop()
            if covered < stop:
                yield Leaf(covered, stop, kind, node_type)
            _cover(gaps, stop)


def _cover(gaps: list[tuple[int, LeafKind, str, int]], end: int) -> None:
    if gaps and gaps[-1][0] < end:
        gaps[-1] = (end, *gaps[-1][1:])


def node_types(tree: Tree) -> tuple[str, ...]:
    """The types of all named nodes in preorder: equal for two files of one shape.

    >>> from template_creation.syntax import parse
    >>> node_types(parse(b"a = 1", "python"))
    ('module', 'expression_statement', 'assignment', 'identifier', 'integer')
    """
    cursor = tree.walk()
    down, right, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    types: list[str] = []
    while True:
        node = cursor.node
        assert node is not None
        if node.is_named:
            types.append(node.type)
        if down():
            continue
        while not right():
            if not up():
                return tuple(types)
