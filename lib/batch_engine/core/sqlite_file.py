"""Opening a run store's file: lock, creation, migrations, and errors with a way out.

The lock is an exclusive transaction on a second, empty SQLite file (``run.lock``), held open as
long as the owner works. The operating system drops it when the process dies, however it dies,
so there is no stale lock to break; readers of the store itself are not kept out.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import TracebackType

from batch_engine.core.errors import (
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreReadOnlyError,
    StoreVersionError,
)
from batch_engine.core.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION

__all__ = [
    "LOCK_FILE",
    "RUN_FILE",
    "connect",
    "create_if_missing",
    "is_owned",
    "migrate",
    "own",
    "translated",
]

RUN_FILE = "run.sqlite3"
LOCK_FILE = "run.lock"

_BUSY_MS = 10_000
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_TOOBIG})
_READ_ONLY = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
)


class translated:  # noqa: N801 - used as the verb it is
    """Turns SQLite's errors about the file at ``path``, raised in its block, into `StoreError`
    with a way out. One serves all blocks: a generator would be dearer than a small look-up."""

    __slots__ = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        """Begins a block."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Raises the translation of the block's error, if it is one of SQLite or of the system."""
        if isinstance(error, sqlite3.Error):
            raise _store_error(error, self.path) from error
        if isinstance(error, OSError):
            raise StoreReadOnlyError(
                f"cannot use the run directory {str(self.path.parent)!r}: {error}",
                hint="choose a folder that you can write to",
            ) from error


def own(directory: Path) -> sqlite3.Connection:
    """Takes the lock of a run directory; it is held until the connection is closed.

    Raises ``sqlite3.OperationalError`` (busy) if another live process, or another store of this
    process, holds it.
    """
    lock = sqlite3.connect(
        directory / LOCK_FILE, isolation_level=None, timeout=0, check_same_thread=False
    )
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except BaseException:
        lock.close()
        raise
    return lock


def is_owned(directory: Path) -> bool:
    """Whether a live process holds the lock of a run directory; it is looked at, never taken."""
    path = directory / LOCK_FILE
    if not path.is_file():
        return False
    lock = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0)
    try:
        lock.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    finally:
        lock.close()
    return False


def create_if_missing(path: Path) -> None:
    """Makes a new store file, complete or not at all; the caller holds the lock.

    The file appears under its name only when it is whole, so an empty file of that name was cut
    short by someone else and is never mistaken for a new store.
    """
    if path.exists():
        if path.stat().st_size == 0:
            raise _corrupt(path, "the file is empty")
        return
    if Path(f"{path}-wal").exists():
        raise _corrupt(path, "the file is gone, its journal is still there")
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with closing(connect(new)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        migrate(db, new)
        # Kept in the file's header; switching later would need a moment without readers.
        db.execute("PRAGMA journal_mode=WAL")
    new.replace(path)


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode that waits up to 10 s for a busy file."""
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=_BUSY_MS / 1000,
        check_same_thread=False,
        cached_statements=64,
    )


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Brings the tables to `SCHEMA_VERSION`, each migration in its own transaction.

    Raises `StoreVersionError` for a newer store and `StoreCorruptError` for a foreign file.
    """
    if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise _corrupt(path, "it is an SQLite file of another program")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StoreVersionError(
            f"{str(path)!r} has format {version}, this program knows formats up to "
            f"{SCHEMA_VERSION}",
            hint="update the program, or use another run directory",
        )
    for number in range(version + 1, SCHEMA_VERSION + 1):
        script = MIGRATIONS[number - 1]
        db.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version={number}; COMMIT")


def locked(path: Path, owner: str) -> StoreLockedError:
    """The error for a run directory that ``owner`` (a description) works in."""
    return StoreLockedError(
        f"{str(path.parent)!r} is in use by {owner}",
        hint="wait until it ends, or stop it, and run again: nothing has to be unlocked",
    )


def _corrupt(path: Path, why: object) -> StoreCorruptError:
    return StoreCorruptError(
        f"the run store {str(path)!r} cannot be read: {why}",
        hint=f"restore it from a copy, or move {path.name}* away to start again from nothing; "
        "nothing was changed",
    )


def _store_error(error: sqlite3.Error, path: Path) -> StoreError:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in _CORRUPT:
        return _corrupt(path, error)
    if primary in _FULL:
        return StoreFullError(
            f"cannot write the run store {str(path)!r}: {error}",
            hint="free some space and run again: everything that was confirmed is stored",
        )
    if primary in _READ_ONLY:
        return StoreReadOnlyError(
            f"cannot open or write the run store {str(path)!r}: {error}",
            hint="check the permissions of the folder, or choose another run directory",
        )
    return StoreError(f"the run store {str(path)!r} failed: {error}")
