"""The durable run store: one SQLite file per run directory (see docs/engine.md).

Write-ahead log; one short transaction per chunk. With ``durability="process"`` (the default,
``synchronous=NORMAL``) everything that `SqliteRunStore.put` confirmed survives the death of the
process, SIGKILL included; a power cut may cost the last moments, never the file. With
``durability="power"`` (``synchronous=FULL``) it survives that too, for one disk flush per chunk.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Literal, Self

from batch_engine.core.errors import Pause, StoreError, StoreReadOnlyError
from batch_engine.core.failpoints import failpoint
from batch_engine.core.keys import KEY_BYTES, filed, key_bytes
from batch_engine.core.sqlite_file import (
    RUN_FILE,
    connect,
    create_if_missing,
    locked,
    migrate,
    own,
    translated,
)
from batch_engine.core.store import AttemptRow, BatchRow, ItemRow, RunStore, StepCounts, StepRef

__all__ = ["RunStatus", "SqliteRunStore"]

RunStatus = Literal["completed", "paused", "interrupted"]
Durability = Literal["process", "power"]

_KEYS_PER_QUERY = 500
_SYNCHRONOUS = {"process": "NORMAL", "power": "FULL"}
_PUT_ITEM = """
INSERT INTO item (step, key, name, status, data, error, attempts, position, run)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (step, key) DO UPDATE SET
    status = excluded.status, data = excluded.data, error = excluded.error,
    attempts = excluded.attempts, position = excluded.position, run = excluded.run
