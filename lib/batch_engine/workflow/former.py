"""Former ways to write a batch step, read as today's, each with a word about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch_engine.workflow.errors import Problem
from batch_engine.workflow.reader import Document

__all__ = ["FORMER_BATCH_TASK", "modernized"]

FORMER_BATCH_TASK = "batch_processor"

_GONE = {
    "resume": "every run can be resumed: workflow run FILE --resume",
    "resume_state": "the state is in the workspace; 'workflow import-state' takes a file over",
    "progress_callback": "progress is shown; WorkflowEngine(..., listeners=[...]) for your own",
    "error_handler": "use tolerated_failures, retry, and a step after the batch",
    "aggregator": "use a step after the batch that reads steps.NAME.result.results",
}


def modernized(
    value: Mapping[str, Any], document: Document
) -> tuple[dict[str, Any], list[Problem]]:
    """A file's value with ``batch_processor`` steps as ``batch`` steps, and a warning for each
    thing in them that is called otherwise now or has no effect."""
    steps = value.get("steps")
    if not isinstance(steps, list):
        return dict(value), []
    problems: list[Problem] = []
    changed = [_step(entry, number, document, problems) for number, entry in enumerate(steps)]
    return {**value, "steps": changed}, problems


def _step(entry: Any, number: int, document: Document, problems: list[Problem]) -> Any:
    if not isinstance(entry, Mapping) or entry.get("task") != FORMER_BATCH_TASK:
        return entry
    path = ("steps", number)
    problems.append(
        Problem(
            problem=f"the task {FORMER_BATCH_TASK!r} is called 'batch' now",
            place=document.place((*path, "task")),
            path=f"steps.{number}.task",
            hint="it is read as 'batch'",
            severity="warning",
        )
    )
    inputs = entry.get("inputs")
    if not isinstance(inputs, Mapping):
        return {**entry, "task": "batch"}
    for name in _GONE.keys() & inputs.keys():
        problems.append(
            Problem(
                problem=f"{name!r} has no effect",
                place=document.place((*path, "inputs", name), key=True),
                path=f"steps.{number}.inputs.{name}",
                hint=_GONE[name],
                severity="warning",
            )
        )
    kept = {name: given for name, given in inputs.items() if name not in _GONE}
    return {**entry, "task": "batch", "inputs": kept}
