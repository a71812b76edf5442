"""Which text a file had before it was enhanced, so that a run in place knows its own work.

A package that is enhanced in place has no stubs to begin from again: what an agent was asked
for with is gone once its file is written. The store remembers it by digest.
"""

from __future__ import annotations

import hashlib
import json

from batch_engine.core import ItemRow, RunStore, StepRef

__all__ = ["Origins"]

_STEP = StepRef("enhanced files", "2")


class Origins:
    """Digests of texts to digests of what they were made from.

    >>> from batch_engine.core import MemoryRunStore
    >>> origins = Origins(MemoryRunStore())
    >>> origins.remember("before", "after")
    >>> origins.of("after") == origins.of("before")
    True
    """

    def __init__(self, store: RunStore) -> None:
        self._store = store
        store.begin_step(_STEP)

    def remember(self, before: str, after: str) -> None:
        """That ``after`` was made from ``before``."""
        key, origin = _digest(after), self.of(before)
        if key != origin:
            self._store.put(_STEP, [ItemRow(key, "ok", json.dumps(origin))])

    def of(self, text: str) -> str:
        """The digest of what ``text`` was made from; its own if nothing is known."""
        key = _digest(text)
        row = self._store.get_many(_STEP, [key]).get(key)
        return key if row is None or row.data is None else str(json.loads(row.data))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
