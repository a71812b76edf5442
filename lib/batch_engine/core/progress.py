"""Progress of a step: how much is done, how fast it goes, when it will be over.

A `Progress` is a listener; what it knows comes from events and the clock it was given. Items
taken from the store count as done but not as speed: a resumed run would otherwise promise to be
finished at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from batch_engine.core.events import (
    ChunkCompleted,
    Event,
    ItemCompleted,
    ItemFailed,
    ItemsLoaded,
    StepCompleted,
    StepFailed,
    StepStarted,
)
from batch_engine.core.results import BatchSummary

__all__ = ["Progress", "ProgressSnapshot"]

_KEPT_BATCHES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressSnapshot:
    """Progress at one moment.

    ``total`` is None if unknown, and then so is ``eta_s``. ``rate_per_s`` counts items that were
    run, 0.0 before the first. ``batches`` holds the latest chunks, at most 20, oldest first.
    """

    step: str
    done: int
    total: int | None
    ok: int
    loaded: int
    failed: int
    elapsed_s: float
    rate_per_s: float
    eta_s: float | None
    batches: tuple[BatchSummary, ...]

    @property
    def fraction(self) -> float | None:
        """Done by total, 0.0 to 1.0; None if the total is unknown, 1.0 for no items at all."""
        if self.total is None:
            return None
        return min(1.0, self.done / self.total) if self.total else 1.0


class Progress:
    """A listener that can be asked for a `ProgressSnapshot` at any time.

    >>> seconds = iter([0.0, 10.0, 10.0])
    >>> progress = Progress(clock=lambda: next(seconds))
    >>> progress(StepStarted(step="read", total=4))
    >>> progress(ItemCompleted(step="read", number=1, key="a"))
    >>> progress.snapshot().eta_s
    30.0
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._step = ""
        self._total: int | None = None
        self._started: float | None = None
        self._ended: float | None = None
        self._ok = self._loaded = self._failed = self._duplicates = 0
        self._batches: tuple[BatchSummary, ...] = ()

    def __call__(self, event: Event) -> None:
        """Takes in one event; kinds that say nothing about progress are ignored."""
        match event:
            case ItemCompleted():
                self._ok += 1
            case ItemFailed():
                self._failed += 1
            case ItemsLoaded():
                self._loaded += len(event.keys)
            case ChunkCompleted():
                self._duplicates += event.counts.duplicates
                summary = BatchSummary(event.number, event.counts, event.elapsed_s)
                self._batches = (*self._batches[1 - _KEPT_BATCHES :], summary)
            case StepStarted():
                self._begin(event)
            case StepCompleted() | StepFailed():
                self._ended = self._clock()
            case _:
                pass

    def snapshot(self) -> ProgressSnapshot:
        """The progress now (after the step: at its end)."""
        run = self._ok + self._failed
        done = run + self._loaded + self._duplicates
        now = self._clock() if self._ended is None else self._ended
        elapsed = 0.0 if self._started is None else max(0.0, now - self._started)
        rate = run / elapsed if elapsed > 0 else 0.0
        return ProgressSnapshot(
            step=self._step,
            done=done,
            total=self._total,
            ok=self._ok,
            loaded=self._loaded,
            failed=self._failed,
            elapsed_s=elapsed,
            rate_per_s=rate,
            eta_s=_eta_s(self._total, done, rate),
            batches=self._batches,
        )

    def _begin(self, event: StepStarted) -> None:
        self._step, self._total = event.step, event.total
        self._started, self._ended = self._clock(), None
        self._ok = self._loaded = self._failed = self._duplicates = 0
        self._batches = ()


def _eta_s(total: int | None, done: int, rate_per_s: float) -> float | None:
    if total is None:
        return None
    left = max(0, total - done)
    if left == 0:
        return 0.0
    return left / rate_per_s if rate_per_s > 0 else None
