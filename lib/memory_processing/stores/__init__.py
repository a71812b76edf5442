"""Where memories are kept: one protocol, SQLite by default, PostgreSQL as an extra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batch_engine.core import ConfigurationError
from memory_processing.stores.protocol import (
    Contribution,
    JournalRow,
    MemoryRow,
    MemoryStore,
    MergeRow,
    RunRow,
    Stored,
)
from memory_processing.stores.sqlite import SqliteMemoryStore

if TYPE_CHECKING:
    from memory_processing.stores.postgres import PostgresMemoryStore

__all__ = [
    "Contribution",
    "JournalRow",
    "MemoryRow",
    "MemoryStore",
    "MergeRow",
    "RunRow",
    "SqliteMemoryStore",
    "Stored",
    "open_store",
]


def open_store(
    place: str | Path, *, schema: str = "memories", read_only: bool = False
) -> SqliteMemoryStore | PostgresMemoryStore:
    """The store at a path, or at a ``postgresql://`` address (in this schema of its database);
    to be used in a ``with`` block. With ``read_only`` nothing is made, migrated or written.

    Raises `ConfigurationError` if PostgreSQL is asked for and its driver is not installed,
    `MemoryStoreError` where there is no store to read.

    >>> open_store("memories.sqlite3")
    """
    text = str(place)
    if not text.startswith(("postgresql://", "postgres://")):
        return SqliteMemoryStore(Path(place), read_only=read_only)
    try:
        from memory_processing.stores.postgres import PostgresMemoryStore
    except ImportError as error:
        raise ConfigurationError(
            "a PostgreSQL store needs psycopg, which is not installed",
            hint="pip install 'template-create[postgres]'",
        ) from error
    return PostgresMemoryStore(text, schema=schema, read_only=read_only)
