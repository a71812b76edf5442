"""One chunk in another process: what is sent there, what comes back, what is done with it.

The worker writes the chunk's results to the store before it returns, where it can reach the
store (the same machine). Where it cannot, the writes come back with the chunk and are carried
out by the caller, before anything is announced. Events come back too, with their times.
"""

from __future__ import annotations

import pickle
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from batch_engine.core.chunk_run import ChunkRun
from batch_engine.core.errors import ConfigurationError, ContractError, Pause, StoreError
from batch_engine.core.events import (
    ChunkStarted,
    Counts,
    Emitter,
    Event,
    ItemsLoaded,
    ListenerFailure,
)
from batch_engine.core.plan import ChunkPlan, Settings
from batch_engine.core.records import ItemRef, error_record, preview_of, text_of
from batch_engine.core.results import BatchSummary, ChunkResult, Outcome
from batch_engine.core.retry import RetryPolicy
from batch_engine.core.store import MemoryRunStore, RunStore, StepRef
from batch_engine.core.work import Work

__all__ = [
    "ChunkSpec",
    "WorkerReport",
    "absorb",
    "check_sendable",
    "run_chunk",
    "run_packed",
    "spec_of",
    "unpack",
    "unsendable",
]

T = TypeVar("T")
R = TypeVar("R")

