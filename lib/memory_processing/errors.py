"""What can go wrong with memories, on top of the engine's tree, and the way out of each kind.

::

    WorkError (batch_engine.core)
    ├── ItemValidationError
    │   └── InvalidMemoryError      a record breaks rules; `issues` says which field and what to do
    ├── TransformError              a source's record cannot be read or brought to our schema
    ├── UnresolvedDuplicateError    a record repeats a memory whose stored form cannot be read
    ├── DatabaseError
    │   ├── DuplicateMemoryError    mode "memory": a record with this content is stored already
    │   └── RolledBackError         the record was fine; its batch or run was taken back
    └── DatabaseBusyError
        └── ConnectionLostError     the server went away; asking again may help
    StoreError (batch_engine.core)
    └── MemoryStoreError            the database itself cannot be used

Every error is counted under one of `CATEGORIES`, each with its own hint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from batch_engine.core import (
    DatabaseBusyError,
    DatabaseError,
    ErrorCategory,
    ErrorRecord,
    ItemValidationError,
    StoreError,
    WorkError,
)

if TYPE_CHECKING:
    from memory_processing.validation import Issue

__all__ = [
    "CATEGORIES",
    "HINTS",
    "Category",
    "ConnectionLostError",
    "DuplicateMemoryError",
    "InvalidMemoryError",
    "MemoryStoreError",
    "RolledBackError",
    "TransformError",
    "UnresolvedDuplicateError",
    "category_of",
]

Category = Literal["validation", "transform", "deduplication", "database", "io", "resource"]
CATEGORIES: tuple[Category, ...] = get_args(Category)

HINTS: dict[Category, str] = {
    "validation": "correct the named fields; `validate_memory` checks a single record",
    "transform": "name the format of the source, or correct the line that cannot be read",
    "deduplication": "restore the store from a copy, or import into a new one and export that",
    "database": "correct or remove the record that the database refused, and import again: "
    "what is stored is skipped",
    "io": "check that the source can be read and the store can be written, then import again",
    "resource": "use a smaller batch size, or free memory or disk space, then import again",
}
"""What to do about an error of each category, where the error itself has no better advice."""


class InvalidMemoryError(ItemValidationError):
    """A record breaks rules; ``issues`` has one entry per rule with the corrective hint."""

    code = "validation.memory"

    def __init__(self, message: str, *, issues: tuple[Issue, ...], hint: str = "") -> None:
        super().__init__(message, hint=hint, fields=tuple(issue.as_field() for issue in issues))
        self.issues = issues


class TransformError(WorkError):
    """One record of a source cannot be read, or not be brought to the current schema."""

    code = "transform.failed"
    category = ErrorCategory.INPUT


class UnresolvedDuplicateError(WorkError):
    """A record repeats a stored memory, and the two cannot be made one; the stored one stays."""

    code = "deduplication.unresolved"
    category = ErrorCategory.DEDUPLICATION


class DuplicateMemoryError(DatabaseError):
    """A record of this content is stored already, and the mode does not look for duplicates."""

    code = "database.duplicate"


class RolledBackError(DatabaseError):
    """The record is fine; another one of its batch or run failed and the policy took all back."""

    code = "database.rolled_back"


class ConnectionLostError(DatabaseBusyError):
    """The database server went away; nothing of the open transaction is stored."""

    code = "database.connection_lost"


class MemoryStoreError(StoreError):
    """The database of memories cannot be opened, read or written at all."""

    code = "io.memory_store"


_BY_CORE: dict[ErrorCategory, Category] = {
    ErrorCategory.VALIDATION: "validation",
    ErrorCategory.INPUT: "transform",
    ErrorCategory.TEMPLATE: "transform",
    ErrorCategory.DEDUPLICATION: "deduplication",
    ErrorCategory.DATABASE: "database",
    ErrorCategory.NETWORK: "database",
    ErrorCategory.TIMEOUT: "database",
    ErrorCategory.IO: "io",
    ErrorCategory.AUTH: "io",
}


def category_of(record: ErrorRecord) -> Category:
    """The category under which an error is counted: memory shortage and bugs are "resource".

    >>> category_of(error_record(DuplicateMemoryError("again")))
    'database'
    """
    return _BY_CORE.get(record.category, "resource")
