"""The list of a scope as it is read: its keys, its chunks, and once more for a retry."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from batch_engine.core import Chunk, Chunker

__all__ = ["KnownKeys", "Remembering", "Unread"]


class KnownKeys:
    """The keys of the items, one after the other: those of the first run where this is another
    one over the same list, since its stages may have changed the items in place."""

    def __init__(self, key: Callable[[Any], str], known: Iterable[str]) -> None:
        self.key = key
        self._known = iter(known)

    def __call__(self, item: Any) -> str:
        """The key of the next item."""
        return next(self._known, None) or self.key(item)

    def __reduce__(self) -> tuple[type[KnownKeys], tuple[Any, ...]]:
        """In a worker process nobody walks through the list."""
        return KnownKeys, (self.key, ())


class Unread:
    """A lazy source from its beginning, as often as it is asked for: what was read of it is kept,
    the rest is read when it is needed."""

    def __init__(self, seen: list[Any], rest: Iterator[Any]) -> None:
        self._seen = seen
        self._rest = rest

    def __iter__(self) -> Iterator[Any]:
        """All items, those that nobody has read yet too."""
        for place in itertools.count():
            if place == len(self._seen):
                try:
                    self._seen.append(next(self._rest))
                except StopIteration:
                    return
            yield self._seen[place]


class Remembering:
    """A chunker that knows the items of the chunks on their way, and if asked all it has read."""

    def __init__(self, chunker: Chunker[Any], *, keep: bool) -> None:
        self.chunker = chunker
        self.items: dict[int, tuple[Any, ...]] = {}
        self.seen: list[Any] = []
        self._keep = keep
        observe = getattr(chunker, "observe", None)
        if observe is not None:
            self.observe = observe

    def split(self, items: Iterable[Any], /) -> Iterator[Chunk[Any]]:
        """See `Chunker`."""
        for chunk in self.chunker.split(items):
            self.items[chunk.number] = chunk.items
            if self._keep:
                self.seen.extend(chunk.items)
            yield chunk
