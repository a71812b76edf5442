"""The tables of a run store, as numbered migrations.

``PRAGMA user_version`` holds the number of the last migration that was applied. A migration is
never edited after a release; a change is a new one at the end.
"""

from __future__ import annotations

__all__ = ["APPLICATION_ID", "MIGRATIONS", "SCHEMA_VERSION"]

APPLICATION_ID = 0x42454E47  # "BENG"; tells a run store from any other SQLite file

# `item` has a rowid and a unique index over (step, key): measured against text keys and WITHOUT
# ROWID tables, this is the cheapest layout that still has one row per item (docs/engine.md).
# `name` is the key as the caller wrote it; NULL when `key` itself says it (see `key_bytes`).
_V1 = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY, status TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL,
    started TEXT NOT NULL, ended TEXT
);
CREATE TABLE step (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, fingerprint TEXT NOT NULL,
    first_run INTEGER NOT NULL, UNIQUE (name, fingerprint)
);
CREATE TABLE batch (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, step INTEGER NOT NULL, number INTEGER NOT NULL,
    size INTEGER NOT NULL, ok INTEGER NOT NULL, loaded INTEGER NOT NULL, failed INTEGER NOT NULL,
    elapsed_ms REAL NOT NULL, ended TEXT NOT NULL
);
CREATE TABLE item (
    id INTEGER PRIMARY KEY, step INTEGER NOT NULL, key BLOB NOT NULL, name BLOB,
    status TEXT NOT NULL, data BLOB, error TEXT, attempts INTEGER NOT NULL,
    position INTEGER NOT NULL, run INTEGER NOT NULL
);
CREATE UNIQUE INDEX item_key ON item (step, key);
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, step INTEGER NOT NULL, key BLOB NOT NULL,
    number INTEGER NOT NULL, error TEXT NOT NULL
);
CREATE TABLE event (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,
    data TEXT NOT NULL
);
"""

# What a run that did not come to its end knows of items without a result: how often they failed,
# and when they are due again (NULL: never, they failed for good; the error is then the item's).
_V2 = """
CREATE TABLE open_attempt (
    id INTEGER PRIMARY KEY, step INTEGER NOT NULL, key BLOB NOT NULL, number INTEGER NOT NULL,
    error TEXT, next_at TEXT
);
CREATE UNIQUE INDEX open_attempt_key ON open_attempt (step, key);
"""

MIGRATIONS: tuple[str, ...] = (_V1, _V2)
SCHEMA_VERSION = len(MIGRATIONS)
