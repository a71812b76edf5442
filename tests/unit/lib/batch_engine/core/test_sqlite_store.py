"""The durable store: one owner, no silent start from zero, linear size."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import (
    AttemptRow,
    BatchRow,
    ItemRow,
    Pause,
    SqliteRunStore,
    StepCounts,
    StepRef,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreReadOnlyError,
    StoreVersionError,
)
from batch_engine.core.schema import SCHEMA_VERSION
from batch_engine.core.sqlite_file import RUN_FILE

STEP = StepRef("facts", "v1")


def _rows(count: int, data: str = "x" * 200) -> list[ItemRow]:
    return [ItemRow(f"item {n}", "ok", data, None, 1, n) for n in range(count)]


def _fill(directory: Path, count: int = 500) -> None:
    with SqliteRunStore(directory) as store:
        store.put(STEP, _rows(count))


def _sql(directory: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(directory / RUN_FILE)) as db:
        rows = db.execute(statement).fetchall()
        db.commit()
        return rows


def test_a_store_tells_its_steps_in_the_order_of_their_beginning(tmp_path: Path) -> None:
    """Each fingerprint is a step of its own; also for whoever only reads."""
    wanted = (StepRef("z", "v2"), STEP, StepRef("z", "v1"))
    with SqliteRunStore(tmp_path) as store:
        assert store.steps() == ()
        for step in (*wanted, STEP):
            store.begin_step(step)
    with SqliteRunStore(tmp_path, read_only=True) as reader:
        assert reader.steps() == wanted


def test_whether_a_run_is_at_work_is_seen_without_taking_its_lock(tmp_path: Path) -> None:
    """Looking does not end the owner's lock either, from this process or another."""
    assert not SqliteRunStore.is_in_use(tmp_path)
    with SqliteRunStore(tmp_path):
        assert SqliteRunStore.is_in_use(tmp_path)
        look = "from batch_engine.core import SqliteRunStore; import sys; "
        look += "sys.exit(3 if SqliteRunStore.is_in_use(sys.argv[1]) else 0)"
        other = subprocess.run([sys.executable, "-c", look, str(tmp_path)], check=False)
        assert other.returncode == 3
        with pytest.raises(StoreLockedError):
            SqliteRunStore(tmp_path)
    assert not SqliteRunStore.is_in_use(tmp_path)


# -- tables ---------------------------------------------------------------------------------


def test_a_run_leaves_one_row_per_run_step_batch_item_attempt_and_event(tmp_path: Path) -> None:
    now = lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)  # noqa: E731 - a frozen clock
    with SqliteRunStore(tmp_path, now=now) as store:
        store.put(
            STEP,
            [ItemRow("a", "ok", "1", None, 2, 0)],
            attempts=[AttemptRow("a", 1, '{"v":1}')],
            batch=BatchRow(number=1, size=1, ok=1, loaded=0, failed=0, elapsed_ms=2.5),
        )
        store.record("note", {"b": 1, "a": 2})
    at = "2026-01-02T03:04:05.000+00:00"
    assert _sql(tmp_path, "SELECT id, status, pid, started, ended FROM run") == [
        (1, "completed", os.getpid(), at, at)
    ]
    assert _sql(tmp_path, "SELECT name, fingerprint FROM step") == [("facts", "v1")]
    assert _sql(tmp_path, "SELECT number, size, ok, elapsed_ms, ended FROM batch") == [
        (1, 1, 1, 2.5, at)
    ]
    assert _sql(tmp_path, "SELECT key, name, status, data, attempts FROM item") == [
        (b"a", None, "ok", "1", 2)
    ]
    assert _sql(tmp_path, "SELECT number, error FROM attempt") == [(1, '{"v":1}')]
    assert _sql(tmp_path, "SELECT kind, data FROM event") == [("note", '{"a": 2, "b": 1}')]


def test_the_file_is_a_write_ahead_log_of_the_latest_format(tmp_path: Path) -> None:
    _fill(tmp_path)
    assert _sql(tmp_path, "PRAGMA journal_mode") == [("wal",)]
    assert _sql(tmp_path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]


@pytest.mark.parametrize(
    ("raised", "status"),
    [(None, "completed"), (Pause("later"), "paused"), (KeyError(), "interrupted")],
)
def test_how_a_run_ended_is_remembered(
    tmp_path: Path, raised: Exception | None, status: str
) -> None:
    with contextlib.suppress(Pause, KeyError), SqliteRunStore(tmp_path):
        if raised:
            raise raised
    assert _sql(tmp_path, "SELECT status FROM run") == [(status,)]


