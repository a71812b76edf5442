"""The runner: items in chunks through a work function, stored, resumable, one outcome per key."""

from __future__ import annotations

import random as random_module
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sized
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

from batch_engine.core.chunks import ByCount, Chunker
from batch_engine.core.errors import ConfigurationError
from batch_engine.core.events import Counts, Emitter, Listener, ListenerFailure
from batch_engine.core.keys import item_key
from batch_engine.core.plan import Settings
from batch_engine.core.pools import ExecutorChoice, open_pool
from batch_engine.core.results import BatchSummary, ChunkResult, Outcome, RunResult
from batch_engine.core.retry import NO_RETRY, RetryPolicy
from batch_engine.core.step_run import StepRun, Stop
from batch_engine.core.store import RunStore, StepRef
from batch_engine.core.work import Work

__all__ = ["BatchStream", "run_batches", "stream_batches"]

T = TypeVar("T")
R = TypeVar("R")


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
    known: Mapping[str, R] | None = None,
    max_workers: int | None = None,
    executor: ExecutorChoice | None = None,
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
    ``known`` holds results by key that need no run, whatever the store has.

    ``retry`` (default: none) is applied within a chunk and asks only for the failed items.
    ``on_error="fail_fast"`` starts no further chunk after a failed item, ``max_failures=n``
    none after more than n failed items; `RunResult.stopped` then says so.

    Chunks run one after the other in the caller's thread. ``max_workers`` runs that many at a
    time in threads; ``executor="processes"`` in processes; an executor of `concurrent.futures`,
    or a function that makes one, in that. At most two chunks per worker are cut ahead. What is
    sent to processes is pickled; they use the real clock. Whatever the order of work, outcomes
    come in input order.

    Raises `ConfigurationError`, `StoreError`, and untouched every `Pause` and every exception
    that is no `Exception`; what was finished is stored by then.
    """
    _check(on_error, max_failures, max_workers)
    emitter = Emitter(listeners)
    run = StepRun(
        settings=Settings(
            step=StepRef(step, fingerprint),
            work=work,
            key=key or item_key,
            store=store,
            retry=retry or NO_RETRY,
            dump=dump,
            load=load,
            emitter=emitter,
            clock=clock,
            sleep=sleep,
            random=random,
            now=now,
        ),
        chunker=ByCount(chunking) if isinstance(chunking, int) else chunking,
        on_error=on_error,
        max_failures=max_failures,
        known=known or {},
        distinct=True,
        ordered=False,
        pool=_pool(executor, max_workers),
    )
    total = _length(items)
    return _merged(step, run, list(run.chunks(items, total)), total, emitter)


def stream_batches(
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
    known: Mapping[str, R] | None = None,
    distinct: bool = False,
    max_workers: int | None = None,
    executor: ExecutorChoice | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
    random: Callable[[], float] = random_module.random,
    now: Callable[[], datetime] = _utc_now,
) -> BatchStream[R]:
    """The finished chunks one by one, in input order, each as soon as it is stored.

    Everything is as in `run_batches`, except that nothing is kept: memory is that of the chunks
    in flight, however long the source is. So only the items of one chunk are known to be the
    same; an item that occurs again in a later chunk is loaded from the store, and without a
    store it is run again. ``distinct=True`` remembers all keys instead, and leaves such items
    out of the later chunk's outcomes.

    >>> for chunk in stream_batches(source, work, step="read", store=store):
    ...     for outcome in chunk.outcomes:
    ...         write(outcome.key, outcome.value)
    """
    _check(on_error, max_failures, max_workers)
    emitter = Emitter(listeners)
    run = StepRun(
        settings=Settings(
            step=StepRef(step, fingerprint),
            work=work,
            key=key or item_key,
            store=store,
            retry=retry or NO_RETRY,
            dump=dump,
            load=load,
            emitter=emitter,
            clock=clock,
            sleep=sleep,
            random=random,
            now=now,
        ),
        chunker=ByCount(chunking) if isinstance(chunking, int) else chunking,
        on_error=on_error,
        max_failures=max_failures,
        known=known or {},
        distinct=distinct,
        ordered=True,
        pool=_pool(executor, max_workers),
    )
    return BatchStream(run, run.chunks(items, _length(items)))


class BatchStream(Generic[R]):
    """An iterator over finished chunks that knows how far it is.

    Work goes on only while it is asked for the next chunk (with workers: a few chunks ahead).
    Leaving a ``with`` block, or `close`, ends the run early; what was finished is stored.
    """

    def __init__(self, run: StepRun[Any, R], chunks: Generator[ChunkResult[R], None, None]) -> None:
        self._run = run
        self._chunks = chunks

    def __iter__(self) -> Iterator[ChunkResult[R]]:
        """The stream itself: it can be read once."""
        return self

    def __next__(self) -> ChunkResult[R]:
        """The next chunk, when it is stored."""
        return next(self._chunks)

    def __enter__(self) -> Self:
        """The stream itself; leaving the block closes it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """See `close`."""
        self.close()

    def close(self) -> None:
        """Starts nothing new, waits for what runs in other threads; twice is fine."""
        self._chunks.close()

    @property
    def counts(self) -> Counts:
        """The counts of the chunks so far."""
        return self._run.counts

    @property
    def stopped(self) -> Stop:
        """Why the rest of the source was not read; empty if nothing stopped the run."""
        return self._run.stopped

    @property
    def listener_failures(self) -> tuple[ListenerFailure, ...]:
        """What listeners raised so far (the first 100 of each kind of event)."""
        return tuple(self._run.settings.emitter.failures)

    @property
    def listener_failure_counts(self) -> Mapping[str, int]:
        """How often they did so far, by the kind of event."""
        return self._run.settings.emitter.failure_counts


def _merged(
    step: str,
    run: StepRun[T, R],
    chunks: list[ChunkResult[R]],
    total: int | None,
    emitter: Emitter,
) -> RunResult[R]:
    chunks.sort(key=lambda chunk: chunk.number)
    outcomes: dict[str, Outcome[R]] = {
        outcome.key: outcome for chunk in chunks for outcome in chunk.outcomes
    }
    reached = tuple(name for chunk in chunks for name in chunk.keys if name in outcomes)
    batches: tuple[BatchSummary, ...] = tuple(chunk.summary for chunk in chunks)
    return RunResult(
        step=step,
        outcomes={name: outcomes[name] for name in reached},
        keys=reached,
        counts=run.counts,
        batches=batches,
        total=len(reached) if total is None and not run.stopped else total,
        stopped=run.stopped,
        elapsed_s=run.elapsed_s,
        listener_failures=tuple(emitter.failures),
        listener_failure_count=emitter.failure_counts.total(),
    )


def _length(items: object) -> int | None:
    return len(items) if isinstance(items, Sized) else None


def _pool(executor: ExecutorChoice | None, max_workers: int | None) -> Any:
    if executor is None and max_workers is None:
        return None
    return partial(open_pool, executor, max_workers)


def _check(on_error: str, max_failures: int | None, max_workers: int | None) -> None:
    if on_error not in ("continue", "fail_fast"):
        raise ConfigurationError(f"on_error is {on_error!r}, expected 'continue' or 'fail_fast'")
    for name, value, least in (("max_failures", max_failures, 0), ("max_workers", max_workers, 1)):
        wrong = isinstance(value, bool) or not isinstance(value, int) or value < least
        if value is not None and wrong:
            raise ConfigurationError(
                f"{name} is {value!r}, expected a whole number of at least {least}"
            )
