"""What a pipeline gives back: merged results, fields, partial results, streams."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import (
    ByWeight,
    ConfigurationError,
    ContractError,
    Event,
    ItemFailure,
    Pause,
    RetryPolicy,
    RunCompleted,
    RunStarted,
    SqliteRunStore,
    StageCompleted,
    StepCompleted,
    StepFailed,
    StepRef,
    StepStarted,
    TaskError,
    TransientError,
)
from batch_engine.pipeline import (
    BATCHING_VARIABLE,
    DEBUG_VARIABLE,
    Agent,
    BatchingScopeManager,
    MergeConflictError,
    Pipeline,
    PipelineBatchExecutor,
    PipelineCounts,
    StageContext,
    batched,
    deep_merge,
    ends_batching,
    filtered,
    flat_mapped,
    mapped,
    stage,
    triggers_batching,
)

Rows = Callable[[int], list[dict[str, Any]]]


class Square(Agent):
    def run(self, context: StageContext) -> list[Any]:
        return [{**row, "square": row["n"] ** 2} for row in context["rows"]]


class Total(Agent):
    def run(self, context: StageContext) -> dict[str, Any]:
        return {"total": sum(row["square"] for row in context["rows"])}


def number(row: dict[str, Any]) -> str:
    return str(row["n"])


def seen_by(seen: list[Any]) -> Agent:
    """A stage that notes what it gets."""

    def note(context: StageContext) -> None:
        assert context.batch is not None
        seen.append((context.batch.number, context.batch.total, list(context.batch.items)))

    return stage(note, name="note")


def fail_on(*bad: int) -> Agent:
    def check(value: int) -> int:
        if value in bad:
            raise TaskError(f"{value} is bad")
        return value

    return mapped(check, name="check")


# -- chunks and merging ---------------------------------------------------------------------


def test_stages_get_the_chunk_and_the_terminator_gets_the_merged_results(rows: Rows) -> None:
    seen: list[Any] = []
    pipeline = Pipeline(batched(Square() >> seen_by(seen), chunk_size=2, over="rows") >> Total())
    result = pipeline.run({"rows": rows(5), "region": "EU"})
    assert [(batch, total, len(items)) for batch, total, items in seen] == [
        (1, 3, 2), (2, 3, 2), (3, 3, 1),
    ]  # fmt: skip
    assert result["rows"] == [{"n": n, "square": n * n} for n in range(5)]
    assert (result["total"], result["region"], result.ok) == (30, "EU", True)
    assert result.scopes[0].counts == PipelineCounts(ok=5)


def test_decorators_do_the_same(rows: Rows) -> None:
    @triggers_batching(chunk_size=2, over="rows")
    class First(Square):
        pass

    @ends_batching
    class Last(Total):
        pass

    structural = Pipeline(batched(Square(), chunk_size=2, over="rows") >> Total())
    context = {"rows": rows(5)}
    assert dict(Pipeline(First() >> Last()).run(context)) == dict(structural.run(context))


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 8, 10_000])
def test_every_length_around_the_chunk_size(size: int) -> None:
    pipeline = Pipeline(batched(mapped(lambda n: n + 1), chunk_size=4))
    result = pipeline.run({"numbers": list(range(size))})
    assert result["numbers"] == list(range(1, size + 1))
    assert result.scopes[0].batch_count == -(-size // 4)


def test_filters_and_flat_maps_are_explicit_and_keep_the_order() -> None:
    flow = filtered(lambda n: n % 3 != 0) >> flat_mapped(lambda n: [n] * (n % 2 + 1), name="repeat")
    result = Pipeline(batched(flow, chunk_size=4, name="s")).run({"numbers": list(range(10))})
    assert result["numbers"] == [1, 1, 2, 4, 5, 5, 7, 7, 8]
    assert result.scopes[0].counts == PipelineCounts(ok=6, dropped=4)


@pytest.mark.parametrize("answer", [[1], [1, 2, 3], "ab", 7])
def test_an_answer_of_another_length_or_kind_is_an_error_that_names_the_stage(
    answer: object,
) -> None:
    scope = batched(stage(lambda context: answer, name="short"), chunk_size=2)
    result = Pipeline(scope).run({"numbers": [1, 2]})
    assert result["numbers"] == []
    assert {record.code for record in result.errors.values()} == {"internal.work_contract"}
    assert all("stage 'short' returned" in record.error for record in result.errors.values())


def test_a_stage_may_answer_by_key() -> None:
    def by_key(context: StageContext) -> dict[str, Any]:
        assert context.batch is not None
        answers = zip(context.batch.keys, context["words"], strict=True)
        return {"words": {key: word.upper() for key, word in reversed(list(answers))}}

    scope = batched(stage(by_key), chunk_size=2, key=str)
    assert Pipeline(scope).run({"words": ["a", "b", "c"]})["words"] == ["A", "B", "C"]


def test_what_a_flat_map_made_of_an_item_is_named_after_it() -> None:
    keys: list[str] = []

    def note(context: StageContext) -> None:
        assert context.batch is not None
        keys.extend(context.batch.keys)

    flow = flat_mapped(lambda word: word.split(), name="words") >> stage(note)
    lines = ["a b", " ", "c"]
    Pipeline(batched(flow, chunk_size=3, over="lines", key=str)).run({"lines": lines})
    assert keys == ["a b/1", "a b/2", "c/1"]


def test_fields_are_reduced_over_chunks_as_declared() -> None:
    def write(context: StageContext) -> dict[str, Any]:
        (first, *_) = numbers = context["numbers"]
        return {
            "tokens": len(numbers), "top": first, "low": first, "log": [first], "kept": first,
            "by": {"count": {str(first): len(numbers)}}, "same": "x", "own": [first],
        }  # fmt: skip

    reduce = {"tokens": "sum", "top": "max", "low": "min", "kept": "first",
              "own": lambda left, right: right + left}  # fmt: skip
    pipeline = Pipeline(batched(stage(write), chunk_size=2, over="numbers", reduce=reduce))
    result = pipeline.run({"numbers": [1, 2, 3, 4, 5]})
    assert {**result} == {
        "numbers": [1, 2, 3, 4, 5], "tokens": 5, "top": 5, "low": 1, "log": [1, 3, 5], "kept": 1,
        "by": {"count": {"1": 2, "3": 2, "5": 1}}, "same": "x", "own": [5, 3, 1],
    }  # fmt: skip
    assert result.warnings == ()


def test_an_undeclared_value_that_differs_is_the_last_one_with_a_warning() -> None:
    flow = stage(lambda context: {"model": f"m{context['numbers'][0]}"}, name="ask")
    result = Pipeline(batched(flow, chunk_size=1, over="numbers")).run({"numbers": [1, 2, 3]})
    assert result["model"] == "m3"
    assert len(result.warnings) == 1
    assert "'model' ('m1', 'm2')" in result.warnings[0]


@pytest.mark.parametrize("shape", ["in chunks", "branches of them", "first attempt failed"])
def test_a_value_that_differs_within_a_chunk_gives_a_warning_also_when_it_is_loaded(
    shape: str, tmp_path: Path
) -> None:
    def ask(context: StageContext) -> dict[str, Any]:
        return {"model": f"m{context['numbers'][0]}"}

    def flaky(context: StageContext) -> list[Any]:
        assert context.batch is not None
        if context.batch.attempt == 1:
            return [1, ItemFailure(TransientError("once"))]
        return list(context["numbers"])

    flow: Any = stage(ask).in_chunks_of(1)
    if shape == "branches of them":
        flow = flow | mapped(str, name="other")
    if shape == "first attempt failed":
        flow = stage(flaky) >> stage(ask)
    pipeline = Pipeline(batched(flow, chunk_size=2, over="numbers", retry=RetryPolicy(initial_s=0)))
    for _ in range(2):
        with SqliteRunStore(tmp_path) as store:
            result = pipeline.run({"numbers": [1, 2]}, store=store)
        assert result["model"] == "m2"
        assert ["'model' ('m1', 'm2')" in warning for warning in result.warnings] == [True]


def test_a_deep_merge_can_refuse_conflicts() -> None:
    flow = stage(lambda context: {"by": {"a": {"x": context["numbers"][0]}}}, name="ask")

    def merged(conflict: Any) -> Any:
        reduce = {"by": deep_merge(conflict)}
        pipeline = Pipeline(batched(flow, chunk_size=1, over="numbers", reduce=reduce))
        return pipeline.run({"numbers": [1, 2]})["by"]

    assert merged("first") == {"a": {"x": 1}}
    assert merged("last") == {"a": {"x": 2}}
    with pytest.raises(MergeConflictError, match=r"1 and 2 for 'a\.x'"):
        merged("error")


def test_results_of_any_kind_arrive_as_they_are(tmp_path: Path) -> None:
    """None, nothing, tuples and lists are results like any other: run now, twice the same, loaded
    later, and some of each in one chunk."""
    made = {"a": None, "b": [], "c": (), "d": 0, "e": ["x", None], "f": {"items": ()}}

    def make(name: str) -> Any:
        if name == "bad":
            raise TaskError("no")
        return made[name]

    names = [*made, "bad", "a", "e"]
    for size in (1, 3, 100):
        pipeline = Pipeline(batched(mapped(make), chunk_size=size, over="names"))
        result = pipeline.run({"names": names})
        assert result["names"] == [made[name] for name in names if name != "bad"]
        assert result.scopes[0].counts == PipelineCounts(ok=6, failed=1, duplicates=2)
        with SqliteRunStore(tmp_path / str(size)) as store:
            pipeline.run({"names": ["c", "f"]}, store=store)
            rest = pipeline.run({"names": [*made]}, store=store)
            again = pipeline.run({"names": [*made]}, store=store)
        assert rest["names"] == [None, [], [], 0, ["x", None], {"items": []}]
        assert rest.scopes[0].counts == PipelineCounts(ok=4, loaded=2)
        assert again["names"] == [None, [], [], 0, ["x", None], {"items": []}]  # by JSON
        assert again.scopes[0].counts == PipelineCounts(loaded=6)


def test_items_that_occur_again_are_run_once_and_stand_at_both_places() -> None:
    ran: list[int] = []
    pipeline = Pipeline(batched(mapped(lambda n: ran.append(n) or n * 10), chunk_size=2, name="s"))
    result = pipeline.run({"numbers": [3, 1, 3, 3, 1, 2]})
    assert result["numbers"] == [30, 10, 30, 30, 10, 20]
    assert ran == [3, 1, 2]
    assert result.scopes[0].counts == PipelineCounts(ok=3, duplicates=3)


# -- branches, several scopes, chunks of one agent -------------------------------------------


def test_branches_in_a_scope_run_at_the_same_time_and_their_keys_are_joined(rows: Rows) -> None:
    meeting = threading.Barrier(2, timeout=10)

    def branch(key: str) -> Agent:
        def add(context: StageContext) -> list[Any]:
            meeting.wait()
            return [{**row, key: row["n"]} for row in context["rows"]]

        return stage(add, name=key)

    scope = batched(Square() >> (branch("a") | branch("b")), chunk_size=2, over="rows")
    result = Pipeline(scope).run({"rows": rows(4)})
    assert result["rows"] == [{"n": n, "square": n * n, "a": n, "b": n} for n in range(4)]


def test_branches_that_contradict_each_other_fail_the_item(rows: Rows) -> None:
    def put(value: int) -> Agent:
        return mapped(lambda row: {**row, "x": value if row["n"] else 0}, name=f"put{value}")

    scope = batched(put(1) | put(2), chunk_size=3, over="rows", key=number)
    result = Pipeline(scope).run({"rows": rows(2)})
    assert result["rows"] == [{"n": 0, "x": 0}]
    assert "'put1' and 'put2' give different values for 'x'" in result.errors["1"].error


def test_every_branch_fails_its_own_items_and_the_leftmost_says_why(rows: Rows) -> None:
    def fail(name: str, *bad: int) -> Agent:
        def check(row: dict[str, Any]) -> dict[str, Any]:
            if row["n"] in bad:
                raise TaskError(name)
            return row

        return mapped(check, name=name)

    scope = batched(fail("left", 0, 1) | fail("right", 1, 2), chunk_size=4, over="rows", key=number)
    result = Pipeline(scope).run({"rows": rows(4)})
    assert result["rows"] == [{"n": 3}]
    assert {key: record.error for key, record in result.errors.items()} == {
        "0": "left", "1": "left", "2": "right",
    }  # fmt: skip


def test_branches_of_a_scope_that_write_one_field_differently_fail_the_chunk() -> None:
    def write(name: str) -> Agent:
        return stage(lambda context: {"model": name}, name=name)

    result = Pipeline(batched(write("a") | write("b"), chunk_size=2)).run({"numbers": [1, 2]})
    assert result["numbers"] == []
    for record in result.errors.values():
        assert "'a' and 'b' give different values for the field 'model'" in record.error


def test_branches_and_chunks_of_an_agent_see_what_stages_before_them_wrote() -> None:
    seen: list[Any] = []

    def look(context: StageContext) -> None:
        seen.append((context["sum"], context["twice"]))

    total = stage(lambda context: {"sum": sum(context["numbers"])}, name="sum")
    twice = stage(lambda context: {"twice": 2 * context["sum"]}, name="twice")
    branches = twice >> stage(look, name="look") | stage(lambda c: {"half": c["sum"] / 2}, name="h")
    flow = total >> branches >> stage(look, name="again").in_chunks_of(1)
    result = Pipeline(batched(flow, chunk_size=2, over="numbers")).run({"numbers": [1, 2]})
    assert seen == [(3, 6)] * 3
    assert result["half"] == 1.5


def test_branches_outside_a_scope_write_fields_of_their_own() -> None:
    flow = stage(lambda context: {"a": 1}, name="a") | stage(lambda context: {"b": 2}, name="b")
    assert dict(Pipeline(flow).run({})) == {"a": 1, "b": 2}
    clash = stage(lambda context: {"a": 1}, name="a") | stage(lambda context: {"a": 2}, name="b")
    with pytest.raises(MergeConflictError, match="'a' and 'b' give different values"):
        Pipeline(clash).run({})


def test_an_agent_can_have_chunks_of_its_own_inside_a_scope_and_outside() -> None:
    sizes: list[int] = []

    def ask(context: StageContext) -> dict[str, Any]:
        sizes.append(len(context["numbers"]))
        return {"numbers": [n + 1 for n in context["numbers"]], "calls": 1}

    class Ask(Agent):
        def run(self, context: StageContext) -> dict[str, Any]:
            return ask(context)

    inside = batched(Ask().in_chunks_of(2), chunk_size=5, over="numbers", reduce={"calls": "sum"})
    result = Pipeline(inside).run({"numbers": list(range(7))})
    assert (sizes, result["calls"]) == ([2, 2, 1, 2], 4)
    sizes.clear()
    outside = Pipeline(Ask().in_chunks_of(3)).run({"numbers": list(range(7))})
    assert (sizes, outside["numbers"]) == ([3, 3, 1], list(range(1, 8)))


def test_several_scopes_run_one_after_the_other() -> None:
    split = stage(lambda context: {"words": " ".join(context["lines"]).split()}, name="split")
    pipeline = Pipeline(
        batched(mapped(str.strip), chunk_size=2, over="lines", name="clean")
        >> split
        >> batched(mapped(len, name="count"), chunk_size=3, over="words")
    )
    result = pipeline.run({"lines": [" a bb ", " ccc"]})
    assert (result["lines"], result["words"]) == (["a bb", "ccc"], [1, 2, 3])
    assert [(scope.name, scope.batch_count) for scope in result.scopes] == [
        ("clean", 1),
        ("count", 1),
    ]


def test_a_chunker_of_the_core_can_cut_the_list() -> None:
    seen: list[Any] = []
    scope = batched(seen_by(seen), chunk_size=ByWeight(5, len), over="words")
    Pipeline(scope).run({"words": ["aaa", "bb", "cccc", "d"]})
    assert [(total, items) for _, total, items in seen] == [
        (None, ["aaa", "bb"]), (None, ["cccc", "d"]),
    ]  # fmt: skip


# -- pipelines without batching, and the switches ------------------------------------------------


def test_without_scopes_stages_run_on_the_whole_context_and_raise_what_they_raise() -> None:
    pipeline = Pipeline(stage(lambda context: {"b": context["a"] + 1}, name="inc") >> Total())
    with pytest.raises(KeyError) as caught:
        pipeline.run({"a": 1, "rows": [{}]})
    assert caught.value.__notes__ == ["in stage 'Total'", "in pipeline 'pipeline'"]


def test_stages_outside_scopes_are_announced_as_steps_with_their_progress() -> None:
    events: list[Event] = []

    def long(context: StageContext) -> None:
        context.advance(1, 2)
        context.advance(2, 2)

    def broken(context: StageContext) -> None:
        raise Pause("later")

    pipeline = Pipeline(stage(long) >> stage(broken), name="job")
    with pytest.raises(Pause):
        pipeline.run({}, listeners=[events.append])
    assert [type(event).__name__ for event in events] == [
        "RunStarted", "StepStarted", "StepStarted", "ItemCompleted", "ItemCompleted",
        "StepCompleted", "StepStarted", "StepFailed", "RunCompleted",
    ]  # fmt: skip
    assert [event.step for event in events if isinstance(event, StepStarted)] == [
        "long", "long", "broken",
    ]  # fmt: skip


def test_the_switch_runs_every_scope_as_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    pipeline = Pipeline(batched(seen_by(seen), chunk_size=2, over="numbers"))
    monkeypatch.setenv(BATCHING_VARIABLE, "off")
    assert pipeline.run({"numbers": [1, 2, 3]})["numbers"] == [1, 2, 3]
    assert seen == [(1, 1, [1, 2, 3])]


def test_the_debug_switch_logs_every_event_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(DEBUG_VARIABLE, "1")
    Pipeline(batched(mapped(str), chunk_size=2, name="texts")).run({"numbers": [1, 2, 3]})
    told = capfd.readouterr().err
    assert "chunk_completed: step=texts, number=2" in told
    assert "stage_started: step=texts, number=1, stage=str, size=2" in told


# -- streams --------------------------------------------------------------------------------


def test_each_chunk_can_be_used_before_the_next_one_begins() -> None:
    read: list[int] = []

    def source() -> Iterator[int]:
        for value in range(6):
            read.append(value)
            yield value

    pipeline = Pipeline(batched(mapped(lambda n: n * n), chunk_size=2, over="numbers"))
    stream = pipeline.stream({"numbers": source()})
    first = next(stream)
    assert (first.results, first.items, first.number, first.total) == ([0, 1], (0, 1), 1, None)
    assert read == [0, 1]
    assert [batch.results for batch in stream] == [[4, 9], [16, 25]]
    assert dict(stream.result) == {}
    assert stream.result.scopes[0].counts == PipelineCounts(ok=6)


def test_a_stream_keeps_what_a_later_stage_needs(rows: Rows) -> None:
    pipeline = Pipeline(batched(Square(), chunk_size=2, over="rows") >> Total())
    with pipeline.stream({"rows": iter(rows(5))}) as stream:
        numbers = [batch.number for batch in stream]
    assert (numbers, stream.result["total"]) == ([1, 2, 3], 30)


def test_a_stream_tells_how_far_it_came_when_a_later_stage_raises(rows: Rows) -> None:
    def broken(context: StageContext) -> None:
        raise TaskError("no")

    pipeline = Pipeline(batched(Square(), chunk_size=2, over="rows") >> stage(broken))
    stream = pipeline.stream({"rows": rows(3)})
    with pytest.raises(TaskError):
        list(stream)
    assert [row["square"] for row in stream.result["rows"]] == [0, 1, 4]


def test_a_stream_left_early_ends_the_run() -> None:
    events: list[Event] = []
    pipeline = Pipeline(batched(mapped(str), chunk_size=1, over="numbers"), name="job")
    with pipeline.stream({"numbers": range(9)}, listeners=[events.append]) as stream:
        next(stream)
    assert isinstance(events[-1], RunCompleted)
    assert events[-1].status == "interrupted"
    assert any(isinstance(event, StepFailed) for event in events)


def test_events_tell_run_scope_chunk_and_stage() -> None:
    events: list[Event] = []
    flow = batched(mapped(str), chunk_size=2, over="numbers", name="texts")
    Pipeline(flow, name="job", listeners=[events.append]).run({"numbers": [1, 2, 3]})
    assert isinstance(events[0], RunStarted)
    assert [(event.stage, event.number) for event in events
            if isinstance(event, StageCompleted)] == [("str", 1), ("str", 2)]  # fmt: skip
    assert isinstance(events[-2], StepCompleted)
    assert isinstance(events[-1], RunCompleted)


def test_the_executor_runs_a_scope_by_itself() -> None:
    (scope,) = BatchingScopeManager().detect_scopes(batched(mapped(str), chunk_size=2))
    executor = PipelineBatchExecutor(scope)
    assert [batch.results for batch in executor.stream({"numbers": [1, 2, 3]})] == [
        ["1", "2"],
        ["3"],
    ]
    assert executor.counts == PipelineCounts(ok=3)


# -- failures -------------------------------------------------------------------------------


def test_failed_items_make_the_result_partial_and_can_be_retried_alone() -> None:
    down = {3, 4}
    ran: list[int] = []

    def ask(value: int) -> int:
        ran.append(value)
        if value in down:
            raise TaskError("down")
        return value * 10

    pipeline = Pipeline(
        batched(mapped(ask), chunk_size=2, over="numbers")
        >> stage(lambda context: {"sum": sum(context["numbers"])}, name="sum")
    )
    result = pipeline.run({"numbers": iter(range(6))})
    assert (result.partial, result["numbers"], result["sum"]) == (True, [0, 10, 20, 50], 80)
    assert [(batch.number, batch.counts.failed) for batch in result.failed_batches] == [
        (2, 1),
        (3, 1),
    ]
    assert {record.error for record in result.errors.values()} == {"down"}
    ran.clear()
    down.clear()
    ran.clear()
    down.add(4)
    once = result.retry_failed()
    assert (ran, once["numbers"], once.partial) == ([3, 4], [0, 10, 20, 30, 50], True)
    ran.clear()
    down.clear()
    assert once.retry_failed()["numbers"] == [0, 10, 20, 30, 40, 50]
    assert ran == [4], "what an earlier retry did is known"
    ran.clear()
    again = result.retry_failed()  # of the same result, whose source was read to its end
    assert (ran, again["numbers"], again["sum"]) == ([3, 4], [0, 10, 20, 30, 40, 50], 150)
    assert (again.ok, again.scopes[0].counts) == (True, PipelineCounts(ok=2, loaded=4))
    assert again.retry_failed() is again


def test_a_retry_runs_what_follows_only_for_what_is_new() -> None:
    down, first, second = {1}, [], []

    def one(value: int) -> int:
        first.append(value)
        if value in down:
            raise TaskError("down")
        return value

    def two(value: int) -> int:
        second.append(value)
        return -value

    pipeline = Pipeline(
        stage(lambda context: {"numbers": [0, 1, 2]}, name="find")
        >> batched(mapped(one), chunk_size=2, over="numbers", name="a")
        >> batched(mapped(two), chunk_size=2, over="numbers", name="b")
    )
    result = pipeline.run()
    assert result["numbers"] == [0, -2]
    stopped = result.retry_failed(on_error="fail_fast")  # does not reach the second scope
    assert stopped.stopped == "fail_fast"
    down.clear()
    again = stopped.retry_failed()
    assert (again["numbers"], first, second) == ([0, -1, -2], [0, 1, 2, 1, 1], [0, 2, 1])


@pytest.mark.parametrize(
    ("settings", "stopped", "results"),
    [
        ({}, "", [0, 2, 4, 5]),
        ({"on_error": "fail_fast"}, "fail_fast", [0]),
        ({"max_failures": 1}, "max_failures", [0, 2]),
        ({"max_failures": 2}, "", [0, 2, 4, 5]),
    ],
)
def test_the_error_policy_decides_how_far_a_scope_goes(
    settings: dict[str, Any], stopped: str, results: list[int]
) -> None:
    pipeline = Pipeline(
        batched(fail_on(1, 3), chunk_size=2) >> stage(lambda c: {"end": True}, name="end")
    )
    result = pipeline.run({"numbers": list(range(6))}, **settings)
    assert (result.stopped, result["numbers"]) == (stopped, results)
    assert ("end" in result) is (not stopped)
    assert result.partial


def test_a_stopped_run_can_be_taken_up_again_also_over_a_lazy_source() -> None:
    bad = {1}

    def check(value: int) -> int:
        if value in bad:
            raise TaskError("bad")
        return value

    pipeline = Pipeline(batched(mapped(check), chunk_size=2, over="numbers"))
    result = pipeline.run({"numbers": iter(range(6))}, on_error="fail_fast")
    assert (result.stopped, result["numbers"]) == ("fail_fast", [0])
    bad.clear()
    assert result.retry_failed()["numbers"] == list(range(6))


@pytest.mark.parametrize("stop", [{"on_error": "fail_fast"}, {"max_failures": 0}])
def test_a_retry_goes_on_where_the_run_was_stopped_and_is_not_stopped_by_its_policy(
    stop: dict[str, Any],
) -> None:
    pipeline = Pipeline(batched(fail_on(1), chunk_size=1) >> stage(lambda c: {"end": 1}, name="e"))
    result = pipeline.run({"numbers": [0, 1, 2]}, **stop)
    assert (result.stopped != "", result["numbers"]) == (True, [0])
    again = result.retry_failed()
    assert (again.stopped, again["numbers"], again["end"]) == ("", [0, 2], 1)
    assert again.scopes[0].counts == PipelineCounts(ok=1, loaded=1, failed=1)


def test_what_was_loaded_in_the_first_run_is_counted_as_loaded_once() -> None:
    down = {1}
    scope = batched(
        mapped(lambda n: ItemFailure("no") if n in down else n, name="ask"), chunk_size=2,
        over="numbers", skip_if=lambda n: n == 0, load_existing=lambda items: ["old"],
    )  # fmt: skip
    result = Pipeline(scope).run({"numbers": [0, 1]})
    assert result.scopes[0].counts == PipelineCounts(loaded=1, failed=1)
    down.clear()
    again = result.retry_failed()
    assert again["numbers"] == ["old", 1]
    assert again.scopes[0].counts == PipelineCounts(ok=1, loaded=1)


def test_of_failed_chunks_the_first_thousand_are_kept() -> None:
    scope = batched(mapped(lambda n: ItemFailure("no"), name="no"), chunk_size=1, key=str)
    result = Pipeline(scope).run({"numbers": list(range(1_005))})
    assert [batch.number for batch in result.failed_batches] == list(range(1, 1_001))
    assert result.scopes[0].counts.failed == 1_005


def test_an_item_failure_in_a_stage_outside_scopes_is_raised() -> None:
    with pytest.raises(TaskError, match="1 is bad"):
        Pipeline(fail_on(1)).run({"numbers": [0, 1]})
    with pytest.raises(ContractError, match="3 entries for 1 items"):
        Pipeline(stage(lambda context: [1, 2, 3], name="many")).run({"numbers": [0]})


# -- the store ------------------------------------------------------------------------------


def test_a_second_run_loads_everything_fields_included(tmp_path: Path, rows: Rows) -> None:
    ran: list[int] = []

    def ask(context: StageContext) -> dict[str, Any]:
        ran.append(len(context["rows"]))
        return {"rows": [{**row, "square": 1} for row in context["rows"]],
                "tokens": len(context["rows"]), "log": [context["rows"][0]["n"]]}  # fmt: skip

    pipeline = Pipeline(
        batched(stage(ask) >> filtered(lambda row: row["n"] != 2), chunk_size=2, over="rows",
                reduce={"tokens": "sum"}, key=number) >> Total()
    )  # fmt: skip
    results = []
    for _ in range(2):
        with SqliteRunStore(tmp_path) as store:
            results.append(pipeline.run({"rows": rows(5)}, store=store))
    assert dict(results[0]) == dict(results[1])
    assert (results[1]["tokens"], results[1]["log"]) == (5, [0, 2, 4])
    assert ran == [2, 2, 1]
    assert results[1].scopes[0].counts == PipelineCounts(loaded=5)


def test_another_chunk_size_order_or_length_still_uses_what_is_stored(tmp_path: Path) -> None:
    ran: list[int] = []

    def ask(value: int) -> int:
        ran.append(value)
        return -value

    def run(numbers: list[int], size: int) -> list[int]:
        pipeline = Pipeline(batched(mapped(ask), chunk_size=size, over="numbers"))
        with SqliteRunStore(tmp_path) as store:
            found: list[int] = pipeline.run({"numbers": numbers}, store=store)["numbers"]
        return found

    assert run([1, 2, 3, 4], 2) == [-1, -2, -3, -4]
    assert run([9, 4, 3, 1], 3) == [-9, -4, -3, -1]
    assert ran == [1, 2, 3, 4, 9]


def test_results_of_other_stages_settings_versions_and_fields_are_not_used(tmp_path: Path) -> None:
    ran: list[str] = []

    class Ask(Agent):
        reads = ("numbers", "region")

        def __init__(self, prompt: str, version: object = None) -> None:
            self.prompt = prompt
            self.version = version  # type: ignore[misc]  # an instance may have its own

        def run(self, context: StageContext) -> list[Any]:
            ran.append(self.prompt)
            return [f"{self.prompt}{n}" for n in context["numbers"]]

    def run(*agents: Agent, size: int = 9, region: str = "EU", extra: str = "") -> int:
        flow = agents[0] >> agents[1] if agents[1:] else agents[0]
        pipeline = Pipeline(batched(flow, chunk_size=size, over="numbers", name="ask"))
        ran.clear()
        context = {"numbers": [1], "region": region, "other": extra}
        with SqliteRunStore(tmp_path) as store:
            pipeline.run(context, store=store)
        return len(ran)

    assert run(Ask("a")) == 1
    assert run(Ask("a")) == 0
    assert run(Ask("a"), size=1) == 0
    assert run(Ask("a"), extra="is not read") == 0
    assert run(Ask("b")) == 1
    assert run(Ask("a", version=2)) == 1
    assert run(Ask("a"), region="US") == 1
    assert run(Ask("a"), Ask("b")) == 2
    assert run(Ask("a")) == 0  # going back finds the old results


def test_changed_code_of_a_function_is_another_stage(tmp_path: Path) -> None:
    def values(function: Callable[[int], int]) -> Any:
        scope = batched(mapped(function, name="f"), chunk_size=1, over="numbers")
        with SqliteRunStore(tmp_path) as store:
            return Pipeline(scope).run({"numbers": [1]}, store=store)["numbers"]

    assert [values(lambda n: n + 1), values(lambda n: n + 2)] == [[2], [3]]


AGENTS = """
from batch_engine.pipeline import Agent, ends_batching, triggers_batching

