"""The runs behind a package as rows of the page: processes, steps on a time axis, requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from batch_engine.core import PastChunk, PastProcess
from template_creation.reporting.values import NoRun, Run
from template_creation.values.answer import RequestUsage

__all__ = ["run_rows", "spent"]

Row = dict[str, Any]

_PROCESSES = 8
_SPOKEN = {
    "completed": "came to its end",
    "paused": "paused for an answer",
    "interrupted": "was interrupted",
    "running": "is at work, or died without a word",
}
_STATUS = {
    "finished": "finished",
    "paused": "paused: it waits for an answer",
    "failed": "failed",
    "open": "open: at work, or stopped without a word",
}


def run_rows(runs: Sequence[Run | NoRun]) -> list[Row]:
    """One row per run; one of which nothing is known says why."""
    return [_missing(run) if isinstance(run, NoRun) else _row(run) for run in runs]


def _missing(run: NoRun) -> Row:
    return {"title": run.title, "reason": run.reason}


def _row(run: Run) -> Row:
    shown = run.processes[-_PROCESSES:]
    return {
        "title": run.title,
        "reason": "",
        "note": run.note,
        "status": _STATUS.get(run.status, run.status),
        "asked": run.asked,
        "processes": [_process(item) for item in shown],
        "earlier": len(run.processes) - len(shown),
        "requests": [_request(item) for item in run.requests],
        "spent": spent(run.requests),
    }


def spent(requests: Sequence[RequestUsage]) -> Row:
    """What requests took together; ``usd`` is None where no price is known for any of them,
    and ``unpriced`` says for how many there is none."""
    priced = [item.cost_usd for item in requests if item.cost_usd is not None]
    return {
        "requests": len(requests),
        "tokens_in": sum(_prompt(item) for item in requests),
        "tokens_out": sum(item.output_tokens for item in requests),
        "usd": sum(priced) if priced else None,
        "unpriced": len(requests) - len(priced),
        "seconds": sum(item.seconds for item in requests),
    }


def _request(item: RequestUsage) -> Row:
    return {
        "model": item.model,
        "agents": item.agents,
        "tokens_in": _prompt(item),
        "cached": item.cache_read_tokens,
        "tokens_out": item.output_tokens,
        "usd": item.cost_usd,
        "seconds": item.seconds,
        "stop": item.stop_reason or "cut off",
        "estimated": item.estimated_input_tokens,
    }


def _prompt(item: RequestUsage) -> int:
    """The whole prompt: the API counts what the cache had or took apart."""
    return item.input_tokens + item.cache_read_tokens + item.cache_write_tokens


def _process(process: PastProcess) -> Row:
    began = _moment(process.started)
    steps: dict[str, list[PastChunk]] = {}
    for chunk in process.chunks:
        steps.setdefault(chunk.step, []).append(chunk)
    ends = [_after(began, chunk.ended) for chunk in process.chunks]
    last = _after(began, process.ended) if process.ended else max(ends, default=0.0)
    rows = [_step(name, chunks, began, process) for name, chunks in steps.items()]
    span = max([last, *(row["start"] + row["seconds"] for row in rows)]) or 1.0
    for row in rows:
        row["x"] = round(100 * row["start"] / span, 2)
        row["width"] = max(0.5, round(100 * row["seconds"] / span, 2))
    return {
        "number": process.number,
        "started": began.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "status": _SPOKEN.get(process.status, process.status),
        "seconds": last,
        "steps": rows,
        "events": [
            {"after": _after(began, event.at), "kind": event.kind.replace("_", " ")}
            for event in process.events
        ],
    }


def _step(name: str, chunks: Sequence[PastChunk], began: datetime, process: PastProcess) -> Row:
    """From the start of a step's first chunk to the end of its last, in seconds."""
    start = min(_after(began, chunk.ended) - chunk.elapsed_ms / 1000 for chunk in chunks)
    end = max(_after(began, chunk.ended) for chunk in chunks)
    return {
        "name": name,
        "start": max(0.0, start),
        "seconds": end - max(0.0, start),
        "chunks": len(chunks),
        "ok": sum(chunk.ok for chunk in chunks),
        "loaded": sum(chunk.loaded for chunk in chunks),
        "failed": sum(chunk.failed for chunk in chunks),
        "retries": process.retries.get(name, 0),
    }


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _after(began: datetime, text: str) -> float:
    return (_moment(text) - began).total_seconds()
