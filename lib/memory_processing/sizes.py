"""Batches whose size can change while a run works: fixed, changed by hand, or adaptive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from batch_engine.core import Adaptive, Adjustment, BatchSummary, Chunk
from memory_processing.batch import Placed
from memory_processing.config import AdaptiveSize, LiveConfig

__all__ = ["LiveSize"]


class LiveSize:
    """A chunker that asks the configuration before each cut.

    A gap in the places (records that an earlier process did) ends a batch, so that a batch is
    one stretch of the input; none is begun once ``stopped`` says so. ``adjustments`` has the
    adaptive decisions so far.
    """

    def __init__(self, live: LiveConfig, stopped: Callable[[], bool] = lambda: False) -> None:
        self._live = live
        self._stopped = stopped
        self._adaptive: Adaptive[Placed] | None = None
        self._shape: AdaptiveSize | None = None

    @property
    def adjustments(self) -> list[Adjustment]:
        """The adaptive decisions so far."""
        return self._adaptive.adjustments if self._adaptive else []

    @property
    def size(self) -> int:
        """How many records the next batch may have."""
        wanted = self._live.current.batch_size
        if isinstance(wanted, int):
            return wanted
        if self._adaptive is None or wanted != self._shape:
            self._shape = wanted
            self._adaptive = Adaptive(
                target_s=wanted.target_ms / 1000,
                start=wanted.start,
                smallest=wanted.smallest,
                largest=wanted.largest,
            )
        return self._adaptive.size

    def split(self, items: Iterable[Placed], /) -> Iterator[Chunk[Placed]]:
        """See `Chunker`."""
        number, size = 1, self.size
        part: list[Placed] = []
        for item in items:
            if part and item.position != part[-1].position + 1:
                yield Chunk(number, part[0].position, tuple(part), float(len(part)))
                if self._stopped():
                    return
                number, size, part = number + 1, self.size, []
            part.append(item)
            if len(part) >= size:
                yield Chunk(number, part[0].position, tuple(part), float(len(part)))
                number, size, part = number + 1, self.size, []
        if part:
            yield Chunk(number, part[0].position, tuple(part), float(len(part)))

    def observe(self, summary: BatchSummary) -> None:
        """Takes in how a batch went; only an adaptive size cares."""
        if self._adaptive is not None and not isinstance(self._live.current.batch_size, int):
            self._adaptive.observe(summary)
