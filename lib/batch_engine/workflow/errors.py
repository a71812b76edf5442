"""What can go wrong with a workflow: its file, its parameters, its steps; and where.

Errors of the file are `Problem` values with a place, so that all of them are shown at once;
errors of the work on an item belong to the engine's tree and become its error records.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from batch_engine.core import (
    ConfigurationError,
    ErrorCategory,
    Pause,
    TaskError,
    WorkError,
    WorkTimeoutError,
)

__all__ = [
    "AbandonedError",
    "ChangedWorkflowError",
    "CommandFailedError",
    "ExpressionError",
    "HttpError",
    "InterruptedItemError",
    "InvalidWorkflowError",
    "ParameterError",
    "Place",
    "Problem",
    "StepFailedError",
    "Stopped",
    "TaskInputError",
    "UndefinedNameError",
    "UnsafePathError",
    "WorkflowError",
    "closest",
]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; ``line`` and ``column`` count from 1, as editors do.

    >>> str(Place("digest.yaml", 3, 5))
    'digest.yaml:3:5'
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a workflow file. ``path`` is dotted (``steps.2.retry``); a
    warning does not keep the workflow from running."""

    problem: str
    place: Place | None = None
    path: str = ""
    expected: str = ""
    got: str = ""
    hint: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        at = f"{self.path}: " if self.path else ""
        seen = [f"expected {self.expected}"] if self.expected else []
        seen += [f"got {self.got}"] if self.got else []
        text = f"{where}{self.severity}: {at}{self.problem}" + (
            f" ({', '.join(seen)})" if seen else ""
        )
        return text + (f"\n  {self.hint}" if self.hint else "")

    def to_json(self) -> dict[str, object]:
        """JSON-able form; ``line`` and ``column`` are None where the place is not known."""
        return {
            "severity": self.severity,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
            "column": self.place.column if self.place else None,
            "path": self.path,
            "problem": self.problem,
            "expected": self.expected,
            "got": self.got,
            "hint": self.hint,
        }


class WorkflowError(ConfigurationError):
    """The workflow cannot be run as asked; nothing was started."""

    code = "input.workflow"


class InvalidWorkflowError(WorkflowError):
    """The workflow file breaks rules; ``problems`` has all of them, in the file's order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ParameterError(WorkflowError):
    """A parameter is missing, unknown, or has a value that its definition does not allow."""

    code = "input.parameter"


class ChangedWorkflowError(WorkflowError):
    """Finished steps are not what they were when they ran; ``steps`` names them."""

    code = "input.workflow_changed"

    def __init__(self, message: str, *, steps: tuple[str, ...], hint: str) -> None:
        super().__init__(message, hint=hint)
        self.steps = steps


class StepFailedError(TaskError):
    """A step stands as failed because too many of its items did."""

    code = "task.too_many_failures"


class ExpressionError(WorkError):
    """A template or an expression could not be evaluated."""

    code = "template.failed"
    category = ErrorCategory.TEMPLATE


class UndefinedNameError(ExpressionError):
    """An expression names something that is not there."""

    code = "template.undefined"


class TaskInputError(WorkError):
    """A task was given inputs that it cannot work with."""

    code = "input.task"
    category = ErrorCategory.INPUT


class UnsafePathError(TaskInputError):
    """A path leads out of the folder that a file task is confined to."""

    code = "input.unsafe_path"


class CommandFailedError(TaskError):
    """A command ended with an exit code other than 0; ``stderr`` is the end of what it said."""

    code = "task.command_failed"

    def __init__(self, message: str, *, returncode: int, stderr: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.returncode = returncode
        self.stderr = stderr


class HttpError(WorkError):
    """A server answered with an error; code, category and retry hint follow from its status."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        category: ErrorCategory,
        retryable: bool,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.code = code
        self.category = category
        self.retryable = retryable


class AbandonedError(WorkTimeoutError):
    """Python code took longer than it was given. It cannot be stopped, so it may still be at
    work, and is therefore not tried again by itself."""

    code = "timeout.abandoned"
    retryable = False


class InterruptedItemError(WorkError):
    """The item was begun by a run that died, and must not be begun twice without being asked."""

    code = "crash.interrupted"
    category = ErrorCategory.CRASH


class Stopped(Pause):
    """The run was asked to stop; what was under way is not stored and runs again later."""


def closest(name: object, known: Iterable[str], *, cutoff: float = 0.7) -> str:
    """The known name that ``name`` most likely means, or an empty text.

    >>> closest("conditon", ["condition", "retry"])
    'condition'
    """
    if not isinstance(name, str):
        return ""
    by_lower = {entry.lower(): entry for entry in known}
    found = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else ""
