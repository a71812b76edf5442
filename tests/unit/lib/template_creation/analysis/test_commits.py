"""Commit formats are counted in the log and claimed only where one dominates."""

from __future__ import annotations

import re

import pytest

from template_creation.analysis.commits import find_commit_format

CASES = [
    (
        ["feat(cart): add item"] * 15 + ["fix: total"] * 10 + ["oops"] * 5,
        "Conventional Commits",
        25,
        30,
    ),
    (["✨ Add carts"] * 20 + ["Fix"] * 4, "gitmoji", 20, 24),
    (["SHOP-12 add carts"] * 20, "ticket number", 20, 20),
    (["net/http: fix a race"] * 20 + ["all: update"] * 5, "area and a colon", 25, 25),
    (["Add carts"] * 20 + ["Merge branch 'x'"] * 9 + ["Bump a from 1 to 2"] * 9, "capital", 20, 20),
]


@pytest.mark.parametrize(("log", "words", "k", "n"), CASES, ids=[case[1] for case in CASES])
def test_the_format_that_most_people_follow_is_counted(
    log: list[str], words: str, k: int, n: int
) -> None:
    found = find_commit_format(log)
    assert found is not None
    assert words in found.statement
    assert (found.k, found.n) == (k, n)
    assert all(re.search(found.pattern, example) for example in found.examples)


@pytest.mark.parametrize("log", [[], ["feat: x"] * 19, ["wip.", "feat: x", "Add y."] * 10])
def test_a_short_or_mixed_log_claims_nothing(log: list[str]) -> None:
    assert find_commit_format(log) is None
