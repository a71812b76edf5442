"""The import of memories from sources into a store: the one function that others call."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from batch_engine.core import (
    ConfigurationError,
    Emitter,
    EngineError,
    Listener,
    LoggingListener,
    RetryPolicy,
    StageCompleted,
    error_record,
    stream_batches,
)
from batch_engine.core.failpoints import failpoint
from memory_processing.batch import Placed, check
from memory_processing.config import BatchProcessingConfig, LiveConfig
from memory_processing.consolidate import consolidate
from memory_processing.errors import Category
from memory_processing.importers.seam import RawRecord, Source
from memory_processing.monitor import Monitor
from memory_processing.quality import QualityCounter
from memory_processing.report import (
    KEPT_ERRORS,
    ImportCounts,
    ImportReport,
    ReportedError,
    Status,
)
from memory_processing.runs import finish_run, not_done_yet, open_run
from memory_processing.sizes import LiveSize
from memory_processing.stores.protocol import MemoryStore, RunRow
from memory_processing.stores.sqlite import SqliteMemoryStore
from memory_processing.summing import report_of, taken_back
from memory_processing.work import MAX_ATTEMPTS, BatchWork

__all__ = ["STEP", "import_memories", "preview_memories"]

STEP = "memory.import"
_LOGGER = logging.getLogger("memory_processing")
_LOGGER.addHandler(logging.NullHandler())  # without it failures come out on stderr unasked


def _utc_now() -> datetime:
    return datetime.now(UTC)


def import_memories(
    sources: Iterable[Source],
    store: MemoryStore,
    config: BatchProcessingConfig | LiveConfig | None = None,
    *,
    listeners: Iterable[Listener] = (),
    dry_run: bool = False,
    max_workers: int | None = None,
    now: Callable[[], datetime] = _utc_now,
) -> ImportReport:
    """Reads all sources into the store, in batches, and says what came of each record.

    What is stored afterwards depends on the records and the settings alone: not on the size or
    order of batches, not on ``max_workers`` (batches are checked in threads, written one at a
    time), and not on how often the import died on the way. Calling it again after a crash goes
    on with the run where it was; calling it again after the end stores nothing new.

    ``listeners`` get the engine's events (`batch_engine.core.Progress` among them). With
    ``dry_run`` everything is done and taken back. A `LiveConfig` can be changed meanwhile.

    Raises `MemoryStoreError` if the store cannot be used any more; what was committed stays.

    >>> report = import_memories([FileSource(Path("lessons.jsonl"), JsonLines())], store)
    >>> report.counts.successful
    """
    live = config if isinstance(config, LiveConfig) else LiveConfig(config)
    asked = tuple(sources)
    if not asked:
        raise ConfigurationError("there is nothing to import", hint="name at least one source")
    job = _Job(asked, store, live, tuple(listeners), dry_run, max_workers, now)
    return job.run()


def preview_memories(
    sources: Iterable[Source],
    config: BatchProcessingConfig | None = None,
    *,
    listeners: Iterable[Listener] = (),
) -> ImportReport:
    """What an import into an empty store would do: validation, duplicates, merges, pairs to
    review. Nothing is written anywhere; the data pass through a database in memory."""
    with SqliteMemoryStore(":memory:") as store:
        return import_memories(sources, store, config, listeners=listeners, dry_run=True)


@dataclass(slots=True)
class _Job:
    sources: tuple[Source, ...]
    store: MemoryStore
    live: LiveConfig
    listeners: tuple[Listener, ...]
    dry_run: bool
    max_workers: int | None
    now: Callable[[], datetime]
    monitor: Monitor = field(default_factory=Monitor)
    row: RunRow | None = None

    def run(self) -> ImportReport:
        config = self.live.current
        total: int | None = None
        if config.validate_first:
            total, refusal = self._validated_first(config)
            if refusal is not None:
                return refusal
        nested = self.dry_run or config.rollback == "run"
        try:
            return self._imported(config, nested, total)
        except BaseException:
            self._leave(nested)
            raise

    # -- before -----------------------------------------------------------------------------

    def _validated_first(self, config: BatchProcessingConfig) -> tuple[int, ImportReport | None]:
        """How many records there are, and a report if that is the end of it."""
        quality = QualityCounter()
        errors: list[ReportedError] = []
        failed = Counter[Category]()
        total = 0
        for item in _placed(self.sources):
            total += 1
            found = check(item.raw, quality)
            if isinstance(found, EngineError):
                error = ReportedError.of(
                    item.position, item.raw.place, error_record(found, step=STEP)
                )
                failed[error.category] += 1
                if len(errors) < KEPT_ERRORS:
                    errors.append(error)
        if not errors or config.continue_on_error:
            return total, None
        bad = failed.total()
        return total, ImportReport(
            run="",
            status="stopped",
            counts=ImportCounts(processed=bad, failed=bad),
            errors=tuple(errors),
            by_category=dict(failed),
            quality=quality.result(),
            stopped=f"{bad:,} of {total:,} records are not valid; nothing was stored",
        )

    # -- on the way -------------------------------------------------------------------------

    def _imported(
        self, config: BatchProcessingConfig, nested: bool, total: int | None
    ) -> ImportReport:
        store = self.store
        store.begin()
        row, done = open_run(store, self.sources, config, started=self.now().isoformat())
        if not nested:
            store.commit()
        self.row = row
        work = BatchWork(store, self.live, row.run, nested)
        sizes = LiveSize(self.live, stopped=lambda: bool(work.stop))
        items = _placed(self.sources)
        if done:
            items = not_done_yet(items, done, store, work.resumed, work.lock)
        items = _until_stop(items, work)
        listeners = self._all_listeners(config)
        with stream_batches(
            items if total is None else _Counted(items, total),
            work,
            step=STEP,
            key=lambda item: str(item.position),
            chunking=sizes,
            retry=RetryPolicy(max_attempts=MAX_ATTEMPTS),
            listeners=listeners,
            max_workers=self.max_workers,
        ) as stream:
            for _ in stream:
                pass
        status = self._status(work, config)
        if status == "rolled_back":
            return self._rolled_back(row, work)
        failpoint("memory_before_merge")
        unlisted = 0
        if config.mode == "memory+dedup":
            tell = _telling(Emitter(listeners))
            unlisted = consolidate(store, config, nested=nested, tell=tell)
        return self._report(row, work, status, nested, sizes, unlisted)

    def _all_listeners(self, config: BatchProcessingConfig) -> list[Listener]:
        own: list[Listener] = [self.monitor]
        if config.log_progress:
            own.append(LoggingListener(_LOGGER))
        return [*own, *self.listeners]

    def _status(self, work: BatchWork, config: BatchProcessingConfig) -> Status:
        failed = any(set(row.outcomes) & {"f", "r"} for row in work.all_rows)
        if failed and config.rollback == "run":
            return "rolled_back"
        if work.stop:
            return "stopped"
        return "dry_run" if self.dry_run else "completed"

    def _leave(self, nested: bool) -> None:
        """Notes that the run was interrupted, so that the next one goes on with it."""
        try:
            self.store.rollback()
            if self.row is not None and not nested:
                self.store.begin()
                now = self.now().isoformat()
                finish_run(self.store, self.row, status="interrupted", ended=now, result={})
                self.store.commit()
        except EngineError:
            return  # the store is gone; a dead owner says the same

    # -- after ------------------------------------------------------------------------------

    def _rolled_back(self, row: RunRow, work: BatchWork) -> ImportReport:
        store = self.store
        store.rollback()
        back = [taken_back(one) for one in work.all_rows]
        report = report_of(row.run, back, "rolled_back", stopped=work.stop)
        if not self.dry_run:
            store.begin()
            finish_run(
                store,
                row,
                status="rolled_back",
                ended=self.now().isoformat(),
                result={"counts": report.counts.to_json()},
            )
            store.commit()
        return report

    def _report(
        self,
        row: RunRow,
        work: BatchWork,
        status: Status,
        nested: bool,
        sizes: LiveSize,
        unlisted: int,
    ) -> ImportReport:
        store = self.store
        before, after = json.loads(row.result), store.counts()
        figures = self.monitor.figures(sizes.adjustments)
        report = report_of(
            row.run,
            work.all_rows,
            status,
            stopped=work.stop,
            merged=after["merge"] - before["merges_before"],
            review=after["review"] - before["reviews_before"],
            unlisted=unlisted,
            resumed=sum(len(one.outcomes) for one in work.resumed),
            figures=figures,
        )
        if self.dry_run:
            store.rollback()
            return report
        if not nested:
            store.begin()
        finish_run(
            store,
            row,
            status=status,
            ended=self.now().isoformat(),
            result={"counts": report.counts.to_json(), "figures": figures},
        )
        store.commit()
        return report


class _Counted(Iterable[Placed]):
    """Items whose number is known, so that progress has a total."""

    def __init__(self, items: Iterator[Placed], total: int) -> None:
        self._items = items
        self._total = total

    def __iter__(self) -> Iterator[Placed]:
        return self._items

    def __len__(self) -> int:
        return self._total


def _placed(sources: Sequence[Source]) -> Iterator[Placed]:
    """All records of all sources; a source that cannot be read is one record with an error."""
    position = 0
    for source in sources:
        try:
            for raw in source.read():
                yield Placed(position, raw)
                position += 1
        except EngineError as error:
            yield Placed(position, RawRecord(source=source.label, error=error))
            position += 1


def _until_stop(items: Iterator[Placed], work: BatchWork) -> Iterator[Placed]:
    for item in items:
        if work.stop:
            return
        yield item


def _telling(emitter: Emitter) -> Callable[[int, float], None]:
    def tell(size: int, elapsed_s: float) -> None:
        emitter.emit(
            StageCompleted(
                step=STEP, number=0, stage="merge", size=size, failed=0, elapsed_s=elapsed_s
            )
        )

    return tell
