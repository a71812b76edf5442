"""T10 and T13: retries map results to their items, and everything equals a list comprehension."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_engine.core import (
    ItemFailure,
    MemoryRunStore,
    RateLimitError,
    RetryPolicy,
    TaskError,
    TransientError,
)
from batch_engine.pipeline import (
    Pipeline,
    StageContext,
    batched,
    filtered,
    flat_mapped,
    mapped,
    stage,
)


@pytest.mark.parametrize("order", list(itertools.permutations(["ok", "retry", "fail"])))
@pytest.mark.parametrize("chunk_size", [1, 2, 3])
def test_in_every_order_each_item_gets_its_own_result_after_retries(
    order: tuple[str, ...], chunk_size: int
) -> None:
    calls: list[tuple[str, int]] = []
    slept: list[float] = []

    def ask(context: StageContext) -> list[Any]:
        assert context.batch is not None
        answer: list[Any] = []
        for word in context["words"]:
            calls.append((word, context.batch.attempt))
            if word == "fail":
                answer.append(ItemFailure(RateLimitError("slow down", retry_after_s=7)))
            elif word == "retry" and context.batch.attempt == 1:
                answer.append(ItemFailure(TransientError("once")))
            else:
                answer.append(word.upper())
        return answer

    scope = batched(stage(ask), chunk_size=chunk_size, over="words", key=str)
    result = Pipeline(scope, retry=RetryPolicy(max_attempts=3, initial_s=1)).run(
        {"words": list(order)}, sleep=slept.append, random=lambda: 1.0
    )
    assert result["words"] == [word.upper() for word in order if word != "fail"]
    assert {key: record.retry.attempt for key, record in result.errors.items()} == {"fail": 3}
    attempts = {word: sorted(n for name, n in calls if name == word) for word in order}
    assert attempts == {"ok": [1], "retry": [1, 2], "fail": [1, 2, 3]}
    assert slept.count(7) == 2  # what the other side asked for, kept
    assert set(slept) <= {1.0, 7.0}


def test_a_stage_that_was_through_is_not_run_again_when_a_later_one_fails() -> None:
    """Each stage costs money: an attempt begins where the item failed."""
    first: list[int] = []
    attempts: list[tuple[list[int], int]] = []

    def pay(value: int) -> int:
        first.append(value)
        return value * 10

    def flaky(context: StageContext) -> list[Any]:
        assert context.batch is not None
        attempts.append((list(context["n"]), context["total"]))
        return [
            ItemFailure(TransientError("once")) if value == 20 and len(attempts) == 1 else -value
            for value in context["n"]
        ]

    flow = mapped(pay) >> stage(lambda c: {"total": sum(c["n"])}, name="sum") >> stage(flaky)
    result = Pipeline(batched(flow, chunk_size=3, over="n")).run(
        {"n": [1, 2, 3]}, retry=RetryPolicy(initial_s=0)
    )
    assert (result["n"], result["total"], first) == ([-10, -20, -30], 60, [1, 2, 3])
    assert attempts == [([10, 20, 30], 60), ([20], 60)]


def test_fields_that_a_failed_chunk_wrote_come_with_the_attempt_that_succeeds() -> None:
    def fail_once(context: StageContext) -> None:
        assert context.batch is not None
        if context.batch.attempt == 1:
            raise TransientError("once")

    flow = stage(lambda c: {"tokens": len(c["n"])}, name="count") >> stage(fail_once)
    scope = batched(flow, chunk_size=2, over="n", reduce={"tokens": "sum"})
    result = Pipeline(scope, retry=RetryPolicy(initial_s=0)).run({"n": [1, 2, 3]})
    assert (result["n"], result["tokens"]) == ([1, 2, 3], 3)


def test_fields_count_once_for_items_that_failed_later_and_are_run_again() -> None:
    """A sum over chunks is the same whether an item succeeds at once or in a later run."""
    down = {1, 4}

    def check(value: int) -> int:
        if value in down:
            raise TaskError("down")
        return value

    before = stage(lambda c: {"before": len(c["n"])}, name="before")
    after = stage(lambda c: {"after": len(c["n"])}, name="after")
    reduce = {"before": "sum", "after": "sum"}
    scope = batched(before >> mapped(check) >> after, chunk_size=2, over="n", reduce=reduce)
    result = Pipeline(scope).run({"n": list(range(6))})
    assert (result["before"], result["after"]) == (6, 4)
    down.clear()
    again = result.retry_failed()
    assert (again["n"], again["before"], again["after"]) == (list(range(6)), 6, 6)


@pytest.mark.parametrize("parts", [False, True])
def test_fields_of_a_chunk_count_once_when_it_is_run_again(parts: bool) -> None:
    """Also those that an agent with chunks of its own wrote."""
    down = {1, 4}
    count: Any = stage(lambda c: {"n": len(c["rows"])}, name="count")
    check = mapped(lambda n: ItemFailure("down") if n in down else n, name="check")
    scope = batched((count.in_chunks_of(2) if parts else count) >> check, chunk_size=4, over="rows",
                    key=str, reduce={"n": "sum"})  # fmt: skip
    result = Pipeline(scope).run({"rows": list(range(6))})
    assert result["n"] == 6
    down.clear()
    assert result.retry_failed()["n"] == 6


@settings(max_examples=30)
@given(
    count=st.integers(0, 500),
    bad=st.sets(st.integers(0, 500), max_size=20),
    chunks=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    inner=st.integers(1, 40),
    way=st.sampled_from(["store", "store, lazily", "retry"]),
)
def test_however_a_run_is_taken_up_it_ends_as_if_nothing_had_failed(
    count: int, bad: set[int], chunks: tuple[int, int], inner: int, way: str
) -> None:
    """Branches, chunks of an agent, fields, another chunk size; a sum that could not be kept
    exact is said to be so."""
    down = set(bad)
    numbers = list(range(count))

    def ask(row: dict[str, int]) -> dict[str, int]:
        if row["n"] in down:
            raise TaskError("down")
        return row

    def add(name: str, change: int) -> Any:
        return mapped(lambda row: {**row, name: row["n"] + change}, name=name, version=1)

    def pipeline(size: int) -> Pipeline:
        counted: Any = stage(lambda c: {"asked": len(c["rows"])}, name="count", version=1, reads=())
        flow = mapped(ask, name="ask", version=1) >> (add("a", 1) | add("b", 2))
        flow = flow >> counted.in_chunks_of(inner)
        return Pipeline(
            batched(flow, chunk_size=size, over="rows", key=lambda row: str(row["n"]),
                    reduce={"asked": "sum"})
        )  # fmt: skip

    store = None if way == "retry" else MemoryRunStore()
    first = pipeline(chunks[0]).run({"rows": [{"n": n} for n in numbers]}, store=store)
    assert [row["n"] for row in first["rows"]] == [n for n in numbers if n not in bad]
    down.clear()
    if way == "retry":
        last = first.retry_failed()
    else:
        rows: Any = [{"n": n} for n in numbers]
        rows = iter(rows) if way == "store, lazily" else rows
        last = pipeline(chunks[1]).run({"rows": rows}, store=store)
    assert last["rows"] == [{"n": n, "a": n + 1, "b": n + 2} for n in numbers]
    assert last.context.get("asked", 0) == count or last.warnings
    assert last.scopes[0].counts.total == count


@given(
    items=st.lists(st.integers(0, 60), max_size=60),
    chunk=st.integers(1, 61),
    bad=st.sets(st.integers(0, 60), max_size=8),
    flaky=st.sets(st.integers(0, 60), max_size=8),
    skipped=st.sets(st.integers(0, 60), max_size=8),
    gone=st.sets(st.integers(0, 60), max_size=8),
    policy=st.sampled_from(["process", "drop", "error"]),
    workers=st.sampled_from([None, None, None, 3]),
)
def test_whatever_fails_is_skipped_or_filtered_the_result_is_the_oracles(
    items: list[int],
    chunk: int,
    bad: set[int],
    flaky: set[int],
    skipped: set[int],
    gone: set[int],
    policy: Any,
    workers: int | None,
) -> None:
    tried: set[int] = set()

    def ask(value: int) -> int:
        if value in bad:
            raise TaskError("bad")
        if value in flaky and value not in tried:
            tried.add(value)
            raise TransientError("flaky")
        return value

    flow = (
        mapped(ask)
        >> filtered(lambda value: value % 5 != 0, name="fifth")
        >> flat_mapped(lambda value: [value] * (value % 3), name="thrice")
    )
    scope = batched(
        flow,
        chunk_size=chunk,
        over="n",
        skip_if=lambda value: value in skipped,
        load_existing=lambda values: [None if v in gone else f"old {v}" for v in values],
        on_missing=policy,
    )
    result = Pipeline(scope, retry=RetryPolicy(initial_s=0), max_workers=workers).run({"n": items})

    def oracle(value: int) -> list[Any]:
        if value in skipped and value not in gone:
            return [f"old {value}"]
        if value in skipped and policy != "process":
            return []
        return [value] * (value % 3) if value not in bad and value % 5 else []

    assert result["n"] == [output for value in items for output in oracle(value)]
    counts = result.scopes[0].counts
    assert counts.total == len(items)
    distinct = set(items)
    loaded = distinct & skipped - gone
    errors = distinct & skipped & gone if policy == "error" else set()
    worked = distinct - skipped if policy != "process" else distinct - loaded
    assert (counts.loaded, counts.failed) == (len(loaded), len(errors | worked & bad))
    assert counts.duplicates == len(items) - len(distinct)
    streamed = Pipeline(scope, retry=RetryPolicy(initial_s=0)).stream({"n": iter(items)})
    tried.clear()
    assert [output for batch in streamed for output in batch.results] == result["n"]
