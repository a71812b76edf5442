"""Whether a value that stands in a file is of the type that a task's input is declared to have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch_engine.workflow.expressions import has_expressions

__all__ = ["expected_type"]

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_WORDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def expected_type(schema: Mapping[str, Any], value: Any) -> str:
    """What is expected instead of ``value``, in words; empty if it fits, or is an expression.

    >>> expected_type({"anyOf": [{"type": "array"}, {"type": "string"}]}, 3)
    'a list or a text'
    """
    if value is None or has_expressions(value):
        return ""
    types = [part["type"] for part in schema.get("anyOf", [schema]) if "type" in part]
    if not types or any(_is(value, name) for name in types):
        return ""
    return " or ".join(_WORDS[name] for name in types)


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _KINDS[name])
