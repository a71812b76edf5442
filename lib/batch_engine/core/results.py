"""What a run gives back: one outcome per key, the failures, the batches, the counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from batch_engine.core.events import Counts, ListenerFailure
from batch_engine.core.records import ErrorRecord

__all__ = ["BatchSummary", "ChunkResult", "Outcome", "RunResult"]

R = TypeVar("R")


class Outcome(NamedTuple, Generic[R]):
    """What came of one item. ``value`` is the result unless ``status`` is failed, and then
    ``error`` says why. ``attempts`` is 0 for a loaded one; ``batch`` is its chunk's number."""

    key: str
    status: Literal["ok", "loaded", "failed"]
    value: R | None
    error: ErrorRecord | None
    attempts: int
    batch: int


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """One chunk that was done: its number, counts and seconds (work, retries and storing)."""

    number: int
    counts: Counts
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class ChunkResult(Generic[R]):
    """What came of a chunk.

    ``outcomes`` has one outcome for each key that the chunk was the first to hold, in input
    order; ``keys`` has one key per item, those that occur again included. ``report`` is what a
    worker process has to say besides (`run_chunk`), None once it was listened to.
    """

    outcomes: tuple[Outcome[R], ...]
    summary: BatchSummary
    keys: tuple[str, ...] = ()
    report: Any = None

    @property
    def number(self) -> int:
        """The chunk's number, from 1."""
        return self.summary.number


@dataclass(frozen=True, kw_only=True)
class RunResult(Generic[R]):
    """All outcomes of one call of the runner.

    ``outcomes`` maps keys to outcomes in input order. ``keys`` has one key per input item, so
    an item that occurs twice is in it twice. ``stopped`` says why the rest of the input was not
    reached (``""``: all of it was). ``total`` is None when a lazy source was not read to its end.
    ``listener_failures`` holds the first 100 of each kind of
    event, of ``listener_failure_count`` in all.
    """

    step: str
    outcomes: Mapping[str, Outcome[R]]
    keys: tuple[str, ...]
    counts: Counts
    batches: tuple[BatchSummary, ...]
    total: int | None
    stopped: Literal["", "fail_fast", "max_failures"]
    elapsed_s: float
    listener_failures: tuple[ListenerFailure, ...] = ()
    listener_failure_count: int = 0

    @property
    def ok(self) -> bool:
        """Whether every item has a result."""
        return not self.stopped and not self.counts.failed

    @property
    def errors(self) -> dict[str, ErrorRecord]:
        """The error record of each failed key, in input order."""
        return {
            key: outcome.error
            for key, outcome in self.outcomes.items()
            if outcome.error is not None
        }

    @property
    def values(self) -> dict[str, R]:
        """The result of each key that has one, in input order."""
        return {
            key: outcome.value  # type: ignore[misc]  # R itself may be None; status decides
            for key, outcome in self.outcomes.items()
            if outcome.status != "failed"
        }

    def in_order(self) -> list[Outcome[R]]:
        """One outcome per input item that was reached, duplicates included, in input order."""
        return [self.outcomes[key] for key in self.keys]
