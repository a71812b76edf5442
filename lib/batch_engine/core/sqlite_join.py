"""The run store as a worker process sees it: same file, the owner's run, no lock of its own."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

from batch_engine.core.errors import StoreLockedError
from batch_engine.core.sqlite_file import connect
from batch_engine.core.sqlite_store import SqliteRunStore
from batch_engine.core.store import RunStore

__all__ = ["JoinRun", "JoinedRunStore"]

Durability = Literal["process", "power"]


class JoinedRunStore(SqliteRunStore):
    """Writes into the run of another process, as long as that run goes on.

    Each transaction looks first whether the run is still the owner's: a worker that outlived a
    killed owner is refused as soon as the next owner has begun (`StoreLockedError`).
    """

    def __init__(self, directory: Path, run: int, durability: Durability) -> None:
        self._joined = run
        super().__init__(directory, durability=durability)

    def close(self, status: str = "completed") -> None:
        """Lets go of the file; the run's end is told by its owner."""
        self._close_files()

    def _open_for_writing(self, synchronous: str) -> None:
        if not self.path.exists():
            raise sqlite3.OperationalError(f"{str(self.path)!r} is gone")
        self._db = connect(self.path)
        self._db.execute(f"PRAGMA synchronous={synchronous}")
        self._run = self._joined

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with super()._transaction() as db:
            row = db.execute("SELECT status FROM run WHERE id = ?", (self._joined,)).fetchone()
            if row is None or row[0] != "running":
                raise StoreLockedError(
                    f"run {self._joined} in {str(self.path.parent)!r} is over: another process "
                    "has taken it over",
                    hint="nothing has to be done: the new owner runs what was not stored",
                )
            yield db


@dataclass(frozen=True, slots=True)
class JoinRun:
    """Opens a run's store in another process; picklable. None where the file is out of reach."""

    directory: str
    host: str
    run: int
    durability: Durability

    def __call__(self) -> RunStore | None:
        """The store of this process for the run: opened once, then kept."""
        if socket.gethostname() != self.host or not Path(self.directory).is_dir():
            return None
        with _opening:
            kept = _kept.get((os.getpid(), self))
            if kept is None:
                kept = JoinedRunStore(Path(self.directory), self.run, self.durability)
                for other in _kept.values():
                    other.close()
                _kept.clear()
                _kept[os.getpid(), self] = kept
            return kept


_opening = Lock()
_kept: dict[tuple[int, JoinRun], JoinedRunStore] = {}