@triggers_batching(chunk_size={size}, over="numbers")
class Ask(Agent):
    {docstring}
    def run(self, context):
        return [{answer} for number in context["numbers"]]

@ends_batching
class End(Agent):
    def run(self, context):
        return None
"""


def test_how_a_stage_is_batched_and_described_is_no_part_of_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunk size, comments and docstrings can change; what the code does cannot."""

    def counts(size: int, docstring: str, answer: str) -> PipelineCounts:
        path = tmp_path / f"agents{size}.py"
        path.write_text(AGENTS.format(size=size, docstring=docstring, answer=answer))
        spec = importlib.util.spec_from_file_location("agents_of_a_test", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "agents_of_a_test", module)
        spec.loader.exec_module(module)
        with SqliteRunStore(tmp_path) as store:
            result = Pipeline(module.Ask() >> module.End()).run({"numbers": [1, 2]}, store=store)
        return result.scopes[0].counts

    assert counts(1, "", "number") == PipelineCounts(ok=2)
    assert counts(2, '"""Described."""  # and a comment', "number") == PipelineCounts(loaded=2)
    assert counts(3, "", "-number") == PipelineCounts(ok=2)


def test_a_list_that_a_stage_wrote_stays_as_the_stage_wrote_it() -> None:
    written: list[list[int]] = []

    def log(context: StageContext) -> dict[str, Any]:
        written.append([context["numbers"][0]])
        return {"log": written[-1]}

    result = Pipeline(batched(stage(log), chunk_size=1, over="numbers")).run({"numbers": [1, 2, 3]})
    assert (result["log"], written) == ([1, 2, 3], [[1], [2], [3]])


