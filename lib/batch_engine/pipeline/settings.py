"""How a pipeline runs, for all of its scopes: the core's words, checked when they are said."""

from __future__ import annotations

import random as random_module
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from batch_engine.core import ExecutorChoice, Listener, RetryPolicy, RunStore
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.hooks import Hook
from batch_engine.pipeline.options import HookName, check_type

__all__ = ["RunSettings", "check_settings"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How a pipeline runs, for all of its scopes; the core's words, see `run_batches`.

    ``fingerprint`` is anything besides stages and fields that shapes results.
    """

    store: RunStore | None = None
    fingerprint: object = None
    executor: ExecutorChoice | None = None
    max_workers: int | None = None
    retry: RetryPolicy | None = None
    on_error: Literal["continue", "fail_fast"] = "continue"
    max_failures: int | None = None
    listeners: tuple[Listener, ...] = ()
    hooks: tuple[tuple[HookName, Hook], ...] = ()
    run_id: str = ""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    random: Callable[[], float] = random_module.random
    now: Callable[[], datetime] = _utc_now


def check_settings(pipeline: str, given: Mapping[str, Any]) -> None:
    """`DefinitionError` for a setting that cannot work, with the pipeline as the stage."""

    def refuse(name: str, fix: str) -> None:
        raise DefinitionError(f"{name} is {given[name]!r}", stage=pipeline, field=name, fix=fix)

    check_type(pipeline, "retry", given.get("retry"), RetryPolicy, "a RetryPolicy")
    if given.get("on_error", "continue") not in ("continue", "fail_fast"):
        refuse("on_error", "say 'continue' or 'fail_fast'")
    for name, least in (("max_failures", 0), ("max_workers", 1)):
        value = given.get(name)
        wrong = isinstance(value, bool) or not isinstance(value, int) or value < least
        if value is not None and wrong:
            refuse(name, f"give a whole number of at least {least}")
    if given.get("store") is not None and not hasattr(given["store"], "begin_step"):
        refuse("store", "give a store, such as SqliteRunStore(directory)")
    executor = given.get("executor")
    named = executor in ("threads", "processes") if isinstance(executor, str) else False
    if executor is not None and not (named or isinstance(executor, Executor) or callable(executor)):
        refuse("executor", "say 'threads' or 'processes', or give an executor")
    listeners = given.get("listeners", ())
    if not isinstance(listeners, Iterable) or not all(map(callable, listeners)):
        refuse("listeners", "give a list of functions of an event")
