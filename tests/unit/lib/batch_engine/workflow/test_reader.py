"""YAML is read as YAML 1.2, with places, and nothing in it can hurt."""

from __future__ import annotations

from typing import Any

import pytest

from batch_engine.workflow import InvalidWorkflowError
from batch_engine.workflow.reader import MAX_VALUES, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("On", "On"),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("1_000", "1_000"),
        ("0o17", 15),
        ("0x1F", 31),
        ("'0x1F'", "0x1F"),
        ('"007"', "007"),
        ("!!str 007", "007"),
        ("TRUE", True),
        ("~", None),
        ("", None),
        (".inf", float("inf")),
        ("1e3", 1000.0),
        ("!!float 1", 1.0),
        ("=", "="),
        ("{a: &x [1], b: *x}", {"a": [1], "b": [1]}),
        ("{<<: {a: 1, b: 2}, b: 3}", {"b": 3, "a": 1}),
        ("{<<: [{a: 1}, {a: 2}]}", {"a": 1}),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    got = parse_yaml(text).value
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "t:2:1: error: the key 'a' stands here twice, first at t:1:1"),
        ("a:\n  b: *x", "t:2:6: error: no anchor &x"),
        ("a: &x [*x]", "t:1:8: error: the alias *x is inside"),
        ("1: a", "t:1:1: error: the key '1' is a number"),
        ("a: {{ b }}", "a value that begins with {{ has to be quoted"),
        ("a: [1, 2", "this is no YAML"),
        ("a: !!python/object:os.system x", "the tag"),
        ("a: !!int x", "'x' is no value for the tag"),
        ("a\n---\nb", "t:3:1: error: a second document"),
        ("<<: 3", "t:1:1: error: << takes a mapping"),
        ("[" * 5_000, "nested deeper than"),
    ],
)
def test_what_is_refused_says_where_and_why(text: str, said: str) -> None:
    with pytest.raises(InvalidWorkflowError) as caught:
        parse_yaml(text, file="t")
    assert said in str(caught.value)


def test_aliases_that_grow_without_end_are_refused() -> None:
    levels = [f"{name}: &{name} [{', '.join([below] * 9)}]" for name, below in _levels()]
    with pytest.raises(InvalidWorkflowError, match=f"more than {MAX_VALUES:,} values"):
        parse_yaml("\n".join(levels))


def _levels() -> list[tuple[str, str]]:
    names = "abcdefghij"
    return [(name, "x" if n == 0 else f"*{names[n - 1]}") for n, name in enumerate(names)]


def test_every_value_has_its_place_also_through_merges_and_positions() -> None:
    document = parse_yaml("base: &b\n  x: 1\nall:\n  - {y: 2}\n  - <<: *b\n", file="t")
    assert str(document.place(("all", 0, "y"))) == "t:4:9"
    assert str(document.place(("all", 0, "y"), key=True)) == "t:4:6"
    assert str(document.place(("all", 1, "x"))) == "t:2:6"
    assert str(document.place(("all", 7, "nowhere"))) == "t:4:3"


def test_numbers_that_lose_something_and_words_of_yaml_1_1_are_told() -> None:
    warnings = parse_yaml("[007, 1.10, 2.0, yes, '007', 10]").warnings
    assert [w.problem.split(" is ")[0] for w in warnings] == ["007", "1.10", "yes"]


def test_a_tab_in_the_indentation_is_told() -> None:
    with pytest.raises(InvalidWorkflowError, match=r"(?s)w:2:1: .*never with tabs"):
        parse_yaml("steps:\n\t- name: a\n", file="w")