def test_results_that_are_not_json_need_dump_and_load(tmp_path: Path) -> None:
    scope = batched(mapped(complex), chunk_size=2, dump=str, load=complex, over="numbers")
    for _ in range(2):
        with SqliteRunStore(tmp_path) as store:
            assert Pipeline(scope).run({"numbers": [1]}, store=store)["numbers"] == [1 + 0j]
    bare = batched(mapped(complex), chunk_size=2, over="numbers", name="bare")
    with SqliteRunStore(tmp_path) as store:
        result = Pipeline(bare).run({"numbers": [1]}, store=store)
    assert "cannot be stored" in next(iter(result.errors.values())).error


def test_a_field_that_cannot_be_stored_fails_the_stage_that_wrote_it_and_not_one_item(
    tmp_path: Path,
) -> None:
    flow = mapped(str) >> stage(lambda context: {"seen": {1, 2}}, name="see")
    scope = batched(flow, chunk_size=2, over="numbers")
    assert Pipeline(scope).run({"numbers": [1, 2]})["seen"] == {1, 2}, "without a store it may be"
    with SqliteRunStore(tmp_path) as store:
        result = Pipeline(scope).run({"numbers": [1, 2, 3]}, store=store)
    assert (result["numbers"], len(result.errors)) == ([], 3)
    for record in result.errors.values():
        assert "stage 'see' wrote the field 'seen', which cannot be stored" in record.error


