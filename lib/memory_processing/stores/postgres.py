"""Memories in a PostgreSQL database, by psycopg 3 (``pip install 'template-create[postgres]'``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql as names

from batch_engine.core import DatabaseBusyError, DatabaseError
from memory_processing.errors import HINTS, ConnectionLostError, MemoryStoreError
from memory_processing.stores.protocol import MemoryRow
from memory_processing.stores.sql import SqlStore

__all__ = ["PostgresMemoryStore"]

_COLUMNS = "content_hash, id, group_key, text, confidence, created_at, contribution, data"
_BUSY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.QueryCanceled,
)
_UNUSABLE = (
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.DiskFull,
    psycopg.errors.InvalidCatalogName,
    psycopg.errors.ReadOnlySqlTransaction,
)


class PostgresMemoryStore(SqlStore):
    """A store in the schema ``schema`` of the database at ``dsn``; the schema is made if it is
    not there, and may hold nothing else.

    Writers take turns by an advisory lock that ends with the transaction, so that a store gives
    the same guarantees as one in SQLite. With ``read_only`` nothing is written, and the user needs
    no more than the right to read.
    """

    name = "postgresql"

    def __init__(self, dsn: str, *, schema: str = "memories", read_only: bool = False) -> None:
        self._dsn = dsn
        self._schema = schema
        self._read_only = read_only
        self._db = self._connect()
        self._settle(read_only=read_only)

    def begin(self) -> None:
        """See `MemoryStore.begin`."""
        self._run("BEGIN")
        self._run("SELECT pg_advisory_xact_lock(hashtext(?))", (f"memories:{self._schema}",))

    def rollback(self) -> None:
        """See `MemoryStore.rollback`."""
        if not self._db.closed and self._db.info.transaction_status != 0:
            self._run("ROLLBACK")

    def reconnect(self) -> None:
        """See `MemoryStore.reconnect`."""
        self.close()
        self._db = self._connect()

    def close(self) -> None:
        """See `MemoryStore.close`."""
        self._db.close()

    def insert_many(self, rows: Sequence[MemoryRow]) -> None:
        """See `MemoryStore.insert_many`: COPY into a temporary table, then one INSERT."""
        with self._translated():
            self._db.execute(
                "CREATE TEMPORARY TABLE IF NOT EXISTS incoming (content_hash text, id text,"
                " group_key text, text text, confidence double precision, created_at text,"
                " contribution text, data text) ON COMMIT DELETE ROWS"
            )
            with self._db.cursor() as cursor:
                with cursor.copy(f"COPY incoming ({_COLUMNS}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(
                            (
                                row.content_hash,
                                row.id,
                                row.group_key,
                                row.text,
                                row.confidence,
                                row.created_at,
                                row.contribution,
                                row.data,
                            )
                        )
                cursor.execute(
                    f"INSERT INTO memory ({_COLUMNS}) SELECT {_COLUMNS} FROM incoming"
                    " ON CONFLICT (content_hash) DO NOTHING"
                )
                stored = cursor.rowcount
                cursor.execute("TRUNCATE incoming")
        if stored != len(rows):
            raise DatabaseError(
                f"{len(rows) - stored} of {len(rows)} rows were stored already",
                hint=HINTS["database"],
            )

    def _connect(self) -> psycopg.Connection[Any]:
        try:
            db = psycopg.connect(self._dsn, autocommit=True)
        except psycopg.Error as error:
            raise ConnectionLostError(
                f"cannot connect to the database server: {str(error).strip()}",
                hint="check that the server runs and the address is right",
            ) from error
        try:
            with self._translated():
                schema = names.Identifier(self._schema)
                db.execute("SET client_min_messages = warning")
                if self._read_only:
                    db.execute("SET default_transaction_read_only = on")
                else:  # two that come first at the same time would both try to make it
                    with db.transaction():
                        db.execute("SELECT pg_advisory_xact_lock(hashtext('memories'))")
                        db.execute(names.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
                db.execute(names.SQL("SET search_path TO {}, pg_temp").format(schema))
        except BaseException:
            db.close()
            raise
        return db

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        with self._translated():
            rows = self._db.execute(_placed(sql), values).fetchall()
        yield from rows

    def _run(self, sql: str, values: Sequence[Any] = ()) -> None:
        with self._translated():
            self._db.execute(_placed(sql), values)

    def _run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        listed = list(rows)
        if listed:
            with self._translated(), self._db.cursor() as cursor:
                cursor.executemany(_placed(sql), listed)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise self._error(error) from error

    def _error(self, error: psycopg.Error) -> Exception:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if self._is_lost(error):
            return ConnectionLostError(
                f"the connection to the database was lost: {said}",
                hint="check the server, then import again: the run goes on where it was",
            )
        if isinstance(error, _BUSY):
            return DatabaseBusyError(f"the database is busy: {said}", hint="import again later")
        if isinstance(error, _UNUSABLE):
            return MemoryStoreError(
                f"the memory store cannot be used: {said}",
                hint="check the rights of the database user and the space of the server",
            )
        return DatabaseError(f"the database refused: {said}", hint=HINTS["database"])

    def _is_lost(self, error: psycopg.Error) -> bool:
        state = error.sqlstate or ""
        db = getattr(self, "_db", None)
        return (
            state.startswith(("08", "57P"))
            or (db is not None and bool(db.closed or db.broken))
            or (isinstance(error, psycopg.OperationalError) and not state)
        )


def _placed(sql: str) -> Any:
    return sql.replace("?", "%s")
