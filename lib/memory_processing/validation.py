"""Validation of single records: every broken rule as an `Issue` with its field and its remedy."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from batch_engine.core import FieldProblem
from memory_processing.errors import InvalidMemoryError, TransformError
from memory_processing.migrations import migrate
from memory_processing.record import MemoryRecord

__all__ = [
    "Issue",
    "Level",
    "Rule",
    "ValidationResult",
    "checked",
    "quality_issues",
    "validate_memory",
]

Level = Literal["error", "warning"]
Rule = Literal[
    "required_field",
    "unknown_field",
    "type_mismatch",
    "format_invalid",
    "range_violation",
    "enum_violation",
    "logical_inconsistency",
    "quality_concern",
]

_RULES: dict[str, Rule] = {
    "missing": "required_field",
    "extra_forbidden": "unknown_field",
    "literal_error": "enum_violation",
    "enum": "enum_violation",
    "greater_than_equal": "range_violation",
    "less_than_equal": "range_violation",
    "finite_number": "range_violation",
    "string_too_short": "range_violation",
    "string_too_long": "range_violation",
    "too_short": "range_violation",
    "value_error": "logical_inconsistency",
    "string_unicode": "format_invalid",
}
_HINTS: dict[Rule, str] = {
    "required_field": "add the field",
    "unknown_field": "remove the field, or move it into `extra`",
    "type_mismatch": "write the value in the expected type",
    "format_invalid": "write the value in the expected format",
    "range_violation": "bring the value into the expected range",
    "enum_violation": "use one of the expected words",
    "logical_inconsistency": "make the fields agree with each other",
    "quality_concern": "",
}
_MESSAGES: dict[Rule, str] = {
    "required_field": "is missing",
    "unknown_field": "is no field of a memory",
    "type_mismatch": "has the wrong type",
    "format_invalid": "has the wrong format",
    "range_violation": "is out of range",
    "enum_violation": "is none of the known words",
}
_TYPES = {
    "bool": "true or false",
    "dict": "an object",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "model": "an object",
    "string": "a text",
    "tuple": "a list",
}
_FEW_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One broken rule. ``path`` is dotted (``emotion.valence``) and empty for the whole record;
    ``hint`` says what to do; a warning does not keep a record out."""

    level: Level
    rule: Rule
    path: str
    message: str
    expected: str = ""
    got: str = ""
    hint: str = ""

    def as_field(self) -> FieldProblem:
        """The same in the engine's terms, for error records."""
        problem = f"{self.message}; {self.hint}" if self.hint else self.message
        return FieldProblem(path=self.path, problem=problem, expected=self.expected, got=self.got)

    def to_json(self) -> dict[str, str]:
        """The issue as plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        parts = [f"{self.path or 'record'}: {self.message}"]
        if self.expected:
            parts.append(f"expected {self.expected}, got {self.got}")
        return "; ".join([*parts, *([self.hint] if self.hint else [])])


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """What validation found: the record if there is no error, and all issues."""

    record: MemoryRecord | None
    errors: tuple[Issue, ...]
    warnings: tuple[Issue, ...]
    migrated_from: int | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the record can be stored."""
        return self.record is not None


def validate_memory(data: Mapping[str, Any]) -> ValidationResult:
    """Whether one record, of any known schema version, can be stored, and what is wrong with it.

    >>> result = validate_memory({"text": "Use tabs.", "confidence": 7})
    >>> print(result.errors[0])
    confidence: is out of range; expected at most 1, got 7; write 0.7: the scale is 0 to 1
    """
    try:
        record, version, warnings = checked(data)
    except InvalidMemoryError as error:
        return ValidationResult(None, error.issues, ())
    except TransformError as error:
        issue = Issue(
            level="error", rule="format_invalid", path="", message=error.message, hint=error.hint
        )
        return ValidationResult(None, (issue,), ())
    found = tuple(
        Issue(level="warning", rule="quality_concern", path="", message=text) for text in warnings
    )
    return ValidationResult(record, (), found + quality_issues(record), version)


def checked(data: Mapping[str, Any]) -> tuple[MemoryRecord, int | None, tuple[str, ...]]:
    """The record, the older version that it was migrated from, and that migration's warnings.

    Raises `InvalidMemoryError` and `TransformError`.
    """
    migration = migrate(data)
    try:
        record = MemoryRecord.model_validate(migration.data)
    except ValidationError as error:
        issues = tuple(_issue(detail) for detail in error.errors(include_url=False))
        more = f" and {len(issues) - 1} more" if len(issues) > 1 else ""
        raise InvalidMemoryError(
            f"{issues[0].path or 'record'}: {issues[0].message}{more}",
            issues=issues,
            hint=issues[0].hint,
        ) from None
    older = None if migration.from_version == migration.to_version else migration.from_version
    return record, older, migration.warnings


