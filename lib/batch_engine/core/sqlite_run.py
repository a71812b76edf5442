"""One process's run in a store file: owner of its directory, transactions, how it ended."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Literal, Self

from batch_engine.core.errors import Pause, StoreError, StoreReadOnlyError
from batch_engine.core.sqlite_file import (
    RUN_FILE,
    connect,
    create_if_missing,
    is_owned,
    locked,
    migrate,
    own,
    translated,
)

__all__ = ["Durability", "RunStatus", "SqliteRun"]

RunStatus = Literal["completed", "paused", "interrupted"]
Durability = Literal["process", "power"]

_SYNCHRONOUS = {"process": "NORMAL", "power": "FULL"}
_LATEST_RUNNING = (
    "SELECT pid, host, started FROM run WHERE status = 'running' ORDER BY id DESC LIMIT 1"
)


class SqliteRun:
    """An open store file and the row of this process in its table ``run``; see `SqliteRunStore`,
    which adds the steps and items."""

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
        self._translated = translated(self.path)
        self._owned: sqlite3.Connection | None = None
        self._db: sqlite3.Connection | None = None
        self._run = 0
        try:
            with self._translated:
                if read_only:
                    self._open_for_reading()
                else:
                    self._open_for_writing(_SYNCHRONOUS[durability])
        except BaseException:
            self._close_files()
            raise

    def close(self, status: RunStatus = "completed") -> None:
        """See `RunStore`; ``status`` is how this run is remembered."""
        if self._db is not None and not self._read_only:
            with self._transaction() as db:
                db.execute(
                    "UPDATE run SET status = ?, ended = ? WHERE id = ?",
                    (status, self._at(), self._run),
                )
        self._close_files()

    @staticmethod
    def is_in_use(directory: Path) -> bool:
        """Whether a live process, this one included, works in the run directory now."""
        return is_owned(Path(directory))

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
        with self._mutex, self._translated:
            yield self._open_db()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._read_only:
            raise StoreReadOnlyError(
                f"the run store {str(self.path)!r} was opened for reading",
                hint="open it without read_only=True to change it",
            )
        with self._mutex, self._translated:
            db = self._open_db()
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


def _owner(pid: int, host: str, started: str) -> str:
    return f"process {pid} on {host}, started {started}"
