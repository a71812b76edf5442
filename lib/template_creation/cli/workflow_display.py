"""What a workflow's run looks like on a terminal: progress, the closing table, its status."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from batch_engine.core import (
    Event,
    Progress,
    ProgressSnapshot,
    RetryScheduled,
    StepCompleted,
    StepFailed,
    StepStarted,
)
from batch_engine.workflow import (
    PlannedStep,
    StepRecord,
    StepReport,
    WorkflowResult,
    WorkflowState,
)

__all__ = ["Display", "closing", "display", "planned", "status_lines"]

_REFRESH_S = 0.1
_REPORT_S = 10.0
_STEADY_S = 1.0
_SHOWN_FAILURES = 5
_WIDTH = 100


@contextmanager
def display(*, quiet: bool, stream: TextIO | None = None) -> Iterator[Display]:
    """The progress of a run on stderr; nothing at all when ``quiet``."""
    out = stream if stream is not None else sys.stderr
    shown = Display(out, live=out.isatty(), quiet=quiet)
    try:
        yield shown
    finally:
        shown.clear()


class Display:
    """A listener: on a terminal a line that moves, elsewhere a line now and then."""

    def __init__(
        self,
        out: TextIO,
        *,
        live: bool,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._live = live
        self._quiet = quiet
        self._clock = clock
        self._steps: dict[str, Progress] = {}
        self._drawn_at = clock()
        self._width = 0
        self._retries = 0

    def __call__(self, event: Event) -> None:
        """Takes in one event."""
        if self._quiet:
            return
        progress = self._steps.setdefault(event.step, Progress(clock=self._clock))
        progress(event)
        match event:
            case StepStarted():
                self._retries, self._drawn_at = 0, self._clock()
                self._draw(progress, force=self._live)
            case StepCompleted() | StepFailed():
                self.clear()
            case RetryScheduled():
                self._retries += len(event.keys)
                self._draw(progress, force=False)
            case _:
                self._draw(progress, force=False)

    def say(self, text: str, out: TextIO) -> None:
        """Prints a text in place of the moving line."""
        self.clear()
        out.write(text.rstrip("\n") + "\n")
        out.flush()

    def clear(self) -> None:
        """Removes the moving line, so that something else can take its place."""
        if self._width:
            self._out.write("\r" + " " * self._width + "\r")
            self._out.flush()
            self._width = 0

    def _draw(self, progress: Progress, *, force: bool) -> None:
        now = self._clock()
        if not force and now - self._drawn_at < (_REFRESH_S if self._live else _REPORT_S):
            return
        self._drawn_at = now
        text = _moving(progress.snapshot(), self._retries)[: _WIDTH - 1]
        if self._live:
            self._out.write("\r" + text.ljust(self._width))
            self._width = len(text)
        else:
            self._out.write(text + "\n")
        self._out.flush()


def _moving(now: ProgressSnapshot, retries: int) -> str:
    parts = [f"  {now.step}"]
    if now.total is not None and now.total > 1:
        percent = f" ({now.fraction:.0%})" if now.fraction is not None else ""
        parts.append(f"{now.done}/{now.total}{percent}")
    if now.failed:
        parts.append(f"{now.failed} failed")
    if retries:
        parts.append(f"{retries} tried again")
    if now.rate_per_s > 0 and (now.total or 0) > 1:
        rate = f"{now.rate_per_s:.0f}" if now.rate_per_s >= 10 else f"{now.rate_per_s:.1f}"
        parts.append(f"{rate}/s")
    if now.eta_s and now.elapsed_s >= _STEADY_S:
        parts.append(f"{duration(now.eta_s)} left")
    return "  ".join(parts)


# -- the end ------------------------------------------------------------------------------------


def closing(result: WorkflowResult) -> str:
    """How a run ended: a line per step, the failures by category, what to do next."""
    lines = [_table([_step_row(step) for step in result.steps.values()])]
    failing = [step for step in result.steps.values() if step.failures or step.error]
    if failing:
        lines += ["", _failures(failing)]
    words = {
        "completed": "completed",
        "completed_with_errors": "completed, with failures that were allowed",
        "failed": "failed",
    }
    lines += ["", f"{result.workflow}: {words.get(result.status, result.status)} "
              f"in {duration(result.elapsed_s)}"]  # fmt: skip
    if result.error:
        lines.append(f"  {_cut(result.error, 300)}")
    lines.append(f"  workspace: {result.workspace}")
    return "\n".join(lines)


def _step_row(step: StepReport) -> list[str]:
    mark = {"completed": "ok", "completed_with_errors": "part", "skipped": "-", "failed": "FAILED"}
    counts = step.counts
    told = step.reason
    if counts:
        told = f"{counts['processed']} of {counts['total']}"
        if counts["loaded"] and not step.reused:
            told += f", {counts['loaded']} from before"
        if counts["failed"]:
            told += f", {counts['failed']} failed"
        if counts["retried"]:
            told += f", {counts['retried']} tried again"
    took = "from before" if step.reused else duration(step.elapsed_s)
    return [mark.get(step.status, step.status), step.name, told, "" if step.reason else took]


def _failures(steps: Sequence[StepReport]) -> str:
    rows = [["step", "category", "failed", "for example"]]
    for step in steps:
        for category, count in step.batch.categories.items() if step.batch else ():
            entry = next(e for e in step.failures if str(e.error.category) == category)
            item = entry.error.item.preview if entry.error.item else entry.key
            rows.append([step.name, category, str(count), f"{item}: {entry.error.error}"])
        if step.error is not None and not step.failures:
            rows.append([step.name, str(step.error.category), "1", step.error.error])
    return _table([[*row[:3], _cut(row[3], 160)] for row in rows])


# -- while it runs, and before ------------------------------------------------------------------


def status_lines(state: WorkflowState) -> str:
    """How far a run is, from its stored state."""
    run = state.run
    assert run is not None
    who = f" (process {run.pid} on {run.host})" if state.status == "running" else ""
    lines = [f"{run.workflow}: {state.status}{who}, started {run.started}"]
    lines += [f"  {run.error}"] if run.error else []
    rows = [_record_row(state, record) for record in state.steps()]
    return "\n".join([*lines, _table(rows)] if rows else lines)


def _record_row(state: WorkflowState, record: StepRecord) -> list[str]:
    told = record.reason
    if record.total is not None:
        counts = state.counts(record)
        done = counts.ok + counts.failed
        share = f" ({done / record.total:.0%})" if record.total else ""
        told = f"{done} of {record.total}{share}"
        told += f", {counts.failed} failed" if counts.failed else ""
    if record.error:
        told = f"{told}: {record.error.get('error', '')}" if told else record.error["error"]
    status = record.status
    if status == "running" and state.status != "running":
        return [state.status, record.name, _cut(told, 160)]  # it ended with the run
    return [status, record.name, _cut(told, 160)]


def planned(steps: Sequence[PlannedStep]) -> str:
    """What a run would do, a line per step."""
    rows = []
    for number, step in enumerate(steps, 1):
        will = {"run": "", "skip": "is skipped", "depends": "if its condition holds"}[step.will]
        told = [will] if will else []
        if step.task == "batch" or step.items is not None:
            known = f"{step.items} items" if step.items is not None else "items"
            known += f" of {', '.join(step.nested)}" if step.nested else ""
            known += f", known after {', '.join(step.after)}" if step.after else ""
            known += f": {', '.join(step.preview)}" if step.preview else ""
            known += ", ..." if step.items and step.items > len(step.preview) else ""
            told.insert(0, known)
        rows.append([str(number), step.name, step.task, "; ".join(told)])
    return _table(rows)


def duration(seconds: float) -> str:
    """A time in words: ``1.2 s``, ``3 min 4 s``, ``2 h 5 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = int(seconds) // 60
    return (
        f"{minutes} min {int(seconds) % 60} s"
        if minutes < 60
        else (f"{minutes // 60} h {minutes % 60} min")
    )


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."


def _table(rows: Sequence[Sequence[str]]) -> str:
    columns = range(max(len(row) for row in rows))
    widths = [max(len(row[n]) for row in rows if n < len(row)) for n in columns]
    lines = ("  ".join(cell.ljust(widths[n]) for n, cell in enumerate(row)) for row in rows)
    return "\n".join("  " + line.rstrip() for line in lines)


def to_document(result: WorkflowResult, exit_code: int) -> dict[str, Any]:
    """The one JSON object of a run."""
    return {**result.to_json(), "exit_code": exit_code}
