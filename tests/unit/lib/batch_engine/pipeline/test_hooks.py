"""T9: hooks are told everything and can disturb nothing; and the callbacks of state."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import pytest

from batch_engine.core import Pause, RetryPolicy, StoreError, TaskError, TransientError
from batch_engine.pipeline import (
    Agent,
    BatchProgressContext,
    Pipeline,
    PipelineCounts,
    StageContext,
    batched,
    mapped,
    on_batch_complete,
    on_batch_error,
    on_batch_start,
    stage,
)

Rows = Callable[[int], list[dict[str, Any]]]
HOOKS = ("on_batch_start", "on_batch_complete", "on_batch_error")


def double(row: dict[str, Any]) -> dict[str, Any]:
    if row["n"] == 3:
        raise TaskError("three")
    return {**row, "double": 2 * row["n"]}


def number(row: dict[str, Any]) -> str:
    return str(row["n"])


def pipeline(**options: Any) -> Pipeline:
    return Pipeline(batched(mapped(double), chunk_size=2, over="rows", key=number, **options))


RESULTS = [{"n": n, "double": 2 * n} for n in (0, 1, 2, 4)]


def test_hooks_are_told_number_total_items_results_error_and_time(rows: Rows) -> None:
    told: list[tuple[str, BatchProgressContext]] = []
    seconds = iter(range(100))
    pipeline().run(
        {"rows": rows(5)},
        run_id="r1",
        clock=lambda: float(next(seconds)),
        on_batch_start=lambda event: told.append(("start", event)),
        on_batch_complete=lambda event: told.append(("complete", event)),
        on_batch_error=lambda event: told.append(("error", event)),
    )
    assert [(kind, event.number) for kind, event in told] == [
        ("start", 1), ("complete", 1), ("start", 2), ("error", 2), ("complete", 2),
        ("start", 3), ("complete", 3),
    ]  # fmt: skip
    assert {(event.run_id, event.scope, event.total) for _, event in told} == {("r1", "double", 3)}
    start, complete, error = told[0][1], told[1][1], told[3][1]
    assert (start.items, start.results, start.size) == (({"n": 0}, {"n": 1}), (), 2)
    assert complete.results == tuple(RESULTS[:2])
    assert complete.elapsed_s > 0
    assert error.error is not None
    assert (error.error.error, list(error.errors), error.results) == ("three", ["3"], (RESULTS[2],))


def test_hooks_of_agents_scope_pipeline_and_run_are_all_called(rows: Rows) -> None:
    called: list[str] = []

    @on_batch_start(lambda event: called.append("agent start"))
    @on_batch_complete(lambda event: called.append("agent complete"))
    @on_batch_error(lambda event: called.append("agent error"))
    class Look(Agent):
        def run(self, context: StageContext) -> None: ...

    scope = batched(
        Look(), chunk_size=9, over="rows", on_batch_complete=lambda event: called.append("scope")
    )
    whole = Pipeline(scope, on_batch_complete=lambda event: called.append("pipeline"))
    whole.run({"rows": rows(1)}, on_batch_complete=lambda event: called.append("run"))
    assert called == ["agent start", "agent complete", "scope", "pipeline", "run"]


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_that_raises_is_counted_and_changes_nothing(name: str, rows: Rows) -> None:
    def broken(event: BatchProgressContext) -> None:
        raise KeyError("broken hook")

    result = pipeline().run({"rows": rows(5)}, **{name: broken})
    assert result["rows"] == RESULTS
    assert result.scopes[0].counts == PipelineCounts(ok=4, failed=1)
    times = {"on_batch_start": 3, "on_batch_complete": 3, "on_batch_error": 1}[name]
    assert [failure.event for failure in result.hook_failures] == [name] * times
    assert "KeyError" in result.hook_failures[0].error
    assert "broken hook" in result.hook_failures[0].stack
    assert result.hook_failure_count == times


@pytest.mark.parametrize("executor", [None, "threads"])
def test_failures_of_callbacks_are_all_counted_and_the_first_hundred_are_kept(
    rows: Rows, executor: Any
) -> None:
    def broken(event: object) -> Any:
        raise KeyError("broken")

    scope = batched(mapped(number), chunk_size=60, over="rows", skip_if=broken)
    result = Pipeline(scope).run(
        {"rows": rows(150)}, on_batch_start=broken, listeners=[broken], executor=executor
    )
    assert result.ok
    assert (len(result.hook_failures), result.hook_failure_count) == (100, 150 + 3)
    events = 2 + 2 + 3 * (2 + 2) + 150
    assert result.listener_failure_count == events
    streamed = Pipeline(scope).stream({"rows": rows(1)}, on_batch_start=broken)
    list(streamed)
    assert streamed.result.hook_failure_count == 2


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_that_changes_what_it_is_told_changes_nothing(name: str, rows: Rows) -> None:
    def meddle(event: BatchProgressContext) -> None:
        for row in (*event.items, *event.results):
            row["n"] = 99
        with pytest.raises(dataclasses.FrozenInstanceError):
            event.number = 7  # type: ignore[misc]  # what the test is about

    given = rows(5)
    result = pipeline().run({"rows": given}, **{name: meddle})
    assert result["rows"] == RESULTS
    assert given == rows(5)
    assert result.hook_failures == ()


def test_the_event_is_plain_data_for_a_log(rows: Rows) -> None:
    told: list[dict[str, Any]] = []
    pipeline().run({"rows": rows(2)}, on_batch_complete=lambda event: told.append(event.to_dict()))
    assert told[0]["number"] == 1
    assert set(told[0]) == {"run_id", "scope", "number", "total", "size", "attempt", "elapsed_s",
                            "error"}  # fmt: skip


def test_an_interrupt_in_a_hook_is_an_interrupt(rows: Rows) -> None:
    def stop(event: BatchProgressContext) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline().run({"rows": rows(2)}, on_batch_complete=stop)


# -- skip, load, persist --------------------------------------------------------------------


def test_the_order_is_skip_load_stages_persist_hook(rows: Rows) -> None:
    order: list[str] = []

    def skip(row: dict[str, Any]) -> bool:
        order.append(f"skip {row['n']}")
        return bool(row["n"] == 0)

    def load(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        order.append(f"load {[row['n'] for row in items]}")
        return [{**row, "double": "old"} for row in items]

    def persist(results: list[dict[str, Any]]) -> None:
        order.append(f"persist {[row['double'] for row in results]}")

    def work(context: StageContext) -> list[Any]:
        order.append(f"work {[row['n'] for row in context['rows']]}")
        return [double(row) for row in context["rows"]]

    scope = batched(
        stage(work), chunk_size=2, over="rows", skip_if=skip, load_existing=load,
        persist_each_batch=persist, on_batch_complete=lambda event: order.append("hook"),
    )  # fmt: skip
    result = Pipeline(scope).run({"rows": rows(2)})
    assert order == ["skip 0", "skip 1", "load [0]", "work [1]", "persist ['old', 2]", "hook"]
    assert result["rows"] == [{"n": 0, "double": "old"}, {"n": 1, "double": 2}]
    assert result.scopes[0].counts == PipelineCounts(ok=1, loaded=1)


@pytest.mark.parametrize(
    ("policy", "results", "counts"),
    [
        ("process", [0, 2], PipelineCounts(ok=2)),
        ("drop", [2], PipelineCounts(ok=1, dropped=1)),
        ("error", [2], PipelineCounts(ok=1, failed=1)),
    ],
)
def test_what_becomes_of_a_skipped_item_without_a_result_is_a_choice(
    policy: Any, results: list[int], counts: PipelineCounts, rows: Rows
) -> None:
    done = pipeline(
        skip_if=lambda row: row["n"] == 0, load_existing=lambda items: {}, on_missing=policy
    ).run({"rows": rows(2)})
    assert [row["double"] for row in done["rows"]] == results
    assert done.scopes[0].counts == counts


def test_existing_results_may_come_by_key(rows: Rows) -> None:
    done = pipeline(
        skip_if=lambda row: row["n"] < 2, load_existing=lambda items: {"1": {"n": 1, "double": "x"}}
    ).run({"rows": rows(3)})
    assert [row["double"] for row in done["rows"]] == [0, "x", 4]


@pytest.mark.parametrize("broken", ["skip_if", "load_existing"])
def test_a_callback_that_raises_costs_no_result_and_is_reported(broken: str, rows: Rows) -> None:
    def fail(value: object) -> Any:
        raise OSError("no database")

    callbacks = {"skip_if": lambda row: row["n"] == 0, "load_existing": lambda items: [None]}
    done = pipeline(**{**callbacks, broken: fail}).run({"rows": rows(2)})
    short = pipeline(**{**callbacks, "load_existing": lambda items: []}).run({"rows": rows(2)})
    (failure,) = short.hook_failures
    assert (failure.event, short["rows"]) == ("load_existing", done["rows"])
    assert "gave no result for each of 1" in failure.error
    assert [row["double"] for row in done["rows"]] == [0, 2]
    assert {(failure.event, failure.error) for failure in done.hook_failures} == {
        (broken, "OSError: no database")
    }


def test_persist_that_fails_is_tried_again_without_running_the_stages_again(rows: Rows) -> None:
    ran: list[int] = []
    kept: list[list[int]] = []
    asked: list[int] = []
    failures = iter([TransientError("busy")])

    def work(row: dict[str, Any]) -> int:
        ran.append(row["n"])
        return int(row["n"])

    def persist(results: list[int]) -> None:
        for failure in failures:
            raise failure
        kept.append(results)

    def skip(row: dict[str, Any]) -> bool:
        asked.append(row["n"])
        return bool(row["n"] == 2)

    scope = batched(mapped(work), chunk_size=3, over="rows", persist_each_batch=persist,
                    skip_if=skip, load_existing=lambda items: [2],
                    retry=RetryPolicy(initial_s=0))  # fmt: skip
    result = Pipeline(scope).run({"rows": rows(3)})
    assert (result["rows"], ran, kept) == ([0, 1, 2], [0, 1], [[0, 1, 2]])
    assert asked == [0, 1, 2], "nor is it asked again what was done before"


@pytest.mark.parametrize("error", [Pause("later"), StoreError("gone")])
@pytest.mark.parametrize("name", ["skip_if", "load_existing", "persist_each_batch"])
def test_a_pause_or_an_error_of_a_store_in_a_callback_passes_through(
    name: str, error: Exception, rows: Rows
) -> None:
    def leave(value: object) -> Any:
        raise error

    callbacks = {"skip_if": lambda row: True, "load_existing": lambda items: items}
    with pytest.raises(type(error)):
        pipeline(**{**callbacks, name: leave}).run({"rows": rows(2)})


def test_persist_that_keeps_failing_fails_the_chunk_and_no_other(rows: Rows) -> None:
    def persist(results: list[Any]) -> None:
        if results[0]["n"] == 0:
            raise TaskError("disk")

    result = pipeline(persist_each_batch=persist).run({"rows": rows(3)})
    assert result["rows"] == [{"n": 2, "double": 4}]
    assert {record.error for record in result.errors.values()} == {"disk"}


def test_a_hook_has_no_hand_on_errors_nor_on_what_cannot_be_copied(rows: Rows) -> None:
    def locked(row: dict[str, Any]) -> dict[str, Any]:
        if row["n"] == 0:
            raise ValueError("no")
        return {**row, "lock": threading.Lock()}

    def change(event: BatchProgressContext) -> None:
        with contextlib.suppress(TypeError, AttributeError):
            event.errors.clear()  # type: ignore[attr-defined]  # on purpose
        for result in event.results:
            result["n"] = "changed"

    scope = batched(mapped(locked), chunk_size=2, over="rows", key=number,
                    on_batch_error=change, on_batch_complete=change)  # fmt: skip
    result = Pipeline(scope).run({"rows": rows(2)})
    assert set(result.errors) == {"0"}
    assert [row["n"] for row in result["rows"]] == [1]
    assert result.hook_failures == ()
