"""Older schemas, brought to the current one by numbered steps: 0 -> 1 -> 2.

* 0: ``{id?, content?, messages?, summary?, confidence?}``; confidence 1..10.
* 1: ``{id, text, date, sender, recipients[], mood, sentiment, categories[], metadata}``.
* 2: `MemoryRecord`.

A step only maps what it knows; it invents nothing and drops nothing without a warning. What was
not given stays empty (the origin filled in a clock-based id and confidence 5; facts, defect h).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from memory_processing.emotion import Mood
from memory_processing.errors import TransformError
from memory_processing.record import SCHEMA_VERSION

__all__ = ["MIGRATIONS", "Migration", "migrate", "version_of"]

_VERSION_FIELDS = ("schema_version", "schemaVersion")
_OF_VERSION_1 = frozenset({"sender", "recipients", "sentiment", "date", "mood"})
_FIELDS_1 = _OF_VERSION_1 | {"id", "text", "categories", "metadata"}
_OF_VERSION_0 = frozenset({"content", "messages", "summary"})

_MOODS: dict[str, Mood] = {
    "happy": "positive",
    "joyful": "positive",
    "excited": "positive",
    "grateful": "positive",
    "positive": "positive",
    "sad": "negative",
    "angry": "negative",
    "anxious": "negative",
    "frustrated": "negative",
    "negative": "negative",
    "neutral": "neutral",
    "calm": "neutral",
    "mixed": "mixed",
    "confused": "ambiguous",
    "ambiguous": "ambiguous",
}


@dataclass(frozen=True, slots=True)
class Migration:
    """The record in the current schema, and what was done: one sentence per change, and one per
    thing that a reader should look at."""

    data: dict[str, Any]
    from_version: int
    to_version: int = SCHEMA_VERSION
    changes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def version_of(data: Mapping[str, Any]) -> int:
    """The schema version of a record: what it says, else what its fields say.

    Raises `TransformError` for a version that this program does not know.

    >>> version_of({"summary": "It broke."}), version_of({"text": "x", "sender": "ann"})
    (0, 1)
    """
    for name in _VERSION_FIELDS:
        if name in data:
            return _stated(data[name])
    if "text" in data:
        return 1 if _OF_VERSION_1 & data.keys() and "kind" not in data else SCHEMA_VERSION
    return 0 if _OF_VERSION_0 & data.keys() else SCHEMA_VERSION


def migrate(data: Mapping[str, Any], *, version: int | None = None) -> Migration:
    """The record in the current schema; a current one comes back as it is.

    ``version`` overrides what `version_of` finds. Raises `TransformError` if a step cannot be
    taken, with the field in its hint.

    >>> migrate({"summary": "Use tabs.", "confidence": 10}).data["confidence"]
    1.0
    """
    first = version_of(data) if version is None else version
    current = {name: value for name, value in data.items() if name not in _VERSION_FIELDS}
    if first == SCHEMA_VERSION:
        return Migration(current, first)
    changes: list[str] = []
    warnings: list[str] = []
    for step in range(first, SCHEMA_VERSION):
        current = MIGRATIONS[step](current, changes, warnings)
    return Migration(current, first, changes=tuple(changes), warnings=tuple(warnings))


def _stated(value: object) -> int:
    text = str(value).removesuffix(".0") if isinstance(value, str | int | float) else repr(value)
    if text in ("0", "1", "2"):
        return int(text)
    raise TransformError(
        f"schema version {value!r} is not known, expected 0, 1 or 2",
        hint="update the program, or export the records in schema version 2",
    )


def _from_0(data: dict[str, Any], changes: list[str], warnings: list[str]) -> dict[str, Any]:
    text = data.get("summary") or data.get("content")
    if not text and isinstance(data.get("messages"), list):
        parts = [m.get("content") if isinstance(m, Mapping) else m for m in data["messages"]]
        text = "\n".join(part for part in parts if isinstance(part, str))
    if not text:
        raise TransformError(
            "a version 0 record has neither summary, content nor messages",
            hint="give it a `summary`, or remove it",
        )
    metadata: dict[str, Any] = {"version": 0}
    if data.get("summary") and data.get("content"):
        metadata["content"] = data["content"]
        changes.append("content kept beside the summary in extra.content")
    if "confidence" in data:  # 0 is a value, not a missing one
        metadata["confidence"] = data["confidence"]
    known = {"summary", "content", "messages", "confidence", "id"}
    if rest := {name: value for name, value in data.items() if name not in known}:
        metadata["extra"] = rest
        warnings.append(f"fields without a place in the schema: {', '.join(sorted(rest))}")
    changes.append("text taken from summary, content or messages")
    identifier = {"id": str(data["id"])} if data.get("id") is not None else {}
    return {**identifier, "text": text, "metadata": metadata}


def _from_1(data: dict[str, Any], changes: list[str], warnings: list[str]) -> dict[str, Any]:
    metadata = dict(data.get("metadata") or {})
    new: dict[str, Any] = {"text": data.get("text", "")}
    if data.get("id") not in (None, ""):
        new["id"] = str(data["id"])
    if data.get("date"):
        new["created_at"] = _with_zone(data["date"], warnings)
    people = [("sender", data.get("sender"))]
    people += [("recipient", name) for name in data.get("recipients") or ()]
    ids = dict.fromkeys((str(name), role) for role, name in people if name)
    new["participants"] = _participants(list(ids))
    if metadata.get("source"):
        new["sources"] = [str(metadata.pop("source"))]
    if "confidence" in metadata:
        new["confidence"] = _tenth(metadata.pop("confidence"))
        changes.append("confidence 0..10 became 0..1")
    if data.get("categories"):
        new["tags"] = list(data["categories"])
        changes.append("categories became tags")
    if emotion := _emotion(data, warnings):
        new["emotion"] = emotion
        changes.append("mood and sentiment became the emotional context")
    metadata.pop("version", None)
    metadata.update(metadata.pop("extra", None) or {})
    known = _FIELDS_1
    if rest := {name: value for name, value in data.items() if name not in known}:
        metadata.update(rest)
        warnings.append(f"fields without a place in the schema: {', '.join(sorted(rest))}")
    if metadata:
        new["extra"] = metadata
    return new


def _participants(named: list[tuple[str, str]]) -> list[dict[str, str]]:
    roles: dict[str, str] = {}
    for name, role in named:
        roles.setdefault(name, role)
    return [{"id": name, "name": name, "role": role} for name, role in roles.items()]


def _emotion(data: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    emotion: dict[str, Any] = {}
    if mood := data.get("mood"):
        word = str(mood).strip().lower()
        if word in _MOODS:
            emotion["mood"] = _MOODS[word]
        else:
            warnings.append(f"mood {mood!r} is not known; it is kept as a marker")
            emotion["markers"] = [str(mood)]
    sentiment = data.get("sentiment")
    if isinstance(sentiment, int | float) and not isinstance(sentiment, bool):
        emotion |= {"valence": sentiment, "intensity": abs(sentiment)}
    elif sentiment is not None:
        warnings.append(f"sentiment {sentiment!r} is no number; it is left out")
    return emotion


def _with_zone(value: object, warnings: list[str]) -> object:
    if not isinstance(value, str):
        return value
    if len(value) == len("2026-01-02"):
        warnings.append("the date has no time; midnight UTC is assumed")
        return f"{value}T00:00:00Z"
    tail = value[10:]
    if not (tail.endswith("Z") or "+" in tail or "-" in tail):
        warnings.append("the date has no time zone; UTC is assumed")
        return f"{value}Z"
    return value


def _tenth(value: object) -> object:
    """1..10 as 0..1; anything else is left for validation to name."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value / 10
    return value


MIGRATIONS: dict[int, Callable[[dict[str, Any], list[str], list[str]], dict[str, Any]]] = {
    0: _from_0,
    1: _from_1,
}
"""The step that leads away from each older version."""
