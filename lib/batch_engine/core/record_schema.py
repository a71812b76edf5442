"""The JSON Schema of the error record, made from its dataclasses, so that it cannot lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from batch_engine.core.records import RECORD_VERSION, ErrorRecord

__all__ = ["error_record_schema"]

_NAMES: dict[object, str] = {
    str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"
}  # fmt: skip
_REQUIRED = ("v", "success", "code", "category", "error", "type", "retryable")


def error_record_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what `ErrorRecord.to_json` gives.

    Unknown properties are allowed, as `ErrorRecord.from_json` ignores them.
    """
    schema = _of(ErrorRecord)
    schema["properties"] = {
        "v": {"const": RECORD_VERSION},
        "success": {"const": False},
        **schema["properties"],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Error record",
        "description": "One failed attempt.",
        **schema,
        "required": list(_REQUIRED),
    }


def _of(kind: Any) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _NAMES:
        return {"type": _NAMES[kind]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (UnionType, Union):
        return {"anyOf": [_of(argument) for argument in arguments]}
    if origin is tuple and arguments[1:] == (...,):
        return {"type": "array", "items": _of(arguments[0])}
    if origin is Mapping:
        return {"type": "object"}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": [str(member) for member in kind]}
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        properties = {field.name: _of(hints[field.name]) for field in fields(kind)}
        return {"type": "object", "properties": properties}
    raise TypeError(f"no JSON Schema for {kind!r}")
