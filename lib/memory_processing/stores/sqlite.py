"""Memories in one SQLite file: the default, by the standard library alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from batch_engine.core import DatabaseBusyError, DatabaseError
from memory_processing.errors import HINTS, MemoryStoreError
from memory_processing.stores.sql import SqlStore

__all__ = ["SqliteMemoryStore"]

_BUSY_S = 60.0
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNWRITABLE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})
_UNUSABLE = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_FORMAT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    }
)


class SqliteMemoryStore(SqlStore):
    """A store in the file ``path``, made if it is not there.

    Write-ahead mode: readers are never kept waiting, writers wait for each other (up to a
    minute). What is committed survives the death of the process; a power cut may cost the last
    transactions, never the file (``synchronous=NORMAL``). With ``read_only`` nothing is written,
    and neither the file nor its folder has to be writable.

    >>> with SqliteMemoryStore(path) as store:
    ...     import_memories([source], store)
    """

    name = "sqlite"

    def __init__(self, path: Path | str, *, read_only: bool = False) -> None:
        self.path = Path(path)
        self._read_only = read_only
        self._db = self._connect()
        self._settle(read_only=read_only)

    def begin(self) -> None:
        """See `MemoryStore.begin`."""
        self._run("BEGIN IMMEDIATE")

    def rollback(self) -> None:
        """See `MemoryStore.rollback`."""
        if self._db.in_transaction:
            self._run("ROLLBACK")

    def reconnect(self) -> None:
        """See `MemoryStore.reconnect`."""
        self.close()
        self._db = self._connect()

    def close(self) -> None:
        """See `MemoryStore.close`."""
        self._db.close()

    def _connect(self) -> sqlite3.Connection:
        with self._translated():
            if self._read_only:
                return self._connect_to_read()
            db = sqlite3.connect(
                self.path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False
            )
            try:
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=NORMAL")
                db.execute("PRAGMA foreign_keys=ON")
            except BaseException:
                db.close()
                raise
            return db

    def _connect_to_read(self) -> sqlite3.Connection:
        """In a folder that cannot be written SQLite has no place for what readers share. Without
        changes in a write-ahead file there is nothing to share, and the file is read as one that
        stays as it is."""
        try:
            return self._reading("rw")  # with the rights that there are; leaves no files behind
        except sqlite3.OperationalError as error:
            ahead = self.path.with_name(f"{self.path.name}-wal")
            unwritable = error.sqlite_errorcode & 0xFF in _UNWRITABLE
            if not unwritable or (ahead.exists() and ahead.stat().st_size):
                raise
        return self._reading("ro&immutable=1")

    def _reading(self, mode: str) -> sqlite3.Connection:
        db = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=_BUSY_S,
            check_same_thread=False,
        )
        try:
            db.execute("PRAGMA query_only=ON")
            db.execute("SELECT count(*) FROM sqlite_master")
        except BaseException:
            db.close()
            raise
        return db

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        with self._translated():
            yield from self._db.execute(sql, values)

    def _run(self, sql: str, values: Sequence[Any] = ()) -> None:
        with self._translated():
            self._db.execute(sql, values)

    def _run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._translated():
            self._db.executemany(sql, rows)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _error(self, error: sqlite3.Error) -> Exception:
        primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary in _BUSY:
            return DatabaseBusyError(
                f"another program is writing to {self.path.name!r}: {error}",
                hint="wait until it is done and import again: what is stored is skipped",
            )
        if primary in _UNUSABLE or isinstance(error, sqlite3.ProgrammingError):
            return MemoryStoreError(
                f"the memory store {self.path.name!r} cannot be used: {error}",
                hint="check that the folder exists, can be written and has space, and that the"
                " file is a memory store; nothing that was confirmed is lost",
            )
        return DatabaseError(f"the database refused: {error}", hint=HINTS["database"])
