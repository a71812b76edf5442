"""What is said, stored and decided of failed attempts at the items of a chunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Generic, TypeVar

from batch_engine.core.plan import Settings, Todo, encode_json
from batch_engine.core.records import ErrorRecord, ItemRef, RetryInfo, error_record, preview_of
from batch_engine.core.store import AttemptRow, ItemRow

__all__ = ["Judge", "failed_row", "store_attempts"]

T = TypeVar("T")


@dataclass(slots=True)
class Judge(Generic[T]):
    """Asks the retry policy about failed attempts at items of one chunk, which ``started`` at a
    time of the runner's clock."""

    settings: Settings[T, Any]
    number: int
    started: float
    _shown: dict[int, tuple[str, Exception]] = field(default_factory=dict)

    def judged(
        self, entry: Todo[T], error: Exception, elapsed_s: float
    ) -> tuple[ErrorRecord, float | None]:
        """The record of an attempt that took ``elapsed_s``, and the seconds before the next one,
        if there is one."""
        settings, attempt = self.settings, entry.attempts + 1
        decision = settings.retry.decide(
            error,
            attempt=attempt,
            elapsed_s=settings.clock() - self.started,
            random=settings.random,
        )
        record = error_record(
            error,
            item=ItemRef(key=entry.key, index=entry.position, preview=preview_of(entry.item)),
            step=settings.step.name,
            batch=self.number,
            retry=RetryInfo(
                attempt=attempt,
                max_attempts=decision.max_attempts,
                delay_s=decision.delay_s,
                reason=decision.reason,
            ),
            at=settings.now(),
            elapsed_ms=round(elapsed_s * 1000, 3),
        )
        # One exception that fails a chunk of 1,000 is not worth 1,000 copies of its stack.
        first, _ = self._shown.setdefault(id(error), (entry.key, error))
        if first != entry.key:
            record = replace(record, stack=f"same as of item {first}")
        return record, decision.delay_s


def failed_row(entry: Todo[Any], record: ErrorRecord) -> ItemRow:
    """The row of an item that failed for good."""
    stored = encode_json(record.to_json())
    return ItemRow(entry.key, "failed", None, stored, entry.attempts + 1, entry.position)


def store_attempts(
    settings: Settings[T, Any],
    finished: Sequence[ItemRow],
    waiting: Sequence[Todo[T]],
    failures: Mapping[str, ErrorRecord],
    delay_s: float,
) -> None:
    """Stores what is finished, and why others wait ``delay_s`` for another attempt."""
    if settings.store is None or not (finished or waiting):
        return
    next_at = (settings.now() + timedelta(seconds=delay_s)).isoformat()
    rows = [
        AttemptRow(entry.key, entry.attempts, encode_json(failures[entry.key].to_json()), next_at)
        for entry in waiting
    ]
    settings.store.put(settings.step, finished, attempts=rows)
