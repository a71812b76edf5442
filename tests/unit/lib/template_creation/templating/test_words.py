"""Words, case styles and numbers of names."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.templating.words import (
    CASE_STYLES,
    in_case,
    placeholder_for,
    plural,
    singular,
    split_words,
)

WORD = st.text(string.ascii_lowercase, min_size=2, max_size=8)
NAMES = st.lists(WORD, min_size=1, max_size=4)


@given(NAMES, st.sampled_from([case for case in CASE_STYLES if case != "flat"]))
def test_every_case_style_but_flat_gives_its_words_back(words, case):
    assert list(split_words(in_case(words, case))) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("HTTPServer", ("http", "server")),
        ("todoItem2", ("todo", "item2")),
        ("__init__", ("init",)),
        ("order line", ("order", "line")),
        ("Order-Line", ("order", "line")),
        ("größeÄndern", ("größe", "ändern")),
        ("", ()),
    ],
)
def test_names_split_at_humps_and_marks(name, words):
    assert split_words(name) == words


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("cookie", "cookies"), ("cache", "caches"), ("hero", "heroes"), ("status", "statuses"),
        ("category", "categories"), ("class", "classes"), ("box", "boxes"), ("movie", "movies"),
        ("person", "people"), ("index", "indexes"), ("address", "addresses"), ("pet", "pets"),
        ("database", "databases"), ("bus", "buses"),
    ],
)  # fmt: skip
def test_singular_and_plural_undo_each_other_where_inflection_fails(one, many):
    assert (plural(one), singular(many), singular(one)) == (many, one, one)


@pytest.mark.parametrize("word", ["data", "criteria", "media", "news", "series"])
def test_words_without_a_number_stay_as_they_are(word):
    assert (singular(word), plural(word)) == (word, word)


def test_all_placeholder_names_differ_and_are_jinja_names():
    """A name must be one expression for Jinja, so that copier can render the package."""
    names = [
        placeholder_for(term, number, case).name
        for term in ("entity", "project")
        for number in ("singular", "plural")
        for case in CASE_STYLES
    ]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
