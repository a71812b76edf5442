"""What a function, a class or an object does, as far as it can be told: for fingerprints.

Of a function: its syntax (comments, formatting and docstrings apart), and of its defaults, its
closure and what it uses of its own module whatever cannot change: constants, frozen dataclasses,
functions, classes. Of a class the same for its methods. Of an object that can be called, or is
of the same package, its class and public attributes; of others their type.

Not told: what other modules do, private attributes, and, around functions, what can change in
place: a list that is filled as the run goes would look like other code each time.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from functools import partial
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType
from typing import Any
from uuid import UUID

from batch_engine.core import ConfigurationError, canonical_json, fingerprint

__all__ = ["class_shown", "shown"]

_CONSTANTS = (str, bytes, int, float, bool, type(None), Enum, date, time, Decimal, UUID, PurePath)


def shown(value: Any) -> Any:
    """The value's canonical form; of functions and classes their code, of other objects their
    type and what their public attributes are. Something that `canonical_json` takes."""
    teller = _Teller()
    return [teller.shown(value), teller.code()]


def class_shown(kind: type) -> Any:
    """The code of a class without its bases."""
    teller = _Teller()
    return [teller.class_shown(kind), teller.code()]


class _Teller:
    """Tells one value. Functions and classes in it are only named at first and told one after
    the other by `code`, each once, so that circles end and long chains do not nest."""

    def __init__(self) -> None:
        self._told: dict[int, Any] = {}
        self._to_tell: list[FunctionType | type] = []

    def shown(self, value: Any) -> Any:
        if isinstance(value, MethodType):
            return [self.shown(value.__func__), self.shown(value.__self__)]
        if isinstance(value, partial):
            parts = (value.func, value.args, value.keywords)
            return ["partial", *map(self.shown, parts)]
        if isinstance(value, FunctionType | type):
            name = f"{value.__module__}.{value.__qualname__}"
            if not self._again(value) and _package(value) not in sys.stdlib_module_names:
                self._to_tell.append(value)
            return name
        try:
            return canonical_json(value)
        except (ConfigurationError, RecursionError):
            return type(value).__qualname__ if self._again(value) else self._parts(value)

    def _again(self, value: Any) -> bool:
        again = id(value) in self._told
        self._told[id(value)] = value  # kept, so that no other one can have its id
        return again

    def code(self) -> list[Any]:
        """The code of all functions and classes that were named, and of those that these name."""
        told = []
        for value in self._to_tell:  # it grows on the way
            one = self.class_shown(value) if isinstance(value, type) else self._function(value)
            told.append([value.__qualname__, one])
        return told

    def _parts(self, value: Any) -> Any:
        """Of what has no canonical form as a whole."""
        if isinstance(value, dict):
            return [[self.shown(key), self.shown(entry)] for key, entry in value.items()]
        if isinstance(value, list | tuple):
            return [self.shown(entry) for entry in value]
        kind = type(value)
        if not callable(value) and _package(kind) not in set(map(_package, self._to_tell)):
            # How a client of another package is set changes with its use, and its code with its
            # updates: a logger's level, a session's cookies.
            return kind.__qualname__
        public = {
            name: self.shown(entry)
            for name, entry in sorted(getattr(value, "__dict__", {}).items())
            if not name.startswith("_")
        }
        return [self.shown(kind), public]

    def class_shown(self, kind: type) -> Any:
        functions = list(_functions(kind))
        source = _syntax(kind)
        if source is None:  # made by exec, or typed in: what its methods compile to
            source = fingerprint([_compiled(function.__code__) for function in functions])
        return [source, [self._used(function) for function in functions]]

    def _function(self, function: FunctionType) -> list[Any]:
        source = _syntax(function)
        code = _compiled(function.__code__) if source is None else source
        return [code, self._used(function)]

    def _used(self, function: FunctionType) -> list[Any]:
        """Defaults, closure and what of its module a function uses."""
        cells = []
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            try:
                content = cell.cell_contents
            except ValueError:  # not filled yet
                continue
            if name != "__class__" and content is not function:
                cells.append([name, self._fixed(content)])
        given = {**(function.__kwdefaults__ or {}), "": function.__defaults__ or ()}
        defaults = [[name, self._fixed(value)] for name, value in sorted(given.items())]
        own = [
            [name, self.shown(value)]
            for name in sorted(_names(function.__code__))
            if not name.startswith("__")
            and name in function.__globals__
            and _is_own(value := function.__globals__[name], function)
        ]
        return [defaults, cells, own]

    def _fixed(self, value: Any) -> Any:
        """Of what can change in place only the kind, and the code of that."""
        if isinstance(value, FunctionType | MethodType | partial | type) or _is_fixed(value):
            return self.shown(value)
        if isinstance(value, tuple):
            return [self._fixed(entry) for entry in value]
        return type(value).__qualname__


def _package(value: FunctionType | type) -> str:
    return value.__module__.partition(".")[0]


def _functions(kind: type) -> Iterator[FunctionType]:
    for _, entry in sorted(vars(kind).items()):
        inner = entry.fget if isinstance(entry, property) else getattr(entry, "__func__", entry)
        if isinstance(inner, FunctionType):
            yield inner


def _is_fixed(value: Any) -> bool:
    if isinstance(value, tuple | frozenset):
        return all(map(_is_fixed, value))
    if is_dataclass(value) and not isinstance(value, type):
        frozen = value.__dataclass_params__.frozen  # type: ignore[attr-defined]  # every dataclass has it
        return frozen and all(_is_fixed(getattr(value, entry.name)) for entry in fields(value))
    return isinstance(value, _CONSTANTS)


def _is_own(value: Any, function: FunctionType) -> bool:
    if isinstance(value, FunctionType | type):
        return value.__module__ == function.__module__ and value is not function
    return _is_fixed(value)


def _names(code: CodeType) -> set[str]:
    inner = [_names(value) for value in code.co_consts if isinstance(value, CodeType)]
    return set(code.co_names).union(*inner)


def _syntax(thing: Any) -> str | None:
    """The syntax of a class or function, without comments, formatting, docstrings and decorators
    (a decorator says how it is run); None where its source cannot be read alone, as of a lambda
    in the middle of a line."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError):
        return None
    if not isinstance(tree.body[0], ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            del body[0]
    tree.body[0].decorator_list = []
    return fingerprint(ast.dump(tree))


def _compiled(code: CodeType) -> str:
    inner = [_compiled(value) for value in code.co_consts if isinstance(value, CodeType)]
    plain = [_constant(value) for value in code.co_consts if not isinstance(value, CodeType)]
    return fingerprint(code.co_code, list(code.co_names), plain, inner)


def _constant(value: Any) -> str:
    try:
        return canonical_json(value)  # a set's order changes from process to process
    except ConfigurationError:
        return repr(value)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
