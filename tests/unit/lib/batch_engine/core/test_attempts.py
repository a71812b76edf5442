"""Attempts at an item count on until the run through its step has come to its end."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import (
    AttemptRow,
    ChunkContext,
    ContractError,
    Counts,
    Event,
    ItemFailed,
    ItemFailure,
    MemoryRunStore,
    Pause,
    RejectedResultError,
    RetryPolicy,
    RetryScheduled,
    RunResult,
    RunStore,
    SqliteRunStore,
    StepCounts,
    StepRef,
    StoreError,
    StoreFullError,
    TaskError,
    run_batches,
    stream_batches,
)
from batch_engine.core.schema import APPLICATION_ID, MIGRATIONS
from batch_engine.core.sqlite_file import RUN_FILE

Reopen = Callable[[], RunStore]
STEP = StepRef("s")
DETAILS = {"rule": "sections", "place": "Examples", "fix": "add one", "lines": [1, 2]}


@pytest.fixture(params=["memory", "sqlite"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reopen]:
    """Opens the same store again and again, as processes after one another do."""
    memory = MemoryRunStore()
    opened: list[SqliteRunStore] = []

    def again() -> RunStore:
        if request.param == "memory":
            return memory
        for store in opened:
            store.close()
        opened.append(SqliteRunStore(tmp_path))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@dataclass
class Clock:
    """Both clocks of the runner; they move only when someone sleeps or says so."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.at)

    def options(self) -> dict[str, Any]:
        return {
            "clock": lambda: self.at,
            "sleep": self.sleep,
            "now": self.now,
            "random": lambda: 1.0,
        }


@dataclass
class Script:
    """Work that does, for each call, what its line says: ``ok``, ``reject``, ``fail``, or an
    exception; and remembers what it was told."""

    lines: list[Any]
    calls: list[tuple[list[int], int, tuple[int, ...], dict[str, Any]]] = field(
        default_factory=list
    )

    def __call__(self, items: list[int], context: ChunkContext[int, str]) -> list[Any]:
        told = {
            key: (record.error, record.details, record.retry.attempt)
            for key, record in context.previous.items()
        }
        self.calls.append((items, context.attempt, context.attempts, told))
        line = self.lines.pop(0)
        if isinstance(line, BaseException):
            raise line
        rejected = RejectedResultError("too short", details=[DETAILS])
        answers = {"ok": "fine", "reject": ItemFailure(rejected), "fail": ItemFailure("never")}
        words = line.split() if isinstance(line, str) else line
        return [answers[word] for word in (words * len(items) if len(words) == 1 else words)]


def _run(store: RunStore, script: Script, items: list[int], **options: Any) -> RunResult[str]:
    options = {"retry": RetryPolicy(max_attempts=3, initial_s=0), **options}
    return run_batches(items, script, step="s", key=str, store=store, **options)


WHY = ("too short", (DETAILS,), 1)


@pytest.mark.parametrize("left", [Pause("later"), KeyboardInterrupt(), StoreFullError("no space")])
def test_an_item_that_waited_for_another_attempt_goes_on_with_count_and_reasons(
    left: BaseException, reopen: Reopen
) -> None:
    first = Script(["reject", left])
    with pytest.raises(type(left)):
        _run(reopen(), first, [1])
    assert first.calls[1] == ([1], 2, (2,), {"1": WHY})
    second = Script(["reject", "ok"])
    result = _run(reopen(), second, [1])
    assert second.calls[0] == first.calls[1], "the interrupted call is made again as it was"
    assert second.calls[1][1:3] == (3, (3,))
    assert result.outcomes["1"].attempts == 3


def test_max_attempts_holds_over_processes_and_a_pause_is_no_attempt(reopen: Reopen) -> None:
    script = Script([Pause("0"), "reject", Pause("1"), Pause("1"), "reject", Pause("2"), "reject"])
    for _ in range(4):
        with pytest.raises(Pause):
            _run(reopen(), script, [1])
    result = _run(reopen(), script, [1])
    assert [call[1] for call in script.calls] == [1, 1, 2, 2, 2, 3, 3]
    record = result.errors["1"]
    assert (record.retry.attempt, record.retry.reason) == (3, "exhausted")


