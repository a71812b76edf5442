"""Listeners that come with the engine: logging, JSON lines and spans."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from batch_engine.core import (
    ChunkContext,
    Event,
    ItemFailure,
    JsonLinesListener,
    LoggingListener,
    MemoryRunStore,
    Pause,
    RetryPolicy,
    RichProgressListener,
    RunCompleted,
    RunStarted,
    StageCompleted,
    StageStarted,
    StepStarted,
    TaskError,
    TracingListener,
    TransientError,
    each,
    event_to_json,
    run_batches,
)


def work(items: list[int], context: ChunkContext[int, int]) -> list[int | ItemFailure]:
    """Item 1 fails, item 2 succeeds at the second attempt; one stage."""
    number, attempt = context.number, context.attempt
    stage = {"step": context.step, "number": number, "stage": "square", "attempt": attempt}
    context.tell(StageStarted(**stage, size=len(items)))
    answer = [
        ItemFailure(TaskError("never"))
        if item == 1
        else ItemFailure(TransientError("once"))
        if item == 2 and attempt == 1
        else item * item
        for item in items
    ]
    context.tell(StageCompleted(**stage, size=len(items), failed=0, elapsed_s=0.5))
    return answer


def run(*listeners: Any) -> None:
    retry = RetryPolicy(initial_s=0)
    run_batches(range(4), work, step="sq", key=str, chunking=1, retry=retry, listeners=listeners)


def test_json_lines_hold_every_event_with_its_time() -> None:
    out = io.StringIO()
    events: list[Event] = []
    run(JsonLinesListener(out), events.append)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines == [json.loads(json.dumps(event_to_json(event))) for event in events]
    assert [line["event"] for line in lines][:3] == ["step_started", "chunk_started",
                                                     "stage_started"]  # fmt: skip
    failed = next(line for line in lines if line["event"] == "item_failed")
    assert (failed["key"], failed["error"]["code"]) == ("1", "task.failed")
    assert all(line["at_ns"] > 0 for line in lines)


def test_json_lines_can_leave_out_what_comes_per_item() -> None:
    out = io.StringIO()
    run(JsonLinesListener(out, per_item=False))
    kinds = {json.loads(line)["event"] for line in out.getvalue().splitlines()}
    assert not kinds & {"item_completed", "stage_started", "stage_completed"}
    assert {"chunk_completed", "item_failed", "step_completed"} <= kinds


def test_the_log_tells_failures_as_warnings_and_chunks_as_information(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "batch_engine")
    run(LoggingListener())
    told = [(record.levelname, record.message) for record in caplog.records]
    assert ("INFO", "step_started: step=sq, total=4") in told
    warnings = [message for level, message in told if level == "WARNING"]
    assert any(text.startswith("retry_scheduled: ") and "once" in text for text in warnings)
    assert any("item_failed: step=sq, number=2, key=1" in text for text in warnings)
    assert not any(text.startswith("item_completed") for _, text in told)
    assert isinstance(caplog.records[0].__dict__["event"], StepStarted)


def test_a_bar_of_rich_shows_each_step_its_items_and_how_it_ended() -> None:
    """In a real display of rich that writes into memory."""
    progress = pytest.importorskip("rich.progress")
    console = pytest.importorskip("rich.console").Console(file=io.StringIO())
    with progress.Progress(console=console, auto_refresh=False) as display:
        listener = RichProgressListener(display)
        run(listener)
        run_batches(iter("aab"), each(str), step="lazy", key=str, listeners=[listener])
        store = MemoryRunStore()
        for name in ("ab", "abc"):
            run_batches(name, each(str), step="stored", key=str, store=store,
                        listeners=[listener])  # fmt: skip
        with pytest.raises(Pause):
            run_batches("a", left, step="left", key=str, listeners=[listener])
        listener(StepStarted(step="branch", total=None, within="stored"))
        listener(StepStarted(step="branch", total=3, within="stored"))
    bars = [(task.description, task.completed, task.total) for task in display.tasks]
    assert bars == [
        ("sq, 1 failed", 4, 4),
        ("lazy", 3, 3),
        ("stored", 2, 2),
        ("stored", 3, 3),
        ("left, left", 0, 1),
        ("  branch", 0, 3),
    ]


def left(items: list[str], context: ChunkContext[str, str]) -> list[str]:
    raise Pause("later")


def test_spans_are_nested_run_scope_chunk_stage() -> None:
    """With a real SDK that exports to memory."""
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    processors = pytest.importorskip("opentelemetry.sdk.trace.export")
    exporter = export.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(processors.SimpleSpanProcessor(exporter))
    listener = TracingListener(provider.get_tracer("test"))
    listener(RunStarted(step="all"))
    run(listener)
    listener(RunCompleted(step="all", status="completed", elapsed_s=1.0))
    spans = exporter.get_finished_spans()
    by_id = {span.context.span_id: span.name for span in spans}
    parents = {(span.name, by_id.get(span.parent.span_id) if span.parent else None)
               for span in spans}  # fmt: skip
    assert parents == {
        ("run all", None),
        ("scope sq", "run all"),
        *((f"chunk {number}", "scope sq") for number in (1, 2, 3, 4)),
        *(("stage square", f"chunk {number}") for number in (1, 2, 3, 4)),
    }
    chunk = {span.attributes["batch_engine.number"]: span for span in spans
             if span.name.startswith("chunk")}  # fmt: skip
    assert chunk[2].attributes["error.type"] == "task.failed"
    assert not chunk[2].status.is_ok
    assert chunk[3].events[0].name == "retry"
    assert [chunk[n].attributes["batch_engine.attempt"] for n in (1, 2, 3, 4)] == [1, 1, 2, 1]
    assert chunk[1].attributes["batch_engine.size"] == 1
    scope = next(span for span in spans if span.name == "scope sq")
    assert scope.attributes["batch_engine.failed"] == 1
    assert scope.end_time >= chunk[4].end_time >= chunk[4].start_time
