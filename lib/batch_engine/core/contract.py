"""What a work function handed over, matched with the items that it was given.

The contract is `WorkAnswer`; whatever breaks it is a `ContractError` that says how.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from batch_engine.core.errors import ContractError, MissingResultError
from batch_engine.core.plan import Todo, Todos
from batch_engine.core.records import preview_of
from batch_engine.core.work import ItemFailure

__all__ = ["entry_of", "matched"]

T = TypeVar("T")
R = TypeVar("R")


def entry_of(
    item: T | None, key: str | None, index: Mapping[str, Todo[T]], key_of: Callable[[T], str]
) -> Todo[T]:
    """The entry of an item, or of a key, among those of a call (``index``, by key)."""
    what = f"the key {key!r}"
    if key is None:
        for entry in index.values():
            if entry.item is item:
                return entry
        key, what = key_of(item), preview_of(item)  # type: ignore[arg-type]  # without a key there is one
    if key in index:
        return index[key]
    raise ContractError(f"{what} is not an item of this call")


def matched(answer: object, todo: Todos[T], done: Collection[str]) -> Sequence[R | ItemFailure]:
    """The answer in the items' order; ``done`` holds the keys that were completed or failed
    early, for which nobody reads it."""
    if isinstance(answer, list | tuple):
        return answer if len(answer) == len(todo) else _for_the_others(answer, todo, done)
    keys = todo.keys
    if isinstance(answer, Mapping):
        known = frozenset(keys)
        unknown = [key for key in answer if key not in known]
        if unknown:
            raise ContractError(
                f"the answer names {len(unknown)} unknown key(s), the first is {unknown[0]!r}",
                hint="use the keys in context.keys",
            )
        return [answer[key] if key in answer else _missing(key) for key in keys]
    if answer is None and any(key in done for key in keys):
        return [_missing(key) for key in keys]
    raise ContractError(
        f"work returned {type(answer).__name__}, expected a list with one result per item",
        hint="return a list in the items' order, or a mapping by key",
    )


def _for_the_others(
    answer: Sequence[R | ItemFailure], todo: Todos[T], done: Collection[str]
) -> Sequence[R | ItemFailure]:
    """A list that leaves out what was completed early, with something in its place."""
    others = [key for key in todo.keys if key not in done]
    if len(answer) != len(others):
        early = len(todo) - len(others)
        left_out = f", of which {early} were answered early" if early else ""
        raise ContractError(
            f"work returned {len(answer)} results for {len(todo)} items{left_out}",
            hint="return one result per item, an ItemFailure where there is none",
        )
    given = dict(zip(others, answer, strict=True))
    return [given.get(key, _missing(key)) for key in todo.keys]


def _missing(key: str) -> ItemFailure:
    return ItemFailure(MissingResultError(f"the answer has no result for {key!r}"))