def test_half_a_transaction_is_no_transaction(tmp_path: Path) -> None:
    with SqliteRunStore(tmp_path) as store:
        rows = _rows(3)
        rows[2] = rows[2]._replace(status=None)  # type: ignore[arg-type]  # refused by the table
        with pytest.raises(StoreError):
            store.put(STEP, rows)
        assert store.counts(STEP) == StepCounts()
        store.put(STEP, rows[:2])
        assert store.counts(STEP) == StepCounts(ok=2)


def test_a_pruned_version_that_is_filled_again_is_still_there_later(tmp_path: Path) -> None:
    old = StepRef("facts", "v0")
    with SqliteRunStore(tmp_path) as store:
        store.put(old, _rows(1))
        assert store.counts(old) == StepCounts(ok=1)
        store.prune(STEP, [])
        store.put(old, _rows(2))
    with SqliteRunStore(tmp_path) as store:
        assert store.counts(old) == StepCounts(ok=2)


def test_the_store_grows_with_the_results_and_no_faster(tmp_path: Path) -> None:
    def size(count: int) -> int:
        folder, rows = tmp_path / str(count), _rows(count)
        with SqliteRunStore(folder) as store:
            for start in range(0, count, 100):
                store.put(STEP, rows[start : start + 100])
        return (folder / RUN_FILE).stat().st_size

    nothing = size(0)
    per_item = [(size(count) - nothing) / count for count in (1_000, 2_000, 4_000, 8_000)]
    assert max(per_item) <= 1.1 * min(per_item)
    assert per_item[-1] < 1.5 * 200


# -- one owner ------------------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from batch_engine.core import ItemRow, SqliteRunStore, StepRef
store = SqliteRunStore(Path(sys.argv[1]))
store.put(StepRef("facts", "v1"), [ItemRow("a", "ok", "1")])
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def _other_owner(directory: Path):  # type: ignore[no-untyped-def]  # yields a Popen
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_live_owner_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    with _other_owner(tmp_path) as process:
        with pytest.raises(StoreLockedError, match=f"process {process.pid} on ") as caught:
            SqliteRunStore(tmp_path)
        assert "wait until it ends" in caught.value.hint


def test_a_live_run_can_be_watched(tmp_path: Path) -> None:
    with _other_owner(tmp_path), SqliteRunStore(tmp_path, read_only=True) as watcher:
        assert watcher.counts(STEP) == StepCounts(ok=1)
        with pytest.raises(StoreReadOnlyError, match="opened for reading"):
            watcher.put(STEP, _rows(1))


def test_a_dead_owners_run_is_taken_over_with_its_results(tmp_path: Path) -> None:
    with _other_owner(tmp_path) as process:
        process.kill()
        process.wait()
        with SqliteRunStore(tmp_path) as store:
            assert f"process {process.pid} on " in store.took_over
            assert store.counts(STEP) == StepCounts(ok=1)
    assert _sql(tmp_path, "SELECT status FROM run ORDER BY id") == [
        ("interrupted",),
        ("completed",),
    ]
    assert _sql(tmp_path, "SELECT kind FROM event") == [("taken_over",)]


def test_a_worker_that_outlived_its_owner_writes_nothing_more(tmp_path: Path) -> None:
    """Also as long as nobody took the run over: its row is there, and says that it has ended."""
    owner = SqliteRunStore(tmp_path)
    reopen = owner.reopener()
    assert reopen is not None
    worker = reopen()
    assert worker is not None
    row = ItemRow("a", "ok", "1")
    worker.put(StepRef("s"), [row])
    owner.close()
    with pytest.raises(StoreLockedError, match="is over"):
        worker.put(StepRef("s"), [row._replace(key="b")])
    worker.close()
    with SqliteRunStore(tmp_path) as store:
        assert [row.key for row in store.items(StepRef("s"))] == ["a"]


@pytest.mark.parametrize(("durability", "level"), [("process", 1), ("power", 2)])
def test_what_is_confirmed_is_flushed_as_promised(
    durability: Any, level: int, tmp_path: Path
) -> None:
    """By the setting of the connection, which nothing outside tells: pulling the plug is no
    test. 1 is NORMAL, 2 is FULL; 0 would lose a file to a power cut."""
    with SqliteRunStore(tmp_path, durability=durability) as store:
        assert store._open_db().execute("PRAGMA synchronous").fetchone() == (level,)


def test_the_same_process_cannot_open_a_run_twice(tmp_path: Path) -> None:
    with SqliteRunStore(tmp_path), pytest.raises(StoreLockedError):
        SqliteRunStore(tmp_path)
    with SqliteRunStore(tmp_path) as again:
        assert again.took_over == ""


# -- damage ---------------------------------------------------------------------------------


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever it is called" * 100)


