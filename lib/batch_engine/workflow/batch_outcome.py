"""What came of a batch: its items in input order, with their results or their errors."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from batch_engine.core import ErrorRecord, fingerprint

__all__ = ["BatchOutcome", "FailedItem"]


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item that has no result, and why."""

    item: Any
    key: str
    error: ErrorRecord

    def to_json(self) -> dict[str, Any]:
        """What later steps see of it."""
        record = self.error
        return {
            "item": self.item,
            "key": self.key,
            "error": record.error,
            "code": record.code,
            "category": str(record.category),
            "retryable": record.retryable,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """What came of a batch, in input order; ``keys`` are those of the processed items.

    ``loaded`` of the ``processed`` items had a result before; ``retried`` had more than one
    attempt. ``stopped`` says that it ended early; ``exceeded`` that more items failed than were
    tolerated.
    """

    total: int
    keys: list[str]
    processed: list[Any]
    results: list[Any]
    failed: list[FailedItem]
    loaded: int
    retried: int
    stopped: bool
    exceeded: bool
    elapsed_s: float

    @property
    def categories(self) -> dict[str, int]:
        """How many items failed, by category of their error, most first."""
        return dict(Counter(str(entry.error.category) for entry in self.failed).most_common())

    @property
    def shape(self) -> str:
        """All in the result of the step that another run of the same items can change: which
        have a result, which failed and how."""
        failed = [(entry.key, entry.error.code, entry.error.error) for entry in self.failed]
        return fingerprint(self.keys, failed, self.retried)

    def to_json(self, *, collect: bool = True) -> dict[str, Any]:
        """The result of the step, as later steps see it; without the items if not ``collect``."""
        done = len(self.processed)
        return {
            "processed": self.processed if collect else [],
            "failed": [entry.to_json() for entry in self.failed],
            "results": self.results if collect else [],
            "stats": {
                "total": self.total,
                "processed": done,
                "failed": len(self.failed),
                "retried": self.retried,
                "success_rate": 100.0 * done / self.total if self.total else 100.0,
            },
        }
