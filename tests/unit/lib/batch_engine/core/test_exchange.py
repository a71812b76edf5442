"""A step's state leaves a store in seed 003's shape and comes back whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch_engine.core import (
    ChunkContext,
    ConfigurationError,
    ItemFailure,
    MemoryRunStore,
    RetryPolicy,
    RunStore,
    SqliteRunStore,
    StepRef,
    TaskError,
    TransientError,
    export_state,
    import_state,
    run_batches,
)

STEP = StepRef("square", "v1")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunStore]:
    made = MemoryRunStore() if request.param == "memory" else SqliteRunStore(tmp_path / "a")
    yield made
    made.close()


def run(store: RunStore) -> None:
    def work(items: list[int], context: ChunkContext[int, int]) -> list[int | ItemFailure]:
        return [
            ItemFailure(TaskError("never"))
            if item == 1
            else ItemFailure(TransientError("once"))
            if item == 2 and context.attempt == 1
            else item * item
            for item in items
        ]

    run_batches(range(4), work, step="square", fingerprint="v1", key=str, chunking=2,
                store=store, retry=RetryPolicy(initial_s=0))  # fmt: skip


def test_the_state_has_the_seeds_fields_and_counts(store: RunStore) -> None:
    run(store)
    state = json.loads(json.dumps(export_state(store, STEP)))
    assert state["version"] == 1
    assert state["processed"] == ["0", "2", "3"]
    assert {key: record["error"] for key, record in state["failed"].items()} == {"1": "never"}
    assert state["stats"] == {"total": 4, "processed": 3, "failed": 1, "retried": 1}
    assert [(row.key, row.number) for row in store.attempts(STEP)] == [("2", 1)]


def test_an_imported_state_is_loaded_and_not_run_again(store: RunStore, tmp_path: Path) -> None:
    run(store)
    state = json.loads(json.dumps(export_state(store, STEP)))
    with SqliteRunStore(tmp_path / "b") as other:
        assert import_state(other, STEP, state) == 4
        assert export_state(other, STEP) == state, "order and history too"
        again = run_batches(range(4), lambda items, context: [item + 100 for item in items],
                            step="square", fingerprint="v1", key=str, store=other)  # fmt: skip
    assert again.values == {"0": 0, "1": 101, "2": 4, "3": 9}


def test_results_come_back_as_they_were_also_those_that_look_like_our_form_of_bytes() -> None:
    first, second = MemoryRunStore(), MemoryRunStore()
    results = [b"\x00\xff", {"$bytes": "hello"}, {"$$bytes": "00"}, {"$bytes": "00", "b": 1}, None]
    run_batches(range(5), lambda items, context: [results[item] for item in items], step="square",
                fingerprint="v1", key=str, store=first)  # fmt: skip
    import_state(second, STEP, json.loads(json.dumps(export_state(first, STEP))))
    assert list(second.items(STEP)) == list(first.items(STEP))


def test_the_bare_state_of_the_seed_can_be_imported(store: RunStore) -> None:
    """``processed`` and ``failed`` alone, as other programs of that shape write it."""
    record = {"success": False, "error": "x", "item": 2, "retryable": True}
    assert import_state(store, STEP, {"processed": ["a"], "failed": {"b": record}}) == 2
    state = export_state(store, STEP, results=False)
    assert state["stats"] == {"total": 2, "processed": 1, "failed": 1, "retried": 0}
    assert "results" not in state


def test_keys_that_are_no_texts_are_found_and_what_is_processed_is_not_failed_too() -> None:
    """Other programs write numbers, and leave in ``failed`` what succeeded later."""
    store = MemoryRunStore()
    state = {"processed": [1, 2], "failed": {"2": {}, "3": {}}, "results": {"1": 5}}
    assert import_state(store, STEP, {**state, "attempts": None}) == 3
    assert [(row.key, row.status, row.data) for row in store.items(STEP)] == [
        ("1", "ok", "5"),
        ("2", "ok", "null"),
        ("3", "failed", None),
    ]


BARE = {"processed": ["a"], "failed": {}}


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        ({}, "no state of version 1"),
        ({"version": 2, "processed": [], "failed": {}}, "no state of version 1"),
        ({"processed": {}, "failed": []}, "no state of version 1"),
        ({**BARE, "results": []}, "'results' of this state is .*, not by key"),
        ({**BARE, "results": {"a": {"$bytes": "hello"}}}, "expected hex digits"),
        ({**BARE, "attempts": {"a": "x"}}, "expected a whole number"),
        ({**BARE, "failed": {"b": "broke"}}, "expected an error record"),
        ({**BARE, "retried": {"a": [1]}}, "a list of numbers and errors"),
    ],
)
def test_what_is_no_state_is_refused_and_nothing_is_stored(
    state: dict[str, object], problem: str
) -> None:
    store = MemoryRunStore()
    with pytest.raises(ConfigurationError, match=problem):
        import_state(store, STEP, state)
    assert list(store.items(STEP)) == []
