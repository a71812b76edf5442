"""Fields of chunks over several runs: exact as long as chunks stay together, else it is said."""

from __future__ import annotations

from typing import Any

import pytest

from batch_engine.core import ItemFailure, MemoryRunStore
from batch_engine.pipeline import Pipeline, batched, mapped, stage


def run(store: MemoryRunStore, rows: list[int], size: int = 3, failing: Any = ()) -> Any:
    count = stage(lambda context: {"n": len(context["rows"])}, name="count", version=1)
    check = mapped(lambda n: ItemFailure("no") if n in failing else n, name="check", version=1)
    scope = batched(count >> check, chunk_size=size, over="rows", key=str, reduce={"n": "sum"})
    return Pipeline(scope).run({"rows": rows}, store=store)


ROWS = [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("rows", "size"), [(ROWS, 3), (ROWS, 4), (ROWS[::-1], 3), (ROWS, 1)])
def test_fields_of_loaded_chunks_are_exact_in_whatever_order_and_size(
    rows: list[int], size: int
) -> None:
    store = MemoryRunStore()
    run(store, ROWS)
    result = run(store, rows, size)
    assert (result["n"], result.warnings) == (6, ())


@pytest.mark.parametrize(
    ("rows", "n", "said"),
    [
        ([2, 3, 4, 5, 6], 3, "fields of 1 stored chunk(s) are missing: "),
        ([1, 3, 4, 5, 6], 6, "fields of 1 stored chunk(s) still count items that are not in the"),
    ],
)
def test_it_is_said_when_items_of_a_stored_chunk_are_left_out(
    rows: list[int], n: int, said: str
) -> None:
    store = MemoryRunStore()
    run(store, ROWS)
    result = run(store, rows)
    assert result["n"] == n
    (warning,) = result.warnings
    assert warning.startswith(said)


def test_what_failed_and_is_run_again_by_itself_counts_once_without_a_word() -> None:
    store = MemoryRunStore()
    run(store, ROWS, failing={2})
    result = run(store, ROWS)
    assert (result["n"], result.warnings) == (6, ())


def test_it_is_said_when_what_failed_is_run_again_with_new_items() -> None:
    store = MemoryRunStore()
    run(store, ROWS, failing={2})
    result = run(store, [1, 2, 7, 3, 4, 5, 6])
    assert result["n"] == 8
    assert result.warnings == ("'n' counts some items twice: they were run again together with "
                               "others",)  # fmt: skip
