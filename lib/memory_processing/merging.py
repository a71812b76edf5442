"""Several records of one memory, made into one: nothing lost, every conflict written down.

Used for exact duplicates (one text, several origins) and for merged near duplicates (the
survivor's text stands). The outcome depends on the records alone, not on their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from batch_engine.core import canonical_json
from memory_processing.emotion import EmotionalContext, Relationship, Theme
from memory_processing.identity import content_hash
from memory_processing.record import MemoryRecord, Participant, Provenance, Scope

__all__ = ["Conflict", "Merged", "combine", "rank_of"]

T = TypeVar("T")
_SEVERITIES = ("low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True, order=True)
class Conflict:
    """A field on which the records disagree: the value that stands, and the others."""

    field: str
    kept: str
    others: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The conflict as plain JSON values."""
        return {"field": self.field, "kept": self.kept, "others": list(self.others)}


@dataclass(frozen=True, slots=True)
class Merged:
    """The one record, and the conflicts that were resolved on the way."""

    record: MemoryRecord
    conflicts: tuple[Conflict, ...]


def rank_of(record: MemoryRecord) -> tuple[float, bool, str, str]:
    """Smaller is better: higher confidence, then older (unknown is newest), then content."""
    created = record.created_at.isoformat() if record.created_at else ""
    return (-record.confidence, not created, created, canonical_json(record.to_json()))


def combine(records: Iterable[MemoryRecord], *, survivor: MemoryRecord | None = None) -> Merged:
    """One record out of several (at least one); ``survivor`` gives id, text, kind and scope.

    Origins, sources, tags and participants are united; the highest confidence and severity, the
    oldest creation and the latest change stand; emotions become means weighted by confidence; a
    disagreement about the mood becomes "mixed" and a `Conflict`.

    >>> combine([MemoryRecord(text="Be kind", tags=("b",)), MemoryRecord(text="be kind",
    ...          tags=("a",), confidence=0.9)]).record.tags
    ('a', 'b')
    """
    ranked = sorted(records, key=rank_of)
    base = survivor or ranked[0]
    if len(ranked) == 1 and ranked[0] == base:
        return Merged(base, ())
    conflicts: list[Conflict] = []
    _note_texts(base, ranked, conflicts)
    created = [record.created_at for record in ranked if record.created_at]
    updated = [record.updated_at for record in ranked if record.updated_at]
    severities = [record.severity for record in ranked if record.severity]
    merged = base.model_copy(
        update={
            "scope": _scope(base, ranked),
            "tags": _union(record.tags for record in ranked),
            "sources": _union(record.sources for record in ranked),
            "participants": _participants(ranked, conflicts),
            "confidence": max(record.confidence for record in ranked),
            "severity": max(severities, key=_SEVERITIES.index) if severities else None,
            "occurrences": max(record.occurrences for record in ranked),
            "emotion": _emotion(ranked, conflicts),
            "relationships": _relationships(ranked),
            "created_at": min(created) if created else None,
            "updated_at": max(updated) if updated else None,
            "provenance": _provenance(ranked),
            "extra": _extra(ranked, conflicts),
        }
    )
    return Merged(merged, tuple(sorted(conflicts)))


def _note_texts(
    base: MemoryRecord, ranked: Sequence[MemoryRecord], conflicts: list[Conflict]
) -> None:
    own = content_hash(base)
    others = {record.text for record in ranked if content_hash(record) != own}
    if others:
        conflicts.append(Conflict("text", base.text, tuple(sorted(others))))


def _scope(base: MemoryRecord, ranked: Sequence[MemoryRecord]) -> Scope:
    # Where one of them holds everywhere, the memory does.
    everywhere = any(not record.scope.files for record in ranked)
    files = () if everywhere else _union(record.scope.files for record in ranked)
    return base.scope.model_copy(update={"files": files})


def _union(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({value for part in parts for value in part}))


