"""A model's complaints as problems of a file: where, what was expected, what is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from batch_engine.workflow.errors import Problem, closest
from batch_engine.workflow.reader import Document

__all__ = ["check_model", "shown"]

M = TypeVar("M", bound=BaseModel)

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_LIMITS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


def check_model(
    model: type[M], value: Any, document: Document, *, under: Sequence[str | int] = ()
) -> tuple[M | None, list[Problem]]:
    """The model made of ``value``, which stands at the path ``under``; or every problem."""
    try:
        return model.model_validate(value), []
    except ValidationError as error:
        return None, list(_problems(model, error, document, tuple(under)))


def shown(value: Any) -> str:
    """A value as a short text, in the notation of the file."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _problems(
    model: type[BaseModel], error: ValidationError, document: Document, under: tuple[str | int, ...]
) -> Iterator[Problem]:
    for entry in error.errors(include_url=False):
        inner = tuple(part for part in entry["loc"] if not _is_branch(part))
        path = (*under, *inner)
        kind, value, limits = entry["type"], entry["input"], entry.get("ctx", {})
        problem, expected, got, hint = "has a wrong value", "", shown(value), ""
        if kind == "missing":
            problem, got = f"{inner[-1]!r} is missing", ""
            path = path[:-1]
        elif kind == "extra_forbidden":
            known = _fields_at(model, inner[:-1])
            problem, got = f"{inner[-1]!r} is not known here", ""
            near = closest(inner[-1], known)
            hint = f"did you mean {near!r}?" if near else f"known: {', '.join(known)}"
        elif kind == "literal_error":
            expected = str(limits.get("expected", ""))
            near = closest(value, re.findall("'([^']*)'", expected))
            hint = f"did you mean {near!r}?" if near else ""
        elif kind in _LIMITS:
            name, words = _LIMITS[kind]
            expected = f"{words} {limits.get(name)}"
        elif kind == "string_too_short":
            expected = "a text that is not empty"
        elif kind == "string_pattern_mismatch":
            expected = "a name: letters, digits and _, not beginning with a digit"
        elif kind == "value_error":
            problem, got = str(limits.get("error", entry["msg"])), ""
        else:
            expected = _EXPECTED.get(kind, entry["msg"])
        yield Problem(
            problem=problem,
            place=document.place(path, key=kind == "extra_forbidden"),
            path=".".join(map(str, path)),
            expected=expected,
            got=got,
            hint=hint,
        )


def _is_branch(part: str | int) -> bool:
    # Pydantic names validators and branches of unions in a path; the file does not.
    return isinstance(part, str) and ("[" in part or part in ("bool", "str"))


def _fields_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    kind: Any = model
    for part in path:
        kind = _inner(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(part, str):
            found = [
                field.annotation
                for name, field in kind.model_fields.items()
                if part in (name, field.alias)
            ]
            kind = found[0] if found else None
    kind = _inner(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [field.alias or name for name, field in kind.model_fields.items()]
    return []


def _inner(kind: Any) -> Any:
    """The model inside of lists, mappings, options and annotations."""
    while get_origin(kind) is not None:
        args = [entry for entry in get_args(kind) if entry is not type(None)]
        models = [entry for entry in args if get_origin(entry) or isinstance(entry, type)]
        kind = (models or [None])[-1 if get_origin(kind) is dict else 0]
    return kind
