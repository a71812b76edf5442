"""The work on one batch, as the engine's runner calls it: check, plan, write, journal, commit."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from batch_engine.core import (
    ChunkContext,
    DatabaseBusyError,
    EngineError,
    ErrorCategory,
    ItemFailure,
    StageCompleted,
    WorkError,
    error_record,
)
from batch_engine.core.failpoints import failpoint
from memory_processing.batch import (
    BatchPlan,
    Checked,
    Placed,
    check,
    digest_of,
    duplicate_error,
    plan_batch,
    write_salvaging,
)
from memory_processing.config import BatchProcessingConfig, LiveConfig
from memory_processing.errors import MemoryStoreError, RolledBackError
from memory_processing.quality import QualityCounter
from memory_processing.report import ReportedError
from memory_processing.stores.protocol import JournalRow, MemoryStore

__all__ = ["MAX_ATTEMPTS", "BatchWork", "NotReachedError"]

MAX_ATTEMPTS = 4
_TOLERANCE_FROM = 100

Answer = list[str | ItemFailure]


class NotReachedError(WorkError):
    """The import ended before this record; it was not looked at and is in no count."""

    code = "cancelled.not_reached"
    category = ErrorCategory.CANCELLED


@dataclass(slots=True)
class BatchWork:
    """Does batches of one run; ``rows`` has the journal rows that it wrote, ``resumed``
    those of an earlier process.

    ``stop`` says why no further batch should be started. ``nested``: the whole run is one
    transaction, and a batch is a part of it. Who uses the store holds ``lock``.
    """

    store: MemoryStore
    live: LiveConfig
    run: str
    nested: bool
    rows: list[JournalRow] = field(default_factory=list)
    resumed: list[JournalRow] = field(default_factory=list)
    stop: str = ""
    lock: Lock = field(default_factory=Lock)
    _seen: Counter[str] = field(default_factory=Counter)
    _counted: int = 0

    def __call__(
        self, items: list[Placed], context: ChunkContext[Placed, str]
    ) -> Sequence[str | ItemFailure]:
        """The outcome of each record; see `batch_engine.core.Work`."""
        batch = _Batch(self, items, context)
        batch.check()
        with self.lock:
            if context.attempt > 1:
                self.store.reconnect()
                if done := self._journaled(batch):
                    return batch.replayed(done)
            try:
                return batch.write()
            except DatabaseBusyError as error:
                self._give_up_or_retry(error, context)
                raise

    @property
    def all_rows(self) -> list[JournalRow]:
        """The journal rows of the run so far."""
        return [*self.resumed, *self.rows]

    def _journaled(self, batch: _Batch) -> JournalRow | None:
        """The row of this batch, if the connection was lost after the commit arrived."""
        for row in self.store.journal_rows(self.run):
            if row.start == batch.start and row.digest == batch.digest:
                self.done(row)
                return row
        return None

    def _give_up_or_retry(
        self, error: DatabaseBusyError, context: ChunkContext[Placed, str]
    ) -> None:
        if self.nested:
            raise MemoryStoreError(
                f"{error.message}; the run was one transaction, so nothing of it is stored",
                hint="import again, or use the rollback policy 'record' or 'batch'",
            ) from error
        if context.attempt >= MAX_ATTEMPTS:
            raise MemoryStoreError(
                f"{error.message}, {context.attempt} times",
                hint="what is stored stays; import again, and the run goes on where it was",
            ) from error

    def done(self, row: JournalRow) -> None:
        """Counts a batch; sets ``stop`` if more has failed than the configuration tolerates."""
        self.rows.append(row)
        config = self.live.current
        self._seen.update(row.outcomes)
        for one in self.resumed[self._counted :]:
            self._seen.update(one.outcomes)
        self._counted = len(self.resumed)
        failed, whole = self._seen["f"] + self._seen["r"], self._seen.total()
        if failed and not config.continue_on_error:
            self.stop = "a record failed, and continue_on_error is off"
        elif config.max_failures is not None and failed > config.max_failures:
            self.stop = f"{failed:,} records failed, {config.max_failures:,} are tolerated"
        elif whole >= _TOLERANCE_FROM and failed > config.failure_tolerance * whole:
            share = f"{config.failure_tolerance:.1%}"
            self.stop = f"{failed:,} of {whole:,} records failed, {share} are tolerated"


class _Undone(Exception):  # noqa: N818 - leaves a savepoint, never this module
    """What was written since the savepoint is to be taken back."""


class _Batch:
    def __init__(
        self, work: BatchWork, items: list[Placed], context: ChunkContext[Placed, str]
    ) -> None:
        self.work = work
        self.items = items
        self.context = context
        self.config: BatchProcessingConfig = work.live.current
        self.start = items[0].position
        self.digest = ""
        self.checked: list[Checked | EngineError] = []
        self.reached = len(items)
        self.quality = QualityCounter()
        self._began = time.perf_counter()

    # -- check ------------------------------------------------------------------------------

    def check(self) -> None:
        """Validates all records; with ``continue_on_error`` off only up to the first bad one."""
        began = time.perf_counter()
        for item in self.items:
            found = check(item.raw, self.quality)
            self.checked.append(found)
            if isinstance(found, EngineError) and not self.config.continue_on_error:
                break
        self.reached = len(self.checked)
        self.digest = digest_of(self.items[: self.reached])
        bad = sum(isinstance(found, EngineError) for found in self.checked)
        self._tell("validate", self.reached, bad, began)

    # -- write ------------------------------------------------------------------------------

    def write(self) -> Answer:
        """Stores what can be stored, with the journal row, in one transaction."""
        store, nested = self.work.store, self.work.nested
        if not nested:
            store.begin()
        try:
            outcomes, taken_back = self._settled()
            row = self._row(outcomes, taken_back)
            failpoint("memory_before_journal")
            store.journal(row)
            failpoint("memory_before_commit")
            if not nested:
                store.commit()
        except BaseException:
            self._roll_back()
            raise
        failpoint("memory_after_commit")
        self.work.done(row)
        return self._answer(outcomes, taken_back)

    def _roll_back(self) -> None:
        try:
            self.work.store.rollback()
        except EngineError:
            return  # the connection is gone, and the transaction with it

    def _settled(self) -> tuple[list[str | EngineError], bool]:
        """The outcomes after the policy: all written, the batch taken back, or cut short."""
        config, store = self.config, self.work.store
        try:
            with store.savepoint():
                outcomes = self._stored()
                bad = next(
                    (n for n, one in enumerate(outcomes) if isinstance(one, EngineError)), None
                )
                cut = not config.continue_on_error and bad is not None and bad + 1 < self.reached
                if bad is not None and (cut or config.rollback == "batch"):
                    raise _Undone
                return outcomes, False
        except _Undone:
            if config.rollback == "batch":
                return outcomes, True
        # The database refused a record: store again what comes before it, and no more.
        assert bad is not None
        refused = outcomes[bad]
        self.reached = bad + 1
        self.digest = digest_of(self.items[: self.reached])
        self.checked = [*self.checked[:bad], refused]  # type: ignore[list-item]  # an error, as found
        return self._stored(), False

    def _stored(self) -> list[str | EngineError]:
        """The sign or the error of each reached record; everything storable is written."""
        began = time.perf_counter()
        good = [one for one in self.checked if isinstance(one, Checked)]
        if self.config.mode == "memory":
            plan, refused = self._plain(good)
        else:
            plan, refused = plan_batch(good, self.work.store), {}
        self._tell("dedup", len(good), 0, began)
        failpoint("memory_before_write")
        began = time.perf_counter()
        by_hash = write_salvaging(self.work.store, plan)
        self._tell("database", len(plan.inserts) + len(plan.updates), len(by_hash), began)
        signs = iter(plan.signs)
        outcomes: list[str | EngineError] = []
        for place, one in enumerate(self.checked):
            if isinstance(one, EngineError):
                outcomes.append(one)
            elif place in refused:
                outcomes.append(refused[place])
            else:
                sign = next(signs)
                outcomes.append(by_hash.get(one.content, sign))
        return outcomes

    def _plain(self, good: list[Checked]) -> tuple[BatchPlan, dict[int, EngineError]]:
        """Mode "memory": every record is stored, and known content is a database error."""
        seen = set(self.work.store.find_hashes([one.content for one in good]))
        fresh: list[Checked] = []
        refused: dict[int, EngineError] = {}
        for place, one in enumerate(self.checked):
            if not isinstance(one, Checked):
                continue
            if one.content in seen:
                refused[place] = duplicate_error(one)
            else:
                seen.add(one.content)
                fresh.append(one)
        return BatchPlan(["c"] * len(fresh), [one.row() for one in fresh], [], []), refused

    # -- tell -------------------------------------------------------------------------------

    def _row(self, outcomes: list[str | EngineError], taken_back: bool) -> JournalRow:
        errors = [
            ReportedError.of(
                self.items[place].position,
                self.items[place].raw.place,
                error_record(one, step=self.context.step, batch=self.context.number),
            ).stored()
            for place, one in enumerate(outcomes)
            if isinstance(one, EngineError)
        ]
        signs = ["f" if isinstance(one, EngineError) else one for one in outcomes]
        if taken_back:
            signs = ["f" if sign == "f" else "r" for sign in signs]
        return JournalRow(
            run=self.work.run,
            start=self.start,
            stop=self.start + self.reached,
            digest=self.digest,
            outcomes="".join(signs),
            status="rolled_back" if taken_back else "stored",
            errors=json.dumps(errors),
            quality=json.dumps(self.quality.result().to_json()),
            elapsed_ms=round(1000 * (time.perf_counter() - self._began), 3),
        )

    def _answer(self, outcomes: list[str | EngineError], taken_back: bool) -> Answer:
        back = RolledBackError(
            "another record of this batch failed, and the policy is to take the batch back",
            hint="correct the failed record and import again, or use the policy 'record'",
        )
        answer: Answer = []
        for one in outcomes:
            if isinstance(one, EngineError):
                answer.append(ItemFailure(one))
            else:
                answer.append(ItemFailure(back) if taken_back else one)
        rest = len(self.items) - len(answer)
        return [*answer, *([ItemFailure(NotReachedError("the import ended before it"))] * rest)]

    def replayed(self, row: JournalRow) -> Answer:
        """The answer that the journal row stands for."""
        lost = NotReachedError("failed; see the journal")
        answer: Answer = [sign if sign in "cs" else ItemFailure(lost) for sign in row.outcomes]
        rest = len(self.items) - len(answer)
        return [*answer, *([ItemFailure(lost)] * rest)]

    def _tell(self, stage: str, size: int, failed: int, began: float) -> None:
        if self.context.listening:
            self.context.tell(
                StageCompleted(
                    step=self.context.step,
                    number=self.context.number,
                    stage=stage,
                    size=size,
                    failed=failed,
                    elapsed_s=time.perf_counter() - began,
                    attempt=self.context.attempt,
                )
            )
