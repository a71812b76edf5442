"""Streaming: chunks as they are stored, in input order, and nothing kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_engine.core import (
    ChunkContext,
    Counts,
    Event,
    ItemFailure,
    Pause,
    RetryPolicy,
    SqliteRunStore,
    StepCompleted,
    StepFailed,
    StepRef,
    TaskError,
    TransientError,
    each,
    stream_batches,
)


def double(number: int) -> int:
    return 2 * number


def test_a_chunk_is_handed_out_before_the_next_one_is_read() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in range(6):
            read.append(number)
            yield number

    stream = stream_batches(source(), each(double), step="s", key=str, chunking=2)
    first = next(stream)
    assert [outcome.value for outcome in first.outcomes] == [0, 2]
    assert (read, first.number, first.keys) == ([0, 1], 1, ("0", "1"))
    assert [chunk.number for chunk in stream] == [2, 3]
    assert stream.counts == Counts(ok=6)


def test_with_workers_chunks_come_in_input_order_whatever_the_order_of_work() -> None:
    """The first chunk takes until the ninth is worked on, which an ordered stream does not let
    happen: so it gives up waiting, and is still handed out first."""
    ninth = threading.Event()

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        if items == [0]:
            ninth.wait(0.2)
        elif items == [8]:
            ninth.set()
        return items

    with stream_batches(range(12), work, step="s", key=str, chunking=1, max_workers=2) as stream:
        assert [chunk.number for chunk in stream] == list(range(1, 13))


def test_a_stream_that_is_left_early_starts_nothing_new_and_keeps_what_is_stored(
    tmp_path: Path,
) -> None:
    ran: list[int] = []
    events: list[Event] = []

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        ran.extend(items)
        return items

    with SqliteRunStore(tmp_path) as store:
        with stream_batches(
            range(100), work, step="s", key=str, chunking=5, store=store,
            listeners=[events.append],
        ) as stream:  # fmt: skip
            next(stream)
            next(stream)
        assert ran == list(range(10))
        assert store.counts(StepRef("s")).ok == 10
        assert isinstance(events[-1], StepFailed)
        assert list(stream) == []


def test_an_item_that_occurs_again_is_loaded_from_the_store(tmp_path: Path) -> None:
    ran: list[int] = []

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        ran.extend(items)
        return items

    with SqliteRunStore(tmp_path) as store:
        stream = stream_batches([1, 1, 2, 1], work, step="s", key=str, chunking=2, store=store)
        statuses = [outcome.status for chunk in stream for outcome in chunk.outcomes]
    assert (ran, statuses) == ([1, 2], ["ok", "ok", "loaded"])
    assert stream.counts == Counts(ok=2, loaded=1, duplicates=1)


def test_distinct_leaves_an_item_that_occurs_again_out_of_later_chunks() -> None:
    stream = stream_batches([1, 2, 1], each(double), step="s", key=str, chunking=2, distinct=True)
    chunks = list(stream)
    assert [[outcome.key for outcome in chunk.outcomes] for chunk in chunks] == [["1", "2"], []]
    assert chunks[1].keys == ("1",)


def test_fail_fast_and_max_failures_end_the_stream() -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> list[int | ItemFailure]:
        return [ItemFailure(TaskError("no")) for _ in items]

    fast = stream_batches(range(9), work, step="s", key=str, chunking=1, on_error="fail_fast")
    assert (len(list(fast)), fast.stopped) == (1, "fail_fast")
    some = stream_batches(range(9), work, step="s", key=str, chunking=1, max_failures=3)
    assert (len(list(some)), some.stopped) == (4, "max_failures")


def test_a_pause_passes_through_after_what_was_finished() -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        if items == [2]:
            raise Pause("ask me later")
        return items

    seen = []
    stream = stream_batches(range(5), work, step="s", key=str, chunking=1)
    with pytest.raises(Pause, match="ask me later"):
        seen.extend(stream)
    assert [chunk.number for chunk in seen] == [1, 2]
    assert stream.counts == Counts(ok=2)


@given(
    size=st.integers(0, 40),
    chunking=st.integers(1, 45),
    bad=st.sets(st.integers(0, 40), max_size=5),
    flaky=st.sets(st.integers(0, 40), max_size=5),
    workers=st.sampled_from([None, None, 3]),
)
def test_the_chunks_of_a_stream_together_are_the_list_comprehension(
    size: int, chunking: int, bad: set[int], flaky: set[int], workers: int | None
) -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> list[int | ItemFailure]:
        return [
            ItemFailure(TaskError("bad"))
            if item in bad
            else ItemFailure(TransientError("flaky"))
            if item in flaky and context.attempt == 1
            else 2 * item
            for item in items
        ]

    events: list[Event] = []
    stream = stream_batches(
        iter(range(size)),
        work,
        step="s",
        key=str,
        chunking=chunking,
        retry=RetryPolicy(initial_s=0),
        max_workers=workers,
        listeners=[events.append],
    )
    values = [outcome.value for chunk in stream for outcome in chunk.outcomes]
    assert values == [None if item in bad else 2 * item for item in range(size)]
    failed = len(bad & set(range(size)))
    assert stream.counts == Counts(ok=size - failed, failed=failed)
    assert isinstance(events[-1], StepCompleted)
