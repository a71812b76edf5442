"""One chunk from start to announcement: attempts, early results, one transaction, events.

Order of things, which the promises of docs/engine.md rest on: results of finished items are
stored before the chunk waits for another attempt; the chunk is stored in one transaction; only
then is it announced.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import repeat
from threading import Event, Lock
from typing import Any, Generic, TypeVar, cast

from batch_engine.core.announce import announce_end, announce_start
from batch_engine.core.contract import entry_of, matched
from batch_engine.core.errors import ContractError, Pause, StoreError
from batch_engine.core.events import (
    Counts,
    ItemCompleted,
    ItemFailed,
    RetryScheduled,
)
from batch_engine.core.failed_attempts import Judge, failed_row, store_attempts
from batch_engine.core.failpoints import failpoint
from batch_engine.core.plan import ChunkPlan, Settings, Todo, Todos
from batch_engine.core.records import ErrorRecord
from batch_engine.core.results import BatchSummary, ChunkResult, Outcome
from batch_engine.core.store import BatchRow, ItemRow
from batch_engine.core.work import ChunkContext, ItemFailure

__all__ = ["ChunkRun"]

T = TypeVar("T")
R = TypeVar("R")

_NO_RESULT = (ItemFailure, Exception)
_outcome: Callable[[tuple[Any, ...]], Outcome[Any]] = partial(tuple.__new__, Outcome)
_item_row: Callable[[tuple[Any, ...]], ItemRow] = partial(tuple.__new__, ItemRow)


@dataclass(slots=True)
class ChunkRun(Generic[T, R]):
    """Runs one `ChunkPlan`; use once. When ``stop`` is set, by another thread, no further attempt
    is begun: what waits for one is stored."""

    settings: Settings[T, R]
    plan: ChunkPlan[T, R]
    stop: Event | None = None
    announced: bool = False
    _done: dict[str, Outcome[R]] = field(default_factory=dict)
    _unsaved: list[ItemRow] = field(default_factory=list)
    _failures: int = 0
    _announced: set[str] = field(default_factory=set)
    _failed_early: dict[str, tuple[ErrorRecord, float]] = field(default_factory=dict)
    _started: float = 0.0
    _asked: float = 0.0
    _judging: Judge[T] | None = None
    _memo: dict[Any, Any] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def run(self) -> ChunkResult[R]:
        """Does the chunk, stores it, announces it. What leaves here as an exception is a pause,
        a store's error or an interrupt; what was finished before it is stored."""
        started = self._started = self.settings.clock()
        if not self.announced:
            announce_start(self.settings, self.plan)
        self._done.update((outcome.key, outcome) for outcome in self.plan.failed)
        self._failures = len(self._done)
        todo = self.plan.todo
        previous: Mapping[str, ErrorRecord] = self._taken_up() if self.plan.waiting else {}
        while todo:
            todo, previous = self._attempt(todo, previous)
        outcomes = self._outcomes()
        elapsed = self.settings.clock() - started
        summary = BatchSummary(self.plan.number, self._counts(), elapsed)
        self._persist(summary)
        announce_end(self.settings, summary, self._done, self._announced)
        failpoint("after_announce")
        return ChunkResult(outcomes, summary, self.plan.keys)

    def _outcomes(self) -> tuple[Outcome[R], ...]:
        plan, done = self.plan, self._done
        if not plan.loaded and not plan.failed:
            return tuple(map(done.__getitem__, plan.todo.keys))
        outcomes = {outcome.key: outcome for outcome in plan.loaded} | done
        return tuple(outcomes[key] for key in dict.fromkeys(plan.keys) if key in outcomes)

    def _taken_up(self) -> dict[str, ErrorRecord]:
        """Why the items that another process left waiting failed, after what is left of the
        wait."""
        settings, waiting = self.settings, self.plan.waiting
        records = {key: settings.recorded(row) for key, row in waiting.items()}
        now = settings.now()
        delay_s = 0.0
        for key, row in waiting.items():
            left_s = (datetime.fromisoformat(row.next_at) - now).total_seconds()
            # Never longer than was decided: a clock that was set back does not make us wait.
            delay_s = max(delay_s, min(left_s, records[key].retry.delay_s or 0.0))
        if delay_s:
            self._sleep(records, max(row.number for row in waiting.values()) + 1, delay_s)
        return records

    # -- one attempt ------------------------------------------------------------------------

    def _attempt(
        self,
        todo: Todos[T],
        previous: Mapping[str, ErrorRecord],
    ) -> tuple[Todos[T], dict[str, ErrorRecord]]:
        """One call of the work; what is to be tried again, and why."""
        before = len(self._done)
        self._asked = self.settings.clock()
        answer = self._ask(todo, previous)
        elapsed = self.settings.clock() - self._asked
        if len(self._done) == before and not self._failed_early and self._all_succeed(todo, answer):
            return Todos(), {}
        again: list[Todo[T]] = []
        failures: dict[str, ErrorRecord] = {}
        delay_s = 0.0
        early = frozenset(self._done)
        for entry, result in zip(todo, answer, strict=True):
            if entry.key in early:
                continue
            if entry.key in self._failed_early:
                record, delay = self._failed_early[entry.key]
            else:
                failed = self._taken_in(entry, result, elapsed)
                if failed is None:
                    continue
                record, delay = failed
            again.append(entry._replace(attempts=entry.attempts + 1))
            failures[entry.key] = record
            delay_s = max(delay_s, delay)
        if again:
            self._wait(again, failures, delay_s)
        self._failed_early.clear()
        return Todos.of(again), failures

    def _taken_in(
        self, entry: Todo[T], result: R | ItemFailure, elapsed_s: float
    ) -> tuple[ErrorRecord, float] | None:
        """Takes in the answer for one item; if that may be tried again: why, and after how long."""
        if isinstance(result, Exception):
            # Never meant as a result (gather(return_exceptions=True) hands them out).
            result = ItemFailure(result)
        if not isinstance(result, ItemFailure):
            try:
                self._succeed(entry, result)
                return None
            except ContractError as error:
                result = ItemFailure(error)
        record, delay_s = self._judge().judged(entry, result.error, elapsed_s)
        if delay_s is not None:
            return record, delay_s
        self._fail(entry, record)
        return None

    def _ask(
        self, todo: Todos[T], previous: Mapping[str, ErrorRecord]
    ) -> Sequence[R | ItemFailure]:
        index: dict[str, Todo[T]] | None = None

        def named(item: T | None, key: str | None) -> Todo[T]:
            nonlocal index
            if index is None:  # made whole, then named: threads may come together
                index = {entry.key: entry for entry in todo}
            return entry_of(item, key, index, self.settings.key)

        def complete(item: T | None, key: str | None, result: R, amend: bool) -> None:
            entry = named(item, key)
            if amend and entry.key in self._done:
                self._succeed(entry, result)
            else:
                self._complete_early(entry, result)

        def fail(item: T | None, key: str | None, error: Exception) -> None:
            self._fail_early(named(item, key), error)

        attempts = tuple([before + 1 for before in todo.attempts])
        context: ChunkContext[T, R] = ChunkContext(
            step=self.settings.step.name,
            number=self.plan.number,
            attempt=max(attempts),
            keys=tuple(todo.keys),
            previous=previous,
            memo=self._memo,
            attempts=attempts,
            _complete=complete,
            _fail=fail,
            _tell=self.settings.emitter.emit if self.settings.emitter else None,
            _note=self.settings.emitter.keep,
        )
        failpoint("before_work")
        try:
            answer = self.settings.work(list(todo.items), context)
            failpoint("after_work")
            done = {*self._done, *self._failed_early} if self._failed_early else self._done
            return matched(answer, todo, done)
        except (Pause, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a chunk; recorded for each item
            return [ItemFailure(error)] * len(todo)

    # -- outcomes ---------------------------------------------------------------------------

    def _all_succeed(self, todo: Todos[T], answer: Sequence[R | ItemFailure]) -> bool:
        """Takes in the answer if it is a storable result for every item, as it mostly is: all at
        once, at a third of the cost of one by one. Else nothing is taken in."""
        if any(issubclass(kind, _NO_RESULT) for kind in set(map(type, answer))):
            return False
        data: Iterable[str | bytes | None] = repeat(None)
        if self.settings.store is not None:
            try:
                data = self.settings.all_dumped(cast(Sequence[R], answer))
            except Exception:  # noqa: BLE001 - comes again for the item whose result it is
                return False
        keys, attempts = todo.keys, [before + 1 for before in todo.attempts]
        nothing, number = repeat(None), repeat(self.plan.number)
        outcomes = map(_outcome, zip(keys, repeat("ok"), answer, nothing, attempts, number))
        self._done.update(zip(keys, outcomes, strict=True))
        if self.settings.store is not None:
            rows = zip(keys, repeat("ok"), data, nothing, attempts, todo.positions)
            self._unsaved.extend(map(_item_row, rows))
        return True

    def _succeed(self, entry: Todo[T], value: R) -> None:
        data, attempt = self.settings.dumped(entry.key, value), entry.attempts + 1
        self._done[entry.key] = Outcome(entry.key, "ok", value, None, attempt, self.plan.number)
        if self.settings.store is not None:
            self._unsaved.append(ItemRow(entry.key, "ok", data, None, attempt, entry.position))

    def _complete_early(self, entry: Todo[T], value: R) -> None:
        settings, attempt = self.settings, entry.attempts + 1
        with self._lock:
            self._check_open(entry)
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

    def _judge(self) -> Judge[T]:
        if self._judging is None:  # made for the first failure, which few chunks have
            self._judging = Judge(self.settings, self.plan.number, self._started)
        return self._judging

    def _fail_early(self, entry: Todo[T], error: Exception) -> None:
        """Stores that an attempt failed, and, if it was the last one, that the item did."""
        settings = self.settings
        with self._lock:
            self._check_open(entry)
            record, delay_s = self._judge().judged(entry, error, settings.clock() - self._asked)
            if delay_s is not None:
                waiting = [entry._replace(attempts=entry.attempts + 1)]
                store_attempts(settings, (), waiting, {entry.key: record}, delay_s)
                self._failed_early[entry.key] = (record, delay_s)
                return
            row = failed_row(entry, record)
            if settings.store is not None:
                settings.store.put(settings.step, [row])
            self._count_failed(entry, record)
            self._announced.add(entry.key)
        failpoint("after_item")
        settings.emitter.emit(
            ItemFailed(
                step=settings.step.name, number=self.plan.number, key=entry.key, error=record
            )
        )

    def _check_open(self, entry: Todo[T]) -> None:
        if entry.key in self._done:
            done = "failed" if self._done[entry.key].status == "failed" else "completed"
            raise ContractError(f"{entry.key!r} was {done} before")
        if entry.key in self._failed_early:
            raise ContractError(f"{entry.key!r} was failed before")

    def _fail(self, entry: Todo[T], record: ErrorRecord) -> None:
        self._count_failed(entry, record)
        if self.settings.store is not None:
            self._unsaved.append(failed_row(entry, record))

    def _count_failed(self, entry: Todo[T], record: ErrorRecord) -> None:
        self._failures += 1
        self._done[entry.key] = Outcome(
            entry.key, "failed", None, record, entry.attempts + 1, self.plan.number
        )

    def _wait(
        self, again: Sequence[Todo[T]], failures: Mapping[str, ErrorRecord], delay_s: float
    ) -> None:
        """Stores what is finished and what is waited for, then waits."""
        others = [entry for entry in again if entry.key not in self._failed_early]
        store_attempts(self.settings, self._unsaved, others, failures, delay_s)
        self._unsaved.clear()
        failpoint("before_wait")
        self._sleep(failures, max(entry.attempts for entry in again) + 1, delay_s)

    def _sleep(self, failures: Mapping[str, ErrorRecord], attempt: int, delay_s: float) -> None:
        settings = self.settings
        settings.emitter.emit(
            RetryScheduled(
                step=settings.step.name,
                number=self.plan.number,
                keys=tuple(failures),
                attempt=attempt,
                delay_s=delay_s,
                error=next(iter(failures.values())),
            )
        )
        if self.stop is None:
            settings.sleep(delay_s)
            return
        if settings.sleep is time.sleep:
            self.stop.wait(delay_s)
        elif not self.stop.is_set():
            settings.sleep(delay_s)
        if self.stop.is_set():
            raise Pause("the run was left while items waited for another attempt")

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
        return Counts(
            ok=len(self._done) - self._failures,
            loaded=len(self.plan.loaded),
            failed=self._failures,
            duplicates=self.plan.duplicates,
        )
