"""Merging loses nothing, decides by rule, and writes conflicts down."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_engine.core import ConfigurationError
from memory_processing import (
    BatchProcessingConfig,
    MemoryRecord,
    MemoryStore,
    RecordSource,
    decide,
    export_memories,
    import_memories,
    open_pairs,
    open_store,
    unmerge,
)
from memory_processing.clusters import Member, Verdict, plan_group
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


def test_the_first_time_the_most_occurrences_and_the_widest_scope_stand() -> None:
    merged = combine(
        [
            record(created_at="2026-03-01T00:00:00Z", occurrences=2, scope={"files": ["a.py"]}),
            record(created_at="2026-01-01T00:00:00Z", occurrences=5),
        ]
    ).record
    assert merged.created_at is not None
    assert (merged.created_at.month, merged.occurrences, merged.scope.files) == (1, 5, ())


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


ALIKE = "run {}integration tests before you push {}release branch to {}main remote of the shop"
OLD: dict[str, Any] = {"text": ALIKE.format("", "", ""), "confidence": 0.5}
NEW: dict[str, Any] = {"text": ALIKE.format("the ", "", ""), "confidence": 0.4}
BEST: dict[str, Any] = {"text": ALIKE.format("", "the ", ""), "confidence": 0.9}
OTHER: dict[str, Any] = {"text": "green tests come before pushes", "confidence": 0.95}
QUIET = BatchProcessingConfig(log_progress=False)


def _ids(store: MemoryStore) -> dict[str, str]:
    return {one.text: one.id for one in export_memories(store, members=True)}


def _behind(store: MemoryStore) -> dict[str, str]:
    """Merged texts with the texts that stand for them."""
    texts = {content: data["text"] for content, data in store.memories(members=True)}
    rows = store.merges("note\x1f" + MemoryRecord(text="x").scope.key)
    return {texts[row.pair.member]: texts[row.pair.survivor] for row in rows}


def test_what_is_kept_apart_never_stands_behind_the_same_third() -> None:
    """A better memory comes later that both are near: it takes one, the other is asked about."""
    with open_store(":memory:") as store:
        import_memories([RecordSource([OLD, NEW])], store, QUIET)
        unmerge(store, _ids(store)[NEW["text"]], config=QUIET)
        import_memories([RecordSource([BEST])], store, QUIET)
        assert _behind(store) == {OLD["text"]: BEST["text"]}
        (pair,) = open_pairs(store)
        assert {pair.first.text, pair.second.text} == {NEW["text"], BEST["text"]}
        assert "kept apart" in pair.reasons[0]
        dump = [*store.dump()]
        import_memories([RecordSource([BEST, NEW, OLD])], store, QUIET)
        assert [*store.dump()] == dump


def test_a_merge_that_a_person_decided_holds_when_a_better_memory_comes() -> None:
    with open_store(":memory:") as store:
        import_memories([RecordSource([OLD, {**OTHER, "confidence": 0.1}])], store, QUIET)
        ids = _ids(store)
        decide(store, ids[OTHER["text"]], ids[OLD["text"]], "merge", config=QUIET)
        assert _behind(store) == {OTHER["text"]: OLD["text"]}
        import_memories([RecordSource([BEST])], store, QUIET)
        assert _behind(store) == {OTHER["text"]: BEST["text"], OLD["text"]: BEST["text"]}


def test_to_merge_with_a_member_is_to_merge_with_all_that_it_stands_with() -> None:
    """Before, it was said to be merged, and was not."""
    for other in (OTHER, {**OTHER, "confidence": 0.1}):
        with open_store(":memory:") as store:
            import_memories([RecordSource([OLD, NEW, other])], store, QUIET)
            ids = _ids(store)
            decide(store, ids[other["text"]], ids[NEW["text"]], "merge", config=QUIET)
            assert store.counts()["current"] == 1
            assert len(set(_behind(store).values())) == 1


def test_a_merge_after_an_unmerge_joins_all_again_and_each_word_outranks_the_one_before() -> None:
    with open_store(":memory:") as store:
        import_memories([RecordSource([OLD, NEW, BEST])], store, QUIET)
        ids = _ids(store)
        assert store.counts()["current"] == 1
        whole = sorted(_behind(store).items())
        for text in (OLD["text"], NEW["text"]):  # two in a row
            assert unmerge(store, ids[text], config=QUIET) == (ids[text],)
        assert store.counts()["current"] == 3
        dump = [*store.dump()]
        with pytest.raises(ConfigurationError, match="is in no merge"):
            unmerge(store, ids[OLD["text"]], config=QUIET)
        assert [*store.dump()] == dump
        for text in (OLD["text"], NEW["text"], NEW["text"]):
            decide(store, ids[text], ids[BEST["text"]], "merge", config=QUIET)
        assert sorted(_behind(store).items()) == whole
        decide(store, ids[BEST["text"]], ids[OLD["text"]], "apart", config=QUIET)
        assert _behind(store) == {NEW["text"]: BEST["text"]}


_PAIRS = [(a, b) for a in "abcde" for b in "abcde" if a < b]


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(_PAIRS), st.sampled_from(["merge", "apart"]), max_size=8),
    st.permutations([0.1, 0.3, 0.5, 0.7, 0.9]),
)
def test_whatever_people_say_apart_is_apart_and_nobody_stands_behind_a_member(
    said: dict[tuple[str, str], Verdict], sure: list[float]
) -> None:
    fillers = ("", "please ", "indeed ", "actually ", "definitely ")
    members = [
        member(name, filler + BASE, confidence)
        for name, filler, confidence in zip("abcde", fillers, sure, strict=True)
    ]
    verdicts = {(a * 64, b * 64): verdict for (a, b), verdict in said.items()}
    plan = plan_group(members, CONFIG, verdicts)
    leads = {pair.member[0]: pair.survivor[0] for pair in plan.merges}
    assert not set(leads) & set(leads.values())
    together = {(a, b): leads.get(a, a) == leads.get(b, b) for a, b in _PAIRS}
    assert not [pair for pair, verdict in said.items() if verdict == "apart" and together[pair]]
    if "apart" not in said.values():
        assert all(together.values())
    assert plan == plan_group(members[::-1], CONFIG, dict(reversed(verdicts.items())))


def test_a_pair_at_the_very_merge_threshold_is_merged() -> None:
    words = [f"w{number}" for number in range(16)]
    pair = [member("a", " ".join(words)), member("b", " ".join(["please", "indeed", *words]))]
    at = CONFIG.updated(merge_threshold=16 / 18)
    assert len(plan_group(pair, at, {}).merges) == 1
    above = plan_group(pair, at.updated(merge_threshold=0.9), {})
    assert (above.merges, len(above.reviews)) == ((), 1)


def test_what_a_person_keeps_apart_is_not_asked_again_by_way_of_members() -> None:
    """Both survivors are apart; a member of one is still near the other."""
    members = [
        member("a", BASE, 0.9),
        member("b", f"please {BASE}", 0.5),
        member("c", BASE.replace("integration", "unit"), 0.8),
    ]
    said: dict[tuple[str, str], Verdict] = {("a" * 64, "c" * 64): "apart"}
    plan = plan_group(members, CONFIG, said)
    assert [pair.member[0] for pair in plan.merges] == ["b"]
    assert plan.reviews == ()
