"""A habit is told where what it counts is what a writer writes."""

from __future__ import annotations

import pytest

from template_creation.bridges import is_habit, stated, strength


@pytest.mark.parametrize(
    ("kind", "k", "n", "told"),
    [
        ("docstring", 6, 10, True),
        ("docstring", 5, 10, False),
        ("docstring", 4, 4, False),
        ("decorator", 20, 26, False),
        ("decorator", 26, 26, True),
        ("call", 6, 9, False),
        ("declared name", 4, 6, False),
        ("type name", 37, 61, False),
        ("result type", 4, 5, False),
        ("formatting", 6, 6, False),
    ],
)
def test_kinds_that_count_helpers_need_a_larger_share(
    kind: str, k: int, n: int, told: bool
) -> None:
    """20 of 26 functions with a route decorator only says that six are helpers."""
    assert is_habit(kind, k, n) is told


def test_what_changes_code_comes_before_names_and_places() -> None:
    """And a habit of the layer before one of the whole codebase."""
    assert strength("exception", 9, 10) > strength("file name", 10, 10)
    assert strength("docstring", 9, 10) > strength("docstring", 9, 10, own=False)
    assert strength("docstring", 0, 0) == 0


def test_a_statement_ends_a_sentence_that_begins_with_numbers() -> None:
    """Names keep their case."""
    assert stated("Errors of the api layer are raised as `E`.") == "errors are raised as `E`"
    assert stated("SQL is written by hand") == "SQL is written by hand"
