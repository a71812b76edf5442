"""What a store holds and how its imports went: for people, and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from memory_processing.monitor import figures_table
from memory_processing.report import ReportedError
from memory_processing.stores.protocol import MemoryStore

__all__ = ["StoreStats", "store_stats"]


@dataclass(frozen=True, slots=True)
class StoreStats:
    """Counts of memories (``current`` stand for themselves, ``merged`` behind another one), open
    pairs, kinds, merges by who decided, errors by category, and the latest runs, newest first."""

    current: int
    merged: int
    open_pairs: int
    pending_groups: int
    kinds: dict[str, int]
    merges: dict[str, int]
    errors: dict[str, int]
    runs: tuple[dict[str, Any], ...]

    @property
    def merge_rate(self) -> float:
        """Merged by stored, 0.0 for an empty store."""
        stored = self.current + self.merged
        return self.merged / stored if stored else 0.0

    def to_json(self) -> dict[str, Any]:
        """The figures as plain JSON values."""
        return {
            "memories": {"current": self.current, "merged": self.merged},
            "merge_rate": round(self.merge_rate, 4),
            "open_pairs": self.open_pairs,
            "pending_groups": self.pending_groups,
            "kinds": self.kinds,
            "merges": self.merges,
            "errors": self.errors,
            "runs": list(self.runs),
        }

    def table(self) -> str:
        """The figures for a reader."""
        lines = [
            ("memories", f"{self.current:,}"),
            ("merged into one", f"{self.merged:,} ({self.merge_rate:.1%} of all stored)"),
            ("pairs to review", f"{self.open_pairs:,}"),
        ]
        if self.pending_groups:
            lines.append(("groups not merged yet", f"{self.pending_groups:,}: import again"))
        lines += [(f"kind {kind}", f"{count:,}") for kind, count in self.kinds.items()]
        lines += [(f"errors: {name}", f"{count:,}") for name, count in self.errors.items()]
        width = max(len(name) for name, _ in lines)
        text = [f"{name:<{width}}  {value}" for name, value in lines]
        if self.runs:
            run = self.runs[0]
            text += ["", f"latest import: {run['run']}, {run['status']}"]
            counts = run.get("counts", {})
            text += [f"  {name:<16} {count:>12,}" for name, count in counts.items()]
            if run.get("figures"):
                text += [f"  {line}" for line in figures_table(run["figures"]).splitlines()]
        return "\n".join(text)


def store_stats(store: MemoryStore, *, runs: int = 10) -> StoreStats:
    """What the store holds, with its ``runs`` latest imports."""
    counts = store.counts()
    kinds = Counter(data["kind"] for _, data in store.memories())
    latest = store.runs()[::-1][:runs]
    errors = Counter[str]()
    merges = Counter[str]()
    for run in latest:
        for row in store.journal_rows(run.run):
            errors.update(
                ReportedError.restored(error).category for error in json.loads(row.errors)
            )
            errors["database"] += row.outcomes.count("r")
    for name in store.merge_origins():
        merges[name] += 1
    return StoreStats(
        current=counts["current"],
        merged=counts["memory"] - counts["current"],
        open_pairs=counts["review"],
        pending_groups=counts["pending"],
        kinds=dict(sorted(kinds.items())),
        merges=dict(sorted(merges.items())),
        errors=dict(sorted((+errors).items())),
        runs=tuple(
            {
                "run": run.run,
                "status": run.status,
                "started": run.started,
                "ended": run.ended,
                **{
                    name: value
                    for name, value in json.loads(run.result).items()
                    if name in ("counts", "figures")
                },
            }
            for run in latest
        ),
    )