"""
_OPEN = """
SELECT open.key, open.number, coalesce(open.error, item.error, ''), coalesce(open.next_at, '')
FROM open_attempt AS open LEFT JOIN item ON item.step = open.step AND item.key = open.key
WHERE open.step = ? AND open.key IN ({})
"""
_PUT_OPEN = """
INSERT INTO open_attempt (step, key, number, error, next_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (step, key) DO UPDATE SET
    number = excluded.number, error = excluded.error, next_at = excluded.next_at
"""
_LATEST_RUNNING = (
    "SELECT pid, host, started FROM run WHERE status = 'running' ORDER BY id DESC LIMIT 1"
)
_COLUMNS = "key, name, status, data, error, attempts, position"


class SqliteRunStore:
    """The store of the run directory ``directory``, which is made if it is missing.

    One live owner at a time: a second one gets `StoreLockedError`, which names the first. When
    the former owner died, its lock is gone with it; `took_over` then describes it. With
    ``read_only=True`` nothing is locked or written, and a run can be watched while it works.

    Raises `StoreLockedError`, `StoreCorruptError`, `StoreReadOnlyError`, `StoreVersionError`.

    >>> with SqliteRunStore(tmp_path) as store:
    ...     result = run_batches([1, 2], each(double), step="double", store=store)
    """

    def __init__(
        self,
        directory: Path,
        *,
        durability: Durability = "process",
        read_only: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.path = Path(directory) / RUN_FILE
        self.took_over = ""
        self._read_only = read_only
        self._durability = durability
        self._now = now
        self._mutex = Lock()
        self._steps: dict[StepRef, int] = {}
        self._owned: sqlite3.Connection | None = None
        self._db: sqlite3.Connection | None = None
        self._run = 0
        try:
            with translated(self.path):
                if read_only:
                    self._open_for_reading()
                else:
                    self._open_for_writing(_SYNCHRONOUS[durability])
        except BaseException:
            self._close_files()
            raise

    # -- RunStore ---------------------------------------------------------------------------

    def begin_step(self, step: StepRef) -> StepCounts:
        """See `RunStore`."""
        with self._transaction() as db:
            self._make_step(db, step)
        return self.counts(step)

    def get_many(self, step: StepRef, keys: Sequence[str]) -> dict[str, ItemRow]:
        """See `RunStore`; about 4 microseconds per key that is found."""
        found: dict[str, ItemRow] = {}
        names = {key_bytes(key): key for key in keys}
        raw = list(names)
        with self._reading() as db:
            number = self._step_number(db, step)
            for start in range(0, len(raw), _KEYS_PER_QUERY):
                part = raw[start : start + _KEYS_PER_QUERY]
                marks = ",".join("?" * len(part))
                rows = db.execute(
                    f"SELECT {_COLUMNS} FROM item WHERE step = ? AND key IN ({marks})",
                    (number, *part),
                )
                for key, _, *columns in rows:
                    name = names[key]
                    found[name] = ItemRow(name, *columns)
        return found

    def put(
        self,
        step: StepRef,
        items: Sequence[ItemRow],
        *,
        attempts: Sequence[AttemptRow] = (),
        batch: BatchRow | None = None,
    ) -> None:
        """See `RunStore`."""
        with self._transaction() as db:
            number = self._step_number(db, step) or self._make_step(db, step)
            db.executemany(_PUT_ITEM, [self._columns(number, row) for row in items])
            _note_open(db, number, items, attempts)
            if attempts:
                db.executemany(
                    "INSERT INTO attempt (run, step, key, number, error) VALUES (?, ?, ?, ?, ?)",
                    [
                        (self._run, number, key_bytes(row.key), row.number, row.error)
                        for row in attempts
                    ],
                )
            if batch is not None:
                db.execute(
                    "INSERT INTO batch (run, step, number, size, ok, loaded, failed, elapsed_ms, "
                    "ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (self._run, number, batch.number, batch.size, batch.ok, batch.loaded,
                     batch.failed, batch.elapsed_ms, self._at()),
                )  # fmt: skip
            failpoint("mid_transaction")

    def open_attempts(self, step: StepRef, keys: Sequence[str]) -> dict[str, AttemptRow]:
        """See `RunStore`."""
        names = {key_bytes(key): key for key in keys}
        raw = list(names)
        found: dict[str, AttemptRow] = {}
        with self._reading() as db:
            number = self._step_number(db, step)
            for start in range(0, len(raw), _KEYS_PER_QUERY):
                part = raw[start : start + _KEYS_PER_QUERY]
                rows = db.execute(_OPEN.format(",".join("?" * len(part))), (number, *part))
                for key, *columns in rows:
                    found[names[key]] = AttemptRow(names[key], *columns)
        return found

    def finish_step(self, step: StepRef, *, keep_waiting: bool = False) -> None:
        """See `RunStore`."""
        with self._transaction() as db:
            db.execute(
                "DELETE FROM open_attempt WHERE step = ? AND (next_at IS NULL OR NOT ?)",
                (self._step_number(db, step), keep_waiting),
            )

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """See `RunStore`."""
        with self._transaction() as db:
            self._event(db, kind, data)

    def counts(self, step: StepRef) -> StepCounts:
        """See `RunStore`."""
        with self._reading() as db:
            number = self._step_number(db, step)
            rows = db.execute(
                "SELECT status, count(*) FROM item WHERE step = ? GROUP BY status "
                "UNION ALL SELECT 'waiting', count(*) FROM open_attempt "
                "WHERE step = ? AND next_at IS NOT NULL",
                (number, number),
            )
            return StepCounts(**dict(rows.fetchall()))

    def items(self, step: StepRef) -> Iterator[ItemRow]:
        """See `RunStore`."""
        with self._reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM item WHERE step = ? ORDER BY position, id",
                (self._step_number(db, step),),
            ).fetchall()
        return (ItemRow(_shown(key, name), *columns) for key, name, *columns in rows)

    def prune(self, step: StepRef, keep: Collection[str]) -> int:
        """See `RunStore`."""
        with self._transaction() as db:
            number = self._step_number(db, step)
            db.execute("CREATE TEMP TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY) WITHOUT ROWID")
            db.execute("DELETE FROM kept")
            db.executemany(
                "INSERT OR IGNORE INTO kept VALUES (?)", [(key_bytes(key),) for key in keep]
            )
            gone = db.execute(
                "DELETE FROM item WHERE step IN (SELECT id FROM step WHERE name = ?) "
                "AND (step <> ? OR key NOT IN (SELECT key FROM kept))",
                (step.name, number),
            ).rowcount
            db.execute("DELETE FROM step WHERE name = ? AND id <> ?", (step.name, number))
            for table in ("attempt", "open_attempt"):
                db.execute(
                    f"DELETE FROM {table} WHERE step NOT IN (SELECT id FROM step) "
                    "OR step = ? AND key NOT IN (SELECT key FROM kept)",
                    (number,),
                )
            if gone:
                self._event(db, "pruned", {"step": step.name, "items": gone})
        self._steps = {ref: number for ref, number in self._steps.items() if ref.name != step.name}
        return gone

    def attempts(self, step: StepRef) -> Iterator[AttemptRow]:
        """See `RunStore`."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT attempt.key, item.name, attempt.number, attempt.error FROM attempt "
                "LEFT JOIN item ON item.step = attempt.step AND item.key = attempt.key "
                "WHERE attempt.step = ? ORDER BY attempt.id",
                (self._step_number(db, step),),
            ).fetchall()
        return (AttemptRow(_shown(key, name), *columns) for key, name, *columns in rows)

    def reopener(self) -> Callable[[], RunStore | None] | None:
        """See `RunStore`: opens this store in a worker process of the same machine."""
        from batch_engine.core.sqlite_join import JoinRun

        directory = str(self.path.parent.absolute())
        return JoinRun(directory, socket.gethostname(), self._run, self._durability)

    def close(self, status: RunStatus = "completed") -> None:
        """See `RunStore`; ``status`` is how this run is remembered."""
        if self._db is not None and not self._read_only:
            with self._transaction() as db:
                db.execute(
                    "UPDATE run SET status = ?, ended = ? WHERE id = ?",
                    (status, self._at(), self._run),
                )
        self._close_files()

    # -- context manager --------------------------------------------------------------------

    def __enter__(self) -> Self:
        """The store itself; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes the store and remembers whether the block ended, paused or was interrupted."""
        if error is None:
            self.close()
            return
        try:
            self.close("paused" if isinstance(error, Pause) else "interrupted")
        except StoreError:
            self._close_files()  # the block's own error says more than that closing failed too

    # -- inside -----------------------------------------------------------------------------

    def _open_for_reading(self) -> None:
        if not self.path.exists():
            raise StoreReadOnlyError(
                f"there is no run store at {str(self.path)!r}",
                hint="name the directory of a run that was started before",
            )
        self._db = connect(self.path, read_only=True)

    def _open_for_writing(self, synchronous: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._owned = own(self.path.parent)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise locked(self.path, self._describe_owner()) from error
        create_if_missing(self.path)
        self._db = connect(self.path)
        migrate(self._db, self.path)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(f"PRAGMA synchronous={synchronous}")
        self._begin_run()

    def _begin_run(self) -> None:
        dead = self._dead_owner()
        if dead:
            # Before anything is written, so that a damaged file stays as it was found.
            self._check_whole_file()
        with self._transaction() as db:
            db.execute("UPDATE run SET status = 'interrupted' WHERE status = 'running'")
            cursor = db.execute(
                "INSERT INTO run (status, pid, host, started) VALUES ('running', ?, ?, ?)",
                (os.getpid(), socket.gethostname(), self._at()),
            )
            self._run = cursor.lastrowid or 0
            if dead:
                self._event(db, "taken_over", {"from": dead})
        self.took_over = dead

    def _dead_owner(self) -> str:
        """Who still counts as running; we hold the lock, so that process is gone."""
        with self._reading() as db:
            row = db.execute(_LATEST_RUNNING).fetchone()
        return _owner(*row) if row else ""

    def _check_whole_file(self) -> None:
        with self._reading() as db:
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            error = sqlite3.DatabaseError(verdict)
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error

    def _describe_owner(self) -> str:
        try:
            db = connect(self.path, read_only=True)
            try:
                row = db.execute(_LATEST_RUNNING).fetchone()
            finally:
                db.close()
        except sqlite3.Error:
            row = None  # the owner is only just making the file
        return _owner(*row) if row else "another process that has only just started"

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._mutex, translated(self.path):
            yield self._open_db()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._read_only:
            raise StoreReadOnlyError(
                f"the run store {str(self.path)!r} was opened for reading",
                hint="open it without read_only=True to change it",
            )
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _open_db(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreError(f"the run store {str(self.path)!r} is closed")
        return self._db

    def _step_number(self, db: sqlite3.Connection, step: StepRef) -> int:
        number = self._steps.get(step)
        if number is None:
            row = db.execute(
                "SELECT id FROM step WHERE name = ? AND fingerprint = ?",
                (step.name, step.fingerprint),
            ).fetchone()
            number = row[0] if row else 0
            if number:
                self._steps[step] = number
        return number

    def _make_step(self, db: sqlite3.Connection, step: StepRef) -> int:
        # Not remembered here: the transaction may still be rolled back.
        db.execute(
            "INSERT INTO step (name, fingerprint, first_run) VALUES (?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (step.name, step.fingerprint, self._run),
        )
        (number,) = db.execute(
            "SELECT id FROM step WHERE name = ? AND fingerprint = ?", (step.name, step.fingerprint)
        ).fetchone()
        return int(number)

    def _columns(self, step: int, row: ItemRow) -> tuple[object, ...]:
        return (step, *filed(row[0]), *row[1:], self._run)

    def _event(self, db: sqlite3.Connection, kind: str, data: Mapping[str, Any]) -> None:
        db.execute(
            "INSERT INTO event (run, at, kind, data) VALUES (?, ?, ?, ?)",
            (self._run, self._at(), kind, json.dumps(data, sort_keys=True)),
        )

    def _at(self) -> str:
        return self._now().isoformat(timespec="milliseconds")

    def _close_files(self) -> None:
        for connection in (self._db, self._owned):
            if connection is not None:
                connection.close()
        self._db = self._owned = None


def _note_open(
    db: sqlite3.Connection, step: int, items: Sequence[ItemRow], attempts: Sequence[AttemptRow]
) -> None:
    """Which items of these have no result yet or failed for good, until the step is finished."""
    # A result at the first attempt leaves nothing behind to take away.
    known = [row for row in items if row[4] > 1 or row[1] == "failed"]
    rows: list[tuple[object, ...]] = [
        (step, key_bytes(row.key), row.attempts, None, None)
        for row in known
        if row.status == "failed"
    ]
    rows += [
        (step, key_bytes(row.key), row.number, row.error, row.next_at or None) for row in attempts
    ]
    if rows:
        db.executemany(_PUT_OPEN, rows)
    late = [(step, key_bytes(row.key)) for row in known if row.status == "ok"]
    if late:
        db.executemany("DELETE FROM open_attempt WHERE step = ? AND key = ?", late)


def _owner(pid: int, host: str, started: str) -> str:
    return f"process {pid} on {host}, started {started}"


def _shown(key: bytes, name: str | bytes | None) -> str:
    if name is None:
        return key.hex() if len(key) == KEY_BYTES else key.decode("utf-8", "surrogatepass")
    return name.decode("utf-8", "surrogatepass") if isinstance(name, bytes) else name
