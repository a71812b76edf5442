"""Spans of a pipeline: branches under what they are branches of, failures where they happened."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from batch_engine.core import ItemFailure, Pause, TracingListener, TransientError
from batch_engine.pipeline import Pipeline, batched, mapped, stage


def spans_of(flow: Any, rows: list[int]) -> dict[str, Any]:
    """The spans of a run by name, from a real SDK that exports to memory."""
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    processors = pytest.importorskip("opentelemetry.sdk.trace.export")
    exporter = export.InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(processors.SimpleSpanProcessor(exporter))
    listener = TracingListener(provider.get_tracer("test"))
    with contextlib.suppress(Pause):
        Pipeline(flow, name="all").run({"rows": rows}, listeners=[listener])
    return {span.name: span for span in exporter.get_finished_spans()}


def test_parallel_branches_outside_a_scope_have_a_span_in_common() -> None:
    def writes(name: str) -> Any:
        return stage(lambda context: {name: 1}, name=name)

    spans = spans_of(writes("a") >> (writes("b") >> writes("c") | writes("d")), [])
    by_id = {span.context.span_id: name for name, span in spans.items()}
    above = {name: by_id[span.parent.span_id] for name, span in spans.items() if span.parent}
    assert above == {
        "scope a": "run all",
        "scope (b >> c | d)": "run all",
        "scope b": "scope (b >> c | d)",
        "scope c": "scope (b >> c | d)",
        "scope d": "scope (b >> c | d)",
    }


def test_a_stage_and_a_chunk_in_which_items_failed_say_with_what() -> None:
    def check(n: int) -> Any:
        return ItemFailure(TransientError("busy")) if n == 2 else n

    spans = spans_of(batched(mapped(check, name="check"), chunk_size=2, over="rows"), [1, 2, 2])
    assert spans["stage check"].attributes["error.type"] == "task.transient"
    assert spans["stage check"].status.is_unset, "one of its items is fine"
    assert spans["chunk 1"].attributes["error.type"] == "task.transient"
    whole = spans_of(batched(mapped(check, name="check"), chunk_size=2, over="rows"), [2])
    assert not whole["stage check"].status.is_ok
    assert not whole["stage check"].status.is_unset


def test_spans_that_a_pause_cuts_short_are_ended_with_it() -> None:
    def later(context: Any) -> None:
        raise Pause("later")

    spans = spans_of(batched(stage(later), chunk_size=2, over="rows"), [1, 2, 3])
    assert set(spans) == {"run all", "scope later", "chunk 1", "stage later"}
    assert {spans[name].attributes.get("error.type") for name in ("scope later", "chunk 1",
            "stage later")} == {"task.failed"}  # fmt: skip
