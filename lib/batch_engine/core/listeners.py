"""Ready-made listeners: the standard logging, JSON lines, and an event as plain data."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import fields, is_dataclass
from typing import Any, TextIO

from batch_engine.core.events import (
    ChunkCompleted,
    ChunkFailed,
    Event,
    ItemCompleted,
    ItemFailed,
    ItemsLoaded,
    RetryScheduled,
    RunCompleted,
    RunStarted,
    StageCompleted,
    StageStarted,
    StepCompleted,
    StepFailed,
    StepStarted,
)
from batch_engine.core.records import ErrorRecord

__all__ = ["JsonLinesListener", "LoggingListener", "event_to_json"]

_WORDS = re.compile(r"(?<!^)(?=[A-Z])")
_PER_ITEM = (ItemCompleted, ItemsLoaded, StageStarted, StageCompleted)
_WARNINGS = (ChunkFailed, ItemFailed, RetryScheduled)
_LANDMARKS = (RunStarted, RunCompleted, StepStarted, StepCompleted, ChunkCompleted)


def event_to_json(event: Event) -> dict[str, Any]:
    """An event as JSON values: ``event`` is its kind in snake case, ``at_ns`` its time.

    >>> event_to_json(StepStarted(step="read", total=2))
    {'event': 'step_started', 'at_ns': ..., 'step': 'read', 'total': 2, 'within': ''}
    """
    shown = _plain(event)
    kind = _WORDS.sub("_", type(event).__name__).lower()
    return {"event": kind, "at_ns": shown.pop("at_ns"), **shown}


class JsonLinesListener:
    """Writes each event as one line of JSON to an open text file, and flushes it.

    ``per_item=False`` leaves out what comes once per item or stage.
    """

    def __init__(self, out: TextIO, *, per_item: bool = True) -> None:
        self._out = out
        self._per_item = per_item

    def __call__(self, event: Event) -> None:
        """Writes one line."""
        if self._per_item or not isinstance(event, _PER_ITEM):
            self._out.write(json.dumps(event_to_json(event), ensure_ascii=False) + "\n")
            self._out.flush()


class LoggingListener:
    """Tells a logger: failures and retries as warnings, a step that was left as an error, steps
    and chunks as information, everything else for debugging.

    The event is in the record as ``record.event``.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger("batch_engine")

    def __call__(self, event: Event) -> None:
        """Logs one event."""
        level = _level(event)
        if self._logger.isEnabledFor(level):
            kind, *details = event_to_json(event).items()
            known = [(name, value) for name, value in details[1:] if value != ""]
            said = ", ".join(f"{name}={_short(value)}" for name, value in known)
            self._logger.log(level, "%s: %s", kind[1], said, extra={"event": event})


def _level(event: Event) -> int:
    if isinstance(event, StepFailed):
        return logging.ERROR
    if isinstance(event, _WARNINGS):
        return logging.WARNING
    return logging.INFO if isinstance(event, _LANDMARKS) else logging.DEBUG


def _short(value: object) -> object:
    if isinstance(value, dict) and "error" in value:
        return f"{value.get('code')}: {value['error']}"
    if isinstance(value, dict):
        return "/".join(f"{name}:{entry}" for name, entry in value.items() if entry)
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{len(value)} keys" if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, ErrorRecord):
        return value.to_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: _plain(getattr(value, entry.name)) for entry in fields(value)}
    return list(value) if isinstance(value, tuple) else value
