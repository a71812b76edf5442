"""The keys of a batch's items: by their content, or as the workflow says; each of them once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from batch_engine.core import canonical_json, item_key
from batch_engine.workflow.errors import WorkflowError
from batch_engine.workflow.item_work import Entry

__all__ = ["key_text", "keyed"]


def keyed(items: Iterable[Any], key: Callable[[Any], str] | None = None) -> list[Entry]:
    """The items with their keys. Equal items get keys of their own (``#2``), since each of them
    is to be worked on; two items with the same explicit key are a `WorkflowError`.

    >>> [entry.key for entry in keyed(["a", "a"], None)][1].endswith("#2")
    True
    """
    entries: list[Entry] = []
    seen: dict[str, int] = {}
    times: Counter[str] = Counter()
    for position, item in enumerate(items):
        name = item_key(item) if key is None else key(item)
        if key is None:
            times[name] += 1
            name = name if times[name] == 1 else f"{name}#{times[name]}"
        elif not name:
            raise WorkflowError(f"the key of item {position} is empty")
        elif name in seen:
            raise WorkflowError(
                f"the items {seen[name]} and {position} have the same key {name!r}",
                hint="a key has to be unique: add what tells the items apart",
            )
        seen[name] = position
        entries.append(Entry(name, position, item))
    return entries


def key_text(value: Any) -> str:
    """A key that an expression gave as a text: one is itself, anything else keeps its type."""
    return value if isinstance(value, str) else canonical_json(value)
