"""What a task returns, as JSON values: what is stored is what later steps see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from batch_engine.core import ContractError

__all__ = ["plain"]

_SCALARS = (str, int, float, bool, type(None))


def plain(value: Any) -> Any:
    """The value in lists, mappings by text, texts, numbers, truth values and None; the same
    object where it is that already.

    Raises `ContractError` for what has no such form.

    >>> plain({"at": date(2026, 1, 2), "pair": (1, 2)})
    {'at': '2026-01-02', 'pair': [1, 2]}
    """
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Mapping):
        return {_key(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(entry) for entry in value), key=repr)
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, PurePath | UUID | Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, str | int | float):
        kind = next(kind for kind in (str, int, float) if isinstance(value, kind))
        return kind(value)
    raise ContractError(
        f"a result of type {type(value).__name__} cannot be stored",
        hint="return texts, numbers, lists and mappings; write bytes and large things to a file",
    )


def _key(key: object) -> str:
    if isinstance(key, str):
        return str(key)
    raise ContractError(
        f"a result has the key {key!r}, and keys have to be texts", hint="return text keys"
    )
