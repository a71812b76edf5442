"""Chunks whose size follows how the last ones went.

A proportional controller on the seconds that a chunk takes: the next size goes a part of the way
(``gain``) to the size that would have taken ``target_s``. A dead band keeps it from trembling,
bounds from running away; too many failures or too little memory halve it. Everything it knows
comes from the runner's clock and the sampler, so the same run gives the same sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Literal, TypeVar

from batch_engine.core.chunks import Chunk
from batch_engine.core.errors import ConfigurationError
from batch_engine.core.resources import Sampler, sample_resources
from batch_engine.core.results import BatchSummary

__all__ = ["Adaptive", "Adjustment"]

T = TypeVar("T")
_GROWTH = 2.0  # at most doubled or halved at once


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One decision: after which chunk, from which size to which, and why."""

    after: int
    old: int
    new: int
    reason: Literal["faster", "slower", "errors", "memory"]


class Adaptive(Generic[T]):
    """A `Chunker` that aims at chunks of ``target_s`` seconds.

    ``start`` is the first size; sizes stay within ``smallest`` and ``largest``. Within
    ``dead_band`` (a share of the target) nothing changes. When more than ``max_error_rate`` of a
    chunk's run items failed, or more than ``max_memory`` (a share) of the machine's memory is in
    use, the size is halved. ``adjustments`` has the decisions so far. Each run begins anew at
    ``start``; two runs at the same time need one each.

    >>> chunking = Adaptive(target_s=10, start=20, largest=500)
    >>> run_batches(items, work, step="ask", chunking=chunking)
    """

    def __init__(
        self,
        *,
        target_s: float,
        start: int = 10,
        smallest: int = 1,
        largest: int = 1_000,
        gain: float = 0.5,
        dead_band: float = 0.2,
        max_error_rate: float = 0.5,
        max_memory: float | None = 0.9,
        sample: Sampler = sample_resources,
    ) -> None:
        _require(target_s > 0, "target_s", target_s, "seconds above 0")
        _require(1 <= smallest <= start <= largest, "start", start, "smallest <= start <= largest")
        _require(0 < gain <= 1, "gain", gain, "above 0, at most 1")
        _require(0 <= dead_band < 1, "dead_band", dead_band, "0 or more, below 1")
        _require(0 < max_error_rate <= 1, "max_error_rate", max_error_rate, "a share, 0 to 1")
        self.size = self._start = start
        self.adjustments: list[Adjustment] = []
        self._target_s = target_s
        self._bounds = (smallest, largest)
        self._gain = gain
        self._dead_band = dead_band
        self._max_error_rate = max_error_rate
        self._max_memory = max_memory
        self._sample = sample

    def split(self, items: Iterable[T], /) -> Iterator[Chunk[T]]:
        """See `Chunker`; each chunk has the size of the moment in which it is cut."""
        self.size = self._start
        self.adjustments.clear()
        source = iter(items)
        number, start = 1, 0
        while part := tuple(islice(source, self.size)):
            yield Chunk(number, start, part, float(len(part)))
            number, start = number + 1, start + len(part)

    def observe(self, summary: BatchSummary) -> None:
        """Takes in how a chunk went; the runner calls it before the next chunk is cut.

        A chunk in which nothing was run (all was loaded) says nothing about speed.
        """
        counts = summary.counts
        run = counts.ok + counts.failed
        if not run:
            return
        if counts.failed > self._max_error_rate * run:
            self._set(summary.number, self.size / 2, "errors")
        elif self._max_memory is not None and self._sample().memory_share > self._max_memory:
            self._set(summary.number, self.size / 2, "memory")
        else:
            self._steer(summary.number, summary.elapsed_s / run)

    def _steer(self, after: int, seconds_per_item: float) -> None:
        took = seconds_per_item * self.size
        if abs(took - self._target_s) <= self._dead_band * self._target_s:
            return
        wanted = self._target_s / seconds_per_item if seconds_per_item > 0 else float("inf")
        wanted = min(max(wanted, self.size / _GROWTH), self.size * _GROWTH)
        moved = self.size + self._gain * (wanted - self.size)
        self._set(after, moved, "faster" if took < self._target_s else "slower")

    def _set(
        self, after: int, size: float, reason: Literal["faster", "slower", "errors", "memory"]
    ) -> None:
        smallest, largest = self._bounds
        # Away from the old size, so that a step of less than one item is still a step.
        whole = int(size) + (reason == "faster" and size > int(size))
        new = min(max(whole, smallest), largest)
        if new != self.size:
            self.adjustments.append(Adjustment(after, self.size, new, reason))
            self.size = new


def _require(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise ConfigurationError(f"{name} is {value!r}, expected {expected}")
