"""Counts and lists read as English."""

from __future__ import annotations

import pytest

from template_creation.bridges.wording import counted, joined


@pytest.mark.parametrize(
    ("words", "said"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")],
)
def test_lists_end_with_and(words: list[str], said: str) -> None:
    """No comma before it, none for one."""
    assert joined(words) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 files"), (1, "1 file"), (2, "2 files")])
def test_one_is_singular(number: int, said: str) -> None:
    """Never "1 files"."""
    assert counted(number, "file") == said
