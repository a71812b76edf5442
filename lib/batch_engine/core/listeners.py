"""Ready-made listeners: the standard logging, JSON lines, bars; and an event as plain data."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Protocol, TextIO

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

__all__ = [
    "JsonLinesListener",
    "LoggingListener",
    "ProgressDisplay",
    "RichProgressListener",
    "event_to_json",
]

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


class ProgressDisplay(Protocol):
    """What a `RichProgressListener` needs of a display: the part of ``rich.progress.Progress``
    that it uses, so that this package does not depend on one."""

    def add_task(self, description: str, *, total: float | None) -> Any:
        """A new bar; gives the name that `update` takes."""
        ...

    def update(self, task_id: Any, **changes: Any) -> None:
        """Changes a bar: ``advance``, ``total``, ``description``."""
        ...


class RichProgressListener:
    """A bar for each step in a ``rich.progress.Progress``, or anything with its two methods.

    Items count when they are done, loaded, failed, or the same as an earlier one. A lazy source
    gives a bar without end until its step is complete. Behind the step's name stand how many
    items failed, and whether the step was left.

    >>> with rich.progress.Progress() as display:
    ...     pipeline.run(context, listeners=[RichProgressListener(display)])
    """

    def __init__(self, display: ProgressDisplay) -> None:
        self._display = display
        self._bars: dict[str, _Bar] = {}

    def __call__(self, event: Event) -> None:
        """Takes in one event."""
        if isinstance(event, StepStarted):
            self._begin(event)
            return
        bar = self._bars.get(event.step)
        if bar is None:
            return
        match event:
            case ItemCompleted():
                self._advance(bar, 1)
            case ItemFailed():
                bar.failed += 1
                self._advance(bar, 1, description=bar.description)
            case ItemsLoaded():
                self._advance(bar, len(event.keys))
            case ChunkCompleted():
                self._advance(bar, event.counts.duplicates)
            case StepCompleted():
                self._display.update(bar.task, total=bar.done)
                del self._bars[event.step]
            case StepFailed():
                self._display.update(bar.task, description=f"{bar.description}, left")
                del self._bars[event.step]
            case _:
                pass

    def _begin(self, event: StepStarted) -> None:
        bar = self._bars.get(event.step)
        if bar is not None:  # a step may say its total later on
            self._display.update(bar.task, total=event.total)
            return
        name = f"  {event.step}" if event.within else event.step
        self._bars[event.step] = _Bar(self._display.add_task(name, total=event.total), name)

    def _advance(self, bar: _Bar, items: int, **changes: Any) -> None:
        if items:
            bar.done += items
            self._display.update(bar.task, advance=items, **changes)


@dataclass(slots=True)
class _Bar:
    task: Any
    name: str
    done: int = 0
    failed: int = 0

    @property
    def description(self) -> str:
        return f"{self.name}, {self.failed} failed" if self.failed else self.name


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
