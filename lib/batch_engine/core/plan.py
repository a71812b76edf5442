"""What a chunk is given: the step's settings, and the plan made after the look into the store."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from batch_engine.core.errors import ContractError, StoreError
from batch_engine.core.events import Emitter
from batch_engine.core.keys import json_encoder
from batch_engine.core.records import ErrorRecord
from batch_engine.core.results import Outcome
from batch_engine.core.retry import RetryPolicy
from batch_engine.core.store import AttemptRow, ItemRow, RunStore, StepRef
from batch_engine.core.work import Work

__all__ = ["ChunkPlan", "Settings", "Todo", "Todos", "encode_json"]

T = TypeVar("T")
R = TypeVar("R")

encode_json = json_encoder(sort_keys=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Generic[T, R]):
    """What all chunks of a step share."""

    step: StepRef
    work: Work[T, R]
    key: Callable[[T], str]
    store: RunStore | None
    retry: RetryPolicy
    dump: Callable[[R], Any] | None
    load: Callable[[Any], R] | None
    emitter: Emitter
    clock: Callable[[], float]
    sleep: Callable[[float], object]
    random: Callable[[], float]
    now: Callable[[], datetime]

    def dumped(self, key: str, value: R) -> str | bytes | None:
        """The stored form of a result; `ContractError` if it has none. None without a store."""
        if self.store is None:
            return None
        try:
            data = value if self.dump is None else self.dump(value)
            return data if isinstance(data, bytes) else encode_json(data)
        except Exception as error:
            raise ContractError(
                f"the result of {key!r} cannot be stored: {error}",
                hint="pass dump= and load= for results that are not plain JSON",
            ) from error

    def all_dumped(self, values: Sequence[R]) -> list[str | bytes]:
        """The stored forms of results; raises whatever one of them raises."""
        dumped = values if self.dump is None else map(self.dump, values)
        return [data if type(data) is bytes else encode_json(data) for data in dumped]

    def recorded(self, row: AttemptRow) -> ErrorRecord:
        """The error record that a stored attempt holds; `StoreError` if it cannot be read back."""
        try:
            return ErrorRecord.from_json(json.loads(row.error))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"the stored error of {row.key!r} in step {self.step.name!r} cannot be read: "
                f"{type(error).__name__}: {error}",
                hint="a newer version wrote it: use that one, or another run directory",
            ) from error

    def loaded(self, row: ItemRow) -> R:
        """The result that a stored row holds; `StoreError` if it cannot be read back."""
        try:
            data = row.data if isinstance(row.data, bytes) else json.loads(row.data or "null")
            return data if self.load is None else self.load(data)  # type: ignore[return-value]  # without load, R is what JSON gives
        except Exception as error:
            raise StoreError(
                f"the stored result of {row.key!r} in step {self.step.name!r} cannot be read: "
                f"{type(error).__name__}: {error}",
                hint="when results change their shape, change the step's fingerprint too",
            ) from error


class Todo(NamedTuple, Generic[T]):
    """One item that has to be run: its key, its 0-based place in the input, and how many
    attempts at it failed before, in this process or an earlier one."""

    key: str
    item: T
    position: int
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Todos(Generic[T]):
    """What has to be run of a chunk, in columns: mostly only these are looked at, and an object
    per item is never made. Iterating makes each a `Todo`."""

    keys: Sequence[str] = ()
    items: Sequence[T] = ()
    positions: Sequence[int] = ()
    attempts: Sequence[int] = ()

    @classmethod
    def of(cls, entries: Iterable[Todo[T]]) -> Todos[T]:
        """The columns of single ones."""
        return cls(*(list(zip(*entries, strict=True)) or [(), (), (), ()]))

    def __len__(self) -> int:
        """How many there are."""
        return len(self.keys)

    def __iter__(self) -> Iterator[Todo[T]]:
        """Each as a `Todo`."""
        return map(_todo, zip(self.keys, self.items, self.positions, self.attempts, strict=True))


_todo: Callable[[tuple[Any, ...]], Todo[Any]] = partial(tuple.__new__, Todo)


@dataclass(frozen=True, slots=True)
class ChunkPlan(Generic[T, R]):
    """A chunk after the look into the store: what is loaded, what is left to run. ``keys`` has
    one key per item, in order. Of an earlier process that did not come to its end, ``failed``
    are the items that failed for good, and ``waiting`` holds the last failed attempt at others.
    """

    number: int
    size: int
    todo: Todos[T]
    loaded: tuple[Outcome[R], ...]
    keys: tuple[str, ...]
    failed: tuple[Outcome[R], ...] = ()
    waiting: Mapping[str, AttemptRow] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        """How many items have the key of an earlier one."""
        return self.size - len(self.todo) - len(self.loaded) - len(self.failed)

    def without_stored(self, settings: Settings[T, R]) -> ChunkPlan[T, R]:
        """The plan without what was stored since it was made, by a worker that is lost."""
        if settings.store is None:
            return self
        rows = settings.store.get_many(settings.step, self.todo.keys)
        done = {key: row for key, row in rows.items() if row.status == "ok"}
        loaded = [
            Outcome(key, "loaded", settings.loaded(row), None, 0, self.number)
            for key, row in done.items()
        ]
        todo = Todos.of(entry for entry in self.todo if entry.key not in done)
        return replace(self, todo=todo, loaded=(*self.loaded, *loaded)).going_on(settings)

    def going_on(self, settings: Settings[T, R]) -> ChunkPlan[T, R]:
        """The plan with what the store knows of failed attempts at what is to be run."""
        store = settings.store
        known = store.open_attempts(settings.step, self.todo.keys) if store else {}
        if not known:
            return self
        failed = tuple(
            Outcome(key, "failed", None, settings.recorded(row), row.number, self.number)
            for key, row in known.items()
            if not row.next_at
        )
        waiting = {key: row for key, row in known.items() if row.next_at}
        todo = Todos.of(
            entry._replace(attempts=waiting[entry.key].number) if entry.key in waiting else entry
            for entry in self.todo
            if entry.key in waiting or entry.key not in known
        )
        return replace(self, todo=todo, failed=(*self.failed, *failed), waiting=waiting)
