"""The durable run store: one SQLite file per run directory (see docs/engine.md).

Write-ahead log; one short transaction per chunk. With ``durability="process"`` (the default,
``synchronous=NORMAL``) everything that `SqliteRunStore.put` confirmed survives the death of the
process, SIGKILL included; a power cut may cost the last moments, never the file. With
``durability="power"`` (``synchronous=FULL``) it survives that too, for one disk flush per chunk.
"""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batch_engine.core.failpoints import failpoint
from batch_engine.core.keys import KEY_BYTES, filed, key_bytes
from batch_engine.core.sqlite_run import Durability, RunStatus, SqliteRun
from batch_engine.core.store import AttemptRow, BatchRow, ItemRow, RunStore, StepCounts, StepRef

__all__ = ["RunStatus", "SqliteRunStore"]

_KEYS_PER_QUERY = 500
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
_COLUMNS = "key, name, status, data, error, attempts, position"


class SqliteRunStore(SqliteRun):
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
        self._steps: dict[StepRef, int] = {}
        super().__init__(directory, durability=durability, read_only=read_only, now=now)

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
            run = self._run
            rows = (
                (number, *filed(key), status, data, error, count, position, run)
                for key, status, data, error, count, position in items
            )
            db.executemany(_PUT_ITEM, rows)
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

    def steps(self) -> tuple[StepRef, ...]:
        """Every step that was begun here, in the order of their first beginning."""
        with self._reading() as db:
            rows = db.execute("SELECT name, fingerprint FROM step ORDER BY id").fetchall()
        return tuple(StepRef(*row) for row in rows)

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


def _shown(key: bytes, name: str | bytes | None) -> str:
    if name is None:
        return key.hex() if len(key) == KEY_BYTES else key.decode("utf-8", "surrogatepass")
    return name.decode("utf-8", "surrogatepass") if isinstance(name, bytes) else name
