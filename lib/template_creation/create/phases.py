"""Phases as steps of the engine: each is announced, timed and, on a failure, named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from batch_engine.core import (
    Counts,
    Emitter,
    ItemCompleted,
    Listener,
    StepCompleted,
    StepFailed,
    StepStarted,
    error_record,
)
from template_creation.phases import WorkflowPhase

__all__ = ["PhaseLog"]


class PhaseLog:
    """Announces phases to ``listeners`` and keeps the seconds that each took.

    A phase that runs through `run_batches` announces itself; it is only timed here (`timed`).
    """

    def __init__(
        self, listeners: Sequence[Listener], *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.listeners = tuple(listeners)
        self.seconds: dict[str, float] = {}
        self._emitter = Emitter(self.listeners)
        self._clock = clock

    @property
    def listener_failures(self) -> tuple[str, ...]:
        """What listeners raised while phases were announced."""
        return tuple(f"{item.listener}: {item.error}" for item in self._emitter.failures)

    @contextmanager
    def timed(self, phase: WorkflowPhase) -> Iterator[None]:
        """Only keep the time."""
        begun = self._clock()
        try:
            yield
        finally:
            spent = self._clock() - begun
            self.seconds[phase.title] = self.seconds.get(phase.title, 0.0) + spent

    @contextmanager
    def phase(
        self, phase: WorkflowPhase, total: int | None = None
    ) -> Iterator[Callable[[int, int], None]]:
        """Announce a phase; call the yielded function with (done, total) as it advances."""
        step = phase.title
        done = 0
        begun = self._clock()
        self._emitter.emit(StepStarted(step=step, total=total))

        def advance(now_done: int, now_total: int) -> None:
            nonlocal done
            if not done and now_total != total:
                self._emitter.emit(StepStarted(step=step, total=now_total))
            for number in range(done, now_done):
                self._emitter.emit(ItemCompleted(step=step, number=1, key=str(number)))
            done = now_done

        try:
            with self.timed(phase):
                yield advance
        except BaseException as exc:
            self._emitter.emit(
                StepFailed(
                    step=step,
                    counts=Counts(ok=done),
                    elapsed_s=self._clock() - begun,
                    error=error_record(exc, step=step),
                )
            )
            raise
        self._emitter.emit(
            StepCompleted(step=step, counts=Counts(ok=done), elapsed_s=self._clock() - begun)
        )