def _participants(
    ranked: Sequence[MemoryRecord], conflicts: list[Conflict]
) -> tuple[Participant, ...]:
    people: dict[str, Participant] = {}
    for record in ranked:
        for person in record.participants:
            known = people.setdefault(person.id, person)
            people[person.id] = known.model_copy(
                update={"name": known.name or person.name, "role": known.role or person.role}
            )
    for field in ("name", "role"):
        said: dict[str, set[str]] = {}
        for record in ranked:
            for person in record.participants:
                if value := getattr(person, field):
                    said.setdefault(person.id, set()).add(value)
        for name, values in sorted(said.items()):
            _conflict(
                f"participants.{name}.{field}", getattr(people[name], field), values, conflicts
            )
    return tuple(people[name] for name in sorted(people))


def _emotion(ranked: Sequence[MemoryRecord], conflicts: list[Conflict]) -> EmotionalContext | None:
    felt = [(record.emotion, record.confidence) for record in ranked if record.emotion]
    if not felt:
        return None
    if len({canonical_json(emotion.model_dump(mode="json")) for emotion, _ in felt}) == 1:
        return felt[0][0]
    weights = [weight for _, weight in felt]
    if not sum(weights):
        weights = [1.0] * len(felt)
    moods = Counter(emotion.mood for emotion, _ in felt)
    mood = felt[0][0].mood if len(moods) == 1 else "mixed"
    _conflict("emotion.mood", mood, set(moods), conflicts)
    return EmotionalContext(
        mood=mood,
        intensity=_mean([emotion.intensity for emotion, _ in felt], weights),
        valence=_mean([emotion.valence for emotion, _ in felt], weights),
        emotions=tuple(sorted({name for emotion, _ in felt for name in emotion.emotions})),
        themes=_themes([emotion for emotion, _ in felt]),
        markers=_union(emotion.markers for emotion, _ in felt),
    )


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    whole = sum(value * weight for value, weight in zip(values, weights, strict=True))
    return round(min(1.0, max(-1.0, whole / sum(weights))), 6)


def _themes(emotions: Sequence[EmotionalContext]) -> tuple[Theme, ...]:
    themes: dict[str, Theme] = {}
    for emotion in emotions:
        for theme in emotion.themes:
            known = themes.get(theme.name, theme)
            themes[theme.name] = Theme(
                name=theme.name,
                relevance=max(known.relevance, theme.relevance),
                evidence=_union((known.evidence, theme.evidence)),
            )
    return tuple(themes[name] for name in sorted(themes))


def _relationships(ranked: Sequence[MemoryRecord]) -> tuple[Relationship, ...]:
    return _distinct(
        (relation for record in ranked for relation in record.relationships),
        lambda relation: canonical_json(relation.model_dump(mode="json")),
    )


def _provenance(ranked: Sequence[MemoryRecord]) -> tuple[Provenance, ...]:
    origins = {origin for record in ranked for origin in record.provenance}
    return tuple(
        sorted(origins, key=lambda one: (one.source, one.line or 0, one.record_id, one.format))
    )


def _extra(ranked: Sequence[MemoryRecord], conflicts: list[Conflict]) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    said: dict[str, set[str]] = {}
    for record in ranked:
        for name, value in record.extra.items():
            extra.setdefault(name, value)
            said.setdefault(name, set()).add(canonical_json(value))
    for name in sorted(extra):
        _conflict(f"extra.{name}", canonical_json(extra[name]), said[name], conflicts)
    return {name: extra[name] for name in sorted(extra)}


def _conflict(field: str, kept: str, said: set[str], conflicts: list[Conflict]) -> None:
    if len(said) > 1:
        conflicts.append(Conflict(field, kept, tuple(sorted(said - {kept}))))


def _distinct(values: Iterable[T], key: Callable[[T], str]) -> tuple[T, ...]:
    by_key = {key(value): value for value in values}
    return tuple(by_key[name] for name in sorted(by_key))
