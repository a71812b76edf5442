"""Every error of the engine as one tree; whether asking again can help is part of the type.

::

    EngineError
    ├── ConfigurationError          the call itself is wrong            input
    ├── WorkError                   the work on an item or a chunk
    │   ├── TaskError               it failed                           task
    │   ├── TransientError          it failed, again may help           task        retryable
    │   ├── ItemValidationError     the item is not acceptable          validation
    │   ├── RejectedResultError     the answer is not acceptable        validation  retryable
    │   │   └── MissingResultError  the answer left an item out         validation  retryable
    │   ├── WorkTimeoutError        it took too long                    timeout     retryable
    │   ├── NetworkError            no connection, broken stream        network     retryable
    │   ├── RateLimitError          too many requests, overloaded       rate_limit  retryable
    │   ├── AuthError               not allowed                         auth
    │   ├── BudgetError             it would cost more than allowed     budget
    │   ├── DatabaseError           a database refused                  database
    │   │   └── DatabaseBusyError   a database was busy                 database    retryable
    │   ├── DeduplicationError      duplicates could not be resolved    deduplication
    │   ├── WorkerLostError         the worker process died, twice      crash       retryable
    │   └── ContractError           work broke its contract (a bug)     internal
    └── StoreError                  the run store                       io
        ├── StoreLockedError        another live process owns it
        ├── StoreCorruptError       damaged, truncated or foreign file
        ├── StoreReadOnlyError      cannot be opened or written
        ├── StoreFullError          no space, or the disk failed
        └── StoreVersionError       written by a newer version
    Pause                           no error: the run waits for something outside

`WorkError` and foreign exceptions become the item's `ErrorRecord`. `StoreError`, `Pause` and
everything that is not an `Exception` (``KeyboardInterrupt``) leave the runner untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = [
    "AuthError",
    "BudgetError",
    "ConfigurationError",
    "ContractError",
    "DatabaseBusyError",
    "DatabaseError",
    "DeduplicationError",
    "EngineError",
    "ErrorCategory",
    "FieldProblem",
    "ItemValidationError",
    "MissingResultError",
    "NetworkError",
    "Pause",
    "RateLimitError",
    "RejectedResultError",
    "StoreCorruptError",
    "StoreError",
    "StoreFullError",
    "StoreLockedError",
    "StoreReadOnlyError",
    "StoreVersionError",
    "TaskError",
    "TransientError",
    "WorkError",
    "WorkTimeoutError",
    "WorkerLostError",
]


class ErrorCategory(StrEnum):
    """What kind of thing went wrong; a closed set, stable in stored records."""

    VALIDATION = "validation"
    INPUT = "input"
    TEMPLATE = "template"
    TASK = "task"
    TIMEOUT = "timeout"
    NETWORK = "network"
    RATE_LIMIT = "rate_limit"
    AUTH = "auth"
    IO = "io"
    DATABASE = "database"
    DEDUPLICATION = "deduplication"
    BUDGET = "budget"
    CANCELLED = "cancelled"
    CRASH = "crash"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One field that broke a rule: ``path`` is dotted (``owner.email``), the rest is text."""

    path: str
    problem: str
    expected: str = ""
    got: str = ""


class EngineError(Exception):
    """Base of the tree: what happened, and in ``hint`` the way out (one sentence, or empty).

    ``fields`` are the fields of an item that broke a rule. ``details`` are mappings of JSON
    values of your own, such as rule, place, message and fix; they come back in the error record
    (`ErrorRecord.details`), and so in ``previous`` at the next attempt.

    Subclass a `WorkError` to add your own: set ``code``, ``category`` and ``retryable``.

    >>> RateLimitError("429 from the service", retry_after_s=3).retryable
    True
    """

    code: str = "internal.error"
    category: ErrorCategory = ErrorCategory.INTERNAL
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        fields: tuple[FieldProblem, ...] = (),
        details: Iterable[Mapping[str, Any]] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.fields = fields
        self.details = tuple(details)
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[Callable[..., EngineError], tuple[object, ...]]:
        """Keyword-only arguments survive pickling, as results of worker processes need it."""
        return _rebuild, (type(self), self.message, dict(self.__dict__))


