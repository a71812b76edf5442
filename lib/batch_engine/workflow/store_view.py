"""A run store over another one, for views that change some of what is read or written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from batch_engine.core import AttemptRow, BatchRow, ItemRow, RunStore, StepCounts, StepRef

__all__ = ["StoreView"]


class StoreView:
    """Hands everything on to ``store``; a `RunStore` itself."""

    def __init__(self, store: RunStore) -> None:
        self.store = store

    def begin_step(self, step: StepRef) -> StepCounts:
        """See `RunStore`."""
        return self.store.begin_step(step)

    def get_many(self, step: StepRef, keys: Sequence[str]) -> dict[str, ItemRow]:
        """See `RunStore`."""
        return self.store.get_many(step, keys)

    def put(
        self,
        step: StepRef,
        items: Sequence[ItemRow],
        *,
        attempts: Sequence[AttemptRow] = (),
        batch: BatchRow | None = None,
    ) -> None:
        """See `RunStore`."""
        self.store.put(step, items, attempts=attempts, batch=batch)

    def open_attempts(self, step: StepRef, keys: Sequence[str]) -> dict[str, AttemptRow]:
        """See `RunStore`."""
        return self.store.open_attempts(step, keys)

    def finish_step(self, step: StepRef, *, keep_waiting: bool = False) -> None:
        """See `RunStore`."""
        self.store.finish_step(step, keep_waiting=keep_waiting)

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """See `RunStore`."""
        self.store.record(kind, data)

    def counts(self, step: StepRef) -> StepCounts:
        """See `RunStore`."""
        return self.store.counts(step)

    def items(self, step: StepRef) -> Iterator[ItemRow]:
        """See `RunStore`."""
        return self.store.items(step)

    def attempts(self, step: StepRef) -> Iterator[AttemptRow]:
        """See `RunStore`."""
        return self.store.attempts(step)

    def reopener(self) -> Callable[[], RunStore | None] | None:
        """See `RunStore`."""
        return self.store.reopener()

    def prune(self, step: StepRef, keep: Collection[str]) -> int:
        """See `RunStore`."""
        return self.store.prune(step, keep)

    def close(self) -> None:
        """See `RunStore`."""
        self.store.close()
