"""Batch processing of items with state: run, remembered, resumed, told. (Seed 003, 2. and 3.)

::

    with BatchProcessor(Path("workspace"), "sizes", task_handler=measure) as processor:
        outcome = processor.process(paths, {"unit": "bytes"}, {})
        processor.state      # {"processed": [...], "failed": {...}, "stats": {...}}

A second run does only what the first has no result for.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from batch_engine.core import (
    ChunkContext,
    ErrorRecord,
    Event,
    ExecutorChoice,
    ItemFailure,
    ItemRow,
    ItemsLoaded,
    Listener,
    Outcome,
    Pause,
    RunStore,
    SqliteRunStore,
    StepRef,
    StepStarted,
    StoreError,
    Work,
    error_record,
    export_state,
    run_batches,
)
from batch_engine.workflow.batch_options import BatchOptions
from batch_engine.workflow.batch_outcome import BatchOutcome, FailedItem
from batch_engine.workflow.confine import STATE_FOLDER
from batch_engine.workflow.errors import WorkflowError
from batch_engine.workflow.item_keys import keyed
from batch_engine.workflow.item_work import Entry
from batch_engine.workflow.plain import plain

__all__ = ["BatchProcessor", "ItemHandler"]

ItemHandler = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], Any]
"""Works on one item: ``handler(item, task_config, context)``."""

_KEYS_AT_ONCE = 1_000


class BatchProcessor:
    """Runs batches of one name, and keeps what came of their items.

    Without a ``store`` it opens its own in the folder ``.workflow`` of the workspace, and closes
    it at the end of a ``with`` block. ``fingerprint`` stands for all that shapes a result: with
    another one nothing is reused. ``task_handler`` is what `process_item` and `process` call.
    """

    def __init__(
        self,
        workspace: Path,
        name: str,
        *,
        task_handler: ItemHandler | None = None,
        store: RunStore | None = None,
        fingerprint: str = "",
        logger: logging.Logger | None = None,
    ) -> None:
        self.workspace = Path(workspace)
        self.name = name
        self.task_handler = task_handler
        self.step = StepRef(name, fingerprint)
        self.logger = logger or logging.getLogger("batch_engine.workflow")
        self._own: SqliteRunStore | None = None
        if store is None:
            store = self._own = SqliteRunStore(self.workspace / STATE_FOLDER)
        self.store = store

    def __enter__(self) -> Self:
        """The processor; leaving the block closes a store of its own."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes a store of its own."""
        if self._own is not None:
            self._own.__exit__(kind, error, trace)

    @property
    def state(self) -> dict[str, Any]:
        """The state in the seed's form: ``processed`` keys in order, ``failed`` records by key,
        ``stats`` with total, processed, failed and retried, counted from the records."""
        state = export_state(self.store, self.step, results=False)
        return {name: state[name] for name in ("processed", "failed", "stats")}

    def process_item(
        self, item: Any, task_config: Mapping[str, Any], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        """One item through the handler, without state: ``{"success": True, "result": ...}``, or
        ``{"success": False, "error", "item", "retryable"}``. A pause passes through."""
        try:
            return {"success": True, "result": self._handler()(item, task_config, context)}
        except (Pause, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - the edge of an item; it is recorded
            info = error_record(error, step=self.name).minimal(item)
            self.logger.error("Failed to process item %r: %s", item, error, extra=info)
            return info

    def process(
        self,
        items: Iterable[Any],
        task_config: Mapping[str, Any] | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        key: Callable[[Any], str] | None = None,
        options: BatchOptions | None = None,
        listeners: Iterable[Listener] = (),
    ) -> BatchOutcome:
        """All items that have no result yet, through the handler. ``key`` names an item; by
        default its content does, with types kept. Failed items are run again."""
        handler = self._handler()
        config, variables = dict(task_config or {}), dict(context or {})

        def work(entries: list[Entry], chunk: ChunkContext[Entry, Any]) -> dict[str, ItemFailure]:
            failures = {}
            for entry in entries:
                try:
                    result = plain(handler(entry.value, config, variables))
                    chunk.complete(entry, result)
                except (Pause, StoreError):
                    raise
                except Exception as error:  # noqa: BLE001 - the edge of an item; it is recorded
                    failures[entry.key] = ItemFailure(error)
            return failures

        return self.run(keyed(items, key), work, options or BatchOptions(), listeners=listeners)

    def run(
        self,
        entries: Sequence[Entry],
        work: Work[Entry, Any],
        options: BatchOptions,
        *,
        retry_failed: bool = True,
        executor: ExecutorChoice | None = None,
        listeners: Iterable[Listener] = (),
    ) -> BatchOutcome:
        """All ``entries`` that have no result yet, through ``work``. Items that failed before
        stay failed unless ``retry_failed``."""
        total = len(entries)
        kept = {} if retry_failed else self._failed(entries)
        most = options.most_failures(total)
        todo = [entry for entry in entries if entry.key not in kept] if kept else entries
        if most is not None and len(kept) > most:
            return self._outcome(entries, {}, stopped=True, exceeded=True, elapsed_s=0.0)
        result = run_batches(
            todo,
            work,
            step=self.step.name,
            fingerprint=self.step.fingerprint,
            key=_key_of,
            chunking=options.chunker(len(todo)),
            store=self.store,
            retry=options.retry,
            max_failures=None if most is None else most - len(kept),
            listeners=_counting(listeners, kept, total) if kept else listeners,
            max_workers=_workers(options, executor),
            executor=executor,
        )
        failed = len(kept) + result.counts.failed
        return self._outcome(
            entries,
            result.outcomes,
            stopped=bool(result.stopped),
            exceeded=failed > (most or 0),
            elapsed_s=result.elapsed_s,
            loaded=result.counts.loaded,
        )

    def recall(self, entries: Sequence[Entry], options: BatchOptions) -> BatchOutcome:
        """What is stored of ``entries``, without running anything."""
        failed = self._failed(entries)
        exceeded = len(failed) > (options.most_failures(len(entries)) or 0)
        return self._outcome(entries, {}, stopped=False, exceeded=exceeded, elapsed_s=0.0)

    # -- inside -----------------------------------------------------------------------------

    def _handler(self) -> ItemHandler:
        if self.task_handler is None:
            raise WorkflowError(
                f"the batch {self.name!r} has no handler",
                hint="BatchProcessor(workspace, name, task_handler=...)",
            )
        return self.task_handler

    def _outcomes(
        self, entries: Sequence[Entry], run: Mapping[str, Outcome[Any]]
    ) -> Iterator[tuple[Entry, Outcome[Any]]]:
        """The entries that have an outcome, with it: from this run, or as it is stored. Of what
        was loaded only the store knows how many attempts it took."""
        for start in range(0, len(entries), _KEYS_AT_ONCE):
            part = entries[start : start + _KEYS_AT_ONCE]
            asked = [e.key for e in part if e.key not in run or not run[e.key].attempts]
            rows = self.store.get_many(self.step, asked) if asked else {}
            for entry in part:
                if entry.key in rows:
                    yield entry, _stored(rows[entry.key])
                elif entry.key in run:
                    yield entry, run[entry.key]

    def _failed(self, entries: Sequence[Entry]) -> set[str]:
        if not self.store.counts(self.step).failed:
            return set()
        return {e.key for e, outcome in self._outcomes(entries, {}) if outcome.status == "failed"}

    def _outcome(
        self,
        entries: Sequence[Entry],
        run: Mapping[str, Outcome[Any]],
        *,
        stopped: bool,
        exceeded: bool,
        elapsed_s: float,
        loaded: int | None = None,
    ) -> BatchOutcome:

        keys, processed, results, failed, retried = [], [], [], [], 0
        for entry, outcome in self._outcomes(entries, run):
            retried += outcome.attempts > 1
            if outcome.error is not None:
                failed.append(FailedItem(entry.value, entry.key, outcome.error))
                continue
            keys.append(entry.key)
            processed.append(entry.value)
            results.append(outcome.value)
        return BatchOutcome(
            total=len(entries),
            keys=keys,
            processed=processed,
            results=results,
            failed=failed,
            loaded=len(processed) if loaded is None else loaded,
            retried=retried,
            stopped=stopped,
            exceeded=exceeded,
            elapsed_s=elapsed_s,
        )


def _counting(listeners: Iterable[Listener], kept: Iterable[str], total: int) -> list[Listener]:
    """The listeners, told of all items: those that stay as they failed are not run, and done."""
    keys = tuple(kept)

    def counting(listener: Listener) -> Listener:
        def listen(event: Event) -> None:
            if not isinstance(event, StepStarted):
                listener(event)
                return
            listener(replace(event, total=total))
            listener(ItemsLoaded(step=event.step, number=0, keys=keys))

        return listen

    return [counting(listener) for listener in listeners]


def _stored(row: ItemRow) -> Outcome[Any]:
    failed = row.status == "failed"
    error = ErrorRecord.from_json(json.loads(row.error or "{}")) if failed else None
    value = None if failed else json.loads(row.data or "null")
    return Outcome(row.key, row.status, value, error, row.attempts, 0)


def _key_of(entry: Entry) -> str:
    return entry.key


def _workers(options: BatchOptions, executor: ExecutorChoice | None) -> int | None:
    in_threads = executor is None or executor == "threads"
    return None if in_threads and options.concurrency == 1 else options.concurrency