def test_what_failed_for_good_stays_so_until_the_run_has_come_to_its_end(reopen: Reopen) -> None:
    """Else a run that pauses in its second chunk would ask for the first one for ever."""
    script = Script(["fail", Pause("second"), "ok", "ok"])
    with pytest.raises(Pause):
        _run(reopen(), script, [1, 2], chunking=1)
    told: list[Event] = []
    result = _run(reopen(), script, [1, 2], chunking=1, listeners=[told.append])
    assert [call[0] for call in script.calls] == [[1], [2], [2]]
    assert result.counts == Counts(ok=1, failed=1)
    assert result.errors["1"].error == "never"
    assert result.outcomes["1"].attempts == 1
    assert [event.key for event in told if isinstance(event, ItemFailed)] == ["1"]
    again = _run(reopen(), script, [1, 2], chunking=1)  # the step is finished: anew
    assert script.calls[-1] == ([1], 1, (1,), {})
    assert again.ok


def test_after_an_interrupt_by_hand_what_failed_is_tried_and_what_waited_keeps_its_count(
    reopen: Reopen,
) -> None:
    script = Script(["fail reject", KeyboardInterrupt(), "ok ok"])
    with pytest.raises(KeyboardInterrupt):
        _run(reopen(), script, [1, 2])
    assert _run(reopen(), script, [1, 2]).ok
    assert script.calls[-1] == ([1, 2], 2, (1, 2), {"2": WHY})


@pytest.mark.parametrize("stop", [{"on_error": "fail_fast"}, {"max_failures": 0}])
def test_a_run_that_stopped_by_its_policy_is_finished(stop: dict[str, Any], reopen: Reopen) -> None:
    """Else it would stop at the same item each time, without asking."""
    script = Script(["fail", "ok", "ok"])
    assert _run(reopen(), script, [1, 2], chunking=1, **stop).stopped
    assert _run(reopen(), script, [1, 2], chunking=1, **stop).ok
    assert [call[1] for call in script.calls] == [1, 1, 1]


def test_a_stream_that_its_reader_closes_is_finished_also_after_its_store(tmp_path: Path) -> None:
    store = SqliteRunStore(tmp_path)
    script = Script(["fail", "ok", "fail", "ok"])
    for _ in range(2):
        with stream_batches([1, 2], script, step="s", key=str, store=store, chunking=1) as stream:
            next(stream)
    assert [call[1] for call in script.calls] == [1, 1]
    late = stream_batches([1, 2], script, step="s", key=str, store=store, chunking=1)
    next(late)
    store.close()
    late.close()


def test_items_of_one_call_count_for_themselves(reopen: Reopen) -> None:
    script = Script(["reject", Pause("now"), "ok reject", "ok"])
    with pytest.raises(Pause):
        _run(reopen(), script, [1])
    result = _run(reopen(), script, [0, 1])
    assert script.calls[2] == ([0, 1], 2, (1, 2), {"1": WHY})
    assert script.calls[3][:3] == ([1], 3, (3,))
    assert {key: outcome.attempts for key, outcome in result.outcomes.items()} == {"0": 1, "1": 3}


def test_a_wait_that_was_cut_off_is_waited_to_its_end_and_not_longer(reopen: Reopen) -> None:
    clock = Clock()
    policy = RetryPolicy(initial_s=100, max_delay_s=100)
    script = Script(["reject", Pause("now"), Pause("now"), "ok"])
    options = {"retry": policy, **clock.options()}

    def cut_off(seconds: float) -> None:
        clock.at += 30
        raise Pause("killed while it waited")

    with pytest.raises(Pause):
        _run(reopen(), script, [1], **{**options, "sleep": cut_off})
    told: list[Event] = []
    with pytest.raises(Pause):
        _run(reopen(), script, [1], **options, listeners=[told.append])
    assert clock.slept == [70]
    (scheduled,) = [event for event in told if isinstance(event, RetryScheduled)]
    assert (scheduled.keys, scheduled.attempt, scheduled.delay_s) == (("1",), 2, 70)
    with pytest.raises(Pause):
        _run(reopen(), script, [1], **options)
    assert clock.slept == [70], "it is due by now"
    clock.at = -1_000  # set back
    assert _run(reopen(), script, [1], **options).ok
    assert clock.slept == [70, 100]