def _rebuild(kind: type[EngineError], message: str, state: dict[str, object]) -> EngineError:
    error = kind.__new__(kind, message)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class ConfigurationError(EngineError, ValueError):
    """The call cannot be carried out as written; nothing was started."""

    code = "input.configuration"
    category = ErrorCategory.INPUT


class WorkError(EngineError):
    """Base of what work raises, or returns in an `ItemFailure`."""

    code = "task.failed"
    category = ErrorCategory.TASK


class TaskError(WorkError):
    """The work failed and would fail again."""


class TransientError(WorkError):
    """The work failed, and the same call may succeed later."""

    code = "task.transient"
    retryable = True


class ItemValidationError(WorkError):
    """The item itself breaks rules; ``fields`` says which."""

    code = "validation.item"
    category = ErrorCategory.VALIDATION


class RejectedResultError(WorkError):
    """An answer came and broke a rule; asking again, with the reason, may bring a better one."""

    code = "validation.rejected_result"
    category = ErrorCategory.VALIDATION
    retryable = True


class MissingResultError(RejectedResultError):
    """The answer for a chunk left this item out."""

    code = "validation.missing_result"


class WorkTimeoutError(WorkError, TimeoutError):
    """The work took longer than it was given."""

    code = "timeout.work"
    category = ErrorCategory.TIMEOUT
    retryable = True


class NetworkError(WorkError):
    """The other side could not be reached, or the stream broke."""

    code = "network.failed"
    category = ErrorCategory.NETWORK
    retryable = True


class RateLimitError(WorkError):
    """The other side asks for patience; ``retry_after_s`` says how long, if it said so."""

    code = "rate_limit.exceeded"
    category = ErrorCategory.RATE_LIMIT
    retryable = True


class AuthError(WorkError):
    """The credentials are missing, wrong or not sufficient."""

    code = "auth.refused"
    category = ErrorCategory.AUTH


class BudgetError(WorkError):
    """Doing it would cost more than was allowed."""

    code = "budget.exceeded"
    category = ErrorCategory.BUDGET


class DatabaseError(WorkError):
    """A database that the work uses refused (not the run store: see `StoreError`)."""

    code = "database.failed"
    category = ErrorCategory.DATABASE


class DatabaseBusyError(DatabaseError):
    """A database that the work uses was locked by someone else."""

    code = "database.busy"
    retryable = True


class DeduplicationError(WorkError):
    """Duplicates were found and could not be resolved."""

    code = "deduplication.failed"
    category = ErrorCategory.DEDUPLICATION


class WorkerLostError(WorkError):
    """The process that worked on the chunk died, and died again when it was asked once more."""

    code = "crash.worker_lost"
    category = ErrorCategory.CRASH
    retryable = True


class ContractError(WorkError):
    """The work function broke its contract: wrong length, unknown key, a result that cannot be
    stored. A bug in the caller's code, so never retried."""

    code = "internal.work_contract"
    category = ErrorCategory.INTERNAL


class StoreError(EngineError):
    """The run store cannot do its job; nothing that it confirmed before is affected."""

    code = "io.store"
    category = ErrorCategory.IO


class StoreLockedError(StoreError):
    """Another live process is working in this run directory."""

    code = "io.store_locked"


class StoreCorruptError(StoreError):
    """The store's file is damaged, cut short, or not a run store at all."""

    code = "io.store_corrupt"


class StoreReadOnlyError(StoreError):
    """The store's file or folder cannot be opened for writing."""

    code = "io.store_read_only"


class StoreFullError(StoreError):
    """The file system has no space left, or failed to write."""

    code = "io.store_full"


class StoreVersionError(StoreError):
    """The store was written by a newer version of this program."""

    code = "io.store_version"


class Pause(Exception):  # noqa: N818 - a pause is no error
    """The run has to wait for something outside (an answer, a person); finished work is stored.

    Raise a subclass from ``work``: the runner stores what is finished, starts nothing new and
    lets the exception through untouched. Running again later goes on from there.
    """

    def __reduce__(self) -> tuple[Callable[..., Pause], tuple[object, ...]]:
        """A subclass comes back from a worker process whatever its constructor takes."""
        return _rebuild_pause, (type(self), self.args, dict(self.__dict__))


def _rebuild_pause(kind: type[Pause], args: tuple[object, ...], state: dict[str, object]) -> Pause:
    pause = kind.__new__(kind, *args)
    pause.args = args
    pause.__dict__.update(state)
    return pause
