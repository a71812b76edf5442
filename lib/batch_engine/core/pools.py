"""Chunks in an executor: a bounded window, results as they come or in order, lost workers.

Threads run a chunk in this process. Any other executor gets `run_packed` with a picklable spec.
When a worker process dies, what came of the chunks in flight is unknown: what they stored counts,
the rest is asked again once, each chunk alone, so that one deadly chunk takes no other with it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

from batch_engine.core.announce import announce_start
from batch_engine.core.chunk_run import ChunkRun
from batch_engine.core.errors import ConfigurationError, WorkerLostError
from batch_engine.core.plan import ChunkPlan, Settings
from batch_engine.core.remote import (
    absorb,
    check_sendable,
    run_packed,
    spec_of,
    unpack,
    unsendable,
)
from batch_engine.core.results import ChunkResult
from batch_engine.core.retry import NO_RETRY

__all__ = ["ChunkPool", "ExecutorChoice", "open_pool"]

T = TypeVar("T")
R = TypeVar("R")

ExecutorChoice = Executor | Callable[[], Executor] | Literal["threads", "processes"]

# Names, because these belong to engines that are not imported here.
_OUTCOME_UNKNOWN = frozenset(
    {"KilledWorker", "CommClosedError", "FutureCancelledError"}  # Dask
    | {"WorkerCrashedError", "NodeDiedError", "OutOfMemoryError"}  # Ray
)


def open_pool(
    choice: ExecutorChoice | None, max_workers: int | None, settings: Settings[T, R]
) -> ChunkPool[T, R]:
    """The pool for ``executor=`` and ``max_workers=``; an executor of the caller stays open.

    Raises `ConfigurationError` if the work cannot be sent to worker processes.
    """
    make: Callable[[], Executor] | None = None
    if choice is None or choice == "threads":
        make = _Threads(max_workers)
    elif choice == "processes":
        make = _Processes(max_workers)
    elif not isinstance(choice, Executor):
        make = choice
    executor = make() if make is not None else choice
    if not isinstance(executor, Executor):
        raise ConfigurationError(
            f"executor is {executor!r}, expected an Executor of concurrent.futures",
            hint="'threads', 'processes', an executor, or a function that makes one",
        )
    if _is_process_pool(executor):
        check_sendable(settings)
    return ChunkPool(settings, executor, make, max_workers)


@dataclass(slots=True)
class _Flight(Generic[T, R]):
    """A chunk on its way, and the executor that it was given to."""

    plan: ChunkPlan[T, R]
    future: Future[Any]
    executor: Executor


class ChunkPool(Generic[T, R]):
    """Chunks in flight. True while there are any; ``full`` at two per worker."""

    def __init__(
        self,
        settings: Settings[T, R],
        executor: Executor,
        make: Callable[[], Executor] | None,
        max_workers: int | None,
    ) -> None:
        self._settings = settings
        self._executor = executor
        self._make = make
        self._local = isinstance(executor, ThreadPoolExecutor)
        self._window = 2 * (max_workers or _workers_of(executor))
        self._flights: list[_Flight[T, R]] = []
        self._left = threading.Event()

    def __bool__(self) -> bool:
        """Whether anything is in flight."""
        return bool(self._flights)

    def __enter__(self) -> Self:
        """The pool; leaving the block ends the executor, if it is ours."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Waits for what runs and ends the executor, if it is ours."""
        if self._make is not None:
            self._executor.shutdown()

    @property
    def full(self) -> bool:
        """Whether a chunk has to come back before the next one is cut."""
        return len(self._flights) >= self._window

    def submit(self, plan: ChunkPlan[T, R]) -> None:
        """Sends a chunk on its way."""
        try:
            future = self._start(plan)
        except BrokenExecutor:
            self._replace(self._executor)
            future = self._start(plan)
        if not self._local:  # what a worker tells comes with its result, which is too late
            announce_start(self._settings, plan)
        self._flights.append(_Flight(plan, future, self._executor))

    def collect(self, *, ordered: bool) -> Iterator[ChunkResult[R]]:
        """What is done, after waiting for at least one: the oldest one if ``ordered``.

        A chunk that was ended by an exception raises it after the others were handed out.
        """
        if ordered:
            wait([self._flights[0].future])
            done = [self._flights.pop(0)]
        else:
            wait([flight.future for flight in self._flights], return_when=FIRST_COMPLETED)
            done = [flight for flight in self._flights if flight.future.done()]
            self._flights = [flight for flight in self._flights if flight not in done]
        failures: list[BaseException] = []
        for flight in done:
            try:
                yield self._finish(flight)
            except GeneratorExit:
                raise
            except BaseException as error:  # noqa: BLE001 - raised below, after the others
                failures.append(error)
        if failures:
            raise failures[0]

    def settle(self) -> list[ChunkResult[R]]:
        """Cancels what has not begun, begins no further attempt, and waits for the rest; what was
        finished is stored."""
        self._left.set()
        running = [flight for flight in self._flights if not flight.future.cancel()]
        self._flights = []
        results = []
        for flight in running:
            try:
                results.append(self._finish(flight, again=False))
            except BaseException:  # noqa: BLE001, S112 - the run ends for an earlier reason
                continue
        return results

    # -- one chunk --------------------------------------------------------------------------

    def _start(self, plan: ChunkPlan[T, R]) -> Future[Any]:
        if self._local:
            return self._executor.submit(ChunkRun(self._settings, plan, self._left).run)
        # An engine that runs a lost task again by itself does so with what it was sent at first.
        spec = spec_of(self._settings, plan, look_up=not _is_process_pool(self._executor))
        return self._executor.submit(run_packed, spec)

    def _finish(self, flight: _Flight[T, R], *, again: bool = True) -> ChunkResult[R]:
        if self._local:
            result: ChunkResult[R] = flight.future.result()
            return result
        try:
            result = unpack(flight.future.result())
        except (Exception, CancelledError) as error:
            if isinstance(error, BrokenExecutor):
                self._replace(flight.executor)
            if not again:
                raise
            if _outcome_unknown(error):
                return self._ask_again(flight.plan, error)
            return self._give_up(flight.plan, unsendable(error))
        return absorb(self._settings, flight.plan, result)

    def _ask_again(self, plan: ChunkPlan[T, R], lost: BaseException) -> ChunkResult[R]:
        """The chunk once more and alone, without what the lost worker had stored; if that is
        lost too, its items have failed."""
        settings = self._settings
        plan = plan.without_stored(settings)
        executor = _Processes(1)() if _is_process_pool(self._executor) else self._executor
        try:
            result = unpack(executor.submit(run_packed, spec_of(settings, plan)).result())
        except (Exception, CancelledError) as error:  # noqa: BLE001 - recorded for each item
            return self._give_up(
                plan, _lost(lost) if _outcome_unknown(error) else unsendable(error)
            )
        finally:
            if executor is not self._executor:
                executor.shutdown()
        return absorb(settings, plan, result)

    def _give_up(self, plan: ChunkPlan[T, R], error: Exception) -> ChunkResult[R]:
        """The chunk's outcome when its worker cannot tell it: what it stored counts, the rest has
        failed."""
        settings = replace(self._settings, work=_Raising(error), retry=NO_RETRY)
        return ChunkRun(settings, plan.without_stored(self._settings), announced=True).run()

    def _replace(self, broken: Executor) -> None:
        """A fresh executor for a broken one; for a pool of the caller, one of ours."""
        if broken is not self._executor:
            return  # replaced before: all chunks in flight break together
        if self._make is None:
            self._make = _Processes(self._window // 2)
        self._executor = self._make()


@dataclass(frozen=True, slots=True)
class _Raising:
    """Work for a chunk that is given up: an error for all of it."""

    error: Exception

    def __call__(self, items: list[Any], context: Any) -> Any:
        raise self.error


def _lost(cause: BaseException) -> WorkerLostError:
    error = WorkerLostError(
        "the worker process died while it worked on this chunk, and again when it was asked once "
        "more",
        hint="look for a crash or for too little memory; a smaller chunk may get through",
    )
    error.__cause__ = cause
    return error


@dataclass(frozen=True, slots=True)
class _Threads:
    max_workers: int | None

    def __call__(self) -> Executor:
        return ThreadPoolExecutor(self.max_workers, thread_name_prefix="batch")


@dataclass(frozen=True, slots=True)
class _Processes:
    max_workers: int | None

    def __call__(self) -> Executor:
        # Not at the top: it would make up an eighth of this package's import.
        import multiprocessing
        from concurrent.futures.process import ProcessPoolExecutor

        # Started afresh, not forked: a forked copy of a process with threads can hang.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(
            self.max_workers, mp_context=context, initializer=_die_with_the_parent
        )


def _die_with_the_parent() -> None:
    """Workers of a parent that was killed would wait for work for ever."""
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    from multiprocessing.connection import wait as wait_for

    wait_for([sentinel])
    os._exit(1)


def _is_process_pool(executor: Executor) -> bool:
    return any(kind.__name__ == "ProcessPoolExecutor" for kind in type(executor).__mro__)


def _outcome_unknown(error: BaseException) -> bool:
    if isinstance(error, BrokenExecutor):
        return True
    return any(kind.__name__ in _OUTCOME_UNKNOWN for kind in type(error).__mro__)


def _workers_of(executor: Executor) -> int:
    workers = getattr(executor, "_max_workers", None)
    return workers if isinstance(workers, int) else 4