def test_a_finished_step_leaves_nothing_open_and_keeps_its_history(reopen: Reopen) -> None:
    script = Script(["reject fail", Pause("now"), "ok"])
    with pytest.raises(Pause):
        _run(reopen(), script, [1, 2])
    store = reopen()
    assert store.counts(STEP) == StepCounts(ok=0, failed=1, waiting=1)
    opened = store.open_attempts(STEP, ["1", "2", "3"])
    assert {key: (row.number, bool(row.next_at)) for key, row in opened.items()} == {
        "1": (1, True),
        "2": (1, False),
    }
    _run(store, script, [1, 2])
    assert store.open_attempts(STEP, ["1", "2"]) == {}
    assert store.counts(STEP) == StepCounts(ok=1, failed=1)
    assert [(row.key, row.number) for row in store.attempts(STEP)] == [("1", 1)]


def test_prune_forgets_attempts_too(reopen: Reopen) -> None:
    for kept in (["2"], []):
        with pytest.raises(Pause):
            _run(reopen(), Script(["reject reject", Pause("now")]), [1, 2])
        store = reopen()
        store.prune(STEP, kept)
        assert set(store.open_attempts(STEP, ["1", "2"])) == set(kept)
    script = Script(["ok"])
    _run(store, script, [1, 2])
    assert script.calls[0][1:] == (1, (1, 1), {})


def test_an_error_of_another_version_is_an_error_with_the_way_out(reopen: Reopen) -> None:
    store = reopen()
    row = AttemptRow("1", 1, '{"v": 2}', "2026-01-01T00:00:00+00:00")
    store.put(STEP, [], attempts=[row])
    with pytest.raises(StoreError, match="version 2, expected 1"):
        _run(store, Script(["ok"]), [1])


def test_a_store_of_the_first_format_is_brought_up_to_date_and_goes_on(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / RUN_FILE)) as db:
        db.executescript(MIGRATIONS[0])
        db.executescript(
            f"PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version=1;"
            "INSERT INTO run VALUES (1, 'paused', 1, 'here', '', '');"
            "INSERT INTO step VALUES (1, 's', '', 1);"
            "INSERT INTO item VALUES (1, 1, X'31', NULL, 'ok', '\"old\"', NULL, 1, 0, 1);"
            "INSERT INTO item VALUES (2, 1, X'32', NULL, 'failed', NULL, '{}', 3, 1, 1);"
            "INSERT INTO attempt VALUES (1, 1, 1, X'32', 1, '{}');"
        )
    with SqliteRunStore(tmp_path) as store:
        script = Script(["ok"])
        result = _run(store, script, [1, 2])
    assert list(result.values.values()) == ["old", "fine"]
    assert script.calls == [([2], 1, (1,), {})]


def test_work_that_raises_a_task_error_with_details_hands_them_over(reopen: Reopen) -> None:
    """Also foreign errors, and details that are not JSON."""

    given: Any = ({"rule": "r", "at": {1, 2}, 3: "three"}, "no mapping", {("a",): 1})

    class ForeignError(Exception):
        details = given

    for error in (ForeignError(), TaskError("t", details=given)):

        def work(items: list[int], context: Any, error: Exception = error) -> list[ItemFailure]:
            return [ItemFailure(error)]

        result = run_batches([1], work, step="d", store=reopen())
        (record,) = result.errors.values()
        assert record.details == (
            {"rule": "r", "at": "{1, 2}", "3": "three"},
            {"detail": "{('a',): 1}"},
        )


def test_a_run_that_is_left_does_not_wait_for_further_attempts(reopen: Reopen) -> None:
    """The wait of 1,000 s in one thread ends when another thread pauses; the count is kept."""
    waiting = threading.Event()
    calls: list[tuple[list[int], int]] = []

    def work(items: list[int], context: ChunkContext[int, str]) -> list[Any]:
        calls.append((items, context.attempt))
        if items == [1]:
            return [ItemFailure(RejectedResultError("too short"))]
        assert waiting.wait(20)
        raise Pause("later")

    def listener(event: Event) -> None:
        if isinstance(event, RetryScheduled):
            waiting.set()

    with pytest.raises(Pause, match="later"):
        run_batches(
            [1, 2], work, step="s", key=str, store=reopen(), chunking=1, max_workers=2,
            retry=RetryPolicy(initial_s=1_000, max_delay_s=1_000), random=lambda: 1.0,
            listeners=[listener],
        )  # fmt: skip
    assert sorted(calls) == [([1], 1), ([2], 1)]
    assert reopen().open_attempts(STEP, ["1"])["1"].number == 1


