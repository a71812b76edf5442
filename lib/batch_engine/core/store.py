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
    0-based place in the input; ``attempts`` counts those of the run that stored it."""

    key: str
    status: ItemStatus
    data: str | bytes | None = None
    error: str | None = None
    attempts: int = 1
    position: int = 0


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One failed attempt at an item; successful first attempts leave no row."""

    key: str
    number: int
    error: str


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
    """How many items of a step are stored, by status."""

    ok: int = 0
    failed: int = 0


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
        """Stores all of it in one transaction; an item that is there already is replaced."""
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
            if batch is not None:
                self.batches.append((step, batch))

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """See `RunStore`."""
        with self._lock:
            self.events.append((kind, data))

    def counts(self, step: StepRef) -> StepCounts:
        """See `RunStore`."""
        with self._lock:
            return _count(self._items.get(step, {}).values())

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
            return before - len(self._items[step])

    def close(self) -> None:
        """See `RunStore`; the results stay readable."""


def _count(rows: Iterable[ItemRow]) -> StepCounts:
    statuses = [row.status for row in rows]
    return StepCounts(ok=statuses.count("ok"), failed=statuses.count("failed"))
