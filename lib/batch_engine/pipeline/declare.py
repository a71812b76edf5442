"""Class decorators: where scopes begin and end, and their hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from batch_engine.pipeline.agent import Agent
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.options import HookName, ScopeOptions, check_callable

__all__ = [
    "ends_batching",
    "on_batch_complete",
    "on_batch_error",
    "on_batch_start",
    "triggers_batching",
]

A = TypeVar("A", bound="type[Agent]")


def triggers_batching(
    *wrong: object,
    chunk_size: object = None,
    over: str | None = None,
    override: bool = False,
    **options: object,
) -> Callable[[A], A]:
    """Class decorator: a scope begins with this agent. Options as in `batched`.

    Subclasses inherit it. Saying it twice on one class needs ``override=True``.
    """

    for without_brackets in wrong:
        raise DefinitionError(
            "triggers_batching stands on it without a chunk size",
            stage=getattr(without_brackets, "__name__", repr(without_brackets)),
            field="chunk_size",
            fix="write @triggers_batching(chunk_size=100)",
        )

    def decorate(cls: A) -> A:
        _check_class(cls, "triggers_batching")
        if "_trigger" in cls.__dict__ and not override:
            raise DefinitionError(
                "triggers_batching stands on it twice",
                stage=cls.__name__,
                field="triggers_batching",
                fix="take one away, or say override=True",
            )
        if cls._terminator:
            raise _both(cls)
        cls._trigger = ScopeOptions.checked(
            cls.__name__, chunk_size=chunk_size, over=over, **options
        )
        return cls

    return decorate


def ends_batching(cls: A) -> A:
    """Class decorator: the open scope ends before this agent, which gets the merged results."""
    _check_class(cls, "ends_batching")
    if cls._trigger is not None:
        raise _both(cls)
    cls._terminator = True
    return cls


def _check_class(cls: object, decorator: str) -> None:
    if not isinstance(cls, type) or not issubclass(cls, Agent):
        raise DefinitionError(
            f"{decorator} stands on something that is no agent",
            stage=getattr(cls, "__name__", repr(cls)),
            field=decorator,
            fix=f"put @{decorator} above a class that is derived from Agent",
        )


def _both(cls: type[Agent]) -> DefinitionError:
    return DefinitionError(
        "it both starts and ends a scope",
        stage=cls.__name__,
        field="ends_batching",
        fix="end the scope at the agent after the last one that works on chunks",
    )


def _hook(name: HookName, function: Callable[[Any], object]) -> Callable[[A], A]:
    def decorate(cls: A) -> A:
        _check_class(cls, name)
        check_callable(cls.__name__, name, function)
        cls._hooks = (*cls._hooks, (name, function))
        return cls

    return decorate


def on_batch_start(hook: Callable[[Any], object]) -> Callable[[A], A]:
    """Class decorator: ``hook(event)`` is called before each chunk of the agent's scope."""
    return _hook("on_batch_start", hook)


def on_batch_complete(hook: Callable[[Any], object]) -> Callable[[A], A]:
    """Class decorator: ``hook(event)`` is called when a chunk of the agent's scope is stored."""
    return _hook("on_batch_complete", hook)


def on_batch_error(hook: Callable[[Any], object]) -> Callable[[A], A]:
    """Class decorator: ``hook(event)`` is called for each chunk in which items failed."""
    return _hook("on_batch_error", hook)