def dumped(number: int) -> int:
    if number in (1, 2):
        raise ValueError(f"{number} cannot be dumped")
    return number


@pytest.mark.parametrize("numbers", [[1, 2, 3], [3, 1, 2]])
def test_a_result_that_cannot_be_stored_takes_no_field_with_it(
    numbers: list[int], tmp_path: Path
) -> None:
    count = stage(lambda context: {"n": len(context["numbers"])}, name="count")
    scope = batched(count, chunk_size=3, over="numbers", key=str, dump=dumped,
                    reduce={"n": "sum"})  # fmt: skip
    for _ in range(2):
        with SqliteRunStore(tmp_path) as store:
            result = Pipeline(scope).run({"numbers": numbers}, store=store)
        assert (result["numbers"], result["n"], set(result.errors)) == ([3], 3, {"1", "2"})


@pytest.mark.parametrize("inside", [True, False])
def test_a_field_that_a_stage_does_not_declare_is_an_error(inside: bool) -> None:
    """Mostly it is one that is misspelt."""
    write = stage(lambda context: {"reprot": 1}, writes=("report",), name="write")
    if inside:
        result = Pipeline(batched(write, chunk_size=1, over="rows")).run({"rows": [1]})
        (record,) = result.errors.values()
        problem = record.error
    else:
        with pytest.raises(ContractError) as caught:
            Pipeline(write).run({})
        problem = str(caught.value)
    assert "stage 'write' wrote 'reprot', which its writes do not name" in problem


