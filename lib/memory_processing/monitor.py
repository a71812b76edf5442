"""Figures of an import: how fast, what it used, where the time went, how sizes changed.

A `Monitor` is a listener. It keeps the latest 1,000 batches and sums of all, so that its memory
does not grow with the import.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from batch_engine.core import (
    Adjustment,
    ChunkCompleted,
    ChunkStarted,
    Event,
    ResourceSample,
    StageCompleted,
    StepStarted,
    sample_resources,
)

__all__ = ["BatchFigures", "Monitor", "figures_table"]

_KEPT = 1_000
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """One batch: its size and milliseconds, the process's memory after it, and the processor
    seconds of the process up to then."""

    number: int
    size: int
    ms: float
    rss_mb: float
    cpu_s: float


_HEARD = (StepStarted, ChunkStarted, StageCompleted, ChunkCompleted)


class Monitor:
    """Collects figures while an import runs; `figures` can be asked for at any time.

    >>> monitor = Monitor()
    >>> import_memories(sources, store, listeners=[monitor])
    >>> monitor.figures()["bottleneck"]
    'merge'
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.perf_counter,
        cpu_clock: Callable[[], float] = time.process_time,
        sample: Callable[[], ResourceSample] = sample_resources,
    ) -> None:
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._sample = sample
        self._started = clock()
        self._last = self._started
        self._batches: deque[BatchFigures] = deque(maxlen=_KEPT)
        self._sizes: dict[int, int] = {}
        self._stages: dict[str, float] = {}
        self._records = self._count = 0
        self._slowest_ms = self._sum_ms = self._peak_mb = 0.0
        self._cpu_started = self._cpu_last = cpu_clock()

    def __call__(self, event: Event) -> None:
        """Takes in one event; those of single records say nothing that is counted here."""
        if not isinstance(event, _HEARD):
            return
        self._last, self._cpu_last = self._clock(), self._cpu_clock()
        match event:
            case StepStarted():
                self._started, self._cpu_started = self._last, self._cpu_last
            case ChunkStarted():
                self._sizes[event.number] = event.size
            case StageCompleted():
                seconds = self._stages.get(event.stage, 0.0)
                self._stages[event.stage] = seconds + event.elapsed_s
            case ChunkCompleted():
                self._batch(event)

    def _batch(self, event: ChunkCompleted) -> None:
        size, used = self._sizes.pop(event.number, 0), self._sample()
        ms = 1000 * event.elapsed_s
        self._records += size
        self._count += 1
        self._sum_ms += ms
        self._slowest_ms = max(self._slowest_ms, ms)
        self._peak_mb = max(self._peak_mb, used.rss / _MB)
        self._batches.append(
            BatchFigures(
                event.number,
                size,
                round(ms, 2),
                round(used.rss / _MB, 1),
                round(self._cpu_last - self._cpu_started, 3),
            )
        )

    def figures(self, adjustments: Sequence[Adjustment] = ()) -> dict[str, Any]:
        """The figures so far, as plain JSON values.

        ``stages_s`` are seconds in validate, dedup (exact), database and merge (near
        duplicates); ``bottleneck`` is the largest of them. ``sizes`` is the trace of the
        adaptive batch size, with the reason for each change.
        """
        elapsed = max(self._last - self._started, 0.0)
        stages = {name: round(seconds, 4) for name, seconds in sorted(self._stages.items())}
        return {
            "elapsed_s": round(elapsed, 4),
            "records": self._records,
            "records_per_s": round(self._records / elapsed, 1) if elapsed else 0.0,
            "batches": self._count,
            "batch_ms_mean": round(self._sum_ms / self._count, 2) if self._count else 0.0,
            "batch_ms_max": round(self._slowest_ms, 2),
            "rss_mb_max": round(max(self._peak_mb, self._sample().rss / _MB), 1),
            "cpu_s": round(self._cpu_last - self._cpu_started, 4),
            "stages_s": stages,
            "bottleneck": max(stages, key=stages.__getitem__) if stages else "",
            "sizes": [asdict(change) for change in adjustments],
            "latest_batches": [asdict(batch) for batch in list(self._batches)[-20:]],
        }

    @property
    def batches(self) -> tuple[BatchFigures, ...]:
        """The latest batches, at most 1,000, oldest first."""
        return tuple(self._batches)


def figures_table(figures: Mapping[str, Any]) -> str:
    """The figures for a reader, one per line.

    >>> print(figures_table({"records": 3, "elapsed_s": 0.5, "records_per_s": 6.0}))
    records            3
    seconds          0.5
    records/s        6.0
    """
    stages = figures.get("stages_s", {})
    whole = sum(stages.values())
    lines = [
        (name, f"{figures[key]:,}")
        for name, key in (
            ("records", "records"),
            ("seconds", "elapsed_s"),
            ("records/s", "records_per_s"),
            ("batches", "batches"),
            ("ms per batch", "batch_ms_mean"),
            ("slowest, ms", "batch_ms_max"),
            ("peak memory, MB", "rss_mb_max"),
            ("CPU seconds", "cpu_s"),
        )
        if key in figures
    ]
    lines += [
        (f"in {name}", f"{seconds:.2f} s, {seconds / whole:.0%}")
        for name, seconds in stages.items()
        if whole
    ]
    if figures.get("bottleneck"):
        lines.append(("most time in", str(figures["bottleneck"])))
    for change in figures.get("sizes", ()):
        lines.append(
            (
                f"after batch {change['after']}",
                f"{change['old']} -> {change['new']} ({change['reason']})",
            )
        )
    return "\n".join(f"{name:<16} {value:>3}" for name, value in lines)
