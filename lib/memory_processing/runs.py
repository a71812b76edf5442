"""Runs in the store: a new one, or the one that a dead process left, to be gone on with."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from threading import Lock

import psutil

from batch_engine.core import fingerprint
from memory_processing.batch import Placed, digest_of
from memory_processing.config import BatchProcessingConfig
from memory_processing.importers.seam import Source
from memory_processing.stores.protocol import JournalRow, MemoryStore, RunRow

__all__ = ["finish_run", "not_done_yet", "open_run", "owner_name"]


def owner_name() -> str:
    """This process as a text: host, process id and the time at which it began."""
    process = psutil.Process()
    return f"{socket.gethostname()}:{process.pid}:{process.create_time():.2f}"


def _lives(owner: str) -> bool:
    """Whether that process may still work; one on another host is believed to."""
    host, _, rest = owner.rpartition(":")
    host, _, pid = host.rpartition(":")
    if host != socket.gethostname():
        return True
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" == rest
    except (psutil.Error, ValueError):
        return False


def _is_open(row: RunRow) -> bool:
    return row.status == "interrupted" or (row.status == "running" and not _lives(row.owner))


def open_run(
    store: MemoryStore,
    sources: Sequence[Source],
    config: BatchProcessingConfig,
    *,
    started: str,
) -> tuple[RunRow, list[JournalRow]]:
    """The run to work on, and the batches of it that are done already.

    A run of the same sources and settings that nobody works on and that has not ended is gone
    on with; otherwise a new one begins. Must be called in a transaction.
    """
    key = fingerprint("memory import", [source.label for source in sources], config.shape())
    earlier = store.runs(key)
    last = max(earlier, key=lambda row: row.number, default=None)
    if last is not None and _is_open(last):
        resumed = replace(last, owner=owner_name(), status="running", ended="")
        store.put_run(resumed)
        return resumed, store.journal_rows(resumed.run)
    number = last.number + 1 if last else 1
    before = store.counts()
    row = RunRow(
        run=f"{key[:12]}-{number}",
        key=key,
        number=number,
        status="running",
        owner=owner_name(),
        started=started,
        result=json.dumps({"merges_before": before["merge"], "reviews_before": before["review"]}),
    )
    store.put_run(row)
    return row, []


def finish_run(
    store: MemoryStore, row: RunRow, *, status: str, ended: str, result: dict[str, object]
) -> None:
    """Stores how a run ended. Must be called in a transaction."""
    known = json.loads(row.result)
    store.put_run(replace(row, status=status, ended=ended, result=json.dumps(known | result)))


def not_done_yet(
    items: Iterable[Placed],
    done: Sequence[JournalRow],
    store: MemoryStore,
    kept: list[JournalRow],
    lock: Lock,
) -> Iterator[Placed]:
    """The records that no batch in ``done`` covers; rows that cover some are added to ``kept``.

    A batch counts as done only if its slice of the input is what it was. From the first one
    that is not, everything is imported again, which finds what is stored and skips it.
    """
    source = iter(items)
    by_start = {row.start: row for row in done}
    for item in source:
        row = by_start.get(item.position)
        if row is None:
            yield item
            continue
        part = [item, *islice(source, row.stop - row.start - 1)]
        if len(part) == row.stop - row.start and digest_of(part) == row.digest:
            kept.append(row)
            continue
        with lock:
            store.begin()
            store.unjournal(row.run, row.start)
            store.commit()
        yield from chain(part, source)
        return