def test_an_item_failure_in_an_answer_fails_that_item() -> None:
    flow = stage(lambda c: [ItemFailure("odd") if n % 2 else n for n in c["numbers"]], name="even")
    result = Pipeline(batched(flow, chunk_size=3, over="numbers")).run({"numbers": [0, 1, 2]})
    assert result["numbers"] == [0, 2]
    assert result.scopes[0].counts == PipelineCounts(ok=2, failed=1)


def test_what_follows_a_scope_knows_why_items_have_no_result() -> None:
    def halves(number: int) -> float:
        return 1 / number

    told: dict[str, str] = {}

    def note(context: StageContext) -> None:
        told.update({key: record.error for key, record in context.errors.items()})

    scope = batched(mapped(halves), chunk_size=1, over="numbers", key=str)
    result = Pipeline(scope >> stage(note)).run({"numbers": [2, 0, 4]})
    assert (result["numbers"], told) == ([0.5, 0.25], {"0": "division by zero"})


def test_a_stage_that_is_not_announced_runs_unheard_and_raises_all_the_same() -> None:
    class Prepare(Agent):
        announced = False

        def run(self, context: StageContext) -> dict[str, Any]:
            context.advance(1, 1)
            return {"quotient": 1 / context["number"]}

    heard: list[Event] = []
    pipeline = Pipeline(Prepare(), listeners=[heard.append])
    assert pipeline.run({"number": 2})["quotient"] == 0.5
    assert [type(event) for event in heard] == [RunStarted, RunCompleted]
    with pytest.raises(ZeroDivisionError):
        pipeline.run({"number": 0})


