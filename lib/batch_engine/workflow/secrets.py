"""Secrets of a run: what must not be shown, and must not be stored as it is.

What is shown (messages, error records, reports) has ``***`` in their place. What is stored and
read again, such as results and parameters, has their names: a run that goes on puts the values
back that it was started with, so that no step is given a ``***`` to work with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from batch_engine.core import AttemptRow, BatchRow, ItemRow, RunStore, StepRef
from batch_engine.workflow.store_view import StoreView

__all__ = ["MASK", "SecretStore", "Secrets"]

MASK = "***"
_MARKED = re.compile("\0(\0|[^\0]+\0)")


@dataclass(frozen=True)
class Secrets:
    """Values that are secret, by name; one that is empty hides nothing.

    >>> Secrets({"TOKEN": "s3cret"}).mask("the token s3cret")
    'the token ***'
    """

    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Looks for the longest first, since one may hold another."""
        known = {value: name for name, value in self.values.items() if value}
        parts = map(re.escape, sorted(known, key=len, reverse=True))
        object.__setattr__(self, "_names", known)
        object.__setattr__(self, "_any", re.compile("|".join(parts)) if known else None)
        # As they stand in JSON text, so that most texts need not be parsed.
        dumped = (json.dumps(value, ensure_ascii=a)[1:-1] for value in known for a in (True, False))
        object.__setattr__(self, "_in_json", (*dumped, "\\u0000"))

    def __bool__(self) -> bool:
        """Whether there is anything to hide."""
        return self._any is not None

    _names: Mapping[str, str] = field(init=False, repr=False, compare=False)
    _any: re.Pattern[str] | None = field(init=False, repr=False, compare=False)
    _in_json: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def mask(self, text: str) -> str:
        """The text as it may be shown."""
        return text if self._any is None else self._any.sub(MASK, text)

    def masked(self, value: Any) -> Any:
        """A JSON value as it may be shown; numbers and truth values stay what they are."""
        return value if self._any is None else _texts(value, self.mask)

    def stored(self, text: str) -> str:
        """JSON text with names for the secrets in its texts."""
        return self._through(text, self._named)

    def shown(self, text: str) -> str:
        """JSON text with ``***`` for the secrets in its texts, for good."""
        return self._through(text, self.mask)

    def restored(self, text: str) -> str:
        """What `stored` gave, with the values again; ``***`` for what is not known any more."""
        if "\\u0000" not in text:
            return text
        return json.dumps(_texts(json.loads(text), self._valued), ensure_ascii=False)

    def _through(self, text: str, change: Callable[[str], str]) -> str:
        if not any(part in text for part in self._in_json):
            return text
        return json.dumps(_texts(json.loads(text), change), ensure_ascii=False)

    def _named(self, text: str) -> str:
        # A NUL that is there already is doubled: nobody but us can write a name.
        text = text.replace("\0", "\0\0")
        if self._any is None:
            return text
        return self._any.sub(lambda found: f"\0{self._names[found[0]]}\0", text)

    def _valued(self, text: str) -> str:
        return _MARKED.sub(self._value_of, text)

    def _value_of(self, found: re.Match[str]) -> str:
        return "\0" if found[1] == "\0" else self.values.get(found[1][:-1]) or MASK


def _texts(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with every text in it changed, keys too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return [_texts(entry, change) for entry in value]
    if isinstance(value, Mapping):
        return {change(key): _texts(entry, change) for key, entry in value.items()}
    return value


class SecretStore(StoreView):
    """A run store over another one that never sees a secret. What is read has the values again,
    but for error records, in which they are ``***`` for good. Keys of items stay as they are."""

    def __init__(self, store: RunStore, secrets: Secrets) -> None:
        super().__init__(store)
        self._secrets = secrets

    def get_many(self, step: StepRef, keys: Sequence[str]) -> dict[str, ItemRow]:
        """The items with the values of secrets."""
        return {key: self._read(row) for key, row in super().get_many(step, keys).items()}

    def items(self, step: StepRef) -> Iterator[ItemRow]:
        """The items with the values of secrets."""
        return map(self._read, super().items(step))

    def put(
        self,
        step: StepRef,
        items: Sequence[ItemRow],
        *,
        attempts: Sequence[AttemptRow] = (),
        batch: BatchRow | None = None,
    ) -> None:
        """Stores the items without the values of secrets."""
        hidden = [replace(row, error=self._secrets.shown(row.error)) for row in attempts]
        super().put(step, [self._written(row) for row in items], attempts=hidden, batch=batch)

    def record(self, kind: str, data: Mapping[str, Any]) -> None:
        """Appends an event without the values of secrets."""
        super().record(kind, self._secrets.masked(data))

    def reopener(self) -> Callable[[], RunStore | None] | None:
        """Opens this store in a worker process, with the same secrets."""
        inner = super().reopener()
        return None if inner is None else _Reopen(inner, self._secrets)

    def _written(self, row: ItemRow) -> ItemRow:
        data = self._secrets.stored(row.data) if isinstance(row.data, str) else row.data
        return row._replace(data=data, error=row.error and self._secrets.shown(row.error))

    def _read(self, row: ItemRow) -> ItemRow:
        known = isinstance(row.data, str)
        return row._replace(data=self._secrets.restored(str(row.data))) if known else row


@dataclass(frozen=True, slots=True)
class _Reopen:
    """Opens the store in a worker process, with the same secrets."""

    inner: Callable[[], RunStore | None]
    secrets: Secrets

    def __call__(self) -> RunStore | None:
        store = self.inner()
        return None if store is None else SecretStore(store, self.secrets)
