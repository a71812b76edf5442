"""A memory: what a team or an assistant learned, as one versioned record.

`MemoryRecord` is schema version 2; older ones come in through `memory_processing.migrations`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from memory_processing.emotion import EmotionalContext, Relationship, Share

__all__ = [
    "KINDS",
    "MAX_TEXT",
    "SCHEMA_VERSION",
    "Kind",
    "MemoryRecord",
    "Participant",
    "Provenance",
    "Scope",
    "Severity",
]

SCHEMA_VERSION: Final = 2
MAX_TEXT = 20_000

Kind = Literal[
    "lesson", "decision", "preference", "constraint", "failure", "outcome", "fact", "note"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Severity = Literal["low", "medium", "high", "critical"]
_PAIN: dict[Severity, float] = {"low": 0.25, "medium": 0.5, "high": 0.75, "critical": 1.0}

_HEAD = frozenset({"schema_version", "kind"})

Name = Annotated[str, Field(min_length=1, max_length=500)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Participant(_Value):
    """Someone who took part: an id that relationships refer to, a name, a role."""

    id: Name
    name: str = ""
    role: str = ""


class Scope(_Value):
    """Where a memory holds. Duplicates are looked for within one scope and kind only."""

    project: str = ""
    agent: str = ""
    user: str = ""
    files: tuple[Name, ...] = ()

    @property
    def key(self) -> str:
        """The scope as one text: equal texts, equal scopes. Globs do not take part, as they
        refine where a memory helps, not whose it is."""
        return "\x1f".join((self.project, self.agent, self.user))


class Provenance(_Value):
    """Where a record came from: ``source`` is a path or a label, ``line`` counts from 1,
    ``record_id`` is the id that it had there."""

    source: Name
    line: Annotated[int, Field(ge=1)] | None = None
    record_id: str = ""
    format: str = ""


class MemoryRecord(_Value):
    """One memory, schema version 2. ``confidence`` is 0..1; times carry their zone.

    ``id`` may be left out: a store names a memory after its content (`identity.memory_id`) and
    keeps the given id in ``provenance``. ``created_at`` stays empty where it is unknown: a clock
    would make two imports of one file different.

    >>> MemoryRecord(kind="preference", text="Use tabs in Makefiles.").confidence
    0.5
    """

    schema_version: Literal[2] = SCHEMA_VERSION
    id: str = ""
    kind: Kind = "note"
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    scope: Scope = Scope()
    tags: tuple[Name, ...] = ()
    participants: tuple[Participant, ...] = ()
    sources: tuple[Name, ...] = ()
    confidence: Share = 0.5
    severity: Severity | None = None
    occurrences: Annotated[int, Field(ge=1)] = 1
    emotion: EmotionalContext | None = None
    relationships: tuple[Relationship, ...] = ()
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    provenance: tuple[Provenance, ...] = ()
    extra: dict[str, Any] = Field(default_factory=dict)

    @field_validator("created_at", "updated_at", mode="after")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    @field_validator("confidence", "occurrences", mode="before")
    @classmethod
    def _a_number(cls, value: Any) -> Any:
        if isinstance(value, bool):  # true would be read as 1
            raise PydanticCustomError("float_type", "is no number")
        return value

    @field_validator("text", mode="after")
    @classmethod
    def _storable(cls, value: str) -> str:
        if "\x00" in value:
            raise ValueError("holds a NUL character, which no database text can")
        value.encode("utf-8")  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
        return value

    @model_validator(mode="after")
    def _relations_hold(self) -> Self:
        known = {participant.id for participant in self.participants}
        if len(known) != len(self.participants):
            raise ValueError("participants: two of them have the same id")
        for number, relation in enumerate(self.relationships):
            named = [*relation.participants, *([relation.dominant] if relation.dominant else ())]
            if missing := [name for name in named if name not in known]:
                raise ValueError(
                    f"relationships.{number}: {missing[0]!r} is no participant of this memory"
                )
            if len(set(relation.participants)) != len(relation.participants):
                raise ValueError(f"relationships.{number}: names a participant twice")
        return self

    @property
    def pain(self) -> float:
        """How much it hurt, 0..1: what the emotion says, or the severity, whichever is more.

        Severity counts 0.25, 0.5, 0.75, 1.0 and grows with ``occurrences`` (facts, section 7).
        """
        felt = self.emotion.pain if self.emotion else 0.0
        if self.severity is None:
            return felt
        repeated = 1 + (self.occurrences.bit_length() - 1) / 4
        return max(felt, min(1.0, _PAIN[self.severity] * repeated))

    def to_text(self, *, leave_out: frozenset[str] = frozenset()) -> str:
        """`to_json` as one line of JSON, the same for equal records; fields can be left out."""
        text = self.model_dump_json(exclude_defaults=True, exclude=set(leave_out) | _HEAD)
        rest = "" if text == "{}" else f",{text[1:-1]}"
        return f'{{"schema_version":{SCHEMA_VERSION},"kind":"{self.kind}"{rest}}}'

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values; fields that hold their default are left out, except
        ``schema_version``, ``kind`` and ``text``. `MemoryRecord.model_validate` reads it back."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        return {"schema_version": SCHEMA_VERSION, "kind": self.kind, "text": self.text, **data}
