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
        assert export_state(other, STEP) == state
        again = run_batches(range(4), lambda items, context: [item + 100 for item in items],
                            step="square", fingerprint="v1", key=str, store=other)  # fmt: skip
    assert again.values == {"0": 0, "1": 101, "2": 4, "3": 9}


def test_results_that_are_bytes_come_back_as_bytes() -> None:
    first, second = MemoryRunStore(), MemoryRunStore()
    run_batches([b"\x00\xff"], lambda items, context: list(items), step="square",
                fingerprint="v1", key=repr, store=first, dump=bytes)  # fmt: skip
    import_state(second, STEP, json.loads(json.dumps(export_state(first, STEP))))
    assert list(second.items(STEP)) == list(first.items(STEP))


def test_the_bare_state_of_the_seed_can_be_imported(store: RunStore) -> None:
    """``processed`` and ``failed`` alone, as other programs of that shape write it."""
    record = {"success": False, "error": "x", "item": 2, "retryable": True}
    assert import_state(store, STEP, {"processed": ["a"], "failed": {"b": record}}) == 2
    state = export_state(store, STEP, results=False)
    assert state["stats"] == {"total": 2, "processed": 1, "failed": 1, "retried": 0}
    assert "results" not in state


@pytest.mark.parametrize(
    "state", [{}, {"version": 2, "processed": [], "failed": {}}, {"processed": {}, "failed": []}]
)
def test_what_is_no_state_is_refused_and_nothing_is_stored(state: dict[str, object]) -> None:
    store = MemoryRunStore()
    with pytest.raises(ConfigurationError, match="no state of version 1"):
        import_state(store, STEP, state)
    assert list(store.items(STEP)) == []
