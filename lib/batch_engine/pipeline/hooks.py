"""Hooks: what they are told, and that they cannot disturb what they are told about."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from batch_engine.core import ErrorRecord, ListenerFailure, error_record
from batch_engine.core.records import preview_of
from batch_engine.pipeline.options import HookName

__all__ = ["BatchProgressContext", "HookRunner"]

Hook = Callable[["BatchProgressContext"], object]
_KEPT = 100


@dataclass(frozen=True, kw_only=True)
class BatchProgressContext:
    """What a hook is told about a chunk; frozen, and its items and results are copies.

    ``number`` counts from 1; ``total`` is the number of chunks, None if it cannot be known (a
    lazy source, chunks by weight or adaptive). ``results`` are there when the chunk is complete,
    ``error`` is the first and ``errors`` are all errors by item key. ``attempt`` is the last
    attempt that the chunk took. ``elapsed_s`` is 0.0 at the start.
    """

    run_id: str
    scope: str
    number: int
    total: int | None
    size: int
    attempt: int = 1
    elapsed_s: float = 0.0
    error: ErrorRecord | None = None
    errors: Mapping[str, ErrorRecord] = field(default_factory=dict)
    _items: Sequence[Any] = field(default=(), repr=False)
    _results: Sequence[Any] = field(default=(), repr=False)

    @property
    def items(self) -> tuple[Any, ...]:
        """The items of the chunk: copies, made when they are asked for."""
        return _copied(self._items)

    @property
    def results(self) -> tuple[Any, ...]:
        """The results of the chunk: copies, made when they are asked for."""
        return _copied(self._results)

    def to_dict(self) -> dict[str, Any]:
        """As plain data, without items and results."""
        return {
            "run_id": self.run_id,
            "scope": self.scope,
            "number": self.number,
            "total": self.total,
            "size": self.size,
            "attempt": self.attempt,
            "elapsed_s": self.elapsed_s,
            "error": self.error.to_json() if self.error else None,
        }


class HookRunner:
    """Calls hooks in order; what they raise is counted and kept, never passed on."""

    def __init__(self, hooks: Sequence[tuple[HookName, Hook]]) -> None:
        self._hooks = tuple(hooks)
        self.failures: list[ListenerFailure] = []
        self.failure_count = 0

    def __bool__(self) -> bool:
        """Whether there are any; if not, an event need not be made."""
        return bool(self._hooks)

    def listens_to(self, name: HookName) -> bool:
        """Whether a hook of this name is there."""
        return any(own == name for own, _ in self._hooks)

    def call(self, name: HookName, event: BatchProgressContext) -> None:
        """Calls every hook of this name; only an interrupt passes through."""
        for own, hook in self._hooks:
            if own == name:
                try:
                    hook(event)
                except Exception as error:  # noqa: BLE001 - never breaks the run; is recorded
                    who = getattr(hook, "__qualname__", None) or type(hook).__qualname__
                    self.record(who, name, error)

    def record(self, who: str, what: str, error: Exception) -> None:
        """Keeps a failure of something that must not disturb the run."""
        self.keep([callback_failure(who, what, error)], 1)

    def keep(self, failures: Sequence[ListenerFailure], count: int) -> None:
        """Counts failures, and keeps the first 100."""
        self.failure_count += count
        self.failures.extend(failures[: _KEPT - len(self.failures)])


def callback_failure(who: str, what: str, error: Exception) -> ListenerFailure:
    """What a hook or another callback raised, as the report has it."""
    record = error_record(error)
    return ListenerFailure(who, what, f"{record.type}: {record.error}", record.stack)


def _copied(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([_copy(value) for value in values])


def _copy(value: Any) -> Any:
    """A copy; of what cannot be copied as a whole (a lock is in it) a copy of what can, and for
    the rest a text."""
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - a hook gets no hand on what it is told of
        if isinstance(value, dict):
            return {key: _copy(entry) for key, entry in value.items()}
        if isinstance(value, list | tuple):
            return [_copy(entry) for entry in value]
        return preview_of(value)
