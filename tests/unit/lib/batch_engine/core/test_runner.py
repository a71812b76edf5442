"""The runner: one outcome per key, in input order, and never finished work twice."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_engine.core import (
    ByWeight,
    ChunkCompleted,
    ChunkContext,
    ChunkFailed,
    ChunkStarted,
    ConfigurationError,
    Counts,
    Event,
    ItemCompleted,
    ItemFailed,
    ItemFailure,
    ItemRow,
    ItemsLoaded,
    MemoryRunStore,
    Outcome,
    Pause,
    RateLimitError,
    RejectedResultError,
    RetryPolicy,
    RetryScheduled,
    SqliteRunStore,
    StageStarted,
    StepCompleted,
    StepFailed,
    StepRef,
    StepStarted,
    StoreError,
    TaskError,
    TransientError,
    each,
    item_key,
    run_batches,
)


def double(number: int) -> int:
    return 2 * number


def ident(item: object) -> str:
    return str(item)


@dataclass
class Time:
    """A clock that only moves when someone sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Recorder:
    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


class Counter:
    """A work function that remembers what it was asked."""

    def __init__(self, function: Callable[[int], int] = double) -> None:
        self.calls: list[list[int]] = []
        self._function = function

    def __call__(self, items: list[int], context: ChunkContext[int, int]) -> list[int]:
        self.calls.append(items)
        return [self._function(item) for item in items]


# -- outcomes -------------------------------------------------------------------------------


def test_every_item_gets_its_own_result_in_input_order() -> None:
    result = run_batches([3, 1, 2], each(double), step="double", key=ident, chunking=2)
    assert result.values == {"3": 6, "1": 2, "2": 4}
    assert list(result.outcomes) == ["3", "1", "2"]
    assert result.counts == Counts(ok=3)
    assert [batch.number for batch in result.batches] == [1, 2]
    assert result.ok
    assert result.total == 3


def test_without_a_key_function_the_key_is_a_hash_of_the_item_and_its_type() -> None:
    result = run_batches([1, "1", True, None], each(repr), step="show")
    assert result.values[item_key("1")] == "'1'"
    assert [outcome.value for outcome in result.in_order()] == ["1", "'1'", "True", "None"]


def test_no_items_is_a_finished_run_without_batches() -> None:
    work = Counter()
    result = run_batches([], work, step="double")
    assert (result.ok, result.total, result.batches, work.calls) == (True, 0, (), [])


def test_an_item_that_occurs_twice_is_run_once_and_each_gets_the_result() -> None:
    work = Counter()
    result = run_batches([1, 2, 1, 1, 3, 2], work, step="double", key=ident, chunking=2)
    assert work.calls == [[1, 2], [3]]
    assert [outcome.value for outcome in result.in_order()] == [2, 4, 2, 2, 6, 4]
    assert result.counts == Counts(ok=3, duplicates=3)
    assert result.counts.total == result.total == 6


def test_a_lazy_source_is_cut_chunk_by_chunk() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in range(4):
            read.append(number)
            yield number

    seen: list[int] = []

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        seen.append(len(read))
        return items

    result = run_batches(source(), work, step="s", key=ident, chunking=2)
    assert seen == [2, 4]
    assert result.total == 4


def test_a_chunk_can_be_cut_by_weight() -> None:
    work = Counter()
    run_batches([5, 4, 2, 9], work, step="s", key=ident, chunking=ByWeight(9, float))
    assert work.calls == [[5, 4], [2], [9]]


def test_work_may_answer_by_key_in_any_order() -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> dict[str, int]:
        return {key: 2 * int(key) for key in reversed(context.keys)}

    assert run_batches([1, 2], work, step="s", key=ident).values == {"1": 2, "2": 4}


# -- failures -------------------------------------------------------------------------------


def test_a_failed_item_fails_alone_and_keeps_its_record() -> None:
    result = run_batches(
        ["1", "x", "3"],
        each(int),
        step="parse",
        key=ident,
        now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
    )
    assert result.values == {"1": 1, "3": 3}
    record = result.errors["x"]
    assert (record.type, record.step, record.batch) == ("ValueError", "parse", 1)
    assert record.item is not None
    assert (record.item.key, record.item.index, record.item.preview) == ("x", 1, "'x'")
    assert record.at == "2026-01-02T00:00:00+00:00"
    assert "int(" in record.error
    assert "function(item)" in record.stack
    assert result.counts == Counts(ok=2, failed=1)
    assert not result.ok


