"""What happened, as frozen values; whoever wants to know passes a listener.

Progress displays, logs, traces and statistics are listeners. An event is sent after what it
announces is stored, never before. A listener that raises does not disturb the run: the failure
is recorded (`Emitter.failures`) and the other listeners still get the event.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import RLock

from batch_engine.core.records import ErrorRecord, stack_text, text_of

__all__ = [
    "ChunkCompleted",
    "ChunkFailed",
    "ChunkStarted",
    "Counts",
    "Emitter",
    "Event",
    "ItemCompleted",
    "ItemFailed",
    "ItemsLoaded",
    "Listener",
    "ListenerFailure",
    "RetryScheduled",
    "RunCompleted",
    "RunStarted",
    "StageCompleted",
    "StageStarted",
    "StepCompleted",
    "StepFailed",
    "StepStarted",
]

_MAX_KEPT_FAILURES = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items: run now and fine, taken from the store, failed, the same as another one.

    ``total`` is their sum; items that were never reached (the run stopped early) are in none.
    """

    ok: int = 0
    loaded: int = 0
    failed: int = 0
    duplicates: int = 0

    @property
    def total(self) -> int:
        """All items accounted for."""
        return self.ok + self.loaded + self.failed + self.duplicates

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.ok + other.ok,
            self.loaded + other.loaded,
            self.failed + other.failed,
            self.duplicates + other.duplicates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events; ``step`` is the name given to the runner (or the phase's name).

    ``at_ns`` is when it happened, in nanoseconds since 1970; two events are equal without it.
    Events of a worker process come when its chunk is back, with the time of the worker.
    """

    step: str
    at_ns: int = field(default_factory=time.time_ns, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A whole run begins; sent by an orchestrator of several steps. ``step`` is the run's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCompleted(Event):
    """A whole run ended; ``status`` is the orchestrator's word for how."""

    status: str
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """A step (a phase, one call of the runner) begins; ``total`` is None for a lazy source, and
    ``within`` names the step that it is a part of, if it is (a branch of parallel ones)."""

    total: int | None = None
    within: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCompleted(Event):
    """A step came to its end, with or without failed items."""

    counts: Counts
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed(Event):
    """A step was left by an exception (a pause and an interrupt are two of them)."""

    counts: Counts
    elapsed_s: float
    error: ErrorRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkStarted(Event):
    """A chunk was cut; ``size`` counts all its items, ``to_run`` those that are not stored."""

    number: int
    size: int
    to_run: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsLoaded(Event):
    """Results of these items were in the store already: skipped, not run."""

    number: int
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCompleted(Event):
    """The result of one item is stored; ``early`` if the rest of its chunk still runs."""

    number: int
    key: str
    early: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFailed(Event):
    """One item failed for good; the record is stored."""

    number: int
    key: str
    error: ErrorRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScheduled(Event):
    """These items will be tried again after ``delay_s``; ``attempt`` is the coming attempt."""

    number: int
    keys: tuple[str, ...]
    attempt: int
    delay_s: float
    error: ErrorRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkCompleted(Event):
    """A chunk is stored. ``elapsed_s`` covers work, retries and storing."""

    number: int
    counts: Counts
    elapsed_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkFailed(ChunkCompleted):
    """A chunk in which nothing that was run succeeded; ``error`` is its first failure."""

    error: ErrorRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStarted(Event):
    """One of the parts that a chunk's work consists of begins; ``stage`` is its name, ``size``
    counts the items that it gets. Sent by the work itself (`ChunkContext.tell`)."""

    number: int
    stage: str
    size: int
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StageCompleted(Event):
    """A part of a chunk's work is through; ``size`` counts the items that it gave,
    ``failed`` those that failed in it, ``error`` is the code of the first of these failures."""

    number: int
    stage: str
    size: int
    failed: int
    elapsed_s: float
    attempt: int = 1
    error: str = ""


Listener = Callable[[Event], object]


@dataclass(frozen=True, slots=True)
class ListenerFailure:
    """A listener that raised: which one, on which kind of event, and the traceback."""

    listener: str
    event: str
    error: str
    stack: str


class Emitter:
    """Sends each event to every listener and keeps what they raised.

    ``failures`` keeps the first 100 of each kind of event, ``failure_counts`` counts all.
    """

    def __init__(self, listeners: Iterable[Listener] = ()) -> None:
        self._listeners = tuple(listeners)
        self._lock = RLock()  # listeners are called one at a time, whatever thread works
        self.failures: list[ListenerFailure] = []
        self.failure_counts: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()

    def __bool__(self) -> bool:
        """Whether anyone listens; if not, an event need not be made."""
        return bool(self._listeners)

    def emit(self, event: Event) -> None:
        """Sends ``event`` to each listener in order; only an interrupt passes through."""
        with self._lock:
            for listener in self._listeners:
                try:
                    listener(event)
                except Exception as error:  # noqa: BLE001 - never breaks the run; is recorded
                    self._record(listener, event, error)

    def keep(self, failure: ListenerFailure) -> None:
        """Keeps a failure of a callback that disturbed nothing."""
        self.take_over([failure], {failure.event: 1})

    def take_over(self, failures: Iterable[ListenerFailure], counts: Mapping[str, int]) -> None:
        """Keeps what another emitter kept and counted."""
        with self._lock:
            self.failure_counts.update(counts)
            for failure in failures:
                self._kept[failure.event] += 1
                if self._kept[failure.event] <= _MAX_KEPT_FAILURES:
                    self.failures.append(failure)

    def _record(self, listener: Listener, event: Event, error: Exception) -> None:
        name = getattr(listener, "__qualname__", type(listener).__qualname__)
        message = f"{type(error).__name__}: {text_of(error)}"
        self.keep(ListenerFailure(name, type(event).__name__, message, stack_text(error)))
