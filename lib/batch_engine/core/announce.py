"""A chunk's beginning and its end, told to listeners."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from batch_engine.core.events import (
    ChunkCompleted,
    ChunkFailed,
    ChunkStarted,
    ItemCompleted,
    ItemFailed,
    ItemsLoaded,
)
from batch_engine.core.plan import ChunkPlan, Settings
from batch_engine.core.results import BatchSummary, Outcome

__all__ = ["announce_end", "announce_start"]


def announce_start(settings: Settings[Any, Any], plan: ChunkPlan[Any, Any]) -> None:
    """Tells that the chunk begins, and what of it is loaded."""
    emitter, step = settings.emitter, settings.step.name
    if not emitter:
        return
    emitter.emit(ChunkStarted(step=step, number=plan.number, size=plan.size, to_run=len(plan.todo)))
    if plan.loaded:
        keys = tuple(outcome.key for outcome in plan.loaded)
        emitter.emit(ItemsLoaded(step=step, number=plan.number, keys=keys))


def announce_end(
    settings: Settings[Any, Any],
    summary: BatchSummary,
    done: Mapping[str, Outcome[Any]],
    told: Container[str],
) -> None:
    """Tells what came of each item (``told`` are those of which it was told before) and that the
    chunk is complete; the caller has stored it."""
    emitter, step, number = settings.emitter, settings.step.name, summary.number
    if not emitter:
        return
    first_error = None
    for key, outcome in done.items():
        if outcome.error is not None:
            first_error = first_error or outcome.error
            if key not in told:
                emitter.emit(ItemFailed(step=step, number=number, key=key, error=outcome.error))
        elif key not in told:
            emitter.emit(ItemCompleted(step=step, number=number, key=key))
    counts, elapsed = summary.counts, summary.elapsed_s
    if first_error is None or counts.ok:
        emitter.emit(ChunkCompleted(step=step, number=number, counts=counts, elapsed_s=elapsed))
    else:
        failed = ChunkFailed(
            step=step, number=number, counts=counts, elapsed_s=elapsed, error=first_error
        )
        emitter.emit(failed)
