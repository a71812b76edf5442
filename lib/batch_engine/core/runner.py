"""The runner: items in chunks through a work function, stored, resumable, one outcome per key."""

from __future__ import annotations

import random as random_module
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import (
    FIRST_COMPLETED,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

from batch_engine.core.chunk_run import ChunkRun
from batch_engine.core.chunks import ByCount, Chunk, Chunker
from batch_engine.core.errors import ConfigurationError
from batch_engine.core.events import (
    Counts,
    Emitter,
    Listener,
    StepCompleted,
    StepFailed,
    StepStarted,
)
from batch_engine.core.failpoints import failpoint
from batch_engine.core.keys import item_key
from batch_engine.core.plan import ChunkPlan, ChunkResult, Settings, Todo
from batch_engine.core.records import error_record
from batch_engine.core.results import BatchSummary, Outcome, RunResult
from batch_engine.core.retry import NO_RETRY, RetryPolicy
from batch_engine.core.store import RunStore, StepRef
from batch_engine.core.work import Work

__all__ = ["run_batches"]

T = TypeVar("T")
R = TypeVar("R")
Stop = Literal["", "fail_fast", "max_failures"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


def run_batches(
    items: Iterable[T],
    work: Work[T, R],
    *,
    step: str,
    key: Callable[[T], str] | None = None,
    chunking: int | Chunker[T] = 100,
    store: RunStore | None = None,
    fingerprint: str = "",
    retry: RetryPolicy | None = None,
    on_error: Literal["continue", "fail_fast"] = "continue",
    max_failures: int | None = None,
    listeners: Iterable[Listener] = (),
    dump: Callable[[R], Any] | None = None,
    load: Callable[[Any], R] | None = None,
    max_workers: int | None = None,
    executor: Executor | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
    random: Callable[[], float] = random_module.random,
    now: Callable[[], datetime] = _utc_now,
) -> RunResult[R]:
    """Every item's outcome, after running ``work`` over the items that have no stored result.

    ``work(items, context)`` gets a whole chunk and returns one result per item (see `Work`); an
    `ItemFailure` in its place fails one item. ``key`` names an item (a text, unique for the
    item's meaning); without it a hash of the item does. ``chunking`` is a count or a `Chunker`.

    With a ``store``, results that are there under the same ``step``, ``fingerprint`` and key
    are loaded instead of run; failed items are run again. ``dump`` turns a result into plain JSON
    values or bytes, and ``load`` turns those back; they have to be inverse to each other.

    ``retry`` (default: none) is applied within a chunk and asks only for the failed items.
    ``on_error="fail_fast"`` starts no further chunk after a failed item, ``max_failures=n``
    none after more than n failed items; `RunResult.stopped` then says so.

    Chunks run one after the other in the caller's thread. ``max_workers`` runs that many at a
    time in threads, ``executor`` in that executor of threads; at most two chunks per worker are
    cut ahead. Whatever the order of work, outcomes come in input order.

    Raises `ConfigurationError`, `StoreError`, and untouched every `Pause` and every exception
    that is no `Exception`; what was finished is stored by then.
    """
    _check(on_error, max_failures, max_workers, executor)
    chunker: Chunker[T] = ByCount(chunking) if isinstance(chunking, int) else chunking
    ref = StepRef(step, fingerprint)
    settings = Settings(
        step=ref,
        work=work,
        key=key or item_key,
        store=store,
        retry=retry or NO_RETRY,
        dump=dump,
        load=load,
        emitter=Emitter(listeners),
        clock=clock,
        sleep=sleep,
        random=random,
        now=now,
    )
    total = len(items) if isinstance(items, Sized) else None
    return _StepRun(settings, on_error, max_failures).run(
        items, chunker, total, max_workers, executor
    )


@dataclass(slots=True)
class _StepRun(Generic[T, R]):
    """The state of one call of `run_batches`."""

    settings: Settings[T, R]
    on_error: Literal["continue", "fail_fast"]
    max_failures: int | None
    _keys: list[str] = field(default_factory=list)
    _claimed: set[str] = field(default_factory=set)
    _outcomes: dict[str, Outcome[R]] = field(default_factory=dict)
    _batches: list[BatchSummary] = field(default_factory=list)
    _counts: Counts = field(default_factory=Counts)
    _stopped: Stop = ""
    _stored: bool = False

    def run(
        self,
        items: Iterable[T],
        chunker: Chunker[T],
        total: int | None,
        max_workers: int | None,
        executor: Executor | None,
    ) -> RunResult[R]:
        settings = self.settings
        started = settings.clock()
        settings.emitter.emit(StepStarted(step=settings.step.name, total=total))
        with self._telling_of_failure(started):
            if settings.store is not None:
                stored = settings.store.begin_step(settings.step)
                self._stored = bool(stored.ok)
            plans = (self._plan(chunk) for chunk in chunker.split(items))
            if max_workers is None and executor is None:
                self._run_in_order(plans)
            else:
                self._run_concurrently(plans, max_workers, executor)
            failpoint("before_merge")
        return self._result(started, total)

    # -- planning ---------------------------------------------------------------------------

    def _plan(self, chunk: Chunk[T]) -> ChunkPlan[T, R]:
        fresh: list[Todo[T]] = []
        key, claimed = self.settings.key, self._claimed
        for position, item in enumerate(chunk.items, chunk.start):
            name = key(item)
            if type(name) is not str or not name:
                raise _bad_key(name, position)
            self._keys.append(name)
            if name not in claimed:
                claimed.add(name)
                fresh.append(Todo(name, item, position))
        duplicates = chunk.size - len(fresh)
        loaded = self._load(fresh, chunk.number)
        todo = (
            tuple(entry for entry in fresh if entry.key not in loaded) if loaded else tuple(fresh)
        )
        return ChunkPlan(chunk.number, chunk.size, todo, tuple(loaded.values()), duplicates)

    def _load(self, fresh: list[Todo[T]], number: int) -> dict[str, Outcome[R]]:
        settings = self.settings
        if settings.store is None or not self._stored:
            return {}
        rows = settings.store.get_many(settings.step, [entry.key for entry in fresh])
        failpoint("during_load")
        return {
            entry.key: Outcome(entry.key, "loaded", settings.loaded(row), None, 0, number)
            for entry in fresh
            if (row := rows.get(entry.key)) is not None and row.status == "ok"
        }

    # -- running ----------------------------------------------------------------------------

    def _run_in_order(self, plans: Iterator[ChunkPlan[T, R]]) -> None:
        for plan in plans:
            self._take(ChunkRun(self.settings, plan).run())
            if self._stopped:
                return

    def _run_concurrently(
        self,
        plans: Iterator[ChunkPlan[T, R]],
        max_workers: int | None,
        executor: Executor | None,
    ) -> None:
        pool = executor or ThreadPoolExecutor(max_workers, thread_name_prefix="batch")
        window = 2 * (max_workers or _workers_of(pool))
        in_flight: set[Future[ChunkResult[R]]] = set()
        try:
            for plan in plans:
                in_flight.add(pool.submit(ChunkRun(self.settings, plan).run))
                if len(in_flight) >= window:
                    self._collect(in_flight)
                if self._stopped:
                    break
            while in_flight and not self._stopped:
                self._collect(in_flight)
        finally:
            self._settle(in_flight)
            if executor is None:
                pool.shutdown()

    def _collect(self, in_flight: set[Future[ChunkResult[R]]]) -> None:
        """Takes out of ``in_flight`` what is done, waiting for at least one."""
        done = wait(in_flight, return_when=FIRST_COMPLETED).done
        in_flight -= done
        failures = [failure for future in done if (failure := future.exception()) is not None]
        for future in done:
            if future.exception() is None:
                self._take(future.result())
        if failures:
            raise failures[0]

    def _settle(self, in_flight: set[Future[ChunkResult[R]]]) -> None:
        """Cancels what has not begun and waits for the rest, whose results get stored."""
        running = {future for future in in_flight if not future.cancel()}
        for future in wait(running).done:
            if future.exception() is None:
                self._take(future.result())

    def _take(self, result: ChunkResult[R]) -> None:
        for outcome in result.outcomes:
            self._outcomes[outcome.key] = outcome
        self._batches.append(result.summary)
        self._counts += result.summary.counts
        if self.on_error == "fail_fast" and self._counts.failed:
            self._stopped = "fail_fast"
        elif self.max_failures is not None and self._counts.failed > self.max_failures:
            self._stopped = "max_failures"

    # -- ending -----------------------------------------------------------------------------

    @contextmanager
    def _telling_of_failure(self, started: float) -> Iterator[None]:
        settings = self.settings
        try:
            yield
        except BaseException as error:
            settings.emitter.emit(
                StepFailed(
                    step=settings.step.name,
                    counts=self._counts,
                    elapsed_s=settings.clock() - started,
                    error=error_record(error, step=settings.step.name, at=settings.now()),
                )
            )
            raise

    def _result(self, started: float, total: int | None) -> RunResult[R]:
        settings = self.settings
        elapsed = settings.clock() - started
        settings.emitter.emit(
            StepCompleted(step=settings.step.name, counts=self._counts, elapsed_s=elapsed)
        )
        outcomes = self._outcomes
        reached = tuple(name for name in self._keys if name in outcomes)
        return RunResult(
            step=settings.step.name,
            outcomes={name: outcomes[name] for name in reached},
            keys=reached,
            counts=self._counts,
            batches=tuple(sorted(self._batches, key=lambda batch: batch.number)),
            total=len(self._keys) if total is None and not self._stopped else total,
            stopped=self._stopped,
            elapsed_s=elapsed,
            listener_failures=tuple(settings.emitter.failures),
        )


def _check(
    on_error: str, max_failures: int | None, max_workers: int | None, executor: Executor | None
) -> None:
    if on_error not in ("continue", "fail_fast"):
        raise ConfigurationError(f"on_error is {on_error!r}, expected 'continue' or 'fail_fast'")
    for name, value, least in (("max_failures", max_failures, 0), ("max_workers", max_workers, 1)):
        if value is not None and (isinstance(value, bool) or value < least):
            raise ConfigurationError(f"{name} is {value!r}, expected {least} or more")
    # Looked up, not imported: multiprocessing would make up an eighth of this package's import.
    processes = sys.modules.get("concurrent.futures.process")
    if processes is not None and isinstance(executor, processes.ProcessPoolExecutor):
        raise ConfigurationError(
            "worker processes are not supported yet",
            hint="use max_workers= or a ThreadPoolExecutor",
        )


def _bad_key(key: object, position: int) -> ConfigurationError:
    return ConfigurationError(
        f"the key of item {position} is {key!r}, expected a text that is not empty",
        hint="1 and '1' would be the same text: say which you mean, e.g. f'id:{item.id}'",
    )


def _workers_of(pool: Executor) -> int:
    workers = getattr(pool, "_max_workers", None)
    return workers if isinstance(workers, int) else 4
