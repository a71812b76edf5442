"""What an import did, as one value: counts that add up, errors, quality, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from batch_engine.core import ErrorRecord
from memory_processing.errors import CATEGORIES, HINTS, Category, category_of
from memory_processing.quality import DataQuality

__all__ = ["ImportCounts", "ImportReport", "ReportedError", "Status"]

Status = Literal["completed", "stopped", "rolled_back", "dry_run"]
KEPT_ERRORS = 1_000


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """How many records. ``processed == successful + failed + skipped`` always holds.

    ``successful`` were stored by this run as new memories; ``skipped`` say what is stored already
    (exact duplicates; their origin is added to it).
    ``rolled_back`` of the failed were fine themselves: the policy took them back with another one.
    ``merged`` and ``review`` say how many more merges and open pairs there are than before.
    """

    processed: int = 0
    successful: int = 0
    failed: int = 0
    skipped: int = 0
    merged: int = 0
    review: int = 0
    rolled_back: int = 0

    def __add__(self, other: ImportCounts) -> ImportCounts:
        return ImportCounts(
            self.processed + other.processed,
            self.successful + other.successful,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.merged + other.merged,
            self.review + other.review,
            self.rolled_back + other.rolled_back,
        )

    @property
    def success_rate(self) -> float:
        """Stored by processed, 0.0 for nothing processed."""
        return self.successful / self.processed if self.processed else 0.0

    @property
    def duplicate_rate(self) -> float:
        """Skipped by processed, 0.0 for nothing processed."""
        return self.skipped / self.processed if self.processed else 0.0

    @property
    def merge_rate(self) -> float:
        """Merged by stored, 0.0 for nothing stored."""
        return self.merged / self.successful if self.successful else 0.0

    def to_json(self) -> dict[str, int]:
        """The counts by name."""
        return {
            "processed": self.processed,
            "successful": self.successful,
            "failed": self.failed,
            "skipped": self.skipped,
            "merged": self.merged,
            "review": self.review,
            "rolled_back": self.rolled_back,
        }


@dataclass(frozen=True, slots=True)
class ReportedError:
    """One failed record: its place in the whole input (0-based), where it stands in its source,
    the category under which it is counted, and the engine's error record."""

    index: int
    place: str
    category: Category
    record: ErrorRecord

    @classmethod
    def of(cls, index: int, place: str, record: ErrorRecord) -> ReportedError:
        """The entry for an error record, with the category's hint where it has none."""
        category = category_of(record)
        if not record.hint:
            record = replace(record, hint=HINTS[category])
        return cls(index, place, category, record)

    def stored(self) -> dict[str, Any]:
        """The error as the journal keeps it; `restored` is the way back."""
        return {"index": self.index, "place": self.place, "record": self.record.to_json()}

    @classmethod
    def restored(cls, data: Mapping[str, Any]) -> ReportedError:
        """The error that `stored` described."""
        return cls.of(data["index"], data["place"], ErrorRecord.from_json(data["record"]))

    def to_json(self) -> dict[str, Any]:
        """The error as plain JSON values."""
        return {
            "index": self.index,
            "place": self.place,
            "type": self.category,
            "message": self.record.error,
            "code": self.record.code,
            "hint": self.record.hint,
            "fields": [
                {
                    "path": problem.path,
                    "problem": problem.problem,
                    "expected": problem.expected,
                    "got": problem.got,
                }
                for problem in self.record.fields
            ],
            **({"stack": self.record.stack} if self.record.stack else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What `import_memories` returns.

    ``errors`` has the first 1,000 failed records in input order; ``by_category`` counts all.
    ``resumed`` of the processed records were done by an earlier process of the same run.
    ``unlisted`` pairs are alike too and not on the review list, which has the 20 nearest of each
    memory. ``figures`` are timings and rates, see `memory_processing.monitor`; they vary from run
    to run, everything else does not.
    """

    run: str
    status: Status
    counts: ImportCounts = ImportCounts()
    errors: tuple[ReportedError, ...] = ()
    by_category: Mapping[Category, int] = field(default_factory=dict)
    quality: DataQuality = field(default_factory=DataQuality)
    resumed: int = 0
    unlisted: int = 0
    stopped: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything that was asked for is done: to the end, and without a failure."""
        return self.status in ("completed", "dry_run") and not self.counts.failed

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        counts = self.counts
        return {
            "run": self.run,
            "status": self.status,
            "counts": counts.to_json(),
            "rates": {
                "success": round(counts.success_rate, 4),
                "duplicates": round(counts.duplicate_rate, 4),
                "merges": round(counts.merge_rate, 4),
            },
            "resumed": self.resumed,
            "unlisted_pairs": self.unlisted,
            "stopped": self.stopped,
            "errors_by_category": {name: self.by_category.get(name, 0) for name in CATEGORIES},
            "errors": [error.to_json() for error in self.errors],
            "quality": self.quality.to_json(),
            "figures": dict(self.figures),
        }

    def text(self) -> str:
        """The report for a reader: counts, rates, the first ten errors with what to do."""
        counts = self.counts
        lines = [
            f"{self.status}: {counts.processed:,} processed, {counts.successful:,} stored, "
            f"{counts.skipped:,} known already, {counts.failed:,} failed",
            f"success rate {100 * counts.success_rate:.2f} %, duplicates "
            f"{100 * counts.duplicate_rate:.2f} %, {counts.merged:,} merged, "
            f"{counts.review:,} to review",
        ]
        if self.resumed:
            lines.append(f"{self.resumed:,} of them by an earlier process of this run")
        if self.unlisted:
            lines.append(
                f"{self.unlisted:,} further pairs are alike: each memory lists its 20 nearest"
            )
        if self.stopped:
            lines.append(f"stopped: {self.stopped}")
        for error in self.errors[:10]:
            lines.append(f"  {error.place}: {error.category}: {error.record.error}")
            lines += [
                f"      {problem.path}: expected {problem.expected}, got {problem.got or 'nothing'}"
                for problem in error.record.fields
                if problem.expected
            ]
            lines.append(f"      {error.record.hint}")
        if counts.failed > 10:
            lines.append(f"  and {counts.failed - 10:,} more")
        return "\n".join(lines)
