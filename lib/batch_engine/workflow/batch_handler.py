"""The standard interface of batch tasks: one decorator, one batch context. (Seed 003, 1.)

::

    from batch_engine.workflow import create_batch_task_handler, register_task

    @register_task("embed")
    @create_batch_task_handler
    def embed(items, step, batch_context):
        return service.embed(items, model=step["model"])     # one result per item, in order
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from batch_engine.core import ConfigurationError

__all__ = ["BatchTask", "create_batch_task_handler"]

BatchTask = Callable[[dict[str, Any], Mapping[str, Any], Path], Any]


def create_batch_task_handler(func: Callable[[list[Any], dict[str, Any], Any], Any]) -> BatchTask:
    """A handler of whole batches: ``func(items, step, batch_context)`` with the items of the step
    (``items``, or ``iterate_over``), the step with its evaluated inputs, and one context for all.

    ``batch_context`` has ``workspace``, ``engine``, ``batch_name`` and ``retry_config``. Run by
    the engine, ``items`` is one chunk, and there are ``keys`` (one per item), ``attempt`` (from
    1), ``number`` (the chunk's, from 1) and ``previous`` (error records by key) besides.
    ``func`` returns one result per item, or results by key, with an
    `batch_engine.core.ItemFailure` where there is none.

    The handler, ``handler(step, context, workspace)``, raises a ``ValueError`` without items.

    >>> @create_batch_task_handler
    ... def double(items, step, batch_context):
    ...     return [2 * item for item in items]
    >>> double({"items": [1, 2]}, {}, Path("."))
    [2, 4]
    """

    @functools.wraps(func)
    def wrapper(step: dict[str, Any], context: Mapping[str, Any], workspace: Path) -> Any:
        items = step.get("items") or step.get("iterate_over")
        if not items:
            raise ConfigurationError(
                "No items provided for batch processing",
                hint="give the step items: or iterate_over:, a list that is not empty",
            )
        batch_context = {
            **context.get("chunk", {}),
            "workspace": workspace,
            "engine": context.get("engine"),
            "batch_name": step.get("name", "unnamed_batch"),
            "retry_config": step.get("retry", {}),
        }
        return func(items, step, batch_context)

    wrapper.is_batch_handler = True  # type: ignore[attr-defined]  # a mark that `register_task` reads
    return wrapper
