"""Progress of phases: a live line on a terminal, plain lines elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from batch_engine.core import (
    Event,
    Listener,
    Progress,
    ProgressSnapshot,
    RetryScheduled,
    RunCompleted,
    RunStarted,
    StepCompleted,
    StepFailed,
    StepStarted,
)
from template_creation.errors import InvocationPending

__all__ = ["progress_listener"]

_REFRESH_S = 0.1
_STEADY_S = 1.0


@contextmanager
def progress_listener(*, quiet: bool, stream: TextIO | None = None) -> Iterator[Listener]:
    """A listener that shows how far each phase is; nothing at all when ``quiet``."""
    out = stream if stream is not None else sys.stderr
    if quiet:
        yield _ignore
        return
    display = _PhaseDisplay(out, live=out.isatty())
    try:
        yield display
    finally:
        display.clear()


def _ignore(_event: Event) -> None:
    return None


class _PhaseDisplay:
    """Writes one line a phase when it ends; on a terminal also a line that moves meanwhile."""

    def __init__(
        self, out: TextIO, *, live: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._out = out
        self._live = live
        self._clock = clock
        self._progress = Progress(clock=clock)
        self._drawn_at = float("-inf")
        self._width = 0

    def __call__(self, event: Event) -> None:
        self._progress(event)
        match event:
            case StepCompleted() | StepFailed():
                self.clear()
                self._line(_closing(self._progress.snapshot(), _mark(event)))
            case RetryScheduled():
                self.clear()
                error = event.error.error
                self._line(f"  attempt {event.attempt} in {event.delay_s:.1f} s: {error}")
            case StepStarted():
                self._draw(force=True)
            case RunStarted() | RunCompleted():
                pass  # the phases speak for themselves
            case _:
                self._draw(force=False)

    def clear(self) -> None:
        """Remove the moving line, so that a message can take its place."""
        if self._width:
            self._out.write("\r" + " " * self._width + "\r")
            self._out.flush()
            self._width = 0

    def _line(self, text: str) -> None:
        if text:
            self._out.write(text + "\n")
            self._out.flush()

    def _draw(self, *, force: bool) -> None:
        now = self._clock()
        if not self._live or (not force and now - self._drawn_at < _REFRESH_S):
            return
        self._drawn_at = now
        text = _moving(self._progress.snapshot())
        self._out.write("\r" + text.ljust(self._width))
        self._out.flush()
        self._width = len(text)


def _moving(now: ProgressSnapshot) -> str:
    parts = [f"  {now.step}"]
    if now.total is not None:
        parts.append(f"{now.done}/{now.total}")
    if now.failed:
        parts.append(f"{now.failed} failed")
    if now.rate_per_s >= 1:
        parts.append(f"{now.rate_per_s:.0f}/s")
    if now.eta_s and now.elapsed_s >= _STEADY_S:
        parts.append(f"{_duration(now.eta_s)} left")
    return "  ".join(parts)


def _mark(event: StepCompleted | StepFailed) -> str:
    """A phase that ended, one that failed, one that waits for another process."""
    if isinstance(event, StepCompleted):
        return "-"
    return "~" if event.error.type == InvocationPending.__name__ else "x"


def _closing(now: ProgressSnapshot, mark: str) -> str:
    """The line of a finished phase; phases that took no time and did nothing are not told."""
    if mark == "-" and not now.done and now.elapsed_s < _REFRESH_S:
        return ""
    counts = ["waits for its answer"] if mark == "~" else []
    if now.done:
        counts.append(f"{now.done}")
    if now.loaded:
        counts.append(f"{now.loaded} from the last run")
    if now.failed:
        counts.append(f"{now.failed} failed")
    return f"{mark} {now.step}: " + ", ".join([*counts, _duration(now.elapsed_s)])


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"
