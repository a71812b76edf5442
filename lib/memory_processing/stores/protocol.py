"""What a store of memories can do: transactions, look-ups, rows in, merges, a journal.

One protocol, one contract test for all stores. What is stored:

* **memory**: one row per content hash with the record made of all its contributions. A member of
  a merge keeps its row and names its survivor; the survivor's row also holds the merged record.
* **contribution**: the records as they came, where one memory has several.
* **merge**, **review**, **decision**: who stands behind whom and why; open pairs; what people
  decided. **pending**: groups whose merges have to be looked at again.
* **run**, **journal**: imports and their batches. A journal row is written in the transaction
  of the rows that it speaks of, which is what makes a resumed run exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from memory_processing.clusters import Member, MergePair, ReviewPair, Verdict

__all__ = [
    "Contribution",
    "JournalRow",
    "MemoryRow",
    "MemoryStore",
    "MergeRow",
    "RunRow",
    "Stored",
]


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """One memory to be stored. ``contribution`` is the hash of the one record that it came from,
    and empty if there are several; ``data`` is the record as JSON."""

    content_hash: str
    id: str
    group_key: str
    text: str
    confidence: float
    created_at: str
    contribution: str
    data: str


class Stored(NamedTuple):
    """What a look-up by content hash finds."""

    content_hash: str
    contribution: str
    data: str


class Contribution(NamedTuple):
    """One of several records of a memory, as it came: its hash and its JSON."""

    content_hash: str
    contribution: str
    data: str


class MergeRow(NamedTuple):
    """A merge as it is stored: the pair, and what the merged record could not keep."""

    pair: MergePair
    conflicts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One finished batch of a run: records ``start`` to ``stop`` (0-based, end excluded) of the
    whole input, the digest of that slice, and what came of it. ``outcomes`` has one sign per
    record: ``c``\\ reated, ``s``\\ kipped, ``f``\\ ailed, ``.`` not reached. ``errors`` and
    ``quality`` are JSON."""

    run: str
    start: int
    stop: int
    digest: str
    outcomes: str
    status: str
    errors: str = "[]"
    quality: str = "{}"
    elapsed_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One import: what it reads under which settings (``key``), which one of that key it is,
    its status (running, interrupted,
    completed, stopped, rolled_back) and its owner."""

    run: str
    key: str
    number: int
    status: str
    owner: str
    started: str = ""
    ended: str = ""
    result: str = "{}"


class MemoryStore(Protocol):
    """A database of memories. Used by one thread at a time.

    Writing happens between `begin` and `commit`; `begin` waits for other writers. Errors of the
    data are `DatabaseError` (the open savepoint is lost, nothing else); a lost server is a
    `ConnectionLostError`; a database that cannot be used is a `MemoryStoreError`.
    """

    @property
    def name(self) -> str:
        """Which database it is: "sqlite" or "postgresql"."""
        ...

    # -- transactions -----------------------------------------------------------------------

    def begin(self) -> None:
        """Starts a transaction as the only writer."""
        ...

    def commit(self) -> None:
        """Makes everything since `begin` lasting and visible."""
        ...

    def rollback(self) -> None:
        """Takes back everything since `begin`; without a transaction it does nothing."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """A block that leaves no trace if an exception leaves it."""
        ...

    def reconnect(self) -> None:
        """A new connection in place of a lost one; an open transaction is gone."""
        ...

    def close(self) -> None:
        """Closes the connection; twice is fine."""
        ...

    # -- memories ---------------------------------------------------------------------------

    def find_hashes(self, hashes: Sequence[str]) -> dict[str, Stored]:
        """What is stored under these content hashes."""
        ...

    def names(self, start: str) -> list[str]:
        """The content hashes that begin like this (lower-case hex digits), sorted, at most 10."""
        ...

    def insert_many(self, rows: Sequence[MemoryRow]) -> None:
        """Stores new memories, all or (with the savepoint around it) none."""
        ...

    def update_many(self, rows: Sequence[MemoryRow]) -> None:
        """Replaces the record of memories that are stored."""
        ...

    def contributions(self, hashes: Sequence[str]) -> dict[str, list[Contribution]]:
        """The several records of each of these memories, by hash; in order."""
        ...

    def add_contributions(self, rows: Sequence[Contribution]) -> None:
        """Stores records of memories that have several; replaces one of the same hash."""
        ...

    def memories(self, *, members: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
        """Content hash and record of every memory, by hash; merged ones stand for their members.

        With ``members`` every row with its own record, merged or not.
        """
        ...

    # -- groups and merges ------------------------------------------------------------------

    def touch(self, groups: Iterable[str]) -> None:
        """Notes that the merges of these groups have to be looked at again."""
        ...

    def pending(self) -> dict[str, int]:
        """The groups to look at, each with the number of changes so far."""
        ...

    def changes(self, group_key: str) -> int | None:
        """The number of changes of one pending group; None if it is not pending."""
        ...

    def group(self, group_key: str) -> list[Member]:
        """All memories of a group, members of merges included."""
        ...

    def merges(self, group_key: str) -> list[MergeRow]:
        """The merges of a group, by member."""
        ...

    def merge_origins(self) -> Iterator[str]:
        """For each merge who decided it: "similarity" or "review"."""
        ...

    def decisions(self, group_key: str) -> dict[tuple[str, str], Verdict]:
        """What people decided about pairs of a group."""
        ...

    def merge(
        self,
        group_key: str,
        *,
        merges: Sequence[MergeRow],
        merged: Mapping[str, str],
        reviews: Sequence[ReviewPair],
    ) -> None:
        """Replaces merges and open pairs of a group; ``merged`` has the record of every survivor
        as JSON. The group is no longer pending."""
        ...

    def decide(self, first: str, second: str, verdict: Verdict) -> None:
        """Stores what a person decided about a pair of content hashes."""
        ...

    def reviews(self) -> Iterator[ReviewPair]:
        """All open pairs, by hash."""
        ...

    # -- runs -------------------------------------------------------------------------------

    def put_run(self, row: RunRow) -> None:
        """Stores a run, or what became of it."""
        ...

    def runs(self, key: str | None = None) -> list[RunRow]:
        """The runs (of a key), by number."""
        ...

    def journal(self, row: JournalRow) -> None:
        """Stores a batch; one of the same run and start is replaced."""
        ...

    def unjournal(self, run: str, start: int) -> None:
        """Forgets the batches of a run from a start on: their input is not what it was."""
        ...

    def journal_rows(self, run: str) -> list[JournalRow]:
        """The batches of a run, by start."""
        ...

    # -- the whole --------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """How many rows each table of memories has."""
        ...

    def dump(self) -> Iterator[str]:
        """All stored data but runs and journal, one line of JSON per row, sorted: equal texts
        for equal content, whatever the database, the batches or the order of arrival."""
        ...
