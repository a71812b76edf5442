"""What a store file remembers of the processes that worked in it: when, which chunks, what failed.

For whoever wants to show a run afterwards; the runner itself needs none of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch_engine.core.errors import StoreReadOnlyError
from batch_engine.core.sqlite_file import RUN_FILE, connect, translated

__all__ = ["PastChunk", "PastEvent", "PastProcess", "read_history"]

_CHUNKS = """
SELECT batch.run, step.name, batch.number, batch.size, batch.ok, batch.loaded, batch.failed,
       batch.elapsed_ms, batch.ended
FROM batch JOIN step ON step.id = batch.step ORDER BY batch.id
"""
_RETRIES = """
SELECT attempt.run, step.name, count(*) FROM attempt JOIN step ON step.id = attempt.step
GROUP BY attempt.run, step.name
"""


@dataclass(frozen=True, slots=True)
class PastChunk:
    """A chunk that was finished: ``elapsed_ms`` is how long it took, ``ended`` when it was
    stored (ISO 8601, UTC), ``loaded`` how many of its items were stored before."""

    step: str
    number: int
    size: int
    ok: int
    loaded: int
    failed: int
    elapsed_ms: float
    ended: str


@dataclass(frozen=True, slots=True)
class PastEvent:
    """Something that was worth keeping, such as ``taken_over``."""

    at: str
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastProcess:
    """One process's run in the store. ``status`` is ``running``, ``completed``, ``paused`` or
    ``interrupted``; ``ended`` is empty where it was not told. ``retries`` counts, by step, the
    failed attempts that were followed by another."""

    number: int
    status: str
    started: str
    ended: str
    chunks: tuple[PastChunk, ...]
    events: tuple[PastEvent, ...]
    retries: Mapping[str, int]


def read_history(directory: Path) -> tuple[PastProcess, ...]:
    """The processes that worked in the store of ``directory``, oldest first; nothing is locked
    or written, and it may be at work.

    Raises `StoreReadOnlyError` where there is no store, `StoreError` where it cannot be read.
    """
    path = directory / RUN_FILE
    if not path.exists():
        raise StoreReadOnlyError(
            f"there is no run store at {str(path)!r}",
            hint="name the directory of a run that was started before",
        )
    with translated(path), closing(connect(path, read_only=True)) as db:
        db.execute("BEGIN")  # one moment of it for all three tables
        runs = db.execute("SELECT id, status, started, ended FROM run ORDER BY id").fetchall()
        chunks = db.execute(_CHUNKS).fetchall()
        events = db.execute("SELECT run, at, kind, data FROM event ORDER BY id").fetchall()
        retries = db.execute(_RETRIES).fetchall()
    return tuple(
        PastProcess(
            number,
            status,
            started,
            ended or "",
            tuple(PastChunk(*row) for run, *row in chunks if run == number),
            tuple(
                PastEvent(at, kind, json.loads(data))
                for run, at, kind, data in events
                if run == number
            ),
            {step: count for run, step, count in retries if run == number},
        )
        for number, status, started, ended in runs
    )
