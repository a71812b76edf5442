"""Chunks hold every item once, in order, and are cut only when they are asked for."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_engine.core import (
    ByCount,
    ByWeight,
    ConfigurationError,
    chunks_by_count,
    chunks_by_weight,
)


@given(st.lists(st.integers(), max_size=60), st.integers(1, 70))
def test_by_count_cuts_like_slicing(items: list[int], size: int) -> None:
    chunks = list(chunks_by_count(items, size))
    assert [list(chunk.items) for chunk in chunks] == [
        items[start : start + size] for start in range(0, len(items), size)
    ]
    assert [chunk.number for chunk in chunks] == list(range(1, len(chunks) + 1))
    assert [chunk.start for chunk in chunks] == list(range(0, len(items), size))


@given(
    st.lists(st.integers(0, 20), max_size=60),
    st.integers(1, 30),
    st.none() | st.integers(1, 5),
)
def test_by_weight_keeps_order_and_limit(
    weights: list[int], limit: int, max_items: int | None
) -> None:
    chunks = list(chunks_by_weight(weights, limit, float, max_items=max_items))
    assert [weight for chunk in chunks for weight in chunk.items] == weights
    assert all(chunk.weight <= limit or chunk.size == 1 for chunk in chunks)
    assert all(chunk.weight == sum(chunk.items) for chunk in chunks)
    assert all(max_items is None or chunk.size <= max_items for chunk in chunks)
    assert [chunk.start for chunk in chunks] == [
        sum(each.size for each in chunks[:index]) for index in range(len(chunks))
    ]


@given(st.lists(st.integers(0, 9), max_size=40), st.integers(1, 20))
def test_by_weight_never_cuts_earlier_than_it_has_to(weights: list[int], limit: int) -> None:
    chunks = list(chunks_by_weight(weights, limit, float))
    for one, after in itertools.pairwise(chunks):
        assert one.weight + after.items[0] > limit


def test_an_item_heavier_than_the_limit_gets_a_chunk_of_its_own() -> None:
    chunks = list(chunks_by_weight([1, 100, 1], 10, float))
    assert [chunk.items for chunk in chunks] == [(1,), (100,), (1,)]
    assert chunks[1].weight == 100


def test_an_endless_source_is_read_only_as_far_as_needed() -> None:
    read: list[int] = []

    def source() -> itertools.count[int]:
        for number in itertools.count():
            read.append(number)
            yield number

    first = next(iter(ByCount[int](3).split(source())))
    assert first.items == (0, 1, 2)
    assert read == [0, 1, 2]


def test_no_items_no_chunks() -> None:
    assert list(chunks_by_count([], 5)) == []
    assert list(chunks_by_weight([], 5, float)) == []


@pytest.mark.parametrize("size", [0, -1, "100", True, 1.5, None])
def test_a_size_that_is_no_positive_whole_number_is_refused_at_once(size: object) -> None:
    with pytest.raises(ConfigurationError, match="chunk size is"):
        chunks_by_count([1], size)  # type: ignore[arg-type]  # what the check is for
    with pytest.raises(ConfigurationError, match="chunk size is"):
        ByCount(size)  # type: ignore[arg-type]  # what the check is for


@pytest.mark.parametrize("limit", [0, -1, True, "9", float("nan")])
def test_a_weight_limit_that_is_not_above_zero_is_refused_at_once(limit: object) -> None:
    with pytest.raises(ConfigurationError, match="weight limit is"):
        ByWeight(limit, float)  # type: ignore[arg-type]  # what the check is for


@pytest.mark.parametrize("weight", [-1.0, float("nan")])
def test_a_weight_below_zero_is_refused(weight: float) -> None:
    with pytest.raises(ConfigurationError, match="the weight of an item"):
        list(chunks_by_weight([1], 5, lambda item: weight))
