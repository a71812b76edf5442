"""Two items have the same key only if they are the same item, type included."""

from __future__ import annotations

import enum
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import PurePosixPath
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_engine.core import ConfigurationError, canonical_json, fingerprint, item_key
from batch_engine.core.keys import key_bytes


class Colour(enum.Enum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


@dataclass
class Point:
    x: int
    y: int


DIFFERENT = (
    1,
    "1",
    1.0,
    True,
    None,
    "null",
    "true",
    0,
    False,
    "",
    "007",
    7,
    [],
    {},
    [1],
    [[1]],
    ["1"],
    {"1": "a"},
    {1: "a"},
    {"a": 1},
    {"a": "1"},
    {"a": None},
    b"a",
    "a",
    ["!bytes", "61"],
    '!bytes "61"',
    {1},
    {"a"},
    {None: 1},
    {"null": 1},
    {b"a": 1},
    date(2026, 1, 2),
    datetime(2026, 1, 2, tzinfo=UTC),
    "2026-01-02",
    Decimal("1.0"),
    Decimal("1.00"),
    "1.0",
    UUID(int=1),
    str(UUID(int=1)),
    Colour.RED,
    "red",
    Number.ONE,
    PurePosixPath("a"),
    Point(1, 2),
    {"x": 1, "y": 2},
    [{"k": (1, {2: 3})}],
    [{"k": (1, {"2": 3})}],
    "\ud800",
    "é",
    "e\u0301",
)


def test_values_that_differ_in_value_or_type_have_different_keys() -> None:
    texts = [canonical_json(value) for value in DIFFERENT]
    assert len(set(texts)) == len(DIFFERENT)
    assert len({item_key(value) for value in DIFFERENT}) == len(DIFFERENT)


def test_order_of_fields_and_kind_of_sequence_do_not_matter() -> None:
    assert item_key({"a": 1, "b": [1, 2]}) == item_key({"b": (1, 2), "a": 1})
    assert item_key({3, 1, 2}) == item_key({2, 3, 1})


def test_what_has_no_stable_text_is_refused_with_the_way_out() -> None:
    with pytest.raises(ConfigurationError, match="object") as caught:
        item_key({"a": object()})
    assert "key=" in caught.value.hint


def test_keys_do_not_depend_on_the_process() -> None:
    script = (
        "from batch_engine.core import item_key, fingerprint;"
        "print(item_key({'b': {'x', 'y', 'z'}, 'a': 1.5}), fingerprint('s', 3, None))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", script],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout.split()[0]
        for seed in ("1", "2")
    }
    assert runs == {item_key({"b": {"x", "y", "z"}, "a": 1.5})}


def test_a_stored_key_never_changes_between_releases() -> None:
    """Stores outlive the program: these values may only change with a migration."""
    assert item_key({"a": [1, "1", None, True, 1.5]}) == "7627aa7f9089fc456719c3874023980a"
    assert fingerprint("facts", 3) == "411bee380e4453713675d4cd2b2f03fb"


def test_the_fingerprint_depends_on_every_part_and_on_its_type() -> None:
    parts: list[tuple[object, ...]] = [("a", 1), ("a", "1"), ("a",), ("a", 1, None), (("a", 1),)]
    assert len({fingerprint(*each) for each in parts}) == len(parts)


# Few distinct values, so that equal pairs and near misses come up.
_json = st.recursive(
    st.sampled_from([0, 1, -1, 0.0, -0.0, 1.0, True, False, None, "", "1", "null"])
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _typed(value: object) -> object:
    """The value with its types spelled out: the oracle for "the same item"."""
    if isinstance(value, dict):
        return ("dict", sorted((key, repr(_typed(entry))) for key, entry in value.items()))
    if isinstance(value, list):
        return ("list", [_typed(entry) for entry in value])
    return (type(value).__name__, repr(value))


@given(_json, _json)
def test_two_values_have_one_key_exactly_if_they_are_the_same(one: object, other: object) -> None:
    assert (item_key(one) == item_key(other)) == (_typed(one) == _typed(other))


@given(st.sets(st.text(st.characters(), min_size=1, max_size=40), min_size=2))
def test_different_keys_are_filed_under_different_bytes(keys: set[str]) -> None:
    assert len({key_bytes(key) for key in keys}) == len(keys)


@pytest.mark.parametrize(
    "key", ["a" * 15, "a" * 16, "ab" * 16, "AB" * 16, " " * 32, "zz" * 16, "\udc80" * 5, "é" * 8]
)
def test_the_bytes_of_a_key_are_at_most_sixteen(key: str) -> None:
    assert len(key_bytes(key)) <= 16


def test_hex_in_capitals_or_with_spaces_is_not_the_same_key() -> None:
    assert len({key_bytes(key) for key in ("ab" * 16, "AB" * 16, "ab " * 10 + "ab")}) == 3
