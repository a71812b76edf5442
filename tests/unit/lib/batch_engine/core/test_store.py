"""Every run store keeps the same promises; the durable one is not allowed to differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch_engine.core import (
    AttemptRow,
    BatchRow,
    ItemRow,
    MemoryRunStore,
    RunStore,
    SqliteRunStore,
    StepCounts,
    StepRef,
)

STEP = StepRef("facts", "v1")
BATCH = BatchRow(number=1, size=2, ok=1, loaded=0, failed=1, elapsed_ms=1.5)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunStore]:
    opened: RunStore = MemoryRunStore() if request.param == "memory" else SqliteRunStore(tmp_path)
    yield opened
    opened.close()


def _ok(key: str, data: str | bytes = "1", position: int = 0) -> ItemRow:
    return ItemRow(key, "ok", data, None, 1, position)


def test_what_was_put_is_found_and_nothing_else(store: RunStore) -> None:
    failed = ItemRow("b", "failed", None, '{"v":1}', 3, 1)
    store.begin_step(STEP)
    store.put(STEP, [_ok("a"), failed], batch=BATCH)
    assert store.get_many(STEP, ["b", "missing", "a"]) == {"a": _ok("a"), "b": failed}
    assert store.counts(STEP) == StepCounts(ok=1, failed=1)


def test_an_item_is_stored_once_and_the_last_result_counts(store: RunStore) -> None:
    store.put(STEP, [ItemRow("a", "failed", None, "{}", 3, 0)])
    store.put(STEP, [_ok("a", "2")])
    assert store.get_many(STEP, ["a"]) == {"a": _ok("a", "2")}
    assert store.counts(STEP) == StepCounts(ok=1)


def test_another_fingerprint_is_another_step_and_the_old_results_stay(store: RunStore) -> None:
    other = StepRef("facts", "v2")
    store.put(STEP, [_ok("a", "1")])
    assert store.get_many(other, ["a"]) == {}
    store.put(other, [_ok("a", "2")])
    assert store.get_many(STEP, ["a"])["a"].data == "1"
    assert store.begin_step(STEP) == StepCounts(ok=1)


def test_steps_of_other_names_do_not_mix(store: RunStore) -> None:
    store.put(STEP, [_ok("a")])
    assert store.get_many(StepRef("agents", "v1"), ["a"]) == {}


def test_a_step_that_nobody_began_is_empty(store: RunStore) -> None:
    assert store.counts(STEP) == StepCounts()
    assert store.get_many(STEP, ["a"]) == {}
    assert list(store.items(STEP)) == []
    assert store.prune(STEP, ["a"]) == 0


def test_items_come_in_input_order(store: RunStore) -> None:
    store.put(STEP, [_ok("c", position=2), _ok("a", position=0)])
    store.put(STEP, [_ok("b", position=1)])
    assert [row.key for row in store.items(STEP)] == ["a", "b", "c"]


def test_bytes_come_back_as_bytes_and_text_as_text(store: RunStore) -> None:
    store.put(STEP, [_ok("b", b"\x00\xff"), _ok("t", '"\\ud800"')])
    found = store.get_many(STEP, ["b", "t"])
    assert found["b"].data == b"\x00\xff"
    assert found["t"].data == '"\\ud800"'


def test_prune_forgets_what_was_not_seen_and_other_versions(store: RunStore) -> None:
    store.put(STEP, [_ok(key) for key in "abc"])
    store.put(StepRef("facts", "v0"), [_ok("a"), _ok("b")])
    store.put(StepRef("agents", "v0"), [_ok("a")])
    assert store.prune(STEP, {"a", "c", "unknown"}) == 3
    assert set(store.get_many(STEP, ["a", "b", "c"])) == {"a", "c"}
    assert store.counts(StepRef("facts", "v0")) == StepCounts()
    assert store.counts(StepRef("agents", "v0")) == StepCounts(ok=1)


def test_a_pruned_version_can_be_filled_again(store: RunStore) -> None:
    old = StepRef("facts", "v0")
    store.put(old, [_ok("a")])
    store.prune(STEP, [])
    store.put(old, [_ok("b")])
    assert set(store.get_many(old, ["a", "b"])) == {"b"}
    assert store.counts(STEP) == StepCounts()


def test_thousands_of_keys_are_found_in_one_call(store: RunStore) -> None:
    keys = [f"a rather long key number {number}" for number in range(3_000)]
    store.put(STEP, [_ok(key, str(index), index) for index, key in enumerate(keys)])
    found = store.get_many(STEP, [*keys, "missing"])
    assert len(found) == 3_000
    assert found[keys[2_999]].data == "2999"


def test_attempts_and_events_are_accepted(store: RunStore) -> None:
    store.put(STEP, [], attempts=[AttemptRow("a", 1, "{}")])
    store.record("note", {"n": 1})
    assert store.counts(STEP) == StepCounts()


def test_closing_twice_is_fine(store: RunStore) -> None:
    store.close()
    store.close()


_keys = st.text(min_size=1, max_size=40) | st.sampled_from(["ab" * 16, "AB" * 16, "\udc80x"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.dictionaries(_keys, st.text(max_size=5), min_size=1, max_size=10), st.integers(0, 10**9))
def test_any_text_can_be_a_key(store: RunStore, results: dict[str, str], salt: int) -> None:
    step = StepRef("any", f"{salt}{sorted(results)!a}")
    rows = [_ok(key, data.encode("utf-8", "surrogatepass")) for key, data in results.items()]
    store.put(step, rows)
    assert store.get_many(step, list(results)) == {row.key: row for row in rows}
    assert {row.key for row in store.items(step)} == set(results)
