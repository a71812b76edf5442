"""How the values that chunks give for one field become one value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal

from batch_engine.core import ConfigurationError
from batch_engine.core.records import preview_of
from batch_engine.pipeline.errors import MergeConflictError

__all__ = ["REDUCERS", "FieldMerge", "Reducer", "deep_merge", "same"]

Reducer = Callable[[Any, Any], Any]
"""``reduce(so_far, next)``, in the order of the chunks."""

Conflict = Literal["error", "first", "last"]


def deep_merge(conflict: Conflict = "last") -> Reducer:
    """A reducer that merges mappings key by key, at every depth; lists in them are joined.

    ``conflict`` says what happens when two chunks give different values for one key.

    >>> deep_merge("first")({"a": {"x": 1}}, {"a": {"x": 2, "y": 3}})
    {'a': {'x': 1, 'y': 3}}
    """
    if conflict not in ("error", "first", "last"):
        raise ConfigurationError(f"conflict is {conflict!r}, expected error, first or last")
    return _DeepMerge(conflict)


class _DeepMerge:
    """A class, so that it can be sent to other processes and shown in messages."""

    def __init__(self, conflict: Conflict) -> None:
        self.conflict = conflict

    def __repr__(self) -> str:
        return f"deep_merge({self.conflict!r})"

    def __call__(self, left: Any, right: Any) -> Any:
        return self._merged(left, right, "")

    def _merged(self, left: Any, right: Any, place: str) -> Any:
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            return {
                key: self._merged(left[key], right[key], f"{place}.{key}")
                if key in left and key in right
                else (left[key] if key in left else right[key])
                for key in [*left, *(key for key in right if key not in left)]
            }
        if isinstance(left, list) and isinstance(right, list):
            return left + right
        if same(left, right):
            return left
        if self.conflict == "error":
            raise MergeConflictError(
                f"chunks give {left!r} and {right!r} for {place.lstrip('.') or 'the field'!r}",
                hint="choose deep_merge('first') or deep_merge('last'), or write another field",
            )
        return left if self.conflict == "first" else right


def _concat(left: Any, right: Any) -> Any:
    return [*left, *right]


def _first(left: Any, right: Any) -> Any:
    return left


def _last(left: Any, right: Any) -> Any:
    return right


REDUCERS: dict[str, Reducer] = {
    "concat": _concat,
    "deep_merge": _DeepMerge("last"),
    "first": _first,
    "last": _last,
    "max": max,
    "min": min,
    "sum": operator.add,
}
"""Reducers by name. Undeclared fields: lists are joined, mappings deeply merged, and of other
values the last one stays, with a warning if they differ."""


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal; those that cannot say so (arrays) are if they are one."""
    try:
        return left is right or bool(left == right)
    except Exception:  # noqa: BLE001 - what a foreign __eq__ raises is no failure of an item
        return False


class FieldMerge:
    """Takes in the fields of one chunk after the other; ``fields`` is what came of them."""

    def __init__(self, reducers: Mapping[str, str | Reducer]) -> None:
        self.fields: dict[str, Any] = {}
        self.warnings: list[str] = []
        self._reducers = {
            name: REDUCERS[given] if isinstance(given, str) else given
            for name, given in reducers.items()
        }
        self._own: set[str] = set()
        self._warned: set[str] = set()

    def add(self, fields: Mapping[str, Any]) -> None:
        """The fields of the next chunk."""
        for name, value in fields.items():
            if name not in self.fields:
                self.fields[name] = value
            elif name in self._reducers:
                self.fields[name] = self._reduced(name, self.fields[name], value)
            else:
                self.fields[name] = self._undeclared(name, self.fields[name], value)

    def _reduced(self, name: str, left: Any, right: Any) -> Any:
        try:
            return self._reducers[name](left, right)
        except MergeConflictError:
            raise
        except Exception as error:
            raise MergeConflictError(
                f"the reducer of the field {name!r} cannot join {preview_of(left)} and "
                f"{preview_of(right)}: {type(error).__name__}: {error}",
                hint=f"let the stages write values of one kind, or say another reduce={{{name!r}: "
                "...}; with a store, what was finished is loaded",
            ) from error

    def _undeclared(self, name: str, left: Any, right: Any) -> Any:
        if isinstance(left, list) and isinstance(right, list):
            if name not in self._own:  # the first list is a stage's; what we extend is ours
                self._own.add(name)
                left = list(left)
            left.extend(right)
            return left
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            return REDUCERS["deep_merge"](left, right)
        if name not in self._warned and not same(left, right):
            self._warned.add(name)
            self.warnings.append(
                f"chunks give different values for {name!r} ({left!r}, {right!r}); the last one "
                f"stays: say reduce={{{name!r}: ...}}"
            )
        return right
