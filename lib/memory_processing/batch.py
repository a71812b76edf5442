"""One batch: checked, compared with what is stored, written with its journal row, or taken back.

The journal row is part of the transaction that stores the batch, so that a batch is either done
and known to be done, or neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

from batch_engine.core import DatabaseBusyError, DatabaseError, EngineError, TaskError
from memory_processing.errors import (
    HINTS,
    DuplicateMemoryError,
    InvalidMemoryError,
    UnresolvedDuplicateError,
)
from memory_processing.identity import (
    contribution_hash,
    group_key,
    hash_of,
    memory_id,
    with_provenance,
)
from memory_processing.importers.seam import RawRecord
from memory_processing.merging import combine
from memory_processing.quality import QualityCounter
from memory_processing.record import MemoryRecord
from memory_processing.stores.protocol import Contribution, MemoryRow, MemoryStore, Stored
from memory_processing.validation import Issue, checked, quality_issues

__all__ = ["BatchPlan", "Checked", "Placed", "check", "digest_of", "plan_batch", "write_salvaging"]


class Placed(NamedTuple):
    """A raw record with its position in the whole input, from 0."""

    position: int
    raw: RawRecord


@dataclass(frozen=True, slots=True)
class Checked:
    """A record that can be stored: as the store keeps it, with its two hashes."""

    content: str
    contribution: str
    group: str
    text: str
    confidence: float
    created_at: str
    lines: tuple[int, ...]
    data: str

    def row(self) -> MemoryRow:
        """The memory that consists of this record alone."""
        return MemoryRow(
            content_hash=self.content,
            id=memory_id(self.content),
            group_key=self.group,
            text=self.text,
            confidence=self.confidence,
            created_at=self.created_at,
            contribution=self.contribution,
            data=self.data,
        )


@dataclass(slots=True)
class BatchPlan:
    """What a batch writes. ``signs`` has one outcome per record of the batch that can be stored,
    in order: ``c`` for the first of new content, ``s`` for what is known. ``unresolved`` has the
    known content that cannot be written, with its error."""

    signs: list[str]
    inserts: list[MemoryRow]
    updates: list[MemoryRow]
    contributions: list[Contribution]
    unresolved: dict[str, EngineError] = field(default_factory=dict)

    @property
    def groups(self) -> set[str]:
        """The groups whose merges may change by it."""
        return {row.group_key for rows in (self.inserts, self.updates) for row in rows}


def check(raw: RawRecord, quality: QualityCounter) -> Checked | EngineError:
    """The record ready for the store, or what is wrong with it; counted either way."""
    try:
        return _check(raw, quality)
    except Exception as error:  # noqa: BLE001 - the edge of a record; it is recorded
        failure = TaskError(
            f"the record cannot be worked on: {type(error).__name__}: {error}",
            hint="if the record is fine, this is a bug worth a report",
        )
        failure.__cause__ = error
        quality.unreadable(failure.code)
        return failure


def _check(raw: RawRecord, quality: QualityCounter) -> Checked | EngineError:
    if raw.error is not None or raw.data is None:
        error = raw.error or InvalidMemoryError("the source gave no record", issues=())
        quality.unreadable(error.code)
        return error
    try:
        record, older, warnings = checked(raw.data)
    except InvalidMemoryError as invalid:
        quality.invalid(invalid.issues)
        return invalid
    except EngineError as error:
        quality.unreadable(error.code)
        return error
    try:
        prepared = _prepared(record, raw)
    except ValueError as error:  # text that is no Unicode, deep inside what nobody validates
        unwritable = _unwritable(error)
        quality.invalid(unwritable.issues)
        return unwritable
    quality.valid(record, migrated=older, notes=len(warnings), issues=quality_issues(record))
    return prepared


def _unwritable(error: ValueError) -> InvalidMemoryError:
    issue = Issue(
        level="error",
        rule="format_invalid",
        path="extra",
        message=f"cannot be written as JSON: {error}",
        hint="use plain JSON values and whole characters",
    )
    return InvalidMemoryError(str(issue), issues=(issue,), hint=issue.hint)


def _prepared(record: MemoryRecord, raw: RawRecord) -> Checked:
    group = group_key(record)
    content = hash_of(group, record.text)
    kept = with_provenance(record, content, source=raw.source, line=raw.line, form=raw.format)
    return _as_checked(kept, group, content)


def _as_checked(record: MemoryRecord, group: str, content: str) -> Checked:
    return Checked(
        content=content,
        contribution=contribution_hash(record),
        group=group,
        text=record.text,
        confidence=record.confidence,
        created_at=record.created_at.isoformat() if record.created_at else "",
        lines=tuple(origin.line or 0 for origin in record.provenance),
        data=record.to_text(),
    )


def plan_batch(records: Sequence[Checked], store: MemoryStore) -> BatchPlan:
    """What to write so that every record is stored once, with all its origins.

    Reads the store; to be called in the transaction that writes the plan.
    """
    by_content: dict[str, list[Checked]] = {}
    for record in records:
        by_content.setdefault(record.content, []).append(record)
    stored = store.find_hashes(list(by_content))
    several = store.contributions([one.content_hash for one in stored.values() if not one[1]])
    plan = BatchPlan(_signs(records, stored), [], [], [])
    for content, group in by_content.items():
        if content not in stored and len(group) == 1:
            plan.inserts.append(group[0].row())
            continue
        known = _known(stored.get(content), several.get(content, []))
        try:
            _join(plan, group, known)
        except ValueError as error:  # what is stored was changed by somebody else
            plan.unresolved[content] = _unresolved(content, error)
    return plan


def _join(plan: BatchPlan, group: Sequence[Checked], known: Mapping[str, str]) -> None:
    """Plans what records of one content add to what is known of it."""
    now = dict(known)
    for record in group:
        held = now.get(record.contribution)
        if held is None or (held != record.data and record.lines < _lines(held)):
            now[record.contribution] = record.data
    if now != known:
        _write(plan, group[0].content, group[0].group, known, now)


def _unresolved(content: str, error: ValueError) -> UnresolvedDuplicateError:
    failure = UnresolvedDuplicateError(
        f"it repeats {memory_id(content)}, and what is stored of that cannot be read",
        hint=HINTS["deduplication"],
    )
    failure.__cause__ = error
    return failure


def _signs(records: Sequence[Checked], stored: dict[str, Stored]) -> list[str]:
    seen = set(stored)
    signs = []
    for record in records:
        signs.append("s" if record.content in seen else "c")
        seen.add(record.content)
    return signs


def _known(stored: Stored | None, several: Sequence[Contribution]) -> dict[str, str]:
    if stored is None:
        return {}
    if stored.contribution:
        return {stored.contribution: stored.data}
    return {one.contribution: one.data for one in several}


def _write(
    plan: BatchPlan, content: str, group: str, known: Mapping[str, str], now: Mapping[str, str]
) -> None:
    rows = plan.updates if known else plan.inserts
    records = [MemoryRecord.model_validate_json(now[name]) for name in sorted(now)]
    if len(records) == 1:
        rows.append(_as_checked(records[0], group, content).row())
        return
    single = len(known) == 1
    for name in sorted(now):
        if single or known.get(name) != now[name]:
            plan.contributions.append(Contribution(content, name, now[name]))
    row = _as_checked(combine(records).record, group, content).row()
    rows.append(
        MemoryRow(
            content_hash=row.content_hash,
            id=row.id,
            group_key=row.group_key,
            text=row.text,
            confidence=row.confidence,
            created_at=row.created_at,
            contribution="",
            data=row.data,
        )
    )


def _lines(data: str) -> tuple[int, ...]:
    record = MemoryRecord.model_validate_json(data)
    return tuple(origin.line or 0 for origin in record.provenance)


def write_salvaging(store: MemoryStore, plan: BatchPlan) -> dict[str, EngineError]:
    """Writes the plan; rows that the database refuses are found by halving and left out.

    Returns the refused and unresolved content hashes with their errors. A busy database and a
    lost connection are raised: they are nobody's fault.
    """
    refused = _salvaged(store, plan.inserts, store.insert_many)
    refused |= _salvaged(store, plan.updates, store.update_many)
    kept = [one for one in plan.contributions if one.content_hash not in refused]
    if kept:
        store.add_contributions(kept)
    groups = {
        row.group_key
        for rows in (plan.inserts, plan.updates)
        for row in rows
        if row.content_hash not in refused
    }
    if groups:
        store.touch(groups)
    return {**plan.unresolved, **refused}


def _salvaged(store: MemoryStore, rows: list[MemoryRow], write: Any) -> dict[str, DatabaseError]:
    if not rows:
        return {}
    try:
        with store.savepoint():
            write(rows)
    except DatabaseBusyError:
        raise
    except DatabaseError as error:
        if len(rows) == 1:
            return {rows[0].content_hash: error}
        half = len(rows) // 2
        return _salvaged(store, rows[:half], write) | _salvaged(store, rows[half:], write)
    return {}


def duplicate_error(record: Checked) -> DuplicateMemoryError:
    """What mode "memory" says of content that is stored already."""
    return DuplicateMemoryError(
        f"{memory_id(record.content)} with this content is stored already",
        hint="import in mode 'memory+dedup' to skip duplicates",
    )


def digest_of(records: Sequence[Placed]) -> str:
    """32 hex digits over a slice of the input."""
    whole = blake2b(digest_size=16)
    for record in records:
        whole.update(record.raw.digest)
    return whole.hexdigest()
