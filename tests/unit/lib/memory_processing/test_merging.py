"""Merging loses nothing, decides by rule, and writes conflicts down."""

from __future__ import annotations

import random
from typing import Any

from memory_processing import (
    BatchProcessingConfig,
    MemoryRecord,
    RecordSource,
    export_memories,
    import_memories,
    open_store,
    unmerge,
)
from memory_processing.clusters import Member, plan_group
from memory_processing.merging import combine

CONFIG = BatchProcessingConfig()
BASE = "run the integration tests before anybody pushes this release branch to our remote"


def record(**data: Any) -> MemoryRecord:
    return MemoryRecord.model_validate({"text": "be kind to users", **data})


def test_origins_tags_sources_and_people_are_united() -> None:
    one = record(
        tags=["b"],
        sources=["m1"],
        participants=[{"id": "ann"}],
        provenance=[{"source": "f", "line": 3}],
    )
    two = record(
        tags=["a", "b"],
        sources=["m2"],
        participants=[{"id": "ann", "name": "Ann"}, {"id": "bob"}],
        provenance=[{"source": "f", "line": 9}],
    )
    merged = combine([one, two]).record
    assert merged.tags == ("a", "b")
    assert merged.sources == ("m1", "m2")
    assert [(person.id, person.name) for person in merged.participants] == [
        ("ann", "Ann"),
        ("bob", ""),
    ]
    assert [origin.line for origin in merged.provenance] == [3, 9]


def test_the_highest_and_the_oldest_stand() -> None:
    merged = combine(
        [
            record(confidence=0.2, created_at="2026-01-01T00:00:00Z", severity="high"),
            record(confidence=0.9, updated_at="2026-02-01T00:00:00Z", severity="low"),
        ]
    ).record
    assert (merged.confidence, merged.severity) == (0.9, "high")
    assert merged.created_at is not None
    assert merged.created_at.year == 2026
    assert merged.updated_at is not None


def test_emotions_are_weighted_by_confidence_and_a_conflict_of_moods_is_noted() -> None:
    merged = combine(
        [
            record(confidence=0.75, emotion={"mood": "negative", "intensity": 1, "valence": -1}),
            record(
                confidence=0.25,
                emotion={
                    "mood": "positive",
                    "intensity": 0.5,
                    "valence": 1,
                    "themes": [{"name": "x"}],
                },
            ),
        ]
    )
    emotion = merged.record.emotion
    assert emotion is not None
    assert (emotion.mood, emotion.intensity, emotion.valence) == ("mixed", 0.875, -0.5)
    assert [theme.name for theme in emotion.themes] == ["x"]
    (conflict,) = merged.conflicts
    assert conflict.to_json() == {
        "field": "emotion.mood",
        "kept": "mixed",
        "others": ["negative", "positive"],
    }


def test_confidence_zero_on_both_sides_does_not_divide_by_zero() -> None:
    merged = combine(
        [
            record(confidence=0, emotion={"valence": -1}),
            record(confidence=0, emotion={"valence": 1, "intensity": 1}),
        ]
    ).record
    assert merged.emotion is not None
    assert merged.emotion.valence == 0


def test_the_order_of_records_does_not_matter() -> None:
    records = [
        record(confidence=n / 10, tags=[str(n)], extra={"n": n}, emotion={"valence": n / 10})
        for n in range(6)
    ]
    expected = combine(records)
    for seed in range(5):
        shuffled = records[:]
        random.Random(seed).shuffle(shuffled)
        assert combine(shuffled) == expected
    assert {conflict.field for conflict in expected.conflicts} == {"extra.n"}


def member(name: str, text: str, confidence: float = 0.5, created: str = "") -> Member:
    return Member(name * 64, text, confidence, created)


def test_the_survivor_is_the_surest_then_the_oldest_then_the_smallest_hash() -> None:
    texts = [BASE, f"please {BASE}", f"{BASE}, please"]
    sure = [member("a", texts[0]), member("b", texts[1], 0.9), member("c", texts[2], 0.9, "2020")]
    plan = plan_group(sure, CONFIG, {})
    assert {pair.survivor[0] for pair in plan.merges} == {"c"}
    same = [member("b", texts[1]), member("a", texts[0])]
    assert [pair.survivor[0] for pair in plan_group(same, CONFIG, {}).merges] == ["a"]


def test_nobody_is_merged_by_way_of_another() -> None:
    """a is near b, b is near c: c joins a survivor only if it is near that one itself."""
    words = BASE.split()
    more = ["nightly", "builds", "staging", "images", "release", "notes"]
    texts = [" ".join(words + more[: 2 * n]) for n in range(4)]
    members = [member("abcd"[n], text, confidence=1 - n / 10) for n, text in enumerate(texts)]
    plan = plan_group(members, CONFIG.updated(guards=("negation",)), {})
    merged = {pair.member[0]: pair.survivor[0] for pair in plan.merges}
    assert merged == {"b": "a", "d": "c"}
    assert all(pair.similarity >= CONFIG.merge_threshold for pair in plan.merges)


def test_decisions_outrank_thresholds_and_guards() -> None:
    near = [member("a", BASE), member("b", f"please {BASE}")]
    apart = {("a" * 64, "b" * 64): "apart"}
    plan = plan_group(near, CONFIG, apart)  # type: ignore[arg-type]
    assert (plan.merges, plan.reviews) == ((), ())
    far = [member("a", BASE), member("b", "something else altogether")]
    merge = {("a" * 64, "b" * 64): "merge"}
    (pair,) = plan_group(far, CONFIG, merge).merges  # type: ignore[arg-type]
    assert (pair.member[0], pair.by) == ("b", "review")


def test_an_open_pair_is_between_survivors_with_its_reason() -> None:
    members = [
        member("a", BASE, 0.9),
        member("b", f"please {BASE}"),
        member("c", BASE.replace("integration", "unit")),
    ]
    plan = plan_group(members, CONFIG, {})
    assert [pair.member[0] for pair in plan.merges] == ["b"]
    (pair,) = plan.reviews
    assert (pair.first[0], pair.second[0]) == ("a", "c")
    assert "integration / unit" in pair.reasons[0]


def test_what_is_unmerged_is_not_joined_with_its_former_sibling() -> None:
    """Three that say the same are one; a survivor that is left by all leaves three, for good."""
    text = "run {}integration tests before you push {}release branch"
    listed = [
        {"text": text.format(*words), "confidence": sure}
        for words, sure in ((("", ""), 0.9), (("the ", ""), 0.5), (("", "the "), 0.5))
    ]
    quiet = BatchProcessingConfig(log_progress=False, merge_threshold=0.7)
    with open_store(":memory:") as store:
        report = import_memories([RecordSource(listed)], store, quiet)
        assert (report.counts.merged, store.counts()["current"]) == (2, 1)
        (survivor,) = export_memories(store)
        assert len(unmerge(store, survivor.id, config=quiet)) == 2
        assert store.counts()["current"] == 3
        import_memories([RecordSource(listed)], store, quiet)
        assert store.counts()["current"] == 3
