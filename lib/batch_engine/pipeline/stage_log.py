"""A stage outside scopes, or several side by side, told to listeners as a step of the engine."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from batch_engine.core import (
    Counts,
    Emitter,
    Event,
    ItemCompleted,
    StepCompleted,
    StepFailed,
    StepStarted,
    error_record,
)

__all__ = ["StageLog"]


class StageLog:
    """Announces a stage as a step of the engine; how it ended, how far it is."""

    def __init__(
        self, emitter: Emitter, name: str, clock: Callable[[], float], within: str = ""
    ) -> None:
        self._emitter = emitter
        self._within = within
        self._name = name
        self._clock = clock
        self._done = 0
        self._total: int | None = None
        self._begun = 0.0

    def __enter__(self) -> Self:
        self._begun = self._clock()
        self._emitter.emit(StepStarted(step=self._name, total=None, within=self._within))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        counts, elapsed = Counts(ok=self._done), self._clock() - self._begun
        event: Event = StepCompleted(step=self._name, counts=counts, elapsed_s=elapsed)
        if error is not None:
            error.add_note(f"in stage {self._name!r}")
            record = error_record(error, step=self._name)
            event = StepFailed(step=self._name, counts=counts, elapsed_s=elapsed, error=record)
        self._emitter.emit(event)

    def advance(self, done: int, total: int | None) -> None:
        """See `StageContext.advance`."""
        if total != self._total:
            self._total = total
            if not self._done:
                started = StepStarted(step=self._name, total=total, within=self._within)
                self._emitter.emit(started)
        for number in range(self._done, done):
            self._emitter.emit(ItemCompleted(step=self._name, number=1, key=str(number)))
        self._done = max(done, self._done)