Reopen = Callable[[], RunStore | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkSpec(Generic[T, R]):
    """A chunk with all that another process needs to run it; everything in it is pickled.

    ``reopen`` opens the run's store there, or gives None where it cannot be reached; it is None
    for a run without a store. ``listening`` says whether events are wanted back, ``look_up``
    whether a lost worker may have stored some of the chunk before.
    """

    step: StepRef
    plan: ChunkPlan[T, R]
    work: Work[T, R]
    key: Callable[[T], str]
    retry: RetryPolicy
    dump: Callable[[R], Any] | None = None
    load: Callable[[Any], R] | None = None
    reopen: Reopen | None = None
    listening: bool = False
    look_up: bool = False


@dataclass(slots=True)
class WorkerReport:
    """What a worker says besides the outcomes: events, writes that are not carried out yet,
    failures of callbacks (`ChunkContext.note`), and the exception (a pause, a store's error)
    that ended the chunk."""

    events: list[Event] = field(default_factory=list)
    writes: list[dict[str, Any]] = field(default_factory=list)
    failures: list[ListenerFailure] = field(default_factory=list)
    failure_counts: Mapping[str, int] = field(default_factory=dict)
    raised: BaseException | None = None


class _WritesKept(MemoryRunStore):
    """Stands in for a store that this process cannot reach: keeps the writes in order."""

    def __init__(self, writes: list[dict[str, Any]]) -> None:
        super().__init__()
        self._writes = writes

    def put(self, step: StepRef, items: Any, *, attempts: Any = (), batch: Any = None) -> None:
        """See `RunStore`; carried out by the caller (`absorb`)."""
        self._writes.append({"items": list(items), "attempts": list(attempts), "batch": batch})


def run_chunk(spec: ChunkSpec[T, R]) -> ChunkResult[R]:
    """Runs one chunk in this process and stores it; for any engine that can call a function.

    Never raises for what work raises. A pause or a store's error is in the result's ``report``,
    since what was finished before it has to come back too; `absorb` raises it.
    """
    report = WorkerReport()
    store: RunStore | None = None
    if spec.reopen is not None:
        store = spec.reopen()
        if store is None:
            store = _WritesKept(report.writes)
    settings: Settings[T, R] = Settings(
        step=spec.step,
        work=spec.work,
        key=spec.key,
        store=store,
        retry=spec.retry,
        dump=spec.dump,
        load=spec.load,
        emitter=Emitter([report.events.append] if spec.listening else ()),
        clock=time.monotonic,
        sleep=time.sleep,
        random=random.random,
        now=lambda: datetime.now(UTC),
    )
    try:
        plan = spec.plan.without_stored(settings) if spec.look_up else spec.plan
        result = ChunkRun(settings, plan).run()
    except BaseException as error:  # noqa: BLE001 - the edge of a process; `absorb` raises it
        report.raised = _sendable(error)
        result = ChunkResult((), BatchSummary(spec.plan.number, Counts(), 0.0), spec.plan.keys)
    report.failures = settings.emitter.failures
    report.failure_counts = settings.emitter.failure_counts
    return replace(result, report=report)


def run_packed(spec: ChunkSpec[T, R]) -> bytes:
    """`run_chunk`, its result pickled: one that cannot be sent is then an error of its chunk and
    not of the pool. `unpack` takes it apart."""
    result = run_chunk(spec)
    try:
        return pickle.dumps(result)
    except Exception as error:
        if spec.reopen is not None:
            raise  # what was stored is loaded from there
        outcomes = tuple(_sendable_outcome(outcome, spec, error) for outcome in result.outcomes)
        failed = sum(outcome.status == "failed" for outcome in outcomes)
        counts = result.summary.counts
        counts = replace(counts, ok=counts.ok + counts.failed - failed, failed=failed)
        summary = replace(result.summary, counts=counts)
        return pickle.dumps(replace(result, outcomes=outcomes, summary=summary))


def unpack(data: bytes) -> ChunkResult[Any]:
    """What `run_packed` packed; raises whatever a result raises that cannot be taken apart."""
    result: ChunkResult[Any] = pickle.loads(data)
    return result


def _sendable_outcome(outcome: Outcome[R], spec: ChunkSpec[T, R], cause: Exception) -> Outcome[R]:
    try:
        pickle.dumps(outcome)
    except Exception:  # noqa: BLE001 - the edge of an item; it is recorded
        error = unsendable(cause)
        item = ItemRef(key=outcome.key)
        record = error_record(error, item=item, step=spec.step.name, batch=spec.plan.number)
        return outcome._replace(status="failed", value=None, error=record)
    return outcome


def unsendable(cause: BaseException) -> ContractError:
    """The error for what cannot be sent to a worker process or back."""
    error = ContractError(
        f"an item or a result cannot be sent between processes: {type(cause).__name__}: {cause}",
        hint="use values and classes that pickle can send, or threads",
    )
    error.__cause__ = cause
    return error


def _sendable(error: BaseException) -> BaseException:
    """The exception, or the nearest of its bases that survives being sent."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:  # noqa: BLE001 - whatever its constructor raises
        text = f"{type(error).__name__}: {text_of(error)}"
        return Pause(text) if isinstance(error, Pause) else StoreError(text)


def spec_of(
    settings: Settings[T, R], plan: ChunkPlan[T, R], *, look_up: bool = False
) -> ChunkSpec[T, R]:
    """The spec of a chunk of a running step. Loaded results stay here: only their keys travel."""
    without_values = tuple(outcome._replace(value=None) for outcome in plan.loaded)
    return ChunkSpec(
        step=settings.step,
        plan=replace(plan, loaded=without_values),
        work=settings.work,
        key=settings.key,
        retry=settings.retry,
        dump=settings.dump,
        load=settings.load,
        reopen=_reopen_of(settings.store),
        listening=bool(settings.emitter),
        look_up=look_up,
    )


def absorb(
    settings: Settings[T, R], plan: ChunkPlan[T, R], result: ChunkResult[R]
) -> ChunkResult[R]:
    """Does what a worker could not: its writes, then its events; raises what ended its chunk."""
    report: WorkerReport = result.report
    for write in report.writes:
        if settings.store is not None:
            settings.store.put(settings.step, write.pop("items"), **write)
    for event in report.events:
        if not isinstance(event, ChunkStarted | ItemsLoaded):  # told when the chunk was sent
            settings.emitter.emit(event)
    settings.emitter.take_over(report.failures, report.failure_counts)
    if report.raised is not None:
        raise report.raised
    values: Mapping[str, Outcome[R]] = {outcome.key: outcome for outcome in plan.loaded}
    outcomes = tuple(values.get(outcome.key, outcome) for outcome in result.outcomes)
    return replace(result, outcomes=outcomes, report=None)


def check_sendable(settings: Settings[Any, Any]) -> None:
    """`ConfigurationError` that names what of a step cannot be sent to another process."""
    for name in ("work", "key", "dump", "load", "retry"):
        value = getattr(settings, name)
        try:
            pickle.dumps(value)
        except Exception as error:
            raise ConfigurationError(
                f"{name}={preview_of(value)} cannot be sent to a worker process: {error}",
                hint="use functions and classes that stand at the top level of a module",
            ) from error


def _no_reopen() -> RunStore | None:
    return None


def _reopen_of(store: RunStore | None) -> Reopen | None:
    if store is None:
        return None
    reopener = getattr(store, "reopener", None)
    return (reopener() if reopener is not None else None) or _no_reopen