# -- failures handed over early -------------------------------------------------------------


def test_what_failed_early_is_stored_at_once_and_counted_whatever_comes_after(
    reopen: Reopen,
) -> None:
    """An item that may be tried again has had its attempt; one that may not has failed."""
    calls: list[tuple[list[int], int]] = []
    told: list[Event] = []
    seen: list[StepCounts] = []

    def work(items: list[int], context: ChunkContext[int, str]) -> list[str]:
        calls.append((items, context.attempt))
        if len(calls) == 1:
            context.fail(1, RejectedResultError("too short", details=[DETAILS]))
            context.fail_key("2", "never")
            seen.append(store.counts(STEP))
            assert [event.key for event in told if isinstance(event, ItemFailed)] == ["2"]
            raise Pause("killed here")
        return ["fine"] * len(items)

    store = reopen()
    options: dict[str, Any] = {"step": "s", "key": str, "listeners": [told.append],
                               "retry": RetryPolicy(max_attempts=2, initial_s=0)}  # fmt: skip
    with pytest.raises(Pause):
        run_batches([1, 2, 3], work, store=store, **options)
    assert seen == [StepCounts(ok=0, failed=1, waiting=1)]
    result = run_batches([1, 2, 3], work, store=reopen(), **options)
    assert calls[1:] == [([1, 3], 2)]
    assert {key: outcome.attempts for key, outcome in result.outcomes.items()} == {
        "1": 2, "2": 1, "3": 1,
    }  # fmt: skip
    assert result.errors["2"].error == "never"


def test_what_failed_early_waits_for_the_others_and_is_answered_by_nobody(reopen: Reopen) -> None:
    calls: list[tuple[list[int], dict[str, str]]] = []
    told: list[Event] = []

    def work(items: list[int], context: ChunkContext[int, str]) -> list[Any] | None:
        calls.append((items, {key: record.error for key, record in context.previous.items()}))
        if len(calls) == 1:
            context.fail(1, RejectedResultError("again"))
            context.fail(2, "never")
            context.complete(3, "early")
            return ["for 4"]
        return ["second"]

    store = reopen()
    result = run_batches([1, 2, 3, 4], work, step="s", key=str, store=store,
                         retry=RetryPolicy(initial_s=0), listeners=[told.append])  # fmt: skip
    assert calls == [([1, 2, 3, 4], {}), ([1], {"1": "again"})]
    assert result.values == {"1": "second", "3": "early", "4": "for 4"}
    assert result.counts == Counts(ok=3, failed=1)
    assert [event.key for event in told if isinstance(event, ItemFailed)] == ["2"], "told once"
    assert [(row.key, row.number) for row in store.attempts(STEP)] == [("1", 1)], "stored once"


@pytest.mark.parametrize("first", ["fail", "retry", "complete"])
def test_an_item_is_answered_early_once_only(first: str) -> None:
    refused: list[str] = []

    def work(items: list[int], context: ChunkContext[int, str]) -> None:
        early: dict[str, Callable[[], None]] = {
            "fail": lambda: context.fail(1, "no"),
            "retry": lambda: context.fail(1, RejectedResultError("no")),
            "complete": lambda: context.complete(1, "yes"),
        }
        early[first]()
        for second in early.values():
            with pytest.raises(ContractError, match="'1' was") as caught:
                second()
            refused.append(str(caught.value))
        with pytest.raises(ContractError, match="is not an item of this call"):
            context.fail(99, "no")

    retry = RetryPolicy(max_attempts=2, initial_s=0)
    result = run_batches([1], work, step="s", key=str, retry=retry)
    assert len(refused) == (6 if first == "retry" else 3)
    assert result.counts == (Counts(ok=1) if first == "complete" else Counts(failed=1))
