"""A record that breaks rules is told which, where, what was expected and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from memory_processing import MemoryRecord, migrate, validate_memory
from memory_processing.errors import TransformError

PEOPLE = [{"id": "ann"}, {"id": "bob"}]

BROKEN: list[tuple[dict[str, Any], str, str, str]] = [
    ({}, "text", "required_field", "add the field"),
    ({"text": ""}, "text", "range_violation", "bring the value into the expected range"),
    ({"text": "a b c", "kind": "idea"}, "kind", "enum_violation", "use one of the expected words"),
    ({"text": "a b c", "kind": "Preferance"}, "kind", "enum_violation", "write 'preference'"),
    ({"text": "a b c", "tags": "ci"}, "tags", "type_mismatch", 'write a list: ["ci"]'),
    ({"text": "a b c", "confidence": 7}, "confidence", "range_violation", "write 0.7"),
    ({"text": "a b c", "confidence": "high"}, "confidence", "type_mismatch", "expected type"),
    ({"text": "a b c", "kind": "note", "summary": "x"}, "summary", "unknown_field", "`text`"),
    ({"text": "a b c", "created_at": "2026-01-31T10:00:00"}, "created_at", "format_invalid", ""),
    ({"text": "a b c", "emotion": {"valence": -2}}, "emotion.valence", "range_violation", ""),
    ({"text": "a b c", "emotion": {"intensity": 8}}, "emotion.intensity", "range_violation", "0.8"),
    ({"text": "a b c", "tags": ["x", 3]}, "tags.1", "type_mismatch", ""),
    ({"text": "nul \x00 sign"}, "text", "logical_inconsistency", "remove the character"),
    ({"text": "a b c", "confidence": True}, "confidence", "type_mismatch", ""),
    ({"text": "a lone \ud800 surrogate"}, "text", "", ""),
    (
        {
            "text": "a b",
            "participants": PEOPLE,
            "relationships": [{"participants": ["ann", "eve"]}],
        },
        "relationships.0",
        "logical_inconsistency",
        "add the participant",
    ),
    (
        {
            "text": "a b",
            "participants": PEOPLE,
            "relationships": [{"participants": ["ann", "ann"]}],
        },
        "relationships.0",
        "logical_inconsistency",
        "",
    ),
    (
        {
            "text": "a b",
            "participants": PEOPLE,
            "relationships": [{"participants": ["ann", "bob"], "dominant": "eve"}],
        },
        "relationships.0",
        "logical_inconsistency",
        "correct the id",
    ),
    (
        {"text": "a b", "participants": [{"id": "ann"}, {"id": "ann"}]},
        "participants",
        "logical_inconsistency",
        "",
    ),
    ({"text": "a b", "schema_version": 9}, "", "format_invalid", "update the program"),
]


@pytest.mark.parametrize(("data", "path", "rule", "hint"), BROKEN)
def test_a_broken_rule_is_named_with_its_field_and_its_remedy(
    data: dict[str, Any], path: str, rule: str, hint: str
) -> None:
    result = validate_memory(data)
    assert not result.is_valid
    issue = next(one for one in result.errors if one.path == path)
    assert issue.rule == rule or not rule
    assert hint in issue.hint
    assert issue.message in str(issue)


def test_every_broken_rule_of_a_record_is_reported() -> None:
    result = validate_memory({"kind": "idea", "confidence": 2, "bla": 1})
    assert [issue.path for issue in result.errors] == ["kind", "text", "confidence", "bla"]


def test_expected_and_got_are_said() -> None:
    issue = validate_memory({"text": "a b", "confidence": 7}).errors[0]
    assert (issue.expected, issue.got) == ("at most 1", "7")


def test_a_valid_record_may_have_weaknesses() -> None:
    data = {"text": "hm", "confidence": 0, "emotion": {"mood": "positive", "valence": -0.5}}
    result = validate_memory({**data, "kind": "note"})
    assert result.is_valid
    assert {issue.path for issue in result.warnings} == {"text", "confidence", "emotion.valence"}


def test_a_record_survives_json() -> None:
    record = MemoryRecord.model_validate(
        {
            "text": "The deploy broke at night",
            "kind": "failure",
            "severity": "high",
            "occurrences": 4,
            "created_at": "2026-01-31T12:00:00+02:00",
            "participants": PEOPLE,
            "relationships": [{"participants": ["ann", "bob"], "quality": "strained"}],
            "emotion": {"mood": "negative", "intensity": 0.5, "valence": -0.5},
        }
    )
    assert MemoryRecord.model_validate(record.to_json()) == record
    assert MemoryRecord.model_validate_json(record.to_text()) == record
    assert record.to_json()["created_at"] == "2026-01-31T10:00:00Z"


@pytest.mark.parametrize(
    ("data", "pain"),
    [
        ({}, 0.0),
        ({"emotion": {"intensity": 0.8, "valence": -0.5}}, 0.4),
        ({"emotion": {"intensity": 0.8, "valence": 0.5}}, 0.0),
        ({"severity": "medium"}, 0.5),
        ({"severity": "medium", "occurrences": 4}, 0.75),
        ({"severity": "critical", "occurrences": 16}, 1.0),
    ],
)
def test_pain_is_felt_or_counted(data: dict[str, Any], pain: float) -> None:
    assert MemoryRecord.model_validate({"text": "x y", **data}).pain == pain


class TestMigrations:
    def test_version_0_invents_nothing(self) -> None:
        """No clock for an id, no 5 for a confidence of 0."""
        migration = migrate({"content": "it broke", "confidence": 0})
        assert migration.from_version == 0
        assert migration.data == {"text": "it broke", "participants": [], "confidence": 0.0}

    def test_version_0_takes_summary_then_content_then_messages(self) -> None:
        both = migrate({"summary": "short", "content": "long", "id": 7})
        assert (both.data["text"], both.data["extra"]) == ("short", {"content": "long"})
        assert both.data["id"] == "7"
        said = migrate({"messages": ["one", {"content": "two"}, {"role": "x"}]})
        assert said.data["text"] == "one\ntwo"

    def test_version_1_becomes_a_valid_record(self) -> None:
        result = validate_memory(
            {
                "id": "a",
                "text": "the meeting went well",
                "date": "2024-05-01T10:00:00",
                "sender": "ann",
                "recipients": ["bob", "ann"],
                "mood": "Grateful",
                "sentiment": 0.75,
                "categories": ["team"],
                "metadata": {"version": 1, "source": "chat", "lang": "en"},
                "colour": "red",
            }
        )
        record = result.record
        assert record is not None
        assert result.migrated_from == 1
        assert [person.id for person in record.participants] == ["ann", "bob"]
        assert record.emotion is not None
        assert (record.emotion.mood, record.emotion.intensity) == ("positive", 0.75)
        assert (record.tags, record.sources) == (("team",), ("chat",))
        assert record.extra == {"lang": "en", "colour": "red"}
        messages = " ".join(issue.message for issue in result.warnings)
        assert "colour" in messages
        assert "UTC is assumed" in messages

    def test_a_mood_that_is_not_known_is_kept_as_a_marker(self) -> None:
        data = migrate({"text": "x", "sender": "a", "mood": "wistful", "sentiment": "bad"})
        assert data.data["emotion"] == {"markers": ["wistful"]}
        assert len(data.warnings) == 2

    def test_what_cannot_be_migrated_says_so(self) -> None:
        with pytest.raises(TransformError, match="neither summary, content nor messages"):
            migrate({"schema_version": 0})

    @pytest.mark.parametrize("version", [2, "2", "2.0", 2.0])
    def test_a_current_record_stays_as_it_is(self, version: Any) -> None:
        assert migrate({"schemaVersion": version, "text": "x"}).data == {"text": "x"}