def test_a_chunk_that_raises_fails_its_own_items_only() -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        if 3 in items:
            raise TaskError("no threes")
        return items

    result = run_batches([1, 2, 3, 4, 5], work, step="s", key=ident, chunking=2)
    assert list(result.values) == ["1", "2", "5"]
    assert {key: error.error for key, error in result.errors.items()} == {
        "3": "no threes",
        "4": "no threes",
    }
    assert "no threes" in result.errors["3"].stack
    assert result.errors["4"].stack == "same as of item 3"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([1], "work returned 1 results for 2 items"),
        ([1, 2, 3], "work returned 3 results for 2 items"),
        ("ab", "work returned str"),
        (None, "work returned NoneType"),
        (iter([1, 2]), "work returned list_iterator"),
        ({"1": 1, "2": 2, "9": 9}, "unknown key(s), the first is '9'"),
    ],
)
def test_an_answer_that_does_not_fit_is_an_error_and_is_not_asked_again(
    answer: object, message: str
) -> None:
    calls = []

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        calls.append(items)
        return answer  # type: ignore[return-value]  # what the test is about

    result = run_batches([1, 2], work, step="s", key=ident, retry=RetryPolicy(initial_s=0))
    assert all(message in error.error for error in result.errors.values())
    assert {error.code for error in result.errors.values()} == {"internal.work_contract"}
    assert len(calls) == 1


def test_an_exception_object_as_a_result_is_a_failure() -> None:
    def work(items: list[int], context: ChunkContext[int, object]) -> list[object]:
        return [1, ValueError("gathered")]

    result = run_batches([1, 2], work, step="s", key=ident)
    assert result.errors["2"].error == "gathered"


def test_an_item_left_out_of_a_mapping_is_missing_and_may_be_asked_again() -> None:
    asked: list[list[int]] = []

    def work(items: list[int], context: ChunkContext[int, int]) -> dict[str, int]:
        asked.append(items)
        return {context.keys[0]: items[0]}

    result = run_batches([1, 2], work, step="s", key=ident, retry=RetryPolicy(initial_s=0))
    assert asked == [[1, 2], [2]]
    assert result.values == {"1": 1, "2": 2}


def test_a_result_that_cannot_be_stored_fails_its_item_with_the_way_out() -> None:
    result = run_batches([1, 2], each(lambda n: {n}), step="s", key=ident, store=MemoryRunStore())
    assert result.errors["1"].code == "internal.work_contract"
    assert "dump=" in result.errors["1"].hint


