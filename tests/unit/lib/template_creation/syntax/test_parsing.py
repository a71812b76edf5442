"""Parsing always comes to an end, with a tree or without one."""

from __future__ import annotations

import pytest

from template_creation.syntax import GRAMMAR_LANGUAGES, MAX_PARSE_BYTES, extract_facts, parse


def test_no_grammar_no_tree() -> None:
    """A language that is only a name has no tree."""
    assert parse(b"<a/>", "xml") is None


def test_too_large_is_not_parsed() -> None:
    """Above the limit there is no tree, and the facts are empty with one error."""
    data = b"#" * (MAX_PARSE_BYTES + 1)
    assert parse(data, "python") is None
    facts = extract_facts(data, "python")
    assert (facts.symbols, facts.errors) == ((), 1)


def test_a_byte_order_mark_is_skipped_and_counted() -> None:
    """Offsets are those of the bytes, and the mark is no error."""
    tree = parse(b"\xef\xbb\xbfclass A { }\r\n", "csharp")
    assert tree is not None
    assert not tree.root_node.has_error
    name = tree.root_node.children[0].child_by_field_name("name")
    assert name is not None
    assert (name.start_byte, name.text) == (9, b"A")


def test_a_stopped_parser_parses_the_next_file() -> None:
    """Text without end (each ``<`` may open a type argument) is given up, and forgotten."""
    assert parse(b"a<" * 90_000, "csharp") is None
    tree = parse(b"class A { }", "csharp")
    assert tree is not None
    assert not tree.root_node.has_error


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
@pytest.mark.parametrize("piece", [b"(", b"[1, ", b"a.b()", b"a+", b"{", b"if a:\n "])
def test_wild_text_gives_facts_without_delay(piece: bytes, language: str) -> None:
    """Endless nesting and endless errors cost no more than the walk that finds them."""
    facts = extract_facts(b"a" + piece * (30_000 // len(piece)), language)
    assert facts.language == language
