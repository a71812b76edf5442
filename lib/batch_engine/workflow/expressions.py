"""Expressions: sandboxed Jinja2 that is compiled once, and values that keep their type.

A text that is exactly one ``{{ expression }}`` gives that expression's value, of whatever type.
Any other text with expressions gives a text. A text without any is never touched, and what an
expression gives is never evaluated again: an item ``"007"`` or ``"{{ x }}"`` stays what it is.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NoReturn

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, UndefinedError
from jinja2.environment import TemplateExpression
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import Getattr, Name, Output
from jinja2.sandbox import ImmutableSandboxedEnvironment

from batch_engine.workflow.errors import ExpressionError, UndefinedNameError
from batch_engine.workflow.quoting import ShellText

__all__ = ["Mode", "Text", "Value", "check_syntax", "compile_value", "has_expressions"]

MAX_TEXT = 50_000_000
MAX_VALUE = 500_000_000
"""Characters of a text that is handed on as it is; SQLite stores up to twice as much."""
_MARKS = ("{{", "{%", "{#")
_WIDTH = re.compile(r"%[^a-zA-Z%]*?([0-9]{5,})")

Mode = Literal["typed", "text", "shell", "raw"]
"""How a text is evaluated: with its type; always to a text; to a text for the shell, in which
the values are quoted; or not at all."""


class _Missing(StrictUndefined):
    """What is not there; nor is anything in it, which a ``default`` may be given for too. To use
    it is an error as before: ``{{ steps.skipped.result | default("") }}`` is none."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> Any:
        return self


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with limits, and with keys of mappings before their methods."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        # steps.read.result.items is the field "items", not the method of the mapping.
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "*" and _product(left, right) > MAX_TEXT:
            raise SecurityError("a repetition would be larger than allowed")
        if operator == "%" and isinstance(left, str) and _widths(left, right):
            raise SecurityError("a text would be padded to more than allowed")
        if operator == "**" and (_size(left) > 1_000_000 or _size(right) > 1_000):
            raise SecurityError("a power would be larger than allowed")
        return super().call_binop(context, operator, left, right)

    def call(self, context: Any, obj: Any, /, *args: Any, **named: Any) -> Any:
        # Such as "x".ljust(10**9)
        if isinstance(getattr(obj, "__self__", None), str) and any(map(_too_wide, args)):
            raise SecurityError("a text would be padded to more than allowed")
        return super().call(context, obj, *args, **named)


def _too_wide(value: Any) -> bool:
    return isinstance(value, int) and value > MAX_TEXT


def _widths(form: str, values: Any) -> bool:
    """Whether ``form % values`` asks for a width beyond what is allowed."""
    given = values if isinstance(values, tuple) else ()
    return any(int(n) > MAX_TEXT for n in _WIDTH.findall(form)) or (
        "*" in form and any(map(_too_wide, given))
    )


def _size(value: Any) -> float:
    if isinstance(value, str | bytes | list | tuple):
        return len(value)
    return abs(value) if isinstance(value, int | float) else 0


def _product(left: Any, right: Any) -> float:
    # A product of two numbers is small, however large they are.
    if isinstance(left, int | float) and isinstance(right, int | float):
        return 0
    return _size(left) * _size(right)


def _environment(**options: Any) -> _Environment:
    environment = _Environment(undefined=_Missing, trim_blocks=True, lstrip_blocks=True, **options)
    environment.filters.update(
        basename=posixpath.basename,
        dirname=posixpath.dirname,
        fromjson=json.loads,
        quote=lambda value: shlex.quote(str(value)),
        to_json=lambda value: json.dumps(value, ensure_ascii=False),
    )
    return environment


_PLAIN = _environment()
_SHELL = _environment(finalize=ShellText.finalize)
_SHELL.filters["unquoted"] = ShellText.unquoted
_PLAIN.filters["unquoted"] = lambda value: value  # so that a text can serve both


def has_expressions(value: object) -> bool:
    """Whether a text has anything to evaluate in it.

    >>> has_expressions("{{ item }}"), has_expressions("plain")
    (True, False)
    """
    return isinstance(value, str) and any(mark in value for mark in _MARKS)


def check_syntax(text: str) -> tuple[str, int] | None:
    """What is wrong with a text's expressions, and in which of its lines (from 1); else None."""
    try:
        _PLAIN.parse(text)
        _compiled(text, "typed")
    except TemplateSyntaxError as error:
        return error.message or "syntax error", error.lineno
    except TemplateError as error:
        return str(error), 1
    return None


@dataclass(frozen=True, slots=True)
class Text:
    """A text with expressions, evaluated by `render`. It can be sent to worker processes."""

    source: str
    mode: Mode = "typed"
    where: str = ""

    def render(self, variables: Mapping[str, Any]) -> Any:
        """Its value for ``variables``.

        Raises `UndefinedNameError` or `ExpressionError`, which name the place and the text.
        """
        try:
            compiled = _compiled(self.source, self.mode)
            if isinstance(compiled, _Path):
                if compiled.name in variables:
                    return _defined(compiled(variables))
                compiled = compiled.general
            return _evaluate(compiled, _seen(self.source, variables))
        except UndefinedError as error:
            raise self._undefined(error, variables) from error
        except Exception as error:
            raise ExpressionError(
                f"{self._name()} cannot be evaluated: {type(error).__name__}: {error}"
            ) from error

    def _undefined(self, error: UndefinedError, variables: Mapping[str, Any]) -> UndefinedNameError:
        from batch_engine.workflow.references import explain_missing

        why = explain_missing(self.source, variables)
        return UndefinedNameError(f"{self._name()}: {why or error.message}", hint=_DEFAULT_HINT)

    def _name(self) -> str:
        shown = " ".join(self.source.split())
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        return f"{self.where}: {shown!r}" if self.where else f"{shown!r}"