def test_what_a_scope_stored_is_found_by_its_report(tmp_path: Path) -> None:
    """So that a store which serves as a cache can be pruned."""
    pipeline = Pipeline(batched(mapped(str), chunk_size=2, over="numbers", key=str))
    with SqliteRunStore(tmp_path) as store:
        (scope,) = pipeline.run({"numbers": [1, 2, 3]}, store=store).scopes
        assert store.prune(StepRef(scope.name, scope.fingerprint), keep={"2", "3"}) == 1
        (scope,) = pipeline.run({"numbers": [1, 2, 3]}, store=store).scopes
    assert (scope.counts.ok, scope.counts.loaded) == (1, 2)


def test_the_result_of_a_function_of_items_outlives_other_fields(tmp_path: Path) -> None:
    """It cannot see them."""
    pipeline = Pipeline(batched(mapped(str), chunk_size=2, over="numbers"))
    for region in ("EU", "US"):
        with SqliteRunStore(tmp_path) as store:
            result = pipeline.run({"numbers": [1], "region": region}, store=store)
    assert result.scopes[0].counts.loaded == 1


# -- what is told must be so ----------------------------------------------------------------


class Broken(Exception):  # noqa: N818 - it is broken, that is all
    def __str__(self) -> str:
        raise RuntimeError("no message")


