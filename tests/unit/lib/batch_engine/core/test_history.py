"""What a store remembers of its processes can be read by anyone, also while one is at work."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batch_engine.core import (
    AttemptRow,
    BatchRow,
    ItemRow,
    SqliteRunStore,
    StepRef,
    StoreCorruptError,
    StoreError,
    StoreReadOnlyError,
    read_history,
)
from batch_engine.core.sqlite_file import RUN_FILE

FACTS = StepRef("facts", "v1")


def _clock() -> Callable[[], datetime]:
    times = iter(datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=n) for n in range(100))
    return lambda: next(times)


def test_each_process_is_told_with_its_chunks_events_and_retries(tmp_path: Path) -> None:
    now = _clock()
    store = SqliteRunStore(tmp_path, now=now)
    store.put(
        FACTS,
        [ItemRow("a", "ok", "1"), ItemRow("b", "failed", None, "{}", 2, 1)],
        attempts=[AttemptRow("b", 1, "{}", "2026-01-02T00:00:09+00:00")],
        batch=BatchRow(1, 2, ok=1, loaded=0, failed=1, elapsed_ms=12.5),
    )
    store.close("paused")
    with SqliteRunStore(tmp_path, now=now) as store:
        store.record("noted", {"why": "it matters"})

    first, second = read_history(tmp_path)

    assert (first.status, first.started[:19], first.ended[:19]) == (
        "paused",
        "2026-01-02T00:00:00",
        "2026-01-02T00:00:02",
    )
    (chunk,) = first.chunks
    assert (chunk.step, chunk.number, chunk.size, chunk.ok, chunk.failed) == ("facts", 1, 2, 1, 1)
    assert chunk.elapsed_ms == 12.5
    assert first.retries == {"facts": 1}
    assert (second.status, second.chunks, second.retries) == ("completed", (), {})
    assert [(event.kind, event.data) for event in second.events] == [
        ("noted", {"why": "it matters"})
    ]


def test_a_store_at_work_is_read_without_disturbing_it(tmp_path: Path) -> None:
    with SqliteRunStore(tmp_path) as store:
        assert [item.status for item in read_history(tmp_path)] == ["running"]
        store.put(FACTS, [ItemRow("a", "ok", "1")], batch=BatchRow(1, 1, 1, 0, 0, 1.0))
        assert len(read_history(tmp_path)[0].chunks) == 1


def test_no_store_is_told_apart_from_a_broken_or_foreign_one(tmp_path: Path) -> None:
    with pytest.raises(StoreReadOnlyError, match="no run store"):
        read_history(tmp_path)
    (tmp_path / RUN_FILE).write_bytes(b"this is no database, whatever its name says" * 99)
    with pytest.raises(StoreCorruptError):
        read_history(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    sqlite3.connect(other / RUN_FILE).execute("CREATE TABLE t (a)").connection.close()
    with pytest.raises(StoreError, match="no such table"):
        read_history(other)
