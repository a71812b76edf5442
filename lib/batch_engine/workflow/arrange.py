"""Stored items in the order of the list as it is now; those that left it are set aside.

A list of items can change from run to run. What is stored of an item that is no longer in it stays,
since it may come back, but it is neither counted nor shown: its position is `GONE`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batch_engine.core import AttemptRow, ItemRow, RunStore, StepCounts, StepRef
from batch_engine.workflow.item_work import Entry
from batch_engine.workflow.store_view import StoreView

__all__ = ["GONE", "Present", "arrange"]

GONE = -1
_AT_ONCE = 1_000


def arrange(store: RunStore, step: StepRef, entries: Sequence[Entry]) -> int:
    """Gives every stored item the position that it has in ``entries``; returns how many are not
    in there."""
    positions = {entry.key: entry.position for entry in entries}
    gone, moved = 0, []
    for row in store.items(step):
        position = positions.get(row.key, GONE)
        gone += position == GONE
        if position != row.position:
            moved.append(row._replace(position=position))
    for start in range(0, len(moved), _AT_ONCE):
        store.put(step, moved[start : start + _AT_ONCE])
    return gone


class Present(StoreView):
    """A store without the items that are gone, for reading."""

    def items(self, step: StepRef) -> Iterator[ItemRow]:
        """The items that are in the list."""
        rows = super().items(step)
        return (row for row in rows if row.position != GONE)

    def attempts(self, step: StepRef) -> Iterator[AttemptRow]:
        """The failed attempts at these."""
        keys = {row.key for row in self.items(step)}
        rows = super().attempts(step)
        return (row for row in rows if row.key in keys)

    def counts(self, step: StepRef) -> StepCounts:
        """How many of these are stored."""
        states = [row.status for row in self.items(step)]
        return StepCounts(ok=states.count("ok"), failed=states.count("failed"))
