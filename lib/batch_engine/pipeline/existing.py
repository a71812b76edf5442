"""What was done before by other means: ``skip_if``, ``load_existing`` and ``on_missing``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from batch_engine.core import ContractError, Pause, StoreError, TaskError
from batch_engine.pipeline.items import Element, Elements
from batch_engine.pipeline.options import ScopeOptions

__all__ = ["Tell", "without_existing"]

Tell = Callable[[str, Exception], None]
"""Called with the name of a callback and what it raised."""


def without_existing(
    elements: Elements, options: ScopeOptions, tell: Tell
) -> tuple[Elements, Elements, dict[int, Exception]]:
    """The items to work on, those with a result that exists, and errors by source; an item that
    is dropped is in none of them."""
    skip_if = options.skip_if
    if skip_if is None:
        return elements, Elements.of(()), {}
    flags = [bool(_guarded("skip_if", skip_if, value, tell)) for value in elements.values]
    skipped = [element for element, flag in zip(elements, flags, strict=True) if flag]
    found = _existing(skipped, options, tell)
    rest: list[Element] = []
    ready: list[Element] = []
    failed: dict[int, Exception] = {}
    for element, flag in zip(elements, flags, strict=True):
        existing = found.get(element.key) if flag else None
        if existing is not None:
            ready.append(element.now(existing))
        elif not flag or options.on_missing == "process":
            rest.append(element)
        elif options.on_missing == "error":
            failed[element.source] = TaskError(
                "skip_if says that it was done before, and load_existing has no result",
                hint="say on_missing='process' to do it again",
            )
    return Elements.of(rest), Elements.of(ready), failed


def _existing(skipped: list[Element], options: ScopeOptions, tell: Tell) -> Mapping[str, Any]:
    load = options.load_existing
    if load is None or not skipped:
        return {}
    found = _guarded("load_existing", load, [element.value for element in skipped], tell)
    if isinstance(found, Mapping):
        return found
    if isinstance(found, list | tuple) and len(found) == len(skipped):
        return {element.key: value for element, value in zip(skipped, found, strict=True)}
    if found is not None:
        problem = ContractError(f"load_existing gave no result for each of {len(skipped)}")
        tell("load_existing", problem)
    return {}


def _guarded(name: str, function: Callable[[Any], Any], value: Any, tell: Tell) -> Any:
    """What the function says; None, and a note in the report, if it raises: the item is then
    simply worked on."""
    try:
        return function(value)
    except (Pause, StoreError):
        raise
    except Exception as error:  # noqa: BLE001 - never costs a result; is recorded
        tell(name, error)
        return None