_DEFAULT_HINT = (
    "for what may be missing, write {{ name | default(...) }} or {% if name is defined %}"
)


@dataclass(frozen=True, slots=True)
class Value:
    """Any value with expressions somewhere in it; ``render`` gives it with these evaluated."""

    parts: Any

    def render(self, variables: Mapping[str, Any]) -> Any:
        """A new value; what has no expressions in it is the very object that was given."""
        return _render(self.parts, variables)


def compile_value(
    value: Any,
    *,
    mode: Callable[[tuple[str | int, ...]], Mode] = lambda path: "typed",
    where: Callable[[tuple[str | int, ...]], str] = lambda path: "",
    path: tuple[str | int, ...] = (),
) -> Value:
    """A value made ready to be rendered often. ``mode`` says for the path of a text how it is
    evaluated, ``where`` what an error calls its place.

    >>> compile_value({"n": "{{ 1 + 1 }}", "t": "{{ 1 }}!"}).render({})
    {'n': 2, 't': '1!'}
    """
    return Value(_parts(value, mode, where, path))


class _Static:
    """Marks a value without expressions, so that it is not walked through again."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        return _Static, (self.value,)


def _parts(value: Any, mode: Any, where: Any, path: tuple[str | int, ...]) -> Any:
    if isinstance(value, str):
        chosen = mode(path)
        if chosen != "raw" and has_expressions(value):
            return Text(value, chosen, where(path))
    elif isinstance(value, Mapping):
        parts = {key: _parts(entry, mode, where, (*path, key)) for key, entry in value.items()}
        if not all(isinstance(part, _Static) for part in parts.values()):
            return parts
    elif isinstance(value, list):
        listed = [_parts(entry, mode, where, (*path, n)) for n, entry in enumerate(value)]
        if not all(isinstance(part, _Static) for part in listed):
            return listed
    return _Static(value)


def _render(part: Any, variables: Mapping[str, Any]) -> Any:
    kind = type(part)
    if kind is _Static:
        return part.value
    if kind is Text:
        return part.render(variables)
    if kind is dict:
        return {key: _render(entry, variables) for key, entry in part.items()}
    return [_render(entry, variables) for entry in part]


def _seen(source: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the variables that a text names: Jinja copies what it is given, for each item."""
    return {name: variables[name] for name in _names(source) if name in variables}


@lru_cache(maxsize=8_192)
def _names(source: str) -> tuple[str, ...]:
    return tuple(sorted(find_undeclared_variables(_PLAIN.parse(source))))


@dataclass(frozen=True, slots=True)
class _Path:
    """A variable, or an attribute of one: ``item``, ``steps.read.result``. Most expressions are
    no more than that, and looking them up here instead of having Jinja set up a context takes a
    fifth of the time. ``general`` is the same expression for Jinja, which knows what to do
    about a name that is not there."""

    name: str
    attributes: tuple[str, ...]
    general: TemplateExpression

    def __call__(self, variables: Mapping[str, Any]) -> Any:
        value = variables[self.name]
        for attribute in self.attributes:
            value = _PLAIN.getattr(value, attribute)
        return value


@lru_cache(maxsize=8_192)
def _compiled(source: str, mode: Mode) -> TemplateExpression | Template | _Path:
    if mode == "shell":
        return _SHELL.from_string(source)
    inner = _single_expression(source) if mode == "typed" else None
    if inner is None:
        return _PLAIN.from_string(source)
    general = _PLAIN.compile_expression(inner, undefined_to_none=False)
    return _path(inner, general) or general


def _path(inner: str, general: TemplateExpression) -> _Path | None:
    node = next(_PLAIN.parse(f"{{{{ {inner} }}}}").find_all(Output)).nodes[0]
    attributes: list[str] = []
    while isinstance(node, Getattr):
        attributes.insert(0, node.attr)
        node = node.node
    return _Path(node.name, tuple(attributes), general) if isinstance(node, Name) else None


def _single_expression(source: str) -> str | None:
    """What is between the braces, if the text is one expression and nothing else."""
    text = source.strip("\n")
    if not (text.startswith("{{") and text.endswith("}}")):
        return None
    tokens = list(_PLAIN.lex(text))
    kinds = [kind for _, kind, _ in tokens]
    if kinds.count("variable_begin") != 1 or kinds[-1] != "variable_end":
        return None
    return text[len(tokens[0][2]) : -len(tokens[-1][2])]


def _evaluate(compiled: TemplateExpression | Template, variables: Mapping[str, Any]) -> Any:
    if isinstance(compiled, TemplateExpression):
        return _defined(compiled(variables))
    if compiled.environment is _SHELL:
        with ShellText() as shell:
            return shell.resolve(compiled.render(variables))
    text = compiled.render(variables)
    if len(text) > MAX_TEXT:
        raise SecurityError(f"the text has {len(text):,} characters, allowed are {MAX_TEXT:,}")
    return text


def _defined(value: Any) -> Any:
    """The value, if nothing in it is undefined; lazy sequences become lists."""
    if isinstance(value, Undefined):
        _fail(value)
    if isinstance(value, str):
        if len(value) > MAX_VALUE:
            raise SecurityError(f"a text of {len(value):,} characters is more than allowed")
    elif isinstance(value, list | tuple | dict):
        for entry in value.values() if isinstance(value, dict) else value:
            if isinstance(entry, Undefined):
                _fail(entry)
    elif hasattr(value, "__next__") or isinstance(value, range):
        return [_defined(entry) for entry in value]  # map, select, range and their like
    return value


def _fail(value: Undefined) -> NoReturn:
    value._fail_with_undefined_error()  # Jinja's own way to the message, for subclasses
    raise AssertionError
