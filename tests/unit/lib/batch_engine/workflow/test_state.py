"""The state of a batch (seed 003, 3): common structure, simple statistics, resume by key."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import MemoryRunStore, TransientError
from batch_engine.workflow import BatchOptions, BatchProcessor, RetrySpec, WorkflowError
from batch_engine.workflow.item_keys import keyed
from batch_engine.workflow.retrying import retry_policy
from batch_engine.workflow.spec import Tolerance
from batch_engine.workflow.state import RunRecord, StepRecord, WorkflowState

Handler = Callable[[Any, Any, Any], Any]


class Recorder:
    """A handler that notes what it is asked, and fails for the items that it is told to."""

    def __init__(self, *bad: Any) -> None:
        self.bad = set(bad)
        self.asked: list[Any] = []

    def __call__(self, item: Any, config: Any, context: Any) -> Any:
        self.asked.append(item)
        if item in self.bad:
            raise ValueError(f"bad {item}")
        return item * 2


def test_a_new_batch_has_an_empty_state(tmp_path: Path) -> None:
    with BatchProcessor(tmp_path, "b") as processor:
        assert processor.state == {
            "processed": [],
            "failed": {},
            "stats": {"total": 0, "processed": 0, "failed": 0, "retried": 0},
        }


def test_the_state_has_keys_in_order_records_by_key_and_counts(tmp_path: Path) -> None:
    with BatchProcessor(tmp_path, "b", task_handler=Recorder(3)) as processor:
        outcome = processor.process([5, 3, 1], key=str)
        state = processor.state
    assert state["processed"] == ["5", "1"]
    assert list(state["failed"]) == ["3"]
    assert state["failed"]["3"]["error"] == "bad 3"
    assert state["stats"] == {"total": 3, "processed": 2, "failed": 1, "retried": 0}
    assert (outcome.processed, outcome.results) == ([5, 1], [10, 2])
    assert outcome.exceeded
    assert outcome.to_json()["failed"][0]["item"] == 3


def test_a_second_run_does_only_what_has_no_result(tmp_path: Path) -> None:
    with BatchProcessor(tmp_path, "b", task_handler=Recorder(3)) as processor:
        processor.process([1, 2, 3])
    handler = Recorder()
    with BatchProcessor(tmp_path, "b", task_handler=handler) as processor:
        outcome = processor.process([1, 2, 3])
        assert processor.state["stats"]["failed"] == 0
    assert handler.asked == [3]
    assert (outcome.results, outcome.loaded) == ([2, 4, 6], 2)


@pytest.mark.parametrize(
    ("items", "new"),
    [
        ([0, 1, 2, 3], [0]),
        ([3, 2, 1], []),
        ([1, 3], []),
        ([2, 9, 1, 8], [9, 8]),
        ([1, 2, 3, 1], [1]),  # one more of the same is one more
        (["1", 1.0, True], ["1", 1.0, True]),  # none of them is the number 1
    ],
)
def test_an_edited_list_runs_exactly_the_new_items(
    items: list[Any], new: list[Any], tmp_path: Path
) -> None:
    store = MemoryRunStore()
    BatchProcessor(tmp_path, "b", task_handler=Recorder(), store=store).process([1, 2, 3])
    handler = Recorder()
    BatchProcessor(tmp_path, "b", task_handler=handler, store=store).process(items)
    assert [(type(item), item) for item in handler.asked] == [(type(i), i) for i in new]


def test_another_fingerprint_finds_nothing_and_loses_nothing(tmp_path: Path) -> None:
    store = MemoryRunStore()
    for fingerprint, expected in (("v1", [1]), ("v2", [1]), ("v1", [])):
        handler = Recorder()
        BatchProcessor(
            tmp_path, "b", task_handler=handler, store=store, fingerprint=fingerprint
        ).process([1])
        assert handler.asked == expected


def test_retried_items_are_counted_and_remembered(tmp_path: Path) -> None:
    calls: list[Any] = []

    def flaky(item: Any, config: Any, context: Any) -> Any:
        calls.append(item)
        if calls.count(item) < 2:
            raise TransientError("once")
        return item

    options = BatchOptions(retry=retry_policy(RetrySpec(max_attempts=2, delay=0)))
    with BatchProcessor(tmp_path, "b", task_handler=flaky) as processor:
        assert processor.process([1, 2], options=options).retried == 2
        assert processor.state["stats"]["retried"] == 2


@pytest.mark.parametrize(
    ("tolerated", "most", "exceeded"),
    [
        (None, None, True),
        (Tolerance(count=4), 4, True),
        (Tolerance(count=5), 5, False),
        (Tolerance(percent=50), 5, False),
        (Tolerance(percent=49), 4, True),
        (Tolerance(count=9, percent=10), 1, True),
        (Tolerance(percent=0), 0, True),
    ],
)
def test_tolerated_failures_stop_a_batch_early_and_the_rest_stays_to_be_done(
    tolerated: Tolerance | None, most: int | None, exceeded: bool, tmp_path: Path
) -> None:
    handler = Recorder(1, 3, 5, 7, 9)
    options = BatchOptions(tolerated=tolerated, chunk_size=1)
    assert options.most_failures(10) == most
    with BatchProcessor(tmp_path, "b", task_handler=handler) as processor:
        outcome = processor.process(range(10), options=options)
    assert outcome.exceeded is exceeded
    assert outcome.stopped is (exceeded and tolerated is not None)
    assert len(outcome.failed) == (5 if tolerated is None or not exceeded else (most or 0) + 1)


def test_equal_explicit_keys_are_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match="items 0 and 2 have the same key 'a'"):
        keyed(["a", "b", "a"], str)
    with pytest.raises(WorkflowError, match="key of item 0 is empty"):
        keyed([""], str)


def test_chunks_leave_no_worker_idle() -> None:
    options = BatchOptions(chunk_size=10, concurrency=4)
    assert [chunk.size for chunk in options.chunker(8).split(range(8))] == [2, 2, 2, 2]
    assert [chunk.size for chunk in options.chunker(100).split(range(25))] == [10, 10, 5]


# -- the state of a run -------------------------------------------------------------------------


def _run(**more: Any) -> RunRecord:
    given = {"workflow": "w", "file": "", "flow": "all", "params": {"n": "007"}, "run_number": 1}
    return RunRecord(**{**given, "timestamp": "T", **more})


def test_a_run_is_not_started_then_running_then_ended() -> None:
    state = WorkflowState(MemoryRunStore())
    assert (state.run, state.status) == (None, "not_started")
    begun = state.begin(_run())
    assert (state.run, state.status) == (begun, "running")
    state.end("failed", "why")
    assert state.status == "failed"
    assert state.run is not None
    assert (state.run.error, state.run.params) == ("why", {"n": "007"})


def test_a_run_whose_process_is_gone_is_interrupted() -> None:
    gone = _run(status="running", pid=2**22 + 1, host=socket.gethostname())
    assert not gone.alive
    assert _run(status="running", pid=os.getpid(), host=socket.gethostname()).alive
    assert _run(status="running", pid=1, host="another").alive
    assert not _run(status="completed", pid=os.getpid()).alive


def test_steps_come_in_their_order_and_state_of_a_newer_format_is_refused() -> None:
    state = WorkflowState(MemoryRunStore())
    state.put_step(StepRecord(name="b", status="completed", position=1))
    state.put_step(StepRecord(name="a", status="running", position=0, total=3))
    assert [record.name for record in state.steps()] == ["a", "b"]
    assert state.step("nope") is None
    state.begin(_run(format=99))
    with pytest.raises(WorkflowError, match="format 99"):
        _ = state.run
    with pytest.raises(WorkflowError, match="no run"):
        WorkflowState(MemoryRunStore()).export()
