"""What can be said about a scope, checked when it is said."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, cast

from batch_engine.core import Chunker, RetryPolicy
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.reducers import REDUCERS, Reducer

__all__ = ["HOOKS", "HookName", "OnMissing", "ScopeOptions", "check_size"]

HookName = Literal["on_batch_start", "on_batch_complete", "on_batch_error"]
HOOKS: tuple[HookName, ...] = ("on_batch_start", "on_batch_complete", "on_batch_error")
OnMissing = Literal["process", "drop", "error"]
_CALLED_WITH_ONE = ("key", "skip_if", "load_existing", "persist_each_batch", "dump", "load", *HOOKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeOptions:
    """How a scope works.

    ``key(item)`` names an item (a text); without it a hash of the item does. ``skip_if(item)``
    says that an item was done before; ``load_existing(items)`` then gets these items and gives
    their results, in order or by key, None where there is none; ``on_missing`` says what becomes
    of those: ``"process"`` (default), ``"drop"`` or ``"error"``. ``persist_each_batch(results)``
    gets the loaded and the new results of a chunk before the chunk counts as done.

    ``reduce`` names, for fields beside the items that stages write, how the values of chunks
    become one (`REDUCERS`, or a function of two values). ``dump`` and ``load`` make a result
    storable and back. ``retry`` is the scope's own policy. Hooks get a `BatchProgressContext`.
    """

    chunk_size: int | Chunker[Any]
    over: str | None = None
    name: str = ""
    key: Callable[[Any], str] | None = None
    skip_if: Callable[[Any], bool] | None = None
    load_existing: Callable[[list[Any]], Any] | None = None
    persist_each_batch: Callable[[list[Any]], object] | None = None
    on_missing: OnMissing = "process"
    reduce: Mapping[str, str | Reducer] = field(default_factory=dict)
    dump: Callable[[Any], Any] | None = None
    load: Callable[[Any], Any] | None = None
    retry: RetryPolicy | None = None
    on_batch_start: Callable[[Any], object] | None = None
    on_batch_complete: Callable[[Any], object] | None = None
    on_batch_error: Callable[[Any], object] | None = None

    @classmethod
    def checked(cls, stage: str, **options: Any) -> ScopeOptions:
        """The options of the scope that begins at ``stage``; `DefinitionError` names what is
        wrong with them."""
        check_names(stage, options, [entry.name for entry in fields(cls)])
        check_size(stage, "chunk_size", options.get("chunk_size"))
        for name in _CALLED_WITH_ONE:
            if options.get(name) is not None:
                check_callable(stage, name, options[name])
        _check_over(stage, options.get("over"))
        check_type(stage, "name", options.get("name", ""), str, "a text")
        check_type(stage, "retry", options.get("retry"), RetryPolicy, "a RetryPolicy")
        check_type(stage, "reduce", options.get("reduce"), Mapping, "a mapping of field names")
        _check_missing(stage, options)
        _check_reducers(stage, options.get("reduce") or {}, options.get("over"))
        return cls(**options)


def check_names(stage: str, given: Iterable[str], known: Iterable[str]) -> None:
    """`DefinitionError` for an option that does not exist, with the nearest one that does."""
    known = sorted(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            what = "hook" if name.startswith("on_batch") else "option"
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
            raise DefinitionError(f"there is no {what} {name!r}", stage=stage, field=name, fix=hint)


def check_field_names(stage: str, name: str, given: object) -> None:
    """`DefinitionError` for a text where names of fields are expected: ``("region")`` is one, and
    its letters are not what is meant."""
    if isinstance(given, str | bytes):
        raise DefinitionError(
            f"{name} is the text {given!r}",
            stage=stage,
            field=name,
            fix=f"write ({given!r},) with a comma, or [{given!r}]",
        )


def check_size(stage: str, name: str, size: object) -> None:
    """`DefinitionError` unless ``size`` is a whole number of at least 1, or a chunker."""
    if hasattr(size, "split") and not isinstance(size, str | bytes | bytearray | type):
        return
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise DefinitionError(
            f"{name} is {size!r}", stage=stage, field=name, fix="give a whole number of at least 1"
        )


def check_type(stage: str, name: str, value: object, kind: type, what: str) -> None:
    """`DefinitionError` unless ``value`` is of the kind, or None."""
    if value is not None and not isinstance(value, kind):
        raise DefinitionError(f"{name} is {value!r}", stage=stage, field=name, fix=f"give {what}")


def check_callable(stage: str, name: str, function: object, *, before: int = 0) -> None:
    """`DefinitionError` unless ``function`` can be called with one argument, after ``before``
    others (the ``self`` of a method)."""
    got = "an event" if name in HOOKS else "one argument"
    fix = f"write a function of {got}: def {name}({'event' if name in HOOKS else 'value'}): ..."
    if name == "run":
        fix = "write def run(self, context): ..."
    if not callable(function):
        raise DefinitionError(f"{name} is {function!r}", stage=stage, field=name, fix=fix)
    if inspect.iscoroutinefunction(function):
        raise DefinitionError(
            f"{name} is an async function", stage=stage, field=name, fix=f"{fix}, without async"
        )
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return  # some built-in callables do not tell
    try:
        signature.bind(*[object()] * (before + 1))
    except TypeError as error:
        problem = f"{name} has the signature {signature}"
        raise DefinitionError(problem, stage=stage, field=name, fix=fix) from error


def _check_over(stage: str, over: object) -> None:
    if over is not None and (not isinstance(over, str) or not over):
        raise DefinitionError(
            f"over is {over!r}", stage=stage, field="over", fix="give the name of a list field"
        )


def _check_missing(stage: str, options: Mapping[str, Any]) -> None:
    policy = options.get("on_missing", "process")
    if policy not in ("process", "drop", "error"):
        raise DefinitionError(
            f"on_missing is {policy!r}",
            stage=stage,
            field="on_missing",
            fix="say 'process', 'drop' or 'error'",
        )
    if options.get("load_existing") is not None and options.get("skip_if") is None:
        raise DefinitionError(
            "load_existing is never called without skip_if",
            stage=stage,
            field="load_existing",
            fix="say with skip_if= which items were done before",
        )


def _check_reducers(stage: str, reducers: Mapping[str, object], over: object) -> None:
    for name, reducer in reducers.items():
        if name == over:
            raise DefinitionError(
                "the items themselves are always put together in input order",
                stage=stage,
                field=name,
                fix="take it out of reduce=",
            )
        if not callable(reducer) and (not isinstance(reducer, str) or reducer not in REDUCERS):
            raise DefinitionError(
                f"there is no reducer {reducer!r}",
                stage=stage,
                field=name,
                fix=f"use {', '.join(sorted(REDUCERS))} or a function of two values",
            )


def hooks_of(options: ScopeOptions) -> dict[HookName, Callable[[Any], object]]:
    """The hooks among the options."""
    given = {name: getattr(options, name) for name in HOOKS}
    return cast(
        dict[HookName, Callable[[Any], object]],
        {name: hook for name, hook in given.items() if hook is not None},
    )