def test_an_exception_that_cannot_say_what_it_is_fails_its_item_alone() -> None:
    def work(n: int) -> int:
        if n == 2:
            raise Broken
        return n

    def hook(event: Any) -> None:
        raise Broken

    pipeline = Pipeline(batched(mapped(work), chunk_size=1, key=str, on_batch_complete=hook))
    result = pipeline.run({"rows": [1, 2]}, listeners=[hook])
    assert result["rows"] == [1]
    assert result.errors["2"].error == "Broken (no message, RuntimeError)"
    assert result.hook_failures[0].error == "Broken: Broken (no message, RuntimeError)"
    assert result.listener_failures


@pytest.mark.parametrize("leave", ["close", "interrupt", "source", "before the first"])
def test_a_stream_that_was_left_does_not_claim_to_be_whole(leave: str) -> None:
    def source() -> Iterator[int]:
        yield from (1, 2)
        if leave == "source":
            raise OSError("gone")
        if leave == "interrupt":
            raise KeyboardInterrupt
        yield from (3, 4)

    stream = Pipeline(batched(mapped(str), chunk_size=1, over="rows")).stream({"rows": source()})
    with contextlib.suppress(OSError, KeyboardInterrupt):
        for batch in stream if leave != "before the first" else ():
            if batch.number == 2 and leave == "close":
                break
    assert stream.result.partial
    stream.close()
    assert (stream.result.ok, stream.result.stopped) == (False, "unfinished")
    assert all(report.stopped == "unfinished" for report in stream.result.scopes)


