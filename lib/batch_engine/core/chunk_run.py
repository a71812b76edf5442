"""One chunk from start to announcement: attempts, early results, one transaction, events.

Order of things, which the promises of docs/engine.md rest on: results of finished items are
stored before the chunk waits for another attempt; the chunk is stored in one transaction; only
then is it announced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Generic, TypeVar

from batch_engine.core.errors import ContractError, MissingResultError, Pause, StoreError
from batch_engine.core.events import (
    ChunkCompleted,
    ChunkFailed,
    ChunkStarted,
    Counts,
    ItemCompleted,
    ItemFailed,
    ItemsLoaded,
    RetryScheduled,
)
from batch_engine.core.failpoints import failpoint
from batch_engine.core.plan import ChunkPlan, Settings, Todo, encode_json
from batch_engine.core.records import ErrorRecord, ItemRef, RetryInfo, error_record, preview_of
from batch_engine.core.results import BatchSummary, ChunkResult, Outcome
from batch_engine.core.retry import RetryDecision
from batch_engine.core.store import AttemptRow, BatchRow, ItemRow
from batch_engine.core.work import ChunkContext, ItemFailure

__all__ = ["ChunkRun"]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True)
class ChunkRun(Generic[T, R]):
    """Runs one `ChunkPlan`; use once."""

    settings: Settings[T, R]
    plan: ChunkPlan[T, R]
    _done: dict[str, Outcome[R]] = field(default_factory=dict)
    _unsaved: list[ItemRow] = field(default_factory=list)
    _announced: set[str] = field(default_factory=set)
    _shown_stacks: dict[int, str] = field(default_factory=dict)
    _memo: dict[Any, Any] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def run(self) -> ChunkResult[R]:
        """Does the chunk, stores it, announces it. What leaves here as an exception is a pause,
        a store's error or an interrupt; what was finished before it is stored."""
        started = self.settings.clock()
        self._announce_start()
        todo: tuple[Todo[T], ...] = self.plan.todo
        previous: dict[str, ErrorRecord] = {}
        attempt = 1
        while todo:
            todo, previous = self._attempt(todo, previous, attempt, started)
            attempt += 1
        outcomes = self._outcomes()
        elapsed = self.settings.clock() - started
        summary = BatchSummary(self.plan.number, self._counts(), elapsed)
        self._persist(summary)
        self._announce_end(summary)
        return ChunkResult(outcomes, summary, self.plan.keys)

    def _outcomes(self) -> tuple[Outcome[R], ...]:
        plan, done = self.plan, self._done
        if not plan.loaded:
            return tuple(done[entry.key] for entry in plan.todo)
        outcomes = {outcome.key: outcome for outcome in plan.loaded} | done
        return tuple(outcomes[key] for key in dict.fromkeys(plan.keys) if key in outcomes)

    # -- one attempt ------------------------------------------------------------------------

    def _attempt(
        self,
        todo: tuple[Todo[T], ...],
        previous: dict[str, ErrorRecord],
        attempt: int,
        started: float,
    ) -> tuple[tuple[Todo[T], ...], dict[str, ErrorRecord]]:
        settings = self.settings
        begun = settings.clock()
        answer = self._ask(todo, previous, attempt)
        elapsed = settings.clock() - begun
        again: list[Todo[T]] = []
        failures: dict[str, ErrorRecord] = {}
        delay_s = 0.0
        early = frozenset(self._done)
        for entry, result in zip(todo, answer, strict=True):
            if entry.key in early:
                continue
            if isinstance(result, Exception):
                # Never meant as a result (gather(return_exceptions=True) hands them out).
                result = ItemFailure(result)
            if not isinstance(result, ItemFailure):
                try:
                    self._succeed(entry, result, attempt)
                    continue
                except ContractError as error:
                    result = ItemFailure(error)
            decision = settings.retry.decide(
                result.error,
                attempt=attempt,
                elapsed_s=settings.clock() - started,
                random=settings.random,
            )
            record = self._record(entry, result.error, attempt, decision, elapsed)
            if decision.delay_s is None:
                self._fail(entry, record, attempt)
            else:
                again.append(entry)
                failures[entry.key] = record
                delay_s = max(delay_s, decision.delay_s)
        if again:
            self._wait(failures, attempt, delay_s)
        return tuple(again), failures

    def _ask(
        self, todo: tuple[Todo[T], ...], previous: dict[str, ErrorRecord], attempt: int
    ) -> Sequence[R | ItemFailure]:
        def complete(item: T, result: R) -> None:
            self._complete_early(self._entry_of(item, todo), result, attempt)

        context: ChunkContext[T, R] = ChunkContext(
            step=self.settings.step.name,
            number=self.plan.number,
            attempt=attempt,
            keys=tuple(entry.key for entry in todo),
            previous=previous,
            memo=self._memo,
            _complete=complete,
            _tell=self.settings.emitter.emit if self.settings.emitter else None,
        )
        failpoint("before_work")
        try:
            answer = self.settings.work([entry.item for entry in todo], context)
            failpoint("after_work")
            return self._matched(answer, todo)
        except (Pause, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a chunk; recorded for each item
            return [ItemFailure(error)] * len(todo)

    def _entry_of(self, item: T, todo: tuple[Todo[T], ...]) -> Todo[T]:
        name = next((entry.key for entry in todo if entry.item is item), None)
        name = self.settings.key(item) if name is None else name
        for entry in todo:
            if entry.key == name:
                return entry
        raise ContractError(f"{preview_of(item)} is not an item of this call")

    def _matched(self, answer: object, todo: tuple[Todo[T], ...]) -> Sequence[R | ItemFailure]:
        """The answer in the items' order, checked against the contract of `WorkAnswer`."""
        if isinstance(answer, list | tuple):
            if len(answer) != len(todo):
                raise ContractError(
                    f"work returned {len(answer)} results for {len(todo)} items",
                    hint="return one result per item, an ItemFailure where there is none",
                )
            return answer
        keys = [entry.key for entry in todo]
        if isinstance(answer, Mapping):
            known = frozenset(keys)
            unknown = [key for key in answer if key not in known]
            if unknown:
                raise ContractError(
                    f"the answer names {len(unknown)} unknown key(s), the first is {unknown[0]!r}",
                    hint="use the keys in context.keys",
                )
            return [answer[key] if key in answer else _missing(key) for key in keys]
        if answer is None and any(key in self._done for key in keys):
            return [_missing(key) for key in keys]
        raise ContractError(
            f"work returned {type(answer).__name__}, expected a list with one result per item",
            hint="return a list in the items' order, or a mapping by key",
        )

    # -- outcomes ---------------------------------------------------------------------------

    def _succeed(self, entry: Todo[T], value: R, attempt: int) -> None:
        data = self.settings.dumped(entry.key, value)
        self._done[entry.key] = Outcome(entry.key, "ok", value, None, attempt, self.plan.number)
        if self.settings.store is not None:
            self._unsaved.append(ItemRow(entry.key, "ok", data, None, attempt, entry.position))

    def _complete_early(self, entry: Todo[T], value: R, attempt: int) -> None:
        settings = self.settings
        with self._lock:
            if entry.key in self._done:
                raise ContractError(f"{entry.key!r} was completed before")
            if settings.store is not None:
                data = settings.dumped(entry.key, value)
                row = ItemRow(entry.key, "ok", data, None, attempt, entry.position)
                settings.store.put(settings.step, [row])
            self._done[entry.key] = Outcome(entry.key, "ok", value, None, attempt, self.plan.number)
            self._announced.add(entry.key)
        failpoint("after_item")
        settings.emitter.emit(
            ItemCompleted(
                step=settings.step.name, number=self.plan.number, key=entry.key, early=True
            )
        )

    def _fail(self, entry: Todo[T], record: ErrorRecord, attempt: int) -> None:
        self._done[entry.key] = Outcome(
            entry.key, "failed", None, record, attempt, self.plan.number
        )
        if self.settings.store is not None:
            stored = encode_json(record.to_json())
            self._unsaved.append(
                ItemRow(entry.key, "failed", None, stored, attempt, entry.position)
            )

    def _record(
        self,
        entry: Todo[T],
        error: Exception,
        attempt: int,
        decision: RetryDecision,
        elapsed_s: float,
    ) -> ErrorRecord:
        settings = self.settings
        record = error_record(
            error,
            item=ItemRef(key=entry.key, index=entry.position, preview=preview_of(entry.item)),
            step=settings.step.name,
            batch=self.plan.number,
            retry=RetryInfo(
                attempt=attempt,
                max_attempts=decision.max_attempts,
                delay_s=decision.delay_s,
                reason=decision.reason,
            ),
            at=settings.now(),
            elapsed_ms=round(elapsed_s * 1000, 3),
        )
        # One exception that fails a chunk of 1,000 is not worth 1,000 copies of its stack.
        first = self._shown_stacks.setdefault(id(error), entry.key)
        return record if first == entry.key else replace(record, stack=f"same as of item {first}")

    def _wait(self, failures: dict[str, ErrorRecord], attempt: int, delay_s: float) -> None:
        settings = self.settings
        if settings.store is not None:
            rows = [
                AttemptRow(key, attempt, encode_json(record.to_json()))
                for key, record in failures.items()
            ]
            settings.store.put(settings.step, self._unsaved, attempts=rows)
            self._unsaved.clear()
        settings.emitter.emit(
            RetryScheduled(
                step=settings.step.name,
                number=self.plan.number,
                keys=tuple(failures),
                attempt=attempt + 1,
                delay_s=delay_s,
                error=next(iter(failures.values())),
            )
        )
        settings.sleep(delay_s)

    # -- storing and telling ----------------------------------------------------------------

    def _persist(self, summary: BatchSummary) -> None:
        store = self.settings.store
        if store is None or not self.plan.todo:
            return
        counts = summary.counts
        batch = BatchRow(
            number=summary.number,
            size=self.plan.size,
            ok=counts.ok,
            loaded=counts.loaded,
            failed=counts.failed,
            elapsed_ms=round(summary.elapsed_s * 1000, 3),
        )
        failpoint("before_persist")
        store.put(self.settings.step, self._unsaved, batch=batch)
        failpoint("after_persist")

    def _counts(self) -> Counts:
        failed = sum(outcome.status == "failed" for outcome in self._done.values())
        return Counts(
            ok=len(self._done) - failed,
            loaded=len(self.plan.loaded),
            failed=failed,
            duplicates=self.plan.duplicates,
        )

    def _announce_start(self) -> None:
        emitter, step = self.settings.emitter, self.settings.step.name
        if not emitter:
            return
        plan = self.plan
        emitter.emit(
            ChunkStarted(step=step, number=plan.number, size=plan.size, to_run=len(plan.todo))
        )
        if plan.loaded:
            keys = tuple(outcome.key for outcome in plan.loaded)
            emitter.emit(ItemsLoaded(step=step, number=plan.number, keys=keys))

    def _announce_end(self, summary: BatchSummary) -> None:
        emitter, step, number = self.settings.emitter, self.settings.step.name, self.plan.number
        if emitter:
            first_error = None
            for key, outcome in self._done.items():
                if outcome.error is not None:
                    first_error = first_error or outcome.error
                    emitter.emit(ItemFailed(step=step, number=number, key=key, error=outcome.error))
                elif key not in self._announced:
                    emitter.emit(ItemCompleted(step=step, number=number, key=key))
            counts, elapsed = summary.counts, summary.elapsed_s
            if first_error is not None and not counts.ok:
                emitter.emit(
                    ChunkFailed(
                        step=step,
                        number=number,
                        counts=counts,
                        elapsed_s=elapsed,
                        error=first_error,
                    )
                )
            else:
                emitter.emit(
                    ChunkCompleted(step=step, number=number, counts=counts, elapsed_s=elapsed)
                )
        failpoint("after_announce")


def _missing(key: str) -> ItemFailure:
    return ItemFailure(MissingResultError(f"the answer has no result for {key!r}"))
