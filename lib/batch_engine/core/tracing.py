"""Spans of a run for OpenTelemetry: run > scope > chunk > stage.

Only the API is needed (``pip install 'template-create[otel]'``), and only when a listener is
made; without an SDK it records nothing. Times are those of the events, so spans of worker
processes are right too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch_engine.core.errors import ConfigurationError
from batch_engine.core.events import (
    ChunkCompleted,
    ChunkFailed,
    ChunkStarted,
    Event,
    ItemFailed,
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

__all__ = ["TracingListener"]

_PREFIX = "batch_engine."


class TracingListener:
    """A listener that makes spans; ``tracer`` is OpenTelemetry's, by default the global one.

    A step is a ``scope`` span. Attributes: ``batch_engine.number``, ``size``, ``attempt``,
    ``skipped`` (items that were loaded), ``failed``, ``duration_s``, and ``error.type`` with the
    error's code where something failed. Retries are events of the chunk's span.

    Raises `ConfigurationError` if the API is not installed.
    """

    def __init__(self, tracer: Any = None) -> None:
        try:
            from opentelemetry import trace
        except ImportError as error:
            raise ConfigurationError(
                "OpenTelemetry is not installed",
                hint="pip install 'template-create[otel]', or leave the listener out",
            ) from error
        self._trace = trace
        self._tracer = tracer or trace.get_tracer("batch_engine")
        self._spans: dict[tuple[object, ...], Any] = {}

    def __call__(self, event: Event) -> None:
        """Takes in one event."""
        match event:
            case RunStarted():
                self._begin(("run",), f"run {event.step}", event, None)
            case RunCompleted():
                self._end(("run",), event, status=event.status, duration_s=event.elapsed_s)
            case StepStarted():
                self._begin_step(event)
            case StepCompleted() | StepFailed():
                error = event.error if isinstance(event, StepFailed) else None
                self._end_step(event, error)
            case ChunkStarted():
                key = _chunk(event.step, event.number)
                size = {"number": event.number, "size": event.size, "attempt": 1}
                self._begin(key, f"chunk {event.number}", event, ("scope", event.step), size)
            case ChunkCompleted():
                self._end_chunk(event)
            case StageStarted():
                above = _chunk(event.step, event.number)
                about = {"number": event.number, "size": event.size, "attempt": event.attempt}
                self._begin(_stage(event), f"stage {event.stage}", event, above, about)
            case StageCompleted():
                self._end_stage(event)
            case RetryScheduled():
                self._note(event)
            case ItemFailed():
                self._mark(_chunk(event.step, event.number), event.error.code)
            case _:
                pass

    # -- spans ------------------------------------------------------------------------------

    def _begin(
        self,
        key: tuple[object, ...],
        name: str,
        event: Event,
        above: tuple[object, ...] | None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        parent = self._spans.get(above) if above else None
        context = self._trace.set_span_in_context(parent) if parent is not None else None
        attributes = {_PREFIX + name: value for name, value in (about or {}).items()}
        self._spans[key] = self._tracer.start_span(
            name, context=context, start_time=event.at_ns, attributes=attributes
        )

    def _end(
        self, key: tuple[object, ...], event: Event, error: ErrorRecord | None = None, **about: Any
    ) -> None:
        span = self._spans.pop(key, None)
        if span is None:
            return
        for name, value in about.items():
            span.set_attribute(_PREFIX + name, value)
        if error is not None:
            span.set_attribute("error.type", error.code)
            span.set_status(self._trace.StatusCode.ERROR, error.error)
        span.end(end_time=event.at_ns)

    def _begin_step(self, event: StepStarted) -> None:
        about = {} if event.total is None else {"total": event.total}
        key = ("scope", event.step)
        if key not in self._spans:  # a step that says its total later on is still one step
            above = ("scope", event.within) if event.within else ("run",)
            self._begin(key, f"scope {event.step}", event, above, about)

    def _end_step(self, event: StepCompleted | StepFailed, error: ErrorRecord | None) -> None:
        for key in [key for key in self._spans if key[0] != "run" and key[1] == event.step]:
            if key[0] != "scope":
                self._end(key, event, error)  # cut short together with the step
        counts = event.counts
        self._end(
            ("scope", event.step),
            event,
            error,
            ok=counts.ok,
            skipped=counts.loaded,
            failed=counts.failed,
            duration_s=event.elapsed_s,
        )

    def _end_chunk(self, event: ChunkCompleted) -> None:
        counts = event.counts
        error = event.error if isinstance(event, ChunkFailed) else None
        self._end(
            _chunk(event.step, event.number),
            event,
            error,
            skipped=counts.loaded,
            failed=counts.failed,
            duration_s=event.elapsed_s,
        )

    def _note(self, event: RetryScheduled) -> None:
        span = self._spans.get(_chunk(event.step, event.number))
        if span is not None:
            about = {"attempt": event.attempt, "items": len(event.keys), "error": event.error.code}
            span.add_event("retry", about, timestamp=event.at_ns)
            span.set_attribute(_PREFIX + "attempt", event.attempt)

    def _mark(self, key: tuple[object, ...], error: str) -> None:
        """What failed in a span that did not fail as a whole: the first error's code."""
        span = self._spans.get(key)
        if span is not None and "error.type" not in (getattr(span, "attributes", None) or {}):
            span.set_attribute("error.type", error)

    def _end_stage(self, event: StageCompleted) -> None:
        key = _stage(event)
        if event.error:
            self._mark(key, event.error)
            if not event.size and key in self._spans:
                self._spans[key].set_status(self._trace.StatusCode.ERROR, event.error)
        self._end(key, event, failed=event.failed, duration_s=event.elapsed_s)


def _chunk(step: str, number: int) -> tuple[object, ...]:
    return ("chunk", step, number)


def _stage(event: StageStarted | StageCompleted) -> tuple[object, ...]:
    return ("stage", event.step, event.number, event.stage)