def test_fail_fast_starts_no_further_chunk() -> None:
    work = Counter(lambda number: 1 // number)
    result = run_batches([1, 0, 2, 3], work, step="s", key=ident, chunking=1, on_error="fail_fast")
    assert work.calls == [[1], [0]]
    assert result.stopped == "fail_fast"
    assert list(result.outcomes) == ["1", "0"]


def test_more_failures_than_tolerated_stop_the_run() -> None:
    work = Counter(lambda number: 1 // 0)
    result = run_batches([1, 2, 3, 4], work, step="s", key=ident, chunking=1, max_failures=1)
    assert len(work.calls) == 2
    assert (result.stopped, result.counts.failed, result.total) == ("max_failures", 2, 4)


# -- retries --------------------------------------------------------------------------------

BEHAVIOURS = ("ok", "retry-then-ok", "always-fail")


@pytest.mark.parametrize("order", list(itertools.permutations(BEHAVIOURS)))
@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("chunking", [1, 3])
def test_after_retries_every_item_still_has_its_own_result(
    order: Sequence[str], durable: bool, chunking: int, tmp_path: Path
) -> None:
    """Peers give one item's result to another here, because they map by position."""
    asked: list[tuple[int, list[str]]] = []

    def work(items: list[str], context: ChunkContext[str, str]) -> list[str | ItemFailure]:
        asked.append((context.attempt, items))
        return [
            ItemFailure(TransientError(f"{item} failed"))
            if item == "always-fail" or (item == "retry-then-ok" and context.attempt == 1)
            else item.upper()
            for item in items
        ]

    time = Time()
    store = SqliteRunStore(tmp_path) if durable else MemoryRunStore()
    result = run_batches(
        order,
        work,
        step="s",
        key=ident,
        chunking=chunking,
        store=store,
        retry=RetryPolicy(max_attempts=3, initial_s=1),
        clock=time.clock,
        sleep=time.sleep,
        random=lambda: 0.5,
    )
    store.close()
    assert result.values == {item: item.upper() for item in order if item != "always-fail"}
    assert result.errors["always-fail"].error == "always-fail failed"
    attempts = {key: outcome.attempts for key, outcome in result.outcomes.items()}
    assert attempts == {"ok": 1, "retry-then-ok": 2, "always-fail": 3}
    retry = result.errors["always-fail"].retry
    assert (retry.attempt, retry.max_attempts, retry.reason) == (3, 3, "exhausted")
    again = [items for attempt, items in asked if attempt > 1]
    assert "ok" not in [item for items in again for item in items]
    assert list(result.outcomes) == list(order)
    assert sorted(time.slept) == ([0.5, 1.0] if chunking == 3 else [0.5, 0.5, 1.0])


def test_a_wait_that_the_other_side_asked_for_is_slept() -> None:
    class BusyError(Exception):
        retry_after = 7
        status_code = 429

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        if context.attempt == 1:
            raise BusyError
        return items

    time = Time()
    run_batches([1], work, step="s", retry=RetryPolicy(), clock=time.clock, sleep=time.sleep)
    assert time.slept == [7.0]


def test_a_chunk_waits_as_long_as_its_most_patient_item_has_to() -> None:
    waits = {"a": 9.0, "b": 3.0}

    def work(items: list[str], context: ChunkContext[str, str]) -> list[str | ItemFailure]:
        if context.attempt > 1:
            return list(items)
        return [ItemFailure(RateLimitError("x", retry_after_s=waits[item])) for item in items]

    time = Time()
    run_batches(["a", "b"], work, step="s", retry=RetryPolicy(), sleep=time.sleep)
    assert time.slept == [9.0]


def test_a_further_attempt_is_told_why_the_last_one_failed() -> None:
    told: list[dict[str, str]] = []

    def work(items: list[str], context: ChunkContext[str, str]) -> list[str | ItemFailure]:
        told.append({key: record.error for key, record in context.previous.items()})
        if context.attempt == 1:
            return ["fine", ItemFailure(RejectedResultError("section 2 is empty"))]
        return ["better"]

    result = run_batches(["a", "b"], work, step="s", key=ident, retry=RetryPolicy(initial_s=0))
    assert told == [{}, {"b": "section 2 is empty"}]
    assert result.values == {"a": "fine", "b": "better"}


def test_what_is_finished_is_stored_before_a_retry_is_waited_for() -> None:
    store = MemoryRunStore()
    stored: list[int] = []

    def sleep(seconds: float) -> None:
        stored.append(store.counts(StepRef("s")).ok)

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int | ItemFailure]:
        return [n if n or context.attempt > 1 else ItemFailure(TransientError("x")) for n in items]

    run_batches([0, 1, 2], work, step="s", store=store, retry=RetryPolicy(), sleep=sleep)
    assert stored == [2]
    assert [(row.key, row.number) for _, row in store.failed_attempts] == [(item_key(0), 1)]


def test_without_a_policy_nothing_is_tried_again() -> None:
    work = Counter(lambda number: 1 // 0)
    run_batches([1], work, step="s")
    assert len(work.calls) == 1


# -- the store ------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path):  # type: ignore[no-untyped-def]  # a factory of stores
    """Opens the same store again and again, as runs after one another do."""
    memory = MemoryRunStore()
    opened: list[SqliteRunStore] = []

    def again():  # type: ignore[no-untyped-def]  # either store
        if request.param == "memory":
            return memory
        for store in opened:
            store.close()
        opened.append(SqliteRunStore(tmp_path))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


def test_what_is_stored_is_loaded_and_not_run_whatever_the_chunk_size(reopen) -> None:  # type: ignore[no-untyped-def]  # fixture
    first, second = Counter(), Counter()
    run_batches([1, 2, 3], first, step="s", key=ident, store=reopen(), chunking=2)
    result = run_batches([4, 3, 2, 1], second, step="s", key=ident, store=reopen(), chunking=3)
    assert second.calls == [[4]]
    assert result.values == {"4": 8, "3": 6, "2": 4, "1": 2}
    assert result.counts == Counts(ok=1, loaded=3)
    assert result.outcomes["3"] == Outcome("3", "loaded", 6, None, 0, 1)


def test_another_fingerprint_runs_again_and_going_back_does_not(reopen) -> None:  # type: ignore[no-untyped-def]  # fixture
    work = Counter()
    for version in ("v1", "v2", "v1"):
        run_batches([1], work, step="s", store=reopen(), fingerprint=version)
    assert len(work.calls) == 2


def test_failed_items_are_run_again_the_next_time(reopen) -> None:  # type: ignore[no-untyped-def]  # fixture
    def broken(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        raise TaskError("down")

    first = run_batches([1, 2], broken, step="s", key=ident, store=reopen())
    second = run_batches([1, 2], each(double), step="s", key=ident, store=reopen())
    assert list(first.errors) == ["1", "2"]
    assert second.values == {"1": 2, "2": 4}


def test_after_a_partial_failure_only_the_failed_items_are_run_again(reopen) -> None:  # type: ignore[no-untyped-def]  # fixture
    run_batches([1, 0, 2], each(lambda n: 1 // n), step="s", key=ident, store=reopen())
    work = Counter()
    result = run_batches([1, 0, 2], work, step="s", key=ident, store=reopen())
    assert work.calls == [[0]]
    assert result.values == {"1": 1, "0": 0, "2": 0}


def test_failures_are_stored_with_their_records(reopen) -> None:  # type: ignore[no-untyped-def]  # fixture
    store = reopen()
    run_batches(["x"], each(int), step="s", key=ident, store=store)
    (row,) = store.items(StepRef("s"))
    assert (row.status, row.data) == ("failed", None)
    assert '"type":"ValueError"' in row.error


def test_results_go_through_dump_and_load_and_bytes_stay_bytes(reopen) -> None:  # type: ignore[no-untyped-def]  # fixture
    for _ in range(2):
        result = run_batches(
            [1, 2],
            each(lambda n: frozenset({n})),
            step="sets",
            key=ident,
            store=reopen(),
            dump=sorted,
            load=frozenset,
        )
        assert result.values == {"1": frozenset({1}), "2": frozenset({2})}
    for _ in range(2):
        raw = run_batches([1], each(lambda n: b"\x00\xff"), step="raw", key=ident, store=reopen())
        assert raw.values == {"1": b"\x00\xff"}


def test_a_stored_result_that_cannot_be_read_back_is_an_error_with_the_way_out() -> None:
    store = MemoryRunStore()
    store.put(StepRef("s"), [ItemRow("1", "ok", "{}")])

    def load(data: dict[str, int]) -> int:
        return data["gone"]

    with pytest.raises(StoreError, match="KeyError") as caught:
        run_batches([1], each(double), step="s", key=ident, store=store, load=load)
    assert "fingerprint" in caught.value.hint


# -- early results, pauses, interrupts ------------------------------------------------------


class WaitingForAnswer(Pause):
    def __init__(self, finished: tuple[str, ...]) -> None:
        super().__init__("waiting")
        self.finished = finished


def test_a_failing_chunk_is_counted_once_however_the_step_ends() -> None:
    recorder = Recorder()
    both = threading.Barrier(2, timeout=10)

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        if context.number <= 2:
            both.wait()
        if context.number == 2:
            raise WaitingForAnswer(())
        return items

    with pytest.raises(WaitingForAnswer):
        run_batches(range(8), work, step="s", chunking=2, max_workers=2, listeners=[recorder])
    failed = recorder.events[-1]
    assert isinstance(failed, StepFailed)
    done = [event for event in recorder.events if isinstance(event, ChunkCompleted)]
    assert failed.counts == Counts(ok=2 * len(done))


@pytest.mark.parametrize("leave", [WaitingForAnswer(("1",)), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("max_workers", [None, 2])
def test_a_pause_or_an_interrupt_passes_and_what_was_completed_is_stored(
    leave: BaseException, max_workers: int | None
) -> None:
    store = MemoryRunStore()

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        if 3 in items:
            context.complete(3, 6)
            raise leave
        return [2 * item for item in items]

    recorder = Recorder()
    with pytest.raises(type(leave)) as caught:
        run_batches(
            [1, 2, 3, 4, 5, 6],
            work,
            step="s",
            key=ident,
            store=store,
            chunking=2,
            listeners=[recorder],
            max_workers=max_workers,
        )
    assert caught.value is leave
    assert {row.key for row in store.items(StepRef("s"))} >= {"1", "2", "3"}
    assert isinstance(recorder.events[-1], StepFailed)
    again = Counter()
    result = run_batches([1, 2, 3, 4], again, step="s", key=ident, store=store)
    assert again.calls == [[4]]
    assert result.values["3"] == 6


def test_an_item_completed_early_is_stored_and_announced_at_once() -> None:
    store = MemoryRunStore()
    recorder = Recorder()
    seen: list[tuple[int, list[str]]] = []

    def work(items: list[int], context: ChunkContext[int, int]) -> dict[str, int]:
        for item in items[:2]:
            context.complete(item, 2 * item)
            seen.append((store.counts(StepRef("s")).ok, recorder.names()[-1:]))
        return {context.keys[2]: 6}

    result = run_batches([1, 2, 3], work, step="s", key=ident, store=store, listeners=[recorder])
    assert seen == [(1, ["ItemCompleted"]), (2, ["ItemCompleted"])]
    assert result.values == {"1": 2, "2": 4, "3": 6}
    completed = [event for event in recorder.events if isinstance(event, ItemCompleted)]
    assert [(event.key, event.early) for event in completed] == [
        ("1", True),
        ("2", True),
        ("3", False),
    ]


def test_after_early_results_a_failure_concerns_the_rest_only() -> None:
    asked: list[list[int]] = []

    def work(items: list[int], context: ChunkContext[int, int]) -> None:
        asked.append(items)
        context.complete(items[0], 0)
        if context.attempt < 3:
            raise ConnectionError("stream broke")

    result = run_batches(
        [1, 2, 3], work, step="s", key=ident, retry=RetryPolicy(max_attempts=3, initial_s=0)
    )
    assert asked == [[1, 2, 3], [2, 3], [3]]
    assert result.counts == Counts(ok=3)


def test_after_early_results_what_is_left_out_is_missing() -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> None:
        context.complete(items[0], 0)

    result = run_batches([1, 2], work, step="s", key=ident)
    assert result.errors["2"].code == "validation.missing_result"


@pytest.mark.parametrize("item", [1, 99])
def test_completing_twice_or_a_foreign_item_is_an_error_in_the_work(item: int) -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        context.complete(1, 1)
        context.complete(item, 1)
        return items

    result = run_batches([1, 2], work, step="s", key=ident)
    assert result.errors["2"].code == "internal.work_contract"
    assert result.values == {"1": 1}


def test_early_results_from_several_threads_are_all_kept() -> None:
    """Also where all of them complete the first item of theirs at the same moment."""
    store = MemoryRunStore()

    def work(items: list[int], context: ChunkContext[int, int]) -> None:
        together = threading.Barrier(8)

        def complete(item: int) -> None:
            if item in items[:8]:
                together.wait(10)
            context.complete(item, 2 * item)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(complete, items))

    often = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # as many meetings of the threads as there can be
    try:
        result = run_batches(range(8_000), work, step="s", store=store, chunking=400)
    finally:
        sys.setswitchinterval(often)
    assert result.counts == Counts(ok=8_000)
    assert store.counts(StepRef("s")).ok == 8_000


# -- events ---------------------------------------------------------------------------------


def test_events_tell_the_whole_story_in_order() -> None:
    store = MemoryRunStore()
    run_batches([1], each(double), step="s", key=ident, store=store)
    recorder = Recorder()

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int | ItemFailure]:
        if context.attempt == 1:
            return [ItemFailure(TransientError("x")) for _ in items]
        return [ItemFailure("no") if item == 3 else item for item in items]

    run_batches(
        [1, 2, 3],
        work,
        step="s",
        key=ident,
        store=store,
        chunking=2,
        listeners=[recorder],
        retry=RetryPolicy(initial_s=0),
    )
    assert [type(event) for event in recorder.events] == [
        StepStarted,
        ChunkStarted,
        ItemsLoaded,
        RetryScheduled,
        ItemCompleted,
        ChunkCompleted,
        ChunkStarted,
        RetryScheduled,
        ItemFailed,
        ChunkFailed,
        StepCompleted,
    ]
    assert recorder.events[1] == ChunkStarted(step="s", number=1, size=2, to_run=1)
    assert recorder.events[2] == ItemsLoaded(step="s", number=1, keys=("1",))


def test_a_chunk_is_stored_before_it_is_announced() -> None:
    store = MemoryRunStore()
    stored: list[int] = []

    def listener(event: Event) -> None:
        if isinstance(event, ItemCompleted | ChunkCompleted):
            stored.append(store.counts(StepRef("s")).ok)

    run_batches([1, 2], each(double), step="s", store=store, listeners=[listener], chunking=2)
    assert stored == [2, 2, 2]


def test_listeners_that_always_raise_change_nothing_but_the_report() -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("display")

    quiet = run_batches([1, 2, 3], each(double), step="s", chunking=2)
    loud = run_batches([1, 2, 3], each(double), step="s", chunking=2, listeners=[broken])
    assert loud.outcomes == quiet.outcomes
    assert {failure.event for failure in loud.listener_failures} == {
        "StepStarted",
        "ChunkStarted",
        "ItemCompleted",
        "ChunkCompleted",
        "StepCompleted",
    }


# -- concurrency ----------------------------------------------------------------------------


def test_by_default_chunks_run_one_after_the_other_in_the_callers_thread() -> None:
    threads: set[str] = set()

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        threads.add(threading.current_thread().name)
        return items

    run_batches(range(10), work, step="s", chunking=2)
    assert threads == {threading.current_thread().name}


@pytest.mark.parametrize("own_pool", [False, True])
def test_with_workers_chunks_overlap_and_outcomes_keep_input_order(own_pool: bool) -> None:
    together = threading.Barrier(2, timeout=10)

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        if context.number <= 2:
            together.wait()  # passes only if two chunks are worked on at the same time
        return [2 * item for item in items]

    with ThreadPoolExecutor(2) as pool:
        result = run_batches(
            range(20),
            work,
            step="s",
            key=ident,
            chunking=2,
            max_workers=2,
            executor=pool if own_pool else None,
        )
        assert list(result.values.items()) == [(str(n), 2 * n) for n in range(20)]
        assert [batch.number for batch in result.batches] == list(range(1, 11))
        assert pool.submit(int, "7").result() == 7  # the caller's pool is still open


def test_only_a_few_chunks_are_cut_ahead_of_the_work() -> None:
    release = threading.Event()
    read: list[int] = []

    def source() -> Iterator[int]:
        for number in range(1_000):
            read.append(number)
            if len(read) == 4:
                release.set()  # the window of two workers is full: the work may go on
            yield number

    ahead: list[int] = []
    done: list[int] = []

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        release.wait(10)
        ahead.append(len(read) - len(done))
        done.extend(items)
        return items

    run_batches(source(), work, step="s", key=ident, chunking=1, max_workers=2)
    assert max(ahead) <= 4


def test_fail_fast_with_workers_stores_what_was_running(tmp_path: Path) -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        return [1 // item for item in items]

    with SqliteRunStore(tmp_path) as store:
        result = run_batches(
            [1, 0, *range(2, 50)],
            work,
            step="s",
            key=ident,
            chunking=1,
            max_workers=2,
            on_error="fail_fast",
            store=store,
        )
        assert result.stopped == "fail_fast"
        assert store.counts(StepRef("s")).ok == result.counts.ok
        assert result.counts.total < 50


def test_work_that_cannot_be_sent_to_processes_is_named_before_anything_starts() -> None:
    with pytest.raises(ConfigurationError, match=r"work=.* cannot be sent to a worker process"):
        run_batches([1], each(lambda item: item), step="s", executor="processes", max_workers=1)


def test_results_that_are_known_are_not_run_again() -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        assert 2 not in items
        return [2 * item for item in items]

    result = run_batches([1, 2, 3], work, step="s", key=ident, known={"2": 40, "9": 1})
    assert list(result.values.values()) == [2, 40, 6]
    assert result.counts == Counts(ok=2, loaded=1)


def test_what_an_attempt_leaves_in_the_memo_the_next_attempt_finds() -> None:
    seen: list[dict[str, int]] = []

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int | ItemFailure]:
        seen.append(dict(context.memo))
        context.memo["attempts"] = context.attempt
        return [ItemFailure(TransientError("once")) if context.attempt == 1 else 1 for _ in items]

    run_batches([1, 2], work, step="s", key=ident, chunking=1, retry=RetryPolicy(initial_s=0))
    assert seen == [{}, {"attempts": 1}, {}, {"attempts": 1}]


def test_work_can_tell_listeners_something() -> None:
    heard: list[Event] = []
    event = StageStarted(step="s", number=1, stage="parse", size=1)

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int]:
        context.tell(event)
        return items

    run_batches([1], work, step="s", listeners=[heard.append])
    run_batches([1], work, step="s")
    assert [told for told in heard if isinstance(told, StageStarted)] == [event]


# -- wrong calls ----------------------------------------------------------------------------


@pytest.mark.parametrize("key", [lambda item: 1, lambda item: "", lambda item: None])
def test_a_key_that_is_no_text_is_refused(key: Callable[[object], str]) -> None:
    with pytest.raises(ConfigurationError, match="the key of item 0"):
        run_batches([1], each(double), step="s", key=key)


@pytest.mark.parametrize(
    "options",
    [
        {"chunking": 0},
        {"chunking": True},
        {"on_error": "ignore"},
        {"max_failures": -1},
        {"max_workers": 0},
        {"max_workers": True},
        {"max_workers": "2"},
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=str(*options.values())):
        run_batches([1], each(double), step="s", **options)  # type: ignore[arg-type]  # what the test is about


# -- the law --------------------------------------------------------------------------------


@given(
    items=st.lists(st.integers(0, 30), max_size=40),
    chunking=st.integers(1, 45),
    stored=st.sets(st.integers(0, 30)),
    bad=st.sets(st.integers(0, 30), max_size=6),
    flaky=st.sets(st.integers(0, 30), max_size=6),
    max_workers=st.sampled_from([None, None, None, 3]),
)
def test_whatever_happens_the_outcome_is_that_of_a_list_comprehension(
    items: list[int],
    chunking: int,
    stored: set[int],
    bad: set[int],
    flaky: set[int],
    max_workers: int | None,
) -> None:
    store = MemoryRunStore()
    store.put(StepRef("s", "v"), [ItemRow(f"k{n}", "ok", str(2 * n)) for n in stored])

    def work(items: list[int], context: ChunkContext[int, int]) -> list[int | ItemFailure]:
        return [
            ItemFailure(TaskError("bad"))
            if item in bad
            else ItemFailure(TransientError("flaky"))
            if item in flaky and context.attempt == 1
            else 2 * item
            for item in items
        ]

    result = run_batches(
        items,
        work,
        step="s",
        fingerprint="v",
        key=lambda n: f"k{n}",
        chunking=chunking,
        store=store,
        retry=RetryPolicy(initial_s=0),
        max_workers=max_workers,
    )
    failing = bad - stored
    assert [outcome.value for outcome in result.in_order()] == [
        None if n in failing else 2 * n for n in items
    ]
    distinct = set(items)
    assert result.counts == Counts(
        ok=len(distinct - stored - bad),
        loaded=len(distinct & stored),
        failed=len(distinct & failing),
        duplicates=len(items) - len(distinct),
    )
    assert result.counts.total == len(items) == result.total
    assert store.counts(StepRef("s", "v")).ok == len(stored | (distinct - bad))
