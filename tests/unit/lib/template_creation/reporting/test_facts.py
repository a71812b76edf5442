"""Places are shown shortly, and none is lost without being counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from template_creation.reporting.facts import places
from template_creation.values.analysis import Site


def test_the_lines_of_a_file_stand_together() -> None:
    sites = [Site("a.py", 3, 4), Site("a.py", 9, 9), Site("b.py", 0, 0)]
    assert places(sites) == (["a.py:3, 9", "b.py"], 0)


@given(st.lists(st.tuples(st.sampled_from("abcdefghijklmn"), st.integers(1, 99)), max_size=200))
def test_what_is_shown_and_what_is_not_add_up(found: list[tuple[str, int]]) -> None:
    named, more = places([Site(path, line, line) for path, line in found])
    assert sum(entry.count(",") + 1 for entry in named) + more == len(found)
