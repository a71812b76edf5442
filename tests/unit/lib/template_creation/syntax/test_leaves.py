"""Each leaf is a name, a text, a comment, a keyword or something to be left alone."""

from __future__ import annotations

import pytest

from template_creation.syntax import (
    GRAMMAR_LANGUAGES,
    leaf_at,
    leaf_kind,
    leaves,
    node_types,
    parse,
)

SOURCES = {
    "python": b'class User:  # a user\n    name = f"the user {user_id}"\n',
    "tsx": b"const a = <User id={1}>a user {/* user */} &amp;</User>; // user\n"
    b"`user ${user}`; /user/\n",
    "javascript": b"export class User { #user = 'user'; get user() { return null } }\n",
    "typescript": b"type User = { user: string }; label: for (;;) break label;\n",
    "jsx": b"<p title='user'>user</p>\n",
    "csharp": b"/// <summary>user</summary>\n"
    b"class User { string a = $\"user {user}\"; char c = 'u'; }\n",
    "go": b'package user\n// user\nvar user = "user" + `user`\n',
    "rust": b'/// user\nfn user(self, u: &User) { println!("user {}", r"user"); }\n',
    "java": b'/** user */ class User { String user = "user"; }\n',
    "ruby": b"# user\nuser = <<~USER\n  a user #{user}\nUSER\n"
    b"[:user, user: 1, @user => %w[user]]\n",
}


def kinds(data: bytes, language: str, word: bytes = b"user") -> list[str]:
    """The kind of the leaf at each place where ``word`` stands."""
    tree = parse(data, language)
    assert tree is not None
    found = []
    start = data.lower().find(word)
    while start >= 0:
        leaf = leaf_at(tree, start)
        assert leaf is not None
        assert leaf.start_byte <= start < leaf.end_byte
        found.append(leaf.kind)
        start = data.lower().find(word, start + len(word))
    return found


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("python", "identifier comment string identifier"),
        ("tsx", "identifier string comment identifier comment string identifier string"),
        ("javascript", "identifier identifier string identifier"),
        ("typescript", "identifier identifier"),
        ("jsx", "string string"),
        ("csharp", "comment identifier string identifier"),
        ("go", "identifier comment identifier string string"),
        ("rust", "comment identifier identifier string string"),
        ("java", "comment identifier identifier string"),
        (
            "ruby",
            "comment identifier other string identifier other string string identifier string",
        ),
    ],
)
def test_what_a_word_is(language: str, expected: str) -> None:
    """Names, texts and comments are told apart; a heredoc's tag is left alone."""
    assert kinds(SOURCES[language], language) == expected.split()


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
def test_leaves_are_in_order_and_lose_nothing(language: str) -> None:
    """Leaves follow one another without overlap, and only white space lies between them."""
    data = SOURCES[language]
    tree = parse(data, language)
    assert tree is not None
    assert not tree.root_node.has_error
    end = 0
    for leaf in leaves(tree):
        assert leaf.start_byte >= end
        assert data[end : leaf.start_byte].strip() == b""
        assert leaf.end_byte > leaf.start_byte
        end = leaf.end_byte
    assert data[end:].strip() == b""


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
def test_both_ways_to_a_leaf_agree(language: str) -> None:
    """Asked by offset or met in order, a leaf has one kind."""
    tree = parse(SOURCES[language], language)
    assert tree is not None
    for leaf in leaves(tree):
        if leaf.kind in {"identifier", "comment"}:
            assert leaf_at(tree, leaf.start_byte) == leaf


def test_keywords_and_numbers() -> None:
    """Keywords, also those that look like names, are keywords; numbers are other."""
    tree = parse(b"const x: string = this.y ?? 1;", "typescript")
    assert tree is not None
    by_text = {leaf.node_type: leaf.kind for leaf in leaves(tree)}
    assert by_text["const"] == by_text["string"] == by_text["this"] == "keyword"
    assert by_text["number"] == by_text["??"] == "other"


def test_outside_the_tree_is_no_leaf() -> None:
    """An offset behind the end has no leaf; white space between statements is other."""
    tree = parse(b"a\n\nb\n", "python")
    assert tree is not None
    assert leaf_at(tree, 99) is None
    gap = leaf_at(tree, 2)
    assert gap is not None
    assert gap.kind == "other"


def test_a_string_with_children_answers_for_its_gaps() -> None:
    """The words of a string literal are text whatever nodes its grammar gives it."""
    tree = parse(b'x = f"a {b} c"', "python")
    assert tree is not None
    string = tree.root_node.descendant_for_byte_range(4, 14)
    assert string is not None
    assert leaf_kind(string) == "string"


def test_node_types_tell_the_shape() -> None:
    """Two files that differ in names only have one sequence; another shape has another."""
    trees = [parse(text, "go") for text in (b"package a\nvar b = 1", b"package c\nvar d = 2")]
    assert trees[0] is not None
    assert trees[1] is not None
    assert node_types(trees[0]) == node_types(trees[1])
    assert node_types(trees[0])[:2] == ("source_file", "package_clause")
    other = parse(b"package a\nconst b = 1", "go")
    assert other is not None
    assert node_types(other) != node_types(trees[0])
