"""Adaptive sizes follow the clock they are given, within their bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_engine.core import (
    Adaptive,
    Adjustment,
    BatchSummary,
    ChunkContext,
    ConfigurationError,
    Counts,
    ItemFailure,
    ResourceSample,
    TaskError,
    run_batches,
    sample_resources,
)


def plenty() -> ResourceSample:
    return ResourceSample(rss=1, memory_share=0.1, cpu_share=0.0)


def scarce() -> ResourceSample:
    return ResourceSample(rss=1, memory_share=0.95, cpu_share=0.0)


def after(seconds: float, *, ok: int = 10, failed: int = 0, number: int = 1) -> BatchSummary:
    return BatchSummary(number, Counts(ok=ok, failed=failed), seconds)


def test_chunks_that_are_too_quick_grow_part_of_the_way_and_at_most_double() -> None:
    chunking: Adaptive[int] = Adaptive(target_s=10, start=10, sample=plenty)
    chunking.observe(after(5))  # 20 would take the target; half of the way is 15
    assert chunking.adjustments == [Adjustment(1, 10, 15, "faster")]
    eager: Adaptive[int] = Adaptive(target_s=10, start=10, gain=1, sample=plenty)
    eager.observe(after(0.001))
    assert eager.size == 20


def test_chunks_that_take_too_long_shrink() -> None:
    chunking: Adaptive[int] = Adaptive(target_s=10, start=10, gain=1, sample=plenty)
    chunking.observe(after(12.5))
    assert chunking.adjustments == [Adjustment(1, 10, 8, "slower")]


def test_within_the_dead_band_nothing_changes() -> None:
    chunking: Adaptive[int] = Adaptive(target_s=10, start=10, dead_band=0.2, sample=plenty)
    for seconds in (8, 9, 10, 11, 12):
        chunking.observe(after(seconds))
    assert (chunking.size, chunking.adjustments) == (10, [])


def test_a_short_last_chunk_is_judged_by_its_seconds_per_item() -> None:
    chunking: Adaptive[int] = Adaptive(target_s=10, start=10, sample=plenty)
    chunking.observe(after(2, ok=2))
    assert chunking.size == 10


def test_many_errors_or_little_memory_halve_the_size() -> None:
    chunking: Adaptive[int] = Adaptive(target_s=10, start=10, sample=plenty)
    chunking.observe(after(1, ok=4, failed=6))
    assert chunking.adjustments == [Adjustment(1, 10, 5, "errors")]
    half: Adaptive[int] = Adaptive(target_s=10, start=10, sample=plenty)
    half.observe(after(10, ok=5, failed=5))
    assert half.adjustments == [], "more than half, not half"
    tight: Adaptive[int] = Adaptive(target_s=10, start=10, sample=scarce)
    tight.observe(after(1))
    assert tight.adjustments == [Adjustment(1, 10, 5, "memory")]


def test_a_chunk_in_which_nothing_ran_says_nothing() -> None:
    chunking: Adaptive[int] = Adaptive(target_s=10, start=10, sample=scarce)
    chunking.observe(BatchSummary(1, Counts(loaded=10), 0.0))
    assert chunking.size == 10


@given(
    seconds=st.lists(st.floats(0, 1e6), max_size=30),
    failed=st.integers(0, 10),
    bounds=st.tuples(st.integers(1, 20), st.integers(0, 30), st.integers(0, 50)),
)
def test_whatever_happens_sizes_stay_within_their_bounds(
    seconds: list[float], failed: int, bounds: tuple[int, int, int]
) -> None:
    smallest, more, room = bounds
    start, largest = smallest + more, smallest + more + room
    chunking: Adaptive[int] = Adaptive(
        target_s=1, smallest=smallest, start=start, largest=largest, sample=plenty
    )
    for number, took in enumerate(seconds, 1):
        chunking.observe(after(took, ok=10 - failed, failed=failed, number=number))
        assert smallest <= chunking.size <= largest


def test_in_a_run_sizes_settle_at_the_target_and_are_the_same_every_time() -> None:
    """Half a second per item and a target of 20 seconds: 40 items. Also with one chunker that
    was used before, as that of a pipeline which runs again."""
    chunking: Adaptive[int] = Adaptive(target_s=20, start=5, sample=plenty)

    def sizes() -> list[int]:
        now = 0.0
        cut: list[int] = []

        def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
            nonlocal now
            now += 0.5 * len(items)
            cut.append(len(items))
            return items

        clock: Callable[[], float] = lambda: now  # noqa: E731 - reads the variable above
        run_batches(range(400), work, step="s", key=str, chunking=chunking, clock=clock)
        return cut

    assert sizes() == sizes()
    assert chunking.adjustments[0] == Adjustment(1, 5, 8, "faster"), "those of the last run"
    assert sum(sizes()) == 400
    assert all(32 <= size <= 48 for size in sizes()[8:-1])


def test_a_run_whose_items_fail_goes_down_to_the_smallest_size() -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> list[int | ItemFailure]:
        return [ItemFailure(TaskError("no")) for _ in items]

    chunking: Adaptive[int] = Adaptive(target_s=20, start=16, smallest=2, sample=plenty)
    run_batches(range(60), work, step="s", key=str, chunking=chunking)
    assert [change.new for change in chunking.adjustments] == [8, 4, 2]


def test_a_lazy_source_is_read_no_further_than_the_chunk() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in range(10):
            read.append(number)
            yield number

    chunks = Adaptive[int](target_s=1, start=3, sample=plenty).split(source())
    assert (next(chunks).items, read) == ((0, 1, 2), [0, 1, 2])


@pytest.mark.parametrize(
    "options",
    [{"target_s": 0}, {"start": 0}, {"start": 2_000}, {"gain": 0}, {"dead_band": 1}],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        Adaptive(**{"target_s": 1, **options})  # type: ignore[arg-type]  # what the test is about


def test_a_sample_says_what_this_process_uses() -> None:
    sample = sample_resources()
    assert sample.rss > 1_000_000
    assert 0 < sample.memory_share <= 1
    assert sample.cpu_share >= 0
