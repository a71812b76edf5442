"""What a run gives back: how each step ended, how many items, which errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batch_engine.core import ErrorRecord
from batch_engine.workflow.batch_outcome import BatchOutcome, FailedItem
from batch_engine.workflow.state import RunStatus, StepStatus

__all__ = ["StepReport", "WorkflowResult"]

_SHOWN_ERRORS = 100


@dataclass(frozen=True, slots=True)
class StepReport:
    """How a step ended. ``reused`` if its result was there already; ``batch`` has the outcome
    of a step with items, ``result`` what later steps see of any step."""

    name: str
    task: str
    status: StepStatus
    result: Any = None
    error: ErrorRecord | None = None
    batch: BatchOutcome | None = None
    reused: bool = False
    reason: str = ""
    elapsed_s: float = 0.0

    @property
    def message(self) -> str:
        """Why it failed, in one line; empty if it did not."""
        return self.error.error if self.error else ""

    @property
    def counts(self) -> dict[str, int]:
        """Items in all, processed (``loaded`` of these had a result before), failed."""
        if self.batch is None:
            return {}
        return {
            "total": self.batch.total,
            "processed": len(self.batch.processed),
            "loaded": self.batch.loaded,
            "failed": len(self.batch.failed),
            "retried": self.batch.retried,
        }

    @property
    def failures(self) -> list[FailedItem]:
        """The items that failed; empty for a step without items."""
        return self.batch.failed if self.batch else []

    def to_json(self) -> dict[str, Any]:
        """JSON-able form, with the error records of at most 100 items."""
        data: dict[str, Any] = {"name": self.name, "task": self.task, "status": self.status}
        if self.reason:
            data["reason"] = self.reason
        if self.batch is not None:
            data |= {"counts": self.counts, "errors_by_category": self.batch.categories}
            data["errors"] = [entry.error.to_json() for entry in self.failures[:_SHOWN_ERRORS]]
        if self.error is not None:
            data["error"] = self.error.to_json()
        return {**data, "reused": self.reused, "elapsed_s": round(self.elapsed_s, 3)}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowResult:
    """How a run ended: ``completed``; ``completed_with_errors`` if failures were allowed for;
    ``failed``, and then ``error`` says why."""

    workflow: str
    status: RunStatus
    steps: Mapping[str, StepReport]
    workspace: Path
    error: str = ""
    elapsed_s: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for succeeded."""
        return self.status == "completed"

    @property
    def outputs(self) -> dict[str, Any]:
        """The result of each step that has one."""
        return {n: s.result for n, s in self.steps.items() if s.status.startswith("completed")}

    @property
    def errors_by_category(self) -> dict[str, int]:
        """How many steps and items failed, by category of their error, most first."""
        found: Counter[str] = Counter()
        for step in self.steps.values():
            found.update(str(entry.error.category) for entry in step.failures)
            if step.error is not None and not step.failures:
                found[str(step.error.category)] += 1
        return dict(found.most_common())

    def to_json(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "workflow": self.workflow,
            "status": self.status,
            "workspace": str(self.workspace),
            "error": self.error,
            "errors_by_category": self.errors_by_category,
            "steps": [step.to_json() for step in self.steps.values()],
            "elapsed_s": round(self.elapsed_s, 3),
        }
