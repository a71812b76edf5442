"""Results stored early, from the last stage of a scope: durable at once, counted once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from batch_engine.core import (
    Event,
    ItemCompleted,
    ItemFailure,
    MemoryRunStore,
    Pause,
    RejectedResultError,
    RetryPolicy,
    StepRef,
)
from batch_engine.pipeline import Batch, Flow, Pipeline, batched, flat_mapped, mapped, stage

Rows = Callable[[int], list[dict[str, Any]]]
AGAIN = RetryPolicy(max_attempts=3, initial_s=0)


def number(row: dict[str, Any]) -> str:
    return f"n{row['n']}"


def last(function: Callable[[Any, Batch], Any], **declared: Any) -> Flow:
    """A stage that is given the items and the batch."""

    def run(context: Any) -> Any:
        return function(list(context.batch.items), context.batch)

    return stage(run, name="last", **declared)


def pipeline(flow: Any, **options: Any) -> Pipeline:
    options = {"chunk_size": 4, "key": number, "name": "scope", **options}
    return Pipeline(batched(flow, over="rows", **options))


def done(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "done": True}


def stored(store: MemoryRunStore) -> dict[str, str]:
    (step,) = store._items
    return {row.key: row.status for row in store.items(step)}


def test_a_completed_item_is_stored_and_told_before_the_stage_goes_on(rows: Rows) -> None:
    store, told, seen = MemoryRunStore(), list[Event](), list[Any]()

    def run(items: list[Any], batch: Batch) -> list[Any]:
        batch.complete(items[1], done(items[1]))
        seen.append((stored(store), [e.key for e in told if isinstance(e, ItemCompleted)]))
        return [done(item) for item in items if item is not items[1]]

    listeners: list[Callable[[Event], object]] = [told.append]
    result = pipeline(last(run)).run({"rows": rows(3)}, store=store, listeners=listeners)
    assert seen == [({"n1": "ok"}, ["n1"])]
    assert result["rows"] == [done(row) for row in rows(3)]
    assert result.scopes[0].counts.ok == 3


ANSWERS: dict[str, Callable[[list[Any]], Any]] = {
    "the others": lambda items: [done(items[0])],
    "all": lambda items: [done(item) for item in items],
    "all, nothing for those that are done": lambda items: [done(items[0]), None, None],
    "the others by key": lambda items: {"rows": {"n0": done(items[0])}},
    "all by key": lambda items: {"rows": {number(item): done(item) for item in items}},
    "with a field": lambda items: {"rows": [done(items[0])], "tokens": 3},
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_answer_is_for_the_other_items_or_for_all(name: str, rows: Rows) -> None:
    def run(items: list[Any], batch: Batch) -> Any:
        for item in items[1:]:
            batch.complete(item, done(item))
        return ANSWERS[name](items)

    result = pipeline(last(run)).run({"rows": rows(3)})
    assert result["rows"] == [done(row) for row in rows(3)]
    assert result.get("tokens") == (3 if name == "with a field" else None)


@pytest.mark.parametrize("answer", [None, [], {"rows": None, "tokens": 2}, {"tokens": 2}])
def test_when_all_are_completed_nothing_more_has_to_be_answered(answer: Any, rows: Rows) -> None:
    def run(items: list[Any], batch: Batch) -> Any:
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(lambda item: batch.complete(item, done(item)), items))
        return answer

    store = MemoryRunStore()
    for _ in range(2):  # the second time everything is loaded, fields included
        result = pipeline(last(run), reduce={"tokens": "sum"}).run({"rows": rows(8)}, store=store)
        assert result["rows"] == [done(row) for row in rows(8)]
        assert result.get("tokens") == (4 if isinstance(answer, dict) else None)


def test_what_was_neither_completed_nor_answered_is_missing_and_asked_for_again(rows: Rows) -> None:
    asked: list[list[int]] = []

    def run(items: list[Any], batch: Batch) -> None:
        asked.append([item["n"] for item in items])
        batch.complete(items[0], done(items[0]))

    result = pipeline(last(run)).run({"rows": rows(3)}, retry=AGAIN)
    assert asked == [[0, 1, 2], [1, 2], [2]]
    assert result.ok
    lost = pipeline(last(run)).run({"rows": rows(2)})
    assert lost.errors["n1"].code == "validation.missing_result"


WRONG: dict[str, tuple[Callable[[list[Any], Batch], Any], str]] = {
    "too few": (lambda items, batch: [1], "1 entries for 4 items, of which 1 were completed"),
    "another result": (lambda items, batch: [{"n": 9}, 1, 2, 3], "'n0' with one result and"),
    "another by key": (lambda items, batch: {"rows": {"n0": 7}}, "'n0' with one result and"),
    "twice": (lambda items, batch: batch.complete(items[0], 1), "'n0' was completed before"),
    "not one of them": (lambda items, batch: batch.complete({"n": 9}, 1), "the item is not one"),
    "no such key": (lambda items, batch: batch.complete(None, 1, key="x"), "the key 'x' is not"),
    "a failure": (lambda items, batch: batch.complete(items[1], ItemFailure("x")), "ItemFailure"),
    "not storable": (lambda items, batch: batch.complete(items[1], object()), "cannot be stored"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_use_fails_the_others_and_says_what_is_wrong(name: str, rows: Rows) -> None:
    def run(items: list[Any], batch: Batch) -> Any:
        batch.complete(items[0], done(items[0]))
        return WRONG[name][0](items, batch)

    result = pipeline(last(run)).run({"rows": rows(4)}, store=MemoryRunStore())
    assert result["rows"] == [done(rows(1)[0])]
    assert set(result.errors) == {"n1", "n2", "n3"}
    assert result.errors["n1"].code == "internal.work_contract"
    assert WRONG[name][1] in result.errors["n1"].error


def complete_first(items: list[Any], batch: Batch) -> list[Any]:
    batch.complete(items[0], items[0])
    return items


def split(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [row, {**row, "twin": True}]


NOT_HERE: dict[str, tuple[Callable[[], Any], dict[str, Any], str]] = {
    "a stage before the last": (
        lambda: last(complete_first) >> mapped(done), {}, "come from a later stage",
    ),
    "a branch": (lambda: last(complete_first) | mapped(done), {}, "what branches give is joined"),
    "a filter": (lambda: last(complete_first, shape="filter"), {}, "a stage of shape 'filter'"),
    "with persist": (
        lambda: last(complete_first), {"persist_each_batch": len}, "persist_each_batch gets",
    ),
    "one of several": (
        lambda: flat_mapped(split) >> last(complete_first), {}, "'n0/1' is one of several items",
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", NOT_HERE)
def test_it_is_refused_where_the_result_is_not_the_scopes(place: str, rows: Rows) -> None:
    flow, options, message = NOT_HERE[place]
    store = MemoryRunStore()
    result = pipeline(flow(), **options).run({"rows": rows(2)}, store=store)
    assert {record.code for record in result.errors.values()} == {"internal.work_contract"}
    assert message in result.errors["n0"].error
    assert stored(store) == {"n0": "failed", "n1": "failed"}


def test_it_works_after_filters_and_in_chunks_of_the_last_stage(rows: Rows) -> None:
    asked: list[int] = []

    def run(items: list[Any], batch: Batch) -> list[Any]:
        asked.append(len(items))
        batch.complete(items[-1], done(items[-1]))
        return [done(item) for item in items[:-1]]

    flow = flat_mapped(lambda row: [row] if row["n"] != 2 else []) >> last(run).in_chunks_of(2)  # type: ignore[attr-defined]  # an agent
    result = pipeline(flow).run({"rows": rows(4)})
    assert asked == [2, 1]
    assert result["rows"] == [done(row) for row in rows(4) if row["n"] != 2]


def test_items_that_are_alike_are_told_apart_by_key() -> None:
    def run(items: list[Any], batch: Batch) -> list[Any]:
        if batch.number == 1:
            batch.complete(items[0], "first", key=batch.keys[0])
            return ["second"]
        batch.complete(items[0], "x")
        return []

    flow = mapped(lambda n: None) >> last(run)
    result = Pipeline(batched(flow, chunk_size=2, over="rows", key=str)).run({"rows": [1, 2, 3, 4]})
    assert result["rows"] == ["first", "second"]
    assert "2 items of this call" in result.errors["3"].error


@pytest.mark.parametrize("split_at", [0, 1, 2, 3])
def test_after_a_pause_in_the_same_call_fields_and_results_are_those_of_an_undisturbed_run(
    split_at: int, rows: Rows
) -> None:
    """What earlier stages wrote for the chunk is counted once, with whichever item it is kept."""
    asked: list[list[int]] = []

    def count(context: Any) -> dict[str, Any]:
        return {"seen": [row["n"] for row in context["rows"]], "size": len(context["rows"])}

    def run(items: list[Any], batch: Batch) -> dict[str, Any]:
        asked.append([item["n"] for item in items])
        pausing = len(asked) == 1
        for item in items[:split_at] if pausing else items[1:]:
            batch.complete(item, done(item))
        if pausing:
            raise Pause("later")
        return {"rows": [done(items[0])], "answers": 1}

    reduce = {"size": "sum", "answers": "sum"}
    line = pipeline(stage(count, name="count") >> last(run), reduce=reduce)
    store = MemoryRunStore()
    with pytest.raises(Pause):
        line.run({"rows": rows(4)}, store=store)
    assert list(stored(store)) == [f"n{n}" for n in range(split_at)]
    for _ in range(2):
        result = line.run({"rows": rows(4)}, store=store)
        assert result["rows"] == [done(row) for row in rows(4)]
        assert (result["size"], sorted(result["seen"]), result["answers"]) == (4, [0, 1, 2, 3], 1)
    assert asked == [[0, 1, 2, 3], list(range(split_at, 4))]


def test_a_rejected_item_is_asked_for_again_after_a_pause_with_its_count_and_the_reasons(
    rows: Rows,
) -> None:
    told: list[tuple[list[str], int, dict[str, Any]]] = []

    def run(items: list[Any], batch: Batch) -> Any:
        previous = {key: record.details for key, record in batch.previous.items()}
        told.append((list(batch.keys), batch.attempt, previous))
        if batch.attempt == 1:
            batch.complete(items[0], done(items[0]))
            error = RejectedResultError("short", details=[{"rule": "length", "fix": "write more"}])
            return [ItemFailure(error)]
        if len(told) == 2:
            raise Pause("the answer comes later")
        return [done(item) for item in items]

    skipped: list[int] = []

    def skip(row: dict[str, Any]) -> bool:
        skipped.append(row["n"])
        return False

    line = pipeline(last(run), retry=AGAIN, skip_if=skip)
    store = MemoryRunStore()
    with pytest.raises(Pause):
        line.run({"rows": rows(2)}, store=store)
    skipped.clear()
    result = line.run({"rows": rows(2)}, store=store)
    why = {"n1": ({"rule": "length", "fix": "write more"},)}
    assert told == [(["n0", "n1"], 1, {}), (["n1"], 2, why), (["n1"], 2, why)]
    assert skipped == [1], "what is skipped is asked once in each process"
    assert result["rows"] == [done(row) for row in rows(2)]
    assert result.scopes[0].counts.ok == 1
    assert store.counts(StepRef("scope", result.scopes[0].fingerprint)).ok == 2


def test_a_batch_made_by_hand_completes_nothing() -> None:
    batch = Batch(scope="s", number=1, total=1, attempt=1, items=[1], keys=["a"])
    with pytest.raises(Exception, match="made by hand"):
        batch.complete(1, 2)
