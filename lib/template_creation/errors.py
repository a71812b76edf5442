"""Every error that ``template_creation`` raises, as one tree, and the exit code of each.

The library raises; only ``cli.py`` prints and exits. A message says what happened, the
value that was seen, and the way out. (DESIGN sections 4 and 5.)
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from batch_engine.core.errors import Pause

__all__ = [
    "AnalysisError",
    "BadInput",
    "ExitCode",
    "GenerationError",
    "InvocationPending",
    "TemplateCreateError",
    "ValidationFailed",
    "WriteError",
]


class ExitCode(IntEnum):
    """Exit codes of ``template-create``; each has one meaning."""

    DONE = 0
    FAILED = 1
    BAD_INPUT = 2
    ANALYSIS_FAILED = 3
    GENERATION_FAILED = 4
    VALIDATION_FAILED = 5
    CANNOT_WRITE = 6
    PARTIAL = 7
    INVOCATION_PENDING = 42
    INTERNAL = 70
    INTERRUPTED = 130


class TemplateCreateError(Exception):
    """Base of the tree. ``hint`` is the way out, in one sentence, or empty.

    >>> raise_me = BadInput("no such codebase: '/nowhere'", hint="give --path a folder")
    >>> raise_me.exit_code
    <ExitCode.BAD_INPUT: 2>
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadInput(TemplateCreateError):  # noqa: N818 - reads as what happened
    """The caller asked for something that cannot be done as asked."""

    exit_code = ExitCode.BAD_INPUT


class AnalysisError(TemplateCreateError):
    """The codebase was found, and reading or understanding it failed."""

    exit_code = ExitCode.ANALYSIS_FAILED


class GenerationError(TemplateCreateError):
    """Templates, agents or guides could not be made from a finished analysis."""

    exit_code = ExitCode.GENERATION_FAILED


class ValidationFailed(TemplateCreateError):  # noqa: N818 - reads as what happened
    """A package broke a rule that it has to keep."""

    exit_code = ExitCode.VALIDATION_FAILED


class WriteError(TemplateCreateError):
    """The result is ready and could not be written; nothing at the target was changed."""

    exit_code = ExitCode.CANNOT_WRITE


class InvocationPending(TemplateCreateError, Pause):  # noqa: N818 - the seed protocol's word; a pause is no error
    """A pause, not a failure: an agent invocation waits for its answer.

    ``finished`` names the agents whose work is already stored; ``request`` says what is asked
    and where the answer goes, as JSON-able data for a host. Only the CLI turns this into exit
    code 42.
    """

    exit_code = ExitCode.INVOCATION_PENDING

    def __init__(
        self,
        message: str,
        *,
        finished: tuple[str, ...] = (),
        hint: str = "",
        request: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.finished = finished
        self.request = dict(request or {})
