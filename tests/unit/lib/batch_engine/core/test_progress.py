"""Progress says what is done, how fast it goes and when it ends, also after a resume."""

from __future__ import annotations

from batch_engine.core import (
    ChunkCompleted,
    Counts,
    ItemCompleted,
    ItemsLoaded,
    Progress,
    StepCompleted,
    StepStarted,
    each,
    run_batches,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_before_the_step_nothing_is_known() -> None:
    snapshot = Progress().snapshot()
    assert (snapshot.done, snapshot.total, snapshot.eta_s, snapshot.rate_per_s) == (
        0,
        None,
        None,
        0,
    )
    assert snapshot.fraction is None


def test_the_rate_counts_what_was_run_and_the_eta_what_is_left() -> None:
    clock = Clock()
    progress = Progress(clock=clock)
    progress(StepStarted(step="read", total=100))
    progress(ItemsLoaded(step="read", number=1, keys=tuple(map(str, range(50)))))
    clock.now += 10
    for number in range(20):
        progress(ItemCompleted(step="read", number=2, key=str(number)))
    snapshot = progress.snapshot()
    assert (snapshot.done, snapshot.loaded, snapshot.ok) == (70, 50, 20)
    assert snapshot.rate_per_s == 2.0
    assert snapshot.eta_s == 15.0
    assert snapshot.fraction == 0.7


def test_after_the_step_the_clock_stands_still() -> None:
    clock = Clock()
    progress = Progress(clock=clock)
    progress(StepStarted(step="read", total=1))
    clock.now += 5
    progress(ItemCompleted(step="read", number=1, key="a"))
    progress(StepCompleted(step="read", counts=Counts(ok=1), elapsed_s=5))
    clock.now += 1000
    assert progress.snapshot().elapsed_s == 5
    assert progress.snapshot().eta_s == 0


def test_a_new_step_starts_from_zero() -> None:
    progress = Progress(clock=Clock())
    progress(StepStarted(step="one", total=1))
    progress(ItemCompleted(step="one", number=1, key="a"))
    progress(StepStarted(step="two", total=None))
    snapshot = progress.snapshot()
    assert (snapshot.step, snapshot.done, snapshot.total) == ("two", 0, None)


def test_no_items_at_all_is_done() -> None:
    progress = Progress(clock=Clock())
    progress(StepStarted(step="one", total=0))
    assert progress.snapshot().fraction == 1.0


def test_the_latest_twenty_batches_are_kept() -> None:
    progress = Progress(clock=Clock())
    progress(StepStarted(step="one", total=None))
    for number in range(1, 31):
        progress(ChunkCompleted(step="one", number=number, counts=Counts(ok=1), elapsed_s=0.5))
    batches = progress.snapshot().batches
    assert [batch.number for batch in batches] == list(range(11, 31))


def test_a_run_with_duplicates_and_failures_ends_at_its_total() -> None:
    progress = Progress()
    run_batches(["1", "2", "x", "2"], each(int), step="parse", chunking=2, listeners=[progress])
    snapshot = progress.snapshot()
    assert (snapshot.done, snapshot.total, snapshot.ok, snapshot.failed) == (4, 4, 2, 1)
