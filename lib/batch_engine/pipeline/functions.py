"""Functions as stages: of the whole context, or of one item at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from batch_engine.core import ItemFailure, Pause, StoreError
from batch_engine.pipeline.agent import Agent, Shape, StageContext, check_declared, only_list
from batch_engine.pipeline.options import check_callable

__all__ = ["filtered", "flat_mapped", "mapped", "stage"]


class _Function(Agent):
    """A function of the context as a stage."""

    def __init__(self, function: Callable[[StageContext], Any], **declared: Any) -> None:
        self.function = function
        _declare(self, function, declared)

    def run(self, context: StageContext) -> Any:
        """Calls the function."""
        return self.function(context)


class _PerItem(Agent):
    """A function of one item as a stage; an item for which it raises fails alone."""

    reads = ()  # it sees the item and nothing else

    def __init__(self, function: Callable[[Any], Any], over: str | None, **declared: Any) -> None:
        self.function = function
        self.over = over
        _declare(self, function, declared)

    def run(self, context: StageContext) -> list[Any]:
        """Calls the function once per item."""
        items = context.batch.items if context.batch else context[self.over or only_list(context)]
        return [_called(self.function, item) for item in items]


def _called(function: Callable[[Any], Any], item: Any) -> Any:
    try:
        return function(item)
    except (Pause, StoreError):
        raise
    except Exception as error:  # noqa: BLE001 - the edge of an item; it is recorded
        return ItemFailure(error)


def _declare(agent: Agent, function: Callable[..., Any], declared: Mapping[str, Any]) -> None:
    check_callable(declared.get("name") or _name_of(function), "function", function)
    name = declared.get("name") or _name_of(function)
    check_declared(
        name, declared.get("shape", "map"), declared.get("reads"), declared.get("writes")
    )
    for key, value in {**declared, "name": name}.items():
        object.__setattr__(agent, key, value)


def _name_of(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def stage(
    function: Callable[[StageContext], Any],
    *,
    name: str = "",
    reads: tuple[str, ...] | None = None,
    writes: Mapping[str, Any] | tuple[str, ...] | None = None,
    shape: Shape = "map",
    version: object = None,
) -> Agent:
    """A stage that calls ``function(context)``; the rest is as in `Agent`."""
    return _Function(function, name=name, reads=reads, writes=writes, shape=shape, version=version)


def mapped(
    function: Callable[[Any], Any],
    *,
    over: str | None = None,
    name: str = "",
    version: object = None,
) -> Agent:
    """A stage that puts ``function(item)`` in the place of each item."""
    return _PerItem(function, over, name=name, shape="map", version=version)


def filtered(
    function: Callable[[Any], object],
    *,
    over: str | None = None,
    name: str = "",
    version: object = None,
) -> Agent:
    """A stage that keeps the items for which ``function(item)`` is true."""
    return _PerItem(function, over, name=name, shape="filter", version=version)


def flat_mapped(
    function: Callable[[Any], Any],
    *,
    over: str | None = None,
    name: str = "",
    version: object = None,
) -> Agent:
    """A stage that puts the items of ``function(item)`` in the place of each item."""
    return _PerItem(function, over, name=name, shape="flat_map", version=version)