def quality_issues(record: MemoryRecord) -> tuple[Issue, ...]:
    """What makes a valid record less useful: too few words, contradicting emotion, no origin."""
    found: list[Issue] = []

    def concern(path: str, message: str, hint: str) -> None:
        found.append(
            Issue(level="warning", rule="quality_concern", path=path, message=message, hint=hint)
        )

    if record.text.count(" ") < _FEW_WORDS - 1:
        concern("text", "fewer than three words", "say what to do, and where it holds")
    if record.confidence == 0:
        concern("confidence", "0 means that nobody believes it", "remove it, or raise it")
    emotion = record.emotion
    if emotion is not None and emotion.mood in ("positive", "negative"):
        sign = 1 if emotion.mood == "positive" else -1
        if emotion.valence * sign < 0:
            concern(
                "emotion.valence",
                f"mood is {emotion.mood} and valence is {emotion.valence:g}",
                "correct one of the two",
            )
    if record.updated_at and record.created_at and record.updated_at < record.created_at:
        concern("updated_at", "is before created_at", "correct one of the two")
    return tuple(found)


def _issue(detail: ErrorDetails) -> Issue:
    kind = detail["type"]
    path = ".".join(str(part) for part in detail["loc"])
    rule = _rule(kind)
    value = detail.get("input")
    message = str(detail["msg"]).removeprefix("Value error, ")
    if kind == "value_error":
        head, colon, rest = message.partition(": ")
        if not path and colon and " " not in head:
            path, message = head, rest
    return Issue(
        level="error",
        rule=rule,
        path=path,
        message=_MESSAGES.get(rule, message),
        expected=_expected(kind, detail.get("ctx") or {}, path),
        got="nothing" if kind == "missing" else "" if kind == "value_error" else _got(value),
        hint=_hint(rule, path, value, str((detail.get("ctx") or {}).get("expected", ""))),
    )


def _rule(kind: str) -> Rule:
    if kind in _RULES:
        return _RULES[kind]
    if kind.partition("_")[0] in _TYPES:
        return "type_mismatch"
    return "format_invalid"


def _expected(kind: str, context: Mapping[str, Any], path: str) -> str:
    match kind:
        case "missing":
            return "a value"
        case "extra_forbidden":
            return "a field of the schema"
        case "greater_than_equal":
            return f"at least {context.get('ge'):g}"
        case "less_than_equal":
            return f"at most {context.get('le'):g}"
        case "string_too_short" | "too_short":
            return f"at least {context.get('min_length')} long"
        case "string_too_long" | "too_long":
            return f"at most {context.get('max_length')} long"
        case "literal_error":
            return str(context.get("expected", ""))
        case "timezone_aware":
            return "a time with its zone, as 2026-01-31T12:00:00Z"
        case "datetime_from_date_parsing" | "datetime_parsing" | "datetime_type":
            return "a time as 2026-01-31T12:00:00Z"
        case "value_error":
            return ""
    return _TYPES.get(kind.partition("_")[0], kind.replace("_", " "))


def _hint(rule: Rule, path: str, value: object, words: str) -> str:
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    scaled = path in ("confidence", "emotion.intensity")
    if rule == "range_violation" and scaled and number is not None and 1 < number <= 10:
        return f"write {number / 10:g}: the scale is 0 to 1"
    if rule == "unknown_field" and path in ("content", "summary", "memory"):
        return "the field is called `text`"
    if rule == "enum_violation" and isinstance(value, str):
        near = get_close_matches(value.lower(), re.findall(r"'([^']+)'", words), n=1)
        return f"write {near[0]!r}" if near else _HINTS[rule]
    if rule == "type_mismatch" and isinstance(value, str) and path in ("tags", "sources"):
        return f"write a list: [{json.dumps(value)}]"
    if rule == "logical_inconsistency" and path == "text":
        return "remove the character"
    if rule == "logical_inconsistency" and path.startswith("relationships"):
        return "add the participant to `participants`, or correct the id"
    return _HINTS[rule]


def _got(value: object) -> str:
    shortener = reprlib.Repr()
    shortener.maxstring = shortener.maxother = 60
    return shortener.repr(value)
