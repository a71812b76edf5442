"""The tables of a memory store, as numbered migrations that both databases understand."""

from __future__ import annotations

__all__ = ["MIGRATIONS", "STORE_VERSION"]

_FIRST = (
    """CREATE TABLE memory (
        content_hash TEXT PRIMARY KEY,
        id TEXT NOT NULL,
        group_key TEXT NOT NULL,
        text TEXT NOT NULL,
        confidence DOUBLE PRECISION NOT NULL,
        created_at TEXT NOT NULL,
        contribution TEXT NOT NULL,
        survivor TEXT REFERENCES memory (content_hash),
        data TEXT NOT NULL,
        merged TEXT
    )""",
    "CREATE INDEX memory_group ON memory (group_key)",
    """CREATE TABLE contribution (
        content_hash TEXT NOT NULL REFERENCES memory (content_hash),
        contribution TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (content_hash, contribution)
    )""",
    """CREATE TABLE merge (
        member TEXT PRIMARY KEY REFERENCES memory (content_hash),
        survivor TEXT NOT NULL REFERENCES memory (content_hash),
        group_key TEXT NOT NULL,
        similarity DOUBLE PRECISION NOT NULL,
        decided_by TEXT NOT NULL,
        conflicts TEXT NOT NULL
    )""",
    """CREATE TABLE review (
        first TEXT NOT NULL REFERENCES memory (content_hash),
        second TEXT NOT NULL REFERENCES memory (content_hash),
        group_key TEXT NOT NULL,
        similarity DOUBLE PRECISION NOT NULL,
        reasons TEXT NOT NULL,
        PRIMARY KEY (first, second)
    )""",
    """CREATE TABLE decision (
        first TEXT NOT NULL REFERENCES memory (content_hash),
        second TEXT NOT NULL REFERENCES memory (content_hash),
        verdict TEXT NOT NULL CHECK (verdict IN ('merge', 'apart')),
        PRIMARY KEY (first, second)
    )""",
    "CREATE TABLE pending (group_key TEXT PRIMARY KEY, changes BIGINT NOT NULL)",
    """CREATE TABLE run (
        run TEXT PRIMARY KEY,
        key TEXT NOT NULL,
        number INTEGER NOT NULL,
        status TEXT NOT NULL,
        owner TEXT NOT NULL,
        started TEXT NOT NULL,
        ended TEXT NOT NULL,
        result TEXT NOT NULL
    )""",
    """CREATE TABLE journal (
        run TEXT NOT NULL REFERENCES run (run),
        start BIGINT NOT NULL,
        stop BIGINT NOT NULL,
        digest TEXT NOT NULL,
        outcomes TEXT NOT NULL,
        status TEXT NOT NULL,
        errors TEXT NOT NULL,
        quality TEXT NOT NULL,
        elapsed_ms DOUBLE PRECISION NOT NULL,
        PRIMARY KEY (run, start)
    )""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""The statements that lead from version n to n + 1; what is released is never changed."""

STORE_VERSION = len(MIGRATIONS)
