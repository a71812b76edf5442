"""Parameters: values from the command line read as what they are declared to be, and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from batch_engine.workflow.errors import InvalidWorkflowError, ParameterError, closest
from batch_engine.workflow.reader import parse_yaml
from batch_engine.workflow.spec import ParamSpec

__all__ = ["check_param", "read_param", "resolve_params"]

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "float": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "list": (list,),
    "object": (dict,),
    "dict": (dict,),
}


def resolve_params(params: Mapping[str, ParamSpec], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter's value: the given one, else its default, else None.

    Raises `ParameterError` for one that is required and missing, not declared, or not allowed.
    """
    for name in given:
        if name not in params:
            near = closest(name, params)
            known = ", ".join(params) or "none"
            raise ParameterError(
                f"there is no parameter {name!r}",
                hint=f"did you mean {near!r}?" if near else f"parameters: {known}",
            )
    values = {}
    for name, spec in params.items():
        value = given.get(name, spec.default)
        if value is None and spec.required:
            raise ParameterError(
                f"the parameter {name!r} is required",
                hint=f"give it: --param {name}=..."
                + (f" ({spec.description})" if spec.description else ""),
            )
        if value is not None:
            check_param(name, spec, value)
        values[name] = value
    return values


def read_param(name: str, spec: ParamSpec | None, text: str) -> Any:
    """The value that ``text`` means for a parameter; a text where no type is declared.

    >>> read_param("n", ParamSpec(type="integer"), "5")
    5

    Raises `ParameterError`.
    """
    kind = spec.type if spec else None
    if kind in (None, "string"):
        return text
    try:
        value = parse_yaml(text, file=f"--param {name}").value
    except InvalidWorkflowError:
        value = text
    if not _is_of(value, kind):
        raise ParameterError(f"the parameter {name!r} is {text!r}, expected {kind}")
    return value


def check_param(name: str, spec: ParamSpec, value: Any) -> None:
    """Raises `ParameterError` if a value breaks a rule of its parameter."""
    if spec.secret:
        _check_secret(name, spec, value)
        return
    if spec.type is not None and not _is_of(value, spec.type):
        raise ParameterError(f"the parameter {name!r} is {value!r}, expected {spec.type}")
    allowed = spec.enum if spec.enum is not None else spec.allowedValues
    if allowed is not None and value not in allowed:
        raise ParameterError(
            f"the parameter {name!r} is {value!r}, expected one of {', '.join(map(repr, allowed))}",
        )
    sizes = ((spec.minLength, spec.maxLength, str), (spec.minItems, spec.maxItems, list))
    for least, most, kind in sizes:
        if isinstance(value, kind):
            _check_range(name, value, len(value), least, most, "characters or entries")
    if isinstance(value, int | float):
        _check_range(name, value, value, spec.minimum, spec.maximum, "")
    if spec.pattern is not None and not re.search(spec.pattern, str(value)):
        raise ParameterError(
            f"the parameter {name!r} is {value!r}, which does not match {spec.pattern!r}"
        )


def _check_secret(name: str, spec: ParamSpec, value: Any) -> None:
    """The same for a value that no message may show."""
    try:
        check_param(name, spec.model_copy(update={"secret": False}), value)
    except ParameterError:
        raise ParameterError(
            f"the value of the parameter {name!r}, which is secret, is not allowed"
        ) from None


def _check_range(
    name: str, value: Any, size: float, least: float | None, most: float | None, unit: str
) -> None:
    words = f" {unit}" if unit else ""
    if least is not None and size < least:
        raise ParameterError(
            f"the parameter {name!r} is {value!r}, expected at least {least}{words}"
        )
    if most is not None and size > most:
        raise ParameterError(f"the parameter {name!r} is {value!r}, expected at most {most}{words}")


def _is_of(value: Any, kind: str | None) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind or "string"])
