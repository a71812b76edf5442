"""JSON documents in bounded memory: the items of their lists, one at a time, with their place.

A document that is JSON inside a JSON string (as some exporters write it) is unwrapped.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import ijson  # type: ignore[import-untyped]  # it ships no types

from memory_processing.errors import TransformError
from memory_processing.importers.reading import opened

__all__ = ["Shape", "list_items", "shape_of"]

_MAX_WRAPPINGS = 3
_LOOK_AT = 200_000
_HINT = "correct the file, or export it again; what stands before the place was read"

_Events = Iterator[tuple[str, Any]]


class Shape:
    """What a JSON document looks like at its start: ``root`` is "list", "object", "other", or ""
    for no JSON; ``keys`` those of the object; ``items`` the first item of each list in it (of
    the document itself under ``""``) and ``empty`` the names of the lists without any."""

    def __init__(self) -> None:
        self.root = ""
        self.keys: list[str] = []
        self.items: dict[str, Any] = {}
        self.empty: list[str] = []
        self.wrapped = False

    def holds_nothing(self, *names: str) -> bool:
        """Whether it is an empty list or object, or one of these lists is there and empty."""
        return {"", *names} & set(self.empty) != set() or (self.root == "object" and not self.keys)

    def first(self, *names: str) -> dict[str, Any]:
        """The first object of the first of these lists that has one, or nothing."""
        for name in names:
            if isinstance(item := self.items.get(name), dict):
                return item
        return {}


def list_items(
    path: Path, label: str, names: Collection[str], *, members: Collection[str] = ()
) -> Iterator[tuple[str, Any]]:
    """The items of the document's list, or of its members in ``names`` that are lists, each with
    its JSON pointer (``/results/3``), and the values of its other ``members`` whole.

    Raises `TransformError` where the text stops being JSON.
    """
    with opened(path, label) as file:
        events, _ = _unwrapped(file)
        try:
            kind, value = next(events)
            if kind == "start_array":
                yield from _items(events, "")
            elif kind == "start_map":
                for _, key in events:
                    if key is None:
                        return
                    kind, value = next(events)
                    if key in names and kind == "start_array":
                        yield from _items(events, f"/{key}")
                    elif key in members:
                        yield f"/{key}", _built(events, kind, value)
                    else:
                        _skip(events, kind)
            else:
                yield "", value
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise _broken(error) from error
        except StopIteration:
            raise _broken("it ends too early") from None


def shape_of(path: Path, label: str) -> Shape:
    """What the start of a document looks like; `Shape.root` is empty if it is no JSON at all."""
    shape = Shape()
    with opened(path, label) as file:
        try:
            events, shape.wrapped = _unwrapped(file)
            kind, _ = next(events)
            shape.root = {"start_array": "list", "start_map": "object"}.get(kind, "other")
            if kind == "start_array":
                _note(events, shape, "")
            elif kind == "start_map":
                for _, key in events:
                    if key is None or file.tell() > _LOOK_AT:
                        break
                    shape.keys.append(key)
                    kind, _ = next(events)
                    if kind == "start_array":
                        _note(events, shape, key, whole=True)
                    else:
                        _skip(events, kind)
        except (ijson.JSONError, UnicodeDecodeError, StopIteration, TransformError):
            pass  # what was seen until then is what there is to judge by
    return shape


def _note(events: _Events, shape: Shape, name: str, *, whole: bool = False) -> None:
    kind, value = next(events)
    if kind == "end_array":
        shape.empty.append(name)
    else:
        shape.items[name] = _built(events, kind, value)
        if whole:
            _skip(events, "start_array")


def _unwrapped(file: BinaryIO) -> tuple[_Events, bool]:
    for wrappings in range(_MAX_WRAPPINGS + 1):
        events = iter(ijson.basic_parse(file, use_float=True))
        try:
            kind, value = next(events)
        except (ijson.JSONError, UnicodeDecodeError) as error:
            raise _broken(error) from error
        except StopIteration:
            raise _broken("it is empty") from None
        if kind != "string":
            return _before(kind, value, events), wrappings > 0
        file = io.BytesIO(value.encode("utf-8", "surrogatepass"))
    raise TransformError(
        f"the document is JSON inside JSON, more than {_MAX_WRAPPINGS} times",
        hint="export it again",
    )


def _before(kind: str, value: Any, events: _Events) -> _Events:
    yield kind, value
    yield from events


def _items(events: _Events, pointer: str) -> Iterator[tuple[str, Any]]:
    for number, (kind, value) in enumerate(events):
        if kind == "end_array":
            return
        yield f"{pointer}/{number}", _built(events, kind, value)
    raise _broken("it ends too early")


def _built(events: _Events, kind: str, value: Any) -> Any:
    if kind not in ("start_map", "start_array"):
        return value
    builder = ijson.ObjectBuilder()
    builder.event(kind, value)
    depth = 1
    while depth:
        kind, value = next(events)
        builder.event(kind, value)
        depth += kind.startswith("start_")
        depth -= kind.startswith("end_")
    return builder.value


def _skip(events: _Events, kind: str) -> None:
    depth = int(kind.startswith("start_"))
    while depth:
        kind, _ = next(events)
        depth += kind.startswith("start_")
        depth -= kind.startswith("end_")


def _broken(error: object) -> TransformError:
    reason = " ".join(str(error).partition("(right here)")[0].split())[:160]
    return TransformError(f"the document is not JSON from here on: {reason}", hint=_HINT)
