"""Chunks: how a source of items is cut, by count or by weight.

A source may be lazy and endless; a chunk is cut when the runner asks for it. That is the seam
for adaptive sizes: a chunker that also listens to `ChunkCompleted` events knows how the last
chunks went before it cuts the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, TypeVar

from batch_engine.core.errors import ConfigurationError

__all__ = ["ByCount", "ByWeight", "Chunk", "Chunker", "chunks_by_count", "chunks_by_weight"]

T = TypeVar("T")


@dataclass(frozen=True)  # no slots: Chunk[int](...) would break
class Chunk(Generic[T]):
    """Some items in input order. ``number`` counts from 1; ``start`` is the 0-based place of the
    first item in the input; ``weight`` is the sum of the weights (the count, if cut by count)."""

    number: int
    start: int
    items: tuple[T, ...]
    weight: float = 0.0

    @property
    def size(self) -> int:
        """How many items there are; never 0."""
        return len(self.items)


class Chunker(Protocol[T]):
    """Cuts items into chunks, in input order, each item once, numbered from 1."""

    def split(self, items: Iterable[T], /) -> Iterator[Chunk[T]]:
        """The chunks, lazily: a chunk is cut only when it is asked for."""
        ...


@dataclass(frozen=True)  # no slots, as above
class ByCount(Generic[T]):
    """`chunks_by_count` as a value for ``chunking=``."""

    size: int

    def __post_init__(self) -> None:
        _require_positive_int("chunk size", self.size)

    def split(self, items: Iterable[T], /) -> Iterator[Chunk[T]]:
        """See `chunks_by_count`."""
        return chunks_by_count(items, self.size)


@dataclass(frozen=True)  # no slots, as above
class ByWeight(Generic[T]):
    """`chunks_by_weight` as a value for ``chunking=``."""

    limit: float
    weigh: Callable[[T], float]
    max_items: int | None = None

    def __post_init__(self) -> None:
        _check_weight_arguments(self.limit, self.max_items)

    def split(self, items: Iterable[T], /) -> Iterator[Chunk[T]]:
        """See `chunks_by_weight`."""
        return chunks_by_weight(items, self.limit, self.weigh, max_items=self.max_items)


def chunks_by_count(items: Iterable[T], size: int) -> Iterator[Chunk[T]]:
    """Chunks of ``size`` items; the last one may be shorter. No items, no chunks.

    Raises `ConfigurationError` unless ``size`` is a whole number of at least 1.

    >>> [chunk.items for chunk in chunks_by_count("abcde", 2)]
    [('a', 'b'), ('c', 'd'), ('e',)]
    """
    _require_positive_int("chunk size", size)
    return _by_count(items, size)


def chunks_by_weight(
    items: Iterable[T],
    limit: float,
    weigh: Callable[[T], float],
    *,
    max_items: int | None = None,
) -> Iterator[Chunk[T]]:
    """Chunks in input order, each as long as its weights sum to at most ``limit``.

    An item that is heavier than the limit gets a chunk of its own: leaving it out would lose it,
    and only the caller knows whether it can still be done (`Chunk.weight` shows it).

    Raises `ConfigurationError` for a limit that is not above 0 or a weight below 0.

    >>> [chunk.items for chunk in chunks_by_weight([5, 4, 2, 9, 1], 9, float)]
    [(5, 4), (2,), (9,), (1,)]
    """
    _check_weight_arguments(limit, max_items)
    return _by_weight(items, limit, weigh, max_items)


def _by_count(items: Iterable[T], size: int) -> Iterator[Chunk[T]]:
    source = iter(items)
    number, start = 1, 0
    while part := tuple(islice(source, size)):
        yield Chunk(number, start, part, float(len(part)))
        number, start = number + 1, start + len(part)


def _by_weight(
    items: Iterable[T], limit: float, weigh: Callable[[T], float], max_items: int | None
) -> Iterator[Chunk[T]]:
    number, start, total = 1, 0, 0.0
    part: list[T] = []
    for item in items:
        weight = weigh(item)
        if not weight >= 0:  # also catches NaN
            raise ConfigurationError(f"the weight of an item is {weight!r}, expected 0 or more")
        if part and (total + weight > limit or len(part) == max_items):
            yield Chunk(number, start, tuple(part), total)
            number, start, total, part = number + 1, start + len(part), 0.0, []
        part.append(item)
        total += weight
    if part:
        yield Chunk(number, start, tuple(part), total)


def _check_weight_arguments(limit: float, max_items: int | None) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not limit > 0:
        raise ConfigurationError(f"weight limit is {limit!r}, expected a number above 0")
    if max_items is not None:
        _require_positive_int("max_items", max_items)


def _require_positive_int(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"{name} is {value!r}, expected a whole number of at least 1")
