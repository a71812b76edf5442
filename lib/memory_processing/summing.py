"""A run's report as the sum of its journal rows: counts are queries, never counters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from memory_processing.errors import CATEGORIES, Category
from memory_processing.quality import DataQuality
from memory_processing.report import (
    KEPT_ERRORS,
    ImportCounts,
    ImportReport,
    ReportedError,
    Status,
)
from memory_processing.stores.protocol import JournalRow

__all__ = ["report_of", "taken_back"]


def taken_back(row: JournalRow) -> JournalRow:
    """The row as it counts after its run was rolled back: nothing of it is stored."""
    return replace(row, outcomes="".join("f" if sign == "f" else "r" for sign in row.outcomes))


def report_of(
    run: str,
    rows: Sequence[JournalRow],
    status: Status,
    *,
    stopped: str,
    merged: int = 0,
    review: int = 0,
    resumed: int = 0,
    unlisted: int = 0,
    figures: dict[str, Any] | None = None,
) -> ImportReport:
    """The report that the journal rows add up to."""
    ordered = sorted(rows, key=lambda row: row.start)
    signs = Counter("".join(row.outcomes for row in ordered))
    errors: list[ReportedError] = []
    categories = Counter[Category](database=signs["r"])
    quality = DataQuality()
    for row in ordered:
        found = [ReportedError.restored(data) for data in json.loads(row.errors)]
        categories.update(error.category for error in found)
        errors += found[: KEPT_ERRORS - len(errors)]
        quality += DataQuality.from_json(json.loads(row.quality))
    return ImportReport(
        run=run,
        status=status,
        counts=ImportCounts(
            processed=signs.total(),
            successful=signs["c"],
            failed=signs["f"] + signs["r"],
            skipped=signs["s"],
            merged=merged,
            review=review,
            rolled_back=signs["r"],
        ),
        errors=tuple(errors),
        by_category={name: categories[name] for name in CATEGORIES if categories[name]},
        quality=quality,
        resumed=resumed,
        unlisted=unlisted,
        stopped=stopped,
        figures=figures or {},
    )
