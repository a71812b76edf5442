"""Where results live: the small protocol, its values, and a store in memory.

A store keeps one row per item of a step. A step is a name and a fingerprint together, so that
results of another prompt, model or version are never handed out, and are still there when one
goes back to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Literal, NamedTuple, Protocol

from batch_engine.core.keys import key_bytes

__all__ = [
    "AttemptRow",
    "BatchRow",
    "ItemRow",
    "ItemStatus",
    "MemoryRunStore",
    "RunStore",
    "StepCounts",
    "StepRef",
]

ItemStatus = Literal["ok", "failed"]


@dataclass(frozen=True, slots=True)
class StepRef:
    """A step of a run: its name, and the fingerprint of everything that shapes its results."""

    name: str
    fingerprint: str = ""


class ItemRow(NamedTuple):
    """One item as it is stored. ``data`` is the dumped result (JSON text, or bytes as they are)
    and None for a failed item; ``error`` is an error record as JSON text; ``position`` is the
    0-based place in the input; ``attempts`` counts those since the step began or was last
    finished, whichever processes made them."""

    key: str
    status: ItemStatus
    data: str | bytes | None = None
    error: str | None = None
    attempts: int = 1
    position: int = 0


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One failed attempt at an item; successful first attempts leave no row. ``number`` counts
    from 1; ``next_at`` is when the next one is due (ISO 8601), empty if there is none."""

    key: str
    number: int
    error: str
    next_at: str = ""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One finished chunk: its number (from 1), its size, what came of it, and how long it took."""

    number: int
    size: int
    ok: int
    loaded: int
    failed: int
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class StepCounts:
    """How many items of a step are stored, by status, and how many are not yet, since they wait
    for another attempt."""

    ok: int = 0
    failed: int = 0
    waiting: int = 0


class RunStore(Protocol):
    """What the runner needs of a store. Every method may be called from several threads.

    ``put`` is all or nothing, and durable when it returns. Errors are `StoreError`.
    """

    def begin_step(self, step: StepRef) -> StepCounts:
        """Makes the step known; returns what is stored of it already."""
        ...

    def get_many(self, step: StepRef, keys: Sequence[str]) -> dict[str, ItemRow]:
        """The stored items among ``keys``."""
        ...

    def put(
        self,
        step: StepRef,
        items: Sequence[ItemRow],
        *,
        attempts: Sequence[AttemptRow] = (),
        batch: BatchRow | None = None,
    ) -> None:
        """Stores all of it in one transaction; an item that is there already is replaced.
        ``attempts`` are failed ones that will be followed by another."""
        ...

    def open_attempts(self, step: StepRef, keys: Sequence[str]) -> dict[str, AttemptRow]:
        """The last failed attempt at those among ``keys`` that have no result, as far as it was
        made since the step began or was last finished. Without ``next_at`` it was the last:
        the item failed for good."""
        ...

    def finish_step(self, step: StepRef, *, keep_waiting: bool = False) -> None:
        """The run through the step came to its end: what failed is tried anew by a later one.
        With ``keep_waiting`` items that wait for another attempt go on waiting."""
        ...

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """Appends one event worth keeping (JSON-able data)."""
        ...

    def counts(self, step: StepRef) -> StepCounts:
        """How many items of the step are stored."""
        ...

    def items(self, step: StepRef) -> Iterator[ItemRow]:
        """All stored items of the step, in input order."""
        ...

    def attempts(self, step: StepRef) -> Iterator[AttemptRow]:
        """The failed attempts of the step that were followed by another, oldest first."""
        ...

    def reopener(self) -> Callable[[], RunStore | None] | None:
        """A picklable function that opens this store in a worker process, or gives None where
        that cannot reach it; None if no other process can (the caller then writes for it)."""
        ...

    def prune(self, step: StepRef, keep: Collection[str]) -> int:
        """Forgets the items of this step's name that are not in ``keep`` or have another
        fingerprint; returns how many. For steps that serve as a cache."""
        ...

    def close(self) -> None:
        """Lets go of files and locks; closing twice is fine."""
        ...


class MemoryRunStore:
    """A store that lives as long as the process: for tests, and for runs nobody will resume.

    It dumps and loads results as the durable one does, so that both behave the same.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._items: dict[StepRef, dict[bytes, ItemRow]] = {}
        self._open: dict[StepRef, dict[bytes, AttemptRow]] = {}
        self.failed_attempts: list[tuple[StepRef, AttemptRow]] = []
        self.batches: list[tuple[StepRef, BatchRow]] = []
        self.events: list[tuple[str, Mapping[str, Any]]] = []

    def begin_step(self, step: StepRef) -> StepCounts:
        """See `RunStore`."""
        with self._lock:
            self._items.setdefault(step, {})
        return self.counts(step)

    def get_many(self, step: StepRef, keys: Sequence[str]) -> dict[str, ItemRow]:
        """See `RunStore`."""
        with self._lock:
            rows = self._items.get(step, {})
            found = ((key, rows.get(key_bytes(key))) for key in keys)
            return {key: row for key, row in found if row is not None}

    def put(
        self,
        step: StepRef,
        items: Sequence[ItemRow],
        *,
        attempts: Sequence[AttemptRow] = (),
        batch: BatchRow | None = None,
    ) -> None:
        """See `RunStore`."""
        with self._lock:
            self._items.setdefault(step, {}).update((key_bytes(row.key), row) for row in items)
            self.failed_attempts.extend((step, row) for row in attempts)
            going_on = self._open.setdefault(step, {})
            for row in items:
                if row.status == "ok":
                    going_on.pop(key_bytes(row.key), None)
                else:
                    last = AttemptRow(row.key, row.attempts, row.error or "")
                    going_on[key_bytes(row.key)] = last
            going_on.update((key_bytes(row.key), row) for row in attempts)
            if batch is not None:
                self.batches.append((step, batch))

    def open_attempts(self, step: StepRef, keys: Sequence[str]) -> dict[str, AttemptRow]:
        """See `RunStore`."""
        with self._lock:
            rows = self._open.get(step, {})
            found = ((key, rows.get(key_bytes(key))) for key in keys)
            return {key: row for key, row in found if row is not None}

    def finish_step(self, step: StepRef, *, keep_waiting: bool = False) -> None:
        """See `RunStore`."""
        with self._lock:
            rows = self._open.pop(step, {})
            if keep_waiting:
                self._open[step] = {key: row for key, row in rows.items() if row.next_at}

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """See `RunStore`."""
        with self._lock:
            self.events.append((kind, data))

    def counts(self, step: StepRef) -> StepCounts:
        """See `RunStore`."""
        with self._lock:
            waiting = sum(bool(row.next_at) for row in self._open.get(step, {}).values())
            return _count(self._items.get(step, {}).values(), waiting)

    def items(self, step: StepRef) -> Iterator[ItemRow]:
        """See `RunStore`."""
        with self._lock:
            rows = sorted(self._items.get(step, {}).values(), key=lambda row: row.position)
        return iter(rows)

    def attempts(self, step: StepRef) -> Iterator[AttemptRow]:
        """See `RunStore`."""
        with self._lock:
            return iter([row for ref, row in self.failed_attempts if ref == step])

    def reopener(self) -> Callable[[], RunStore | None] | None:
        """See `RunStore`: another process has another memory."""
        return None

    def prune(self, step: StepRef, keep: Collection[str]) -> int:
        """See `RunStore`."""
        kept = {key_bytes(key) for key in keep}
        with self._lock:
            before = sum(len(rows) for ref, rows in self._items.items() if ref.name == step.name)
            for ref in [ref for ref in self._items if ref.name == step.name and ref != step]:
                del self._items[ref]
            rows = self._items.get(step, {})
            self._items[step] = {key: row for key, row in rows.items() if key in kept}
            for ref in [ref for ref in self._open if ref.name == step.name]:
                known = self._open.pop(ref)
                if ref == step:
                    self._open[ref] = {key: row for key, row in known.items() if key in kept}
            return before - len(self._items[step])

    def close(self) -> None:
        """See `RunStore`; the results stay readable."""


def _count(rows: Iterable[ItemRow], waiting: int) -> StepCounts:
    statuses = [row.status for row in rows]
    return StepCounts(statuses.count("ok"), statuses.count("failed"), waiting)
