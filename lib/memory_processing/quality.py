"""How good the data of an import are, counted while they stream by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from memory_processing.record import MemoryRecord
from memory_processing.validation import Issue

__all__ = ["DataQuality", "QualityCounter"]

K = TypeVar("K")
_OPTIONAL = (
    "confidence",
    "created_at",
    "emotion",
    "participants",
    "provenance",
    "scope",
    "severity",
    "sources",
    "tags",
)


@dataclass(frozen=True, slots=True)
class DataQuality:
    """Counts over all records that were read: how many are valid, of which kind, migrated from
    which version; in how many each optional field is given; how often each rule was broken
    (``errors``) or a weakness seen (``warnings``), by "field: rule"."""

    records: int = 0
    valid: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    migrated: Mapping[int, int] = field(default_factory=dict)
    given: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)

    @property
    def validity(self) -> float:
        """Valid by all, 1.0 for no records."""
        return self.valid / self.records if self.records else 1.0

    def __add__(self, other: DataQuality) -> DataQuality:
        return DataQuality(
            records=self.records + other.records,
            valid=self.valid + other.valid,
            kinds=_sum(self.kinds, other.kinds),
            migrated=_sum(self.migrated, other.migrated),
            given=_sum(self.given, other.given),
            errors=_sum(self.errors, other.errors),
            warnings=_sum(self.warnings, other.warnings),
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DataQuality:
        """The counts that `to_json` described."""
        if not data:
            return cls()
        return cls(
            records=data["records"],
            valid=data["valid"],
            kinds=data["kinds"],
            migrated={int(version): count for version, count in data["migrated"].items()},
            given=data["given"],
            errors=data["errors"],
            warnings=data["warnings"],
        )

    def to_json(self) -> dict[str, Any]:
        """The counts as plain JSON values, names sorted."""
        return {
            "records": self.records,
            "valid": self.valid,
            "validity": round(self.validity, 4),
            "kinds": dict(sorted(self.kinds.items())),
            "migrated": {str(version): n for version, n in sorted(self.migrated.items())},
            "given": {name: self.given.get(name, 0) for name in _OPTIONAL},
            "errors": dict(sorted(self.errors.items())),
            "warnings": dict(sorted(self.warnings.items())),
        }


class QualityCounter:
    """Collects a `DataQuality`, record by record."""

    def __init__(self) -> None:
        self._records = self._valid = 0
        self._kinds: Counter[str] = Counter()
        self._migrated: Counter[int] = Counter()
        self._given: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._warnings: Counter[str] = Counter()

    def valid(
        self,
        record: MemoryRecord,
        *,
        migrated: int | None,
        notes: int,
        issues: tuple[Issue, ...],
    ) -> None:
        """Counts a record that can be stored, the version that it was migrated from with the
        ``notes`` of that migration, and its weaknesses."""
        self._records += 1
        self._valid += 1
        self._kinds[record.kind] += 1
        self._given.update(record.model_fields_set)
        if migrated is not None:
            self._migrated[migrated] += 1
        if notes:
            self._warnings["record: migration"] += notes
        for issue in issues:
            self._warnings[_name(issue)] += 1

    def invalid(self, issues: tuple[Issue, ...]) -> None:
        """Counts a record that cannot be stored, for each rule that it breaks."""
        self._records += 1
        self._errors.update(_name(issue) for issue in issues)

    def unreadable(self, code: str) -> None:
        """Counts a record that could not even be read, under the error's code."""
        self._records += 1
        self._errors[code] += 1

    def result(self) -> DataQuality:
        """What was counted so far."""
        return DataQuality(
            records=self._records,
            valid=self._valid,
            kinds=dict(self._kinds),
            migrated=dict(self._migrated),
            given={name: self._given[name] for name in _OPTIONAL if self._given[name]},
            errors=dict(self._errors),
            warnings=dict(self._warnings),
        )


def _sum(a: Mapping[K, int], b: Mapping[K, int]) -> dict[K, int]:
    return dict(Counter(a) + Counter(b))


def _name(issue: Issue) -> str:
    return f"{issue.path or 'record'}: {issue.rule}"
