"""Counts and lists read as English."""

from __future__ import annotations

import pytest

from template_creation.bridges.wording import counted, joined, short_names
from template_creation.values.request import CatalogEntry


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


def entry(key: str, source: str) -> CatalogEntry:
    return CatalogEntry(
        id=key, name=source.rpartition("/")[2], category="api", path="p", source=source,
        purpose="", technologies=(), grade="example", support=1, lines=1,
    )  # fmt: skip


def test_a_name_that_two_files_have_is_told_by_its_path() -> None:
    """`customer.py` and `customer.py` tell nobody which."""
    entries = [entry("T1", "models/customer.py"), entry("T2", "schemas/customer.py")]
    assert short_names(entries) == {"T1": "models/customer.py", "T2": "schemas/customer.py"}
    assert short_names(entries[:1]) == {"T1": "customer.py"}
