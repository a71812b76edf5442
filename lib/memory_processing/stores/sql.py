"""What the stores have in common: the statements, written once, with ``?`` for values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from types import TracebackType
from typing import Any, Self

from batch_engine.core import DatabaseBusyError, DatabaseError, StoreVersionError
from memory_processing.clusters import Member, MergePair, ReviewPair, Verdict
from memory_processing.errors import ConnectionLostError, MemoryStoreError
from memory_processing.stores.protocol import (
    Contribution,
    JournalRow,
    MemoryRow,
    MergeRow,
    RunRow,
    Stored,
)
from memory_processing.stores.schema import MIGRATIONS, STORE_VERSION

__all__ = ["SqlStore"]

_PART = 500
_MEMORY = "content_hash, id, group_key, text, confidence, created_at, contribution, data"
_TABLES = ("memory", "contribution", "merge", "review", "decision", "pending")
_DUMPED: Mapping[str, str] = {
    "memory": "content_hash, id, group_key, confidence, created_at, contribution, survivor, data,"
    " merged",
    "contribution": "content_hash, contribution, data",
    "merge": "member, survivor, group_key, similarity, decided_by, conflicts",
    "review": "first, second, group_key, similarity, reasons",
    "decision": "first, second, verdict",
    "pending": "group_key",
}


class SqlStore:
    """The `MemoryStore` protocol over three primitives that a database's own class gives:
    `_rows`, `_run` and `_run_many`, which translate that database's errors."""

    name = "sql"

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        raise NotImplementedError

    def _run(self, sql: str, values: Sequence[Any] = ()) -> None:
        raise NotImplementedError

    def _run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        raise NotImplementedError

    def begin(self) -> None:
        """See `MemoryStore.begin`."""
        raise NotImplementedError

    def close(self) -> None:
        """See `MemoryStore.close`."""
        raise NotImplementedError

    # -- opening and closing ----------------------------------------------------------------

    def __enter__(self) -> Self:
        """The store itself; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """See `close`."""
        self.close()

    def _settle(self, *, read_only: bool) -> None:
        """The end of opening: tables of the current version, or no connection."""
        try:
            if read_only:
                self._require_version()
            else:
                self._migrate()
        except BaseException:
            self.close()
            raise

    # -- transactions -----------------------------------------------------------------------

    def commit(self) -> None:
        """See `MemoryStore.commit`."""
        self._run("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """See `MemoryStore.savepoint`."""
        self._run("SAVEPOINT part")
        try:
            yield
        except ConnectionLostError:
            raise
        except BaseException:
            self._run("ROLLBACK TO SAVEPOINT part")
            self._run("RELEASE SAVEPOINT part")
            raise
        self._run("RELEASE SAVEPOINT part")

    def _migrate(self) -> None:
        """Brings the tables to the current version in one transaction, as the only writer.

        A store of the current version is not written to, so opening one never waits.
        """
        if self._version() == STORE_VERSION:
            return
        self.begin()
        self._run("CREATE TABLE IF NOT EXISTS memory_schema (version INTEGER NOT NULL)")
        version = next((row[0] for row in self._rows("SELECT version FROM memory_schema")), 0)
        if version > STORE_VERSION:
            raise StoreVersionError(
                f"the memory store has format {version}, this program knows formats up to "
                f"{STORE_VERSION}",
                hint="update the program, or use another store",
            )
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                self._run(statement)
        if version < STORE_VERSION:
            self._run("DELETE FROM memory_schema")
            self._run("INSERT INTO memory_schema VALUES (?)", (STORE_VERSION,))
        self.commit()

    def _require_version(self) -> None:
        """For those who only read: refuses what would have to be made or migrated first."""
        version = self._version()
        if version == 0:
            raise MemoryStoreError(
                "this is no memory store, or one that nothing was imported into yet",
                hint="check the place, or import something first",
            )
        if version != STORE_VERSION:
            raise StoreVersionError(
                f"the memory store has format {version}, this program reads format {STORE_VERSION}",
                hint="update the program"
                if version > STORE_VERSION
                else "import into it once, which migrates it",
            )

    def _version(self) -> int:
        try:
            return int(next(self._rows("SELECT version FROM memory_schema"), (0,))[0])
        except DatabaseBusyError:
            raise
        except DatabaseError:  # there is no such table yet
            return 0

    # -- memories ---------------------------------------------------------------------------

    def find_hashes(self, hashes: Sequence[str]) -> dict[str, Stored]:
        """See `MemoryStore.find_hashes`."""
        sql = "SELECT content_hash, contribution, data FROM memory WHERE content_hash IN"
        return {row[0]: Stored(*row) for row in self._rows_in(sql, hashes)}

    def names(self, start: str) -> list[str]:
        """See `MemoryStore.names`."""
        sql = "SELECT content_hash FROM memory WHERE content_hash LIKE ? ORDER BY content_hash"
        return [row[0] for row in self._rows(f"{sql} LIMIT 10", (f"{start}%",))]

    def insert_many(self, rows: Sequence[MemoryRow]) -> None:
        """See `MemoryStore.insert_many`."""
        self._run_many(
            f"INSERT INTO memory ({_MEMORY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _values(rows)
        )

    def update_many(self, rows: Sequence[MemoryRow]) -> None:
        """See `MemoryStore.update_many`."""
        self._run_many(
            "UPDATE memory SET text = ?, confidence = ?, created_at = ?, contribution = ?, data = ?"
            " WHERE content_hash = ?",
            [(*_values((row,))[0][3:], row.content_hash) for row in rows],
        )

    def contributions(self, hashes: Sequence[str]) -> dict[str, list[Contribution]]:
        """See `MemoryStore.contributions`."""
        sql = "SELECT content_hash, contribution, data FROM contribution WHERE content_hash IN"
        found: dict[str, list[Contribution]] = {}
        for row in sorted(Contribution(*row) for row in self._rows_in(sql, hashes)):
            found.setdefault(row.content_hash, []).append(row)
        return found

    def add_contributions(self, rows: Sequence[Contribution]) -> None:
        """See `MemoryStore.add_contributions`."""
        self._run_many(
            "INSERT INTO contribution (content_hash, contribution, data) VALUES (?, ?, ?)"
            " ON CONFLICT (content_hash, contribution) DO UPDATE SET data = excluded.data",
            rows,
        )

    def memories(self, *, members: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
        """See `MemoryStore.memories`."""
        shown = (
            "SELECT content_hash, data FROM memory"
            if members
            else "SELECT content_hash, COALESCE(merged, data) FROM memory WHERE survivor IS NULL"
        )
        for content, data in self._rows(f"{shown} ORDER BY content_hash"):
            yield content, json.loads(data)

    # -- groups and merges ------------------------------------------------------------------

    def touch(self, groups: Iterable[str]) -> None:
        """See `MemoryStore.touch`."""
        self._run_many(
            "INSERT INTO pending (group_key, changes) VALUES (?, 1)"
            " ON CONFLICT (group_key) DO UPDATE SET changes = pending.changes + 1",
            [(group,) for group in sorted(set(groups))],
        )

    def pending(self) -> dict[str, int]:
        """See `MemoryStore.pending`."""
        return dict(sorted(self._rows("SELECT group_key, changes FROM pending")))

    def changes(self, group_key: str) -> int | None:
        """See `MemoryStore.changes`."""
        sql = "SELECT changes FROM pending WHERE group_key = ?"
        return next((int(row[0]) for row in self._rows(sql, (group_key,))), None)

    def group(self, group_key: str) -> list[Member]:
        """See `MemoryStore.group`."""
        sql = "SELECT content_hash, text, confidence, created_at FROM memory WHERE group_key = ?"
        return [Member(*row) for row in self._rows(sql, (group_key,))]

    def merges(self, group_key: str) -> list[MergeRow]:
        """See `MemoryStore.merges`."""
        sql = (
            "SELECT member, survivor, similarity, decided_by, conflicts FROM merge"
            " WHERE group_key = ? ORDER BY member"
        )
        return [MergeRow(MergePair(*row[:4]), row[4]) for row in self._rows(sql, (group_key,))]

    def merge_origins(self) -> Iterator[str]:
        """See `MemoryStore.merge_origins`."""
        for row in self._rows("SELECT decided_by FROM merge ORDER BY member"):
            yield row[0]

    def decisions(self, group_key: str) -> dict[tuple[str, str], Verdict]:
        """See `MemoryStore.decisions`."""
        sql = (
            "SELECT first, second, verdict FROM decision JOIN memory ON content_hash = first"
            " WHERE group_key = ?"
        )
        return {(row[0], row[1]): row[2] for row in sorted(self._rows(sql, (group_key,)))}

    def merge(
        self,
        group_key: str,
        *,
        merges: Sequence[MergeRow],
        merged: Mapping[str, str],
        reviews: Sequence[ReviewPair],
    ) -> None:
        """See `MemoryStore.merge`."""
        of_group = (group_key,)
        self._run(
            "UPDATE memory SET survivor = NULL, merged = NULL WHERE group_key = ?"
            " AND (survivor IS NOT NULL OR merged IS NOT NULL)",
            of_group,
        )
        self._run("DELETE FROM merge WHERE group_key = ?", of_group)
        self._run("DELETE FROM review WHERE group_key = ?", of_group)
        self._run_many(
            "INSERT INTO merge (member, survivor, group_key, similarity, decided_by, conflicts)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (pair.member, pair.survivor, group_key, pair.similarity, pair.by, conflicts)
                for pair, conflicts in merges
            ],
        )
        self._run_many(
            "UPDATE memory SET survivor = ? WHERE content_hash = ?",
            [(pair.survivor, pair.member) for pair, _ in merges],
        )
        self._run_many(
            "UPDATE memory SET merged = ? WHERE content_hash = ?",
            [(data, content) for content, data in sorted(merged.items())],
        )
        self._run_many(
            "INSERT INTO review (first, second, group_key, similarity, reasons)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (pair.first, pair.second, group_key, pair.similarity, json.dumps(pair.reasons))
                for pair in reviews
            ],
        )
        self._run("DELETE FROM pending WHERE group_key = ?", of_group)

    def decide(self, first: str, second: str, verdict: Verdict) -> None:
        """See `MemoryStore.decide`."""
        self._run(
            "INSERT INTO decision (first, second, verdict) VALUES (?, ?, ?)"
            " ON CONFLICT (first, second) DO UPDATE SET verdict = excluded.verdict",
            (*sorted((first, second)), verdict),
        )

    def reviews(self) -> Iterator[ReviewPair]:
        """See `MemoryStore.reviews`."""
        sql = "SELECT first, second, similarity, reasons FROM review"
        for row in sorted(self._rows(sql)):
            yield ReviewPair(row[0], row[1], row[2], tuple(json.loads(row[3])))

    # -- runs -------------------------------------------------------------------------------

    def put_run(self, row: RunRow) -> None:
        """See `MemoryStore.put_run`."""
        self._run(
            "INSERT INTO run (run, key, number, status, owner, started, ended, result)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET"
            " status = excluded.status, owner = excluded.owner, ended = excluded.ended,"
            " result = excluded.result",
            (
                row.run,
                row.key,
                row.number,
                row.status,
                row.owner,
                row.started,
                row.ended,
                row.result,
            ),
        )

    def runs(self, key: str | None = None) -> list[RunRow]:
        """See `MemoryStore.runs`."""
        columns = "run, key, number, status, owner, started, ended, result"
        where, values = ("", ()) if key is None else (" WHERE key = ?", (key,))
        found = self._rows(f"SELECT {columns} FROM run{where}", values)
        names = columns.split(", ")
        rows = [RunRow(**dict(zip(names, row, strict=True))) for row in found]
        return sorted(rows, key=lambda row: (row.started, row.number, row.run))

    def journal(self, row: JournalRow) -> None:
        """See `MemoryStore.journal`."""
        self._run(
            "INSERT INTO journal (run, start, stop, digest, outcomes, status, errors, quality,"
            " elapsed_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (run, start) DO UPDATE SET stop = excluded.stop,"
            " digest = excluded.digest, outcomes = excluded.outcomes, status = excluded.status,"
            " errors = excluded.errors, quality = excluded.quality,"
            " elapsed_ms = excluded.elapsed_ms",
            (
                row.run,
                row.start,
                row.stop,
                row.digest,
                row.outcomes,
                row.status,
                row.errors,
                row.quality,
                row.elapsed_ms,
            ),
        )

    def unjournal(self, run: str, start: int) -> None:
        """See `MemoryStore.unjournal`."""
        self._run("DELETE FROM journal WHERE run = ? AND start >= ?", (run, start))

    def journal_rows(self, run: str) -> list[JournalRow]:
        """See `MemoryStore.journal_rows`."""
        columns = "run, start, stop, digest, outcomes, status, errors, quality, elapsed_ms"
        names = columns.split(", ")
        sql = f"SELECT {columns} FROM journal WHERE run = ? ORDER BY start"
        return [JournalRow(**dict(zip(names, row, strict=True))) for row in self._rows(sql, (run,))]

    # -- the whole --------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """See `MemoryStore.counts`."""
        found = {
            table: int(next(self._rows(f"SELECT COUNT(*) FROM {table}"))[0]) for table in _TABLES
        }
        hidden = next(self._rows("SELECT COUNT(*) FROM memory WHERE survivor IS NOT NULL"))[0]
        return {**found, "current": found["memory"] - int(hidden)}

    def dump(self) -> Iterator[str]:
        """See `MemoryStore.dump`."""
        for table, columns in _DUMPED.items():
            rows = self._rows(f"SELECT {columns} FROM {table}")
            yield from sorted(json.dumps([table, *row]) for row in rows)

    def _rows_in(self, sql: str, hashes: Sequence[str]) -> Iterator[Any]:
        source = iter(dict.fromkeys(hashes))
        while part := tuple(islice(source, _PART)):
            yield from self._rows(f"{sql} ({', '.join('?' * len(part))})", part)


def _values(rows: Iterable[MemoryRow]) -> list[tuple[Any, ...]]:
    return [
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
        for row in rows
    ]
