"""T10 and T13: retries map results to their items, and everything equals a list comprehension."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_engine.core import (
    ItemFailure,
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