def test_the_result_of_a_stream_says_that_it_cannot_be_retried() -> None:
    bad = mapped(lambda n: 1 // n, name="bad")
    stream = Pipeline(batched(bad, chunk_size=1, over="rows")).stream({"rows": [0]})
    list(stream)
    with pytest.raises(ConfigurationError, match="are not kept"):
        stream.result.retry_failed()


def test_a_retry_over_a_source_that_begins_anew_each_time_takes_each_item_once() -> None:
    class Source:
        def __iter__(self) -> Iterator[int]:
            return iter([1, 2, 3])

    failing = {2}

    def work(n: int) -> int:
        if n in failing:
            raise ValueError(n)
        return n

    result = Pipeline(batched(mapped(work), chunk_size=1, over="rows")).run({"rows": Source()})
    failing.clear()
    assert result.retry_failed()["rows"] == [1, 2, 3]


def test_a_reducer_that_cannot_join_says_which_field_and_what() -> None:
    tokens = iter([1, None])
    ask = stage(lambda context: {"tokens": next(tokens)}, name="ask")
    pipeline = Pipeline(batched(ask, chunk_size=1, over="rows", reduce={"tokens": "sum"}))
    with pytest.raises(MergeConflictError, match="'tokens' cannot join 1 and None: TypeError"):
        pipeline.run({"rows": [1, 2]})


class Array:
    """Compares as arrays do."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("the truth value is ambiguous")

    __hash__ = None  # type: ignore[assignment]  # as arrays


def test_values_that_cannot_be_compared_are_merged_like_others() -> None:
    flow = stage(lambda context: {"last": Array()}, name="write") >> (
        mapped(lambda row: {**row, "a": Array()}, name="a")
        | mapped(lambda row: {**row, "b": 1}, name="b")
    )
    result = Pipeline(batched(flow, chunk_size=1, over="rows", key=lambda row: str(row["n"]))).run(
        {"rows": [{"n": 1, "x": Array()}, {"n": 2}]}
    )
    assert [set(row) for row in result["rows"]] == [{"n", "x", "a", "b"}, {"n", "a", "b"}]
    assert "different values for 'last'" in result.warnings[0]


def test_a_declared_reducer_joins_what_two_stages_in_a_row_write() -> None:
    def wrote(tokens: int) -> Agent:
        return stage(lambda context: {"tokens": tokens, "last": tokens}, name=f"s{tokens}")

    for flow in (wrote(5) >> wrote(7), wrote(5).in_chunks_of(9) >> wrote(7)):
        scope = batched(flow, chunk_size=1, over="rows", reduce={"tokens": "sum", "last": "last"})
        result = Pipeline(scope).run({"rows": [1, 2]})
        assert (result["tokens"], result["last"]) == (24, 7)


def test_a_key_that_raises_is_an_error_that_says_so() -> None:
    scope = batched(mapped(str), chunk_size=2, over="rows", key=number)
    with pytest.raises(ConfigurationError, match="key= raised KeyError for one of the items 2 to"):
        Pipeline(scope).run({"rows": [{"n": 1}, {"n": 2}, {"x": 3}]})


def test_a_stage_outside_scopes_that_raises_stop_iteration_says_so() -> None:
    empty = stage(lambda context: next(iter(())), name="empty")
    with pytest.raises(TaskError, match="raised StopIteration, in pipeline"):
        Pipeline(empty).run({})


def test_the_switch_turns_chunks_of_an_agent_off_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(BATCHING_VARIABLE, "off")
    seen: list[Any] = []
    Pipeline(batched(seen_by(seen).in_chunks_of(2), chunk_size=3, over="rows")).run(
        {"rows": [{"n": n} for n in range(5)]}
    )
    assert len(seen) == 1


@pytest.mark.parametrize("executor", [None, "threads"])
def test_a_retry_knows_items_that_stages_changed_in_place(executor: Any) -> None:
    ran: list[int] = []
    failing = {2}

    def work(row: dict[str, Any]) -> dict[str, Any]:
        ran.append(row["n"])
        row["seen"] = True
        if row["n"] in failing:
            raise ValueError(row["n"])
        return row

    pipeline = Pipeline(batched(mapped(work), chunk_size=2, over="rows"))
    result = pipeline.run({"rows": [{"n": n} for n in (1, 2, 3, 1)]}, executor=executor)
    failing.clear()
    ran.clear()
    again = result.retry_failed()
    assert ran == [2]
    assert [row["n"] for row in again["rows"]] == [1, 2, 3, 1]