def _overwrite_a_page(path: Path) -> None:
    """One page of results is gone, as after a bad block; the file opens as if all were well."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(bytes(data))


def _remove_but_leave_journal(path: Path) -> None:
    path.unlink()
    Path(f"{path}-wal").write_bytes(b"journal")


def _foreign(path: Path) -> None:
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE somebody_elses (a)")
        db.commit()


@pytest.mark.parametrize(
    "damage", [_truncate, _empty, _garbage, _overwrite_a_page, _remove_but_leave_journal, _foreign]
)
def test_a_damaged_store_is_an_error_with_a_way_out_and_stays_as_it_is(
    tmp_path: Path, damage: object
) -> None:
    _fill(tmp_path)
    _sql(tmp_path, "UPDATE run SET status = 'running'")  # its owner died
    damage(tmp_path / RUN_FILE)  # type: ignore[operator]  # one of the functions above
    before = {path.name: path.read_bytes() for path in tmp_path.glob(f"{RUN_FILE}*")}
    with pytest.raises(StoreCorruptError, match="cannot be read") as caught:
        SqliteRunStore(tmp_path)
    assert "move run.sqlite3* away" in caught.value.hint
    path = tmp_path / RUN_FILE
    if before.get(RUN_FILE) is not None:
        assert path.read_bytes() == before[RUN_FILE]
    else:
        assert not path.exists()


def test_a_torn_journal_costs_only_what_was_not_synced(tmp_path: Path) -> None:
    """After a power cut the log may end in half a frame; everything before it is kept."""
    copy = tmp_path / "copy"
    copy.mkdir()
    with SqliteRunStore(tmp_path / "run") as store:
        for start in range(0, 500, 100):
            store.put(STEP, _rows(500)[start : start + 100])
        for name in (RUN_FILE, f"{RUN_FILE}-wal"):
            (copy / name).write_bytes((tmp_path / "run" / name).read_bytes())
    wal = copy / f"{RUN_FILE}-wal"
    os.truncate(wal, wal.stat().st_size - 1000)
    with SqliteRunStore(copy) as store:
        assert store.took_over
        assert store.counts(STEP) == StepCounts(ok=400)


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    _fill(tmp_path)
    _sql(tmp_path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreVersionError, match="has format") as caught:
        SqliteRunStore(tmp_path)
    assert "update the program" in caught.value.hint


def test_a_creation_that_was_cut_short_is_begun_again(tmp_path: Path) -> None:
    """The file gets its name only when it is whole, so a leftover was never a store."""
    (tmp_path / f"{RUN_FILE}.new").write_bytes(b"half")
    _fill(tmp_path)
    assert not (tmp_path / f"{RUN_FILE}.new").exists()


def test_a_run_directory_that_cannot_be_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreReadOnlyError, match="run directory") as caught:
        SqliteRunStore(tmp_path / "file" / "run")
    assert "choose a folder" in caught.value.hint


def test_reading_a_run_that_never_was_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreReadOnlyError, match="no run store"):
        SqliteRunStore(tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteRunStore(tmp_path)
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.counts(STEP)


def _in_process(script: str, directory: Path) -> str:
    """Runs ``script`` in a process of its own, which may give up rights and limits."""
    prelude = """
        import os, resource, signal, sys
        from pathlib import Path
        from batch_engine.core import *
        directory, step = Path(sys.argv[1]), StepRef("facts", "v1")
        rows = lambda n: [ItemRow(str(i), "ok", "x" * 1000) for i in range(n)]
    """
    code = textwrap.dedent(prelude) + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", code, str(directory)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_is_an_error_and_what_was_confirmed_is_kept(tmp_path: Path) -> None:
    """A limit on the size of files, which the system enforces as it does a full disk."""
    shown = _in_process(
        """
        store = SqliteRunStore(directory)
        store.put(step, rows(10))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        try:
            store.put(step, rows(1000))
        except StoreFullError as error:
            print(store.counts(step).ok, error.hint)
        """,
        tmp_path,
    )
    assert shown.startswith("10 free some space")
    with SqliteRunStore(tmp_path) as store:
        assert store.counts(STEP) == StepCounts(ok=10)
    assert issubclass(StoreFullError, StoreError)


def test_a_folder_without_write_permission_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    _fill(tmp_path)
    tmp_path.chmod(0o555)
    for path in tmp_path.iterdir():
        path.chmod(0o444)
    script = """
        os.chdir(directory)  # so that only this folder's own permissions count
        if os.getuid() == 0:
            os.setuid(65534)  # permissions do not bind the superuser
        try:
            SqliteRunStore(Path("."))
        except StoreReadOnlyError as error:
            print(error.hint)
    """
    try:
        assert "permissions" in _in_process(script, tmp_path)
    finally:
        tmp_path.chmod(0o755)
