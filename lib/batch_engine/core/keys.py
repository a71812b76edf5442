"""Names for items and settings: canonical text that keeps types, and hashes of it.

``1``, ``"1"``, ``1.0``, ``True`` and ``None`` are five different items. Tuples and lists are
the same (JSON has only one of them, and results come back from the store as lists).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from hashlib import blake2b
from pathlib import PurePath
from typing import Any
from uuid import UUID

from batch_engine.core.errors import ConfigurationError

__all__ = ["canonical_json", "filed", "fingerprint", "item_key", "json_encoder", "key_bytes"]

KEY_BYTES = 16

_SCALARS = frozenset({str, int, float, bool, type(None)})


def json_encoder(*, sort_keys: bool) -> Callable[[Any], str]:
    """A function that gives the text of a JSON value, without spaces, in ASCII.

    ``JSONEncoder.encode`` sets up the compiled encoder anew at each call, which is two thirds of
    the cost of a key; this sets it up once, and gives the same text. A value that contains
    itself is a ``RecursionError``.
    """
    whole = json.JSONEncoder(sort_keys=sort_keys, separators=(",", ":"))
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return whole.encode
    options = (None, ":", ",", sort_keys, False, True)  # indent, separators, sort, skip, NaN
    compiled = make(None, whole.default, json.encoder.encode_basestring_ascii, *options)

    scalars, join = _SCALARS, "".join

    def encode(value: Any) -> str:
        if type(value) in scalars:
            return whole.encode(value)
        return join(compiled(value, 0))

    return encode


_encode = json_encoder(sort_keys=True)


def canonical_json(value: object) -> str:
    """One text per value, the same in every process and on every machine.

    Plain JSON values become JSON (sorted keys, no spaces, ASCII). Others are written in a
    notation that no JSON text can equal: mappings with other than text keys, bytes, sets,
    paths, dates, decimals, UUIDs, enums and dataclasses.

    Raises `ConfigurationError` for anything else: an object's default ``repr`` holds an address.

    >>> canonical_json({"b": [1, True, None], "a": "1"})
    '{"a":"1","b":[1,true,null]}'
    >>> canonical_json({1: "x"}) == canonical_json({"1": "x"})
    False
    """
    return _encode(value) if _is_plain(value) else _tagged(value)


def item_key(item: object) -> str:
    """The key of an item without one of its own: 32 hex digits over `canonical_json`.

    >>> item_key("7") == item_key(7)
    False
    """
    if _is_plain(item):
        raw = _encode(item).encode()
    else:
        raw = _tagged(item).encode("utf-8", "surrogatepass")
    return blake2b(raw, digest_size=KEY_BYTES).hexdigest()


def fingerprint(*parts: object) -> str:
    """32 hex digits over everything that decides whether an old result may be used again.

    >>> fingerprint("extract", 3) == fingerprint("extract", "3")
    False
    """
    return _hash(canonical_json(parts))


def key_bytes(key: str) -> bytes:
    """The at most 16 bytes under which a store files a key: see `filed`."""
    return filed(key)[0]


def filed(key: str) -> tuple[bytes, str | bytes | None]:
    """How a store files a key: at most 16 bytes, and the key's text where these do not tell it.

    A short key is filed as it is (below 16 bytes), what `item_key` made by its 16 bytes, and
    any other by a hash of 16 bytes; the lengths keep the kinds apart. A text that is no UTF-8
    (a path with lone surrogates is as good a name as any) is given as bytes.
    """
    try:
        raw, name = key.encode(), key
    except UnicodeEncodeError:
        raw = name = key.encode("utf-8", "surrogatepass")  # type: ignore[assignment]  # bytes
    if len(raw) < KEY_BYTES:
        return raw, None
    if len(raw) == 2 * KEY_BYTES:
        try:
            named = bytes.fromhex(key)
        except ValueError:
            return _digest(raw), name
        if named.hex() == key:
            return named, None
    return _digest(raw), name


def _hash(text: str) -> str:
    return _digest(text.encode("utf-8", "surrogatepass")).hex()


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=KEY_BYTES).digest()


def _is_plain(value: object) -> bool:
    kind = type(value)
    if kind in _SCALARS:
        return True
    if kind is dict:
        for key, entry in value.items():  # type: ignore[attr-defined]  # kind is exactly dict
            if type(key) is not str or not (type(entry) in _SCALARS or _is_plain(entry)):
                return False
        return True
    if kind is list or kind is tuple:
        return all(type(entry) in _SCALARS or _is_plain(entry) for entry in value)  # type: ignore[attr-defined]  # kind is exactly list or tuple
    return False


def _tagged(value: object) -> str:
    if type(value) in _SCALARS:
        return _encode(value)
    if isinstance(value, Enum):
        return f"!enum {type(value).__qualname__}.{value.name}"
    if isinstance(value, bytes | bytearray | memoryview):
        return f'!bytes "{bytes(value).hex()}"'
    if isinstance(value, PurePath | Decimal | UUID):
        return f"!{_family(value)} {_encode(str(value))}"
    if isinstance(value, date | time):  # datetime is a date
        return f"!{type(value).__name__} {_encode(value.isoformat())}"
    if isinstance(value, set | frozenset):
        return "!set" + _sequence(sorted(canonical_json(entry) for entry in value))
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, list | tuple):
        return _sequence(canonical_json(entry) for entry in value)
    if is_dataclass(value) and not isinstance(value, type):
        shown = {field.name: getattr(value, field.name) for field in fields(value)}
        return f"!{type(value).__qualname__} {canonical_json(shown)}"
    if isinstance(value, str | int | float):  # subclasses without a form of their own
        return f"!{type(value).__qualname__} {_encode(value)}"
    raise ConfigurationError(
        f"no stable key for a value of type {type(value).__qualname__}",
        hint="pass key= with a function that returns a text for each item",
    )


def _family(value: object) -> str:
    # PosixPath and PureWindowsPath are one kind of thing to a reader; the text tells them apart.
    return "path" if isinstance(value, PurePath) else type(value).__name__.lower()


def _mapping(value: Mapping[Any, Any]) -> str:
    pairs = sorted((canonical_json(key), canonical_json(entry)) for key, entry in value.items())
    body = ",".join(f"{key}:{entry}" for key, entry in pairs)
    tag = "" if all(type(key) is str for key in value) else "!map"
    return f"{tag}{{{body}}}"


def _sequence(texts: Iterable[str]) -> str:
    return "[" + ",".join(texts) + "]"
