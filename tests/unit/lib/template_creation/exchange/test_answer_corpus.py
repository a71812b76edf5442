"""Every answer of the corpus, read whole, by character and in random pieces."""

from __future__ import annotations

import json
import random
from typing import Any

from template_creation.exchange import AnswerReader, read_answer
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

Found = list[AnsweredAgent | Issue]


def in_pieces(text: str, expected: tuple[str, ...], sizes: random.Random | None) -> Found:
    """What a reader gives for ``text`` by character, or in pieces of random sizes."""
    reader = AnswerReader(expected)
    found: Found = []
    at = 0
    while at < len(text):
        size = sizes.randint(1, 90) if sizes else 1
        found += reader.feed(text[at : at + size])
        at += size
    return [*found, *reader.finish()]


def unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def test_the_right_agents_are_taken_and_every_refusal_is_told(answer_case: Any) -> None:
    """Nothing is lost that was complete, nothing is taken that was not, nothing is silent."""
    found = read_answer(answer_case.text, answer_case.expected)
    taken = [item for item in found if isinstance(item, AnsweredAgent)]
    assert tuple(item.name for item in taken) == answer_case.taken
    assert {item.name: item.repaired for item in taken if item.repaired} == answer_case.repaired
    issues = [item for item in found if isinstance(item, Issue)]
    assert tuple((item.rule, item.agent) for item in issues) == answer_case.issues
    assert all(item.place.startswith("$") and item.message and item.fix for item in issues)


def test_it_does_not_matter_how_it_arrives(answer_case: Any) -> None:
    """Whole, by character, in random pieces: the same, to the last word of each refusal."""
    whole = read_answer(answer_case.text, answer_case.expected)
    assert in_pieces(answer_case.text, answer_case.expected, None) == whole
    for seed in range(3):
        pieces = in_pieces(answer_case.text, answer_case.expected, random.Random(seed))
        assert pieces == whole


def test_an_object_is_read_as_its_text(answer_case: Any) -> None:
    """A bridge may hand over what it decoded itself."""
    try:
        payload = json.loads(answer_case.text, object_pairs_hook=unambiguous)
    except (ValueError, RecursionError):
        return  # nothing that a bridge could have decoded
    taken = [
        item.name
        for item in read_answer(payload, answer_case.expected)
        if isinstance(item, AnsweredAgent)
    ]
    assert taken == list(answer_case.taken)


def test_what_is_taken_can_be_stored(answer_case: Any) -> None:
    """No half characters: every text can be written as UTF-8."""
    for item in read_answer(answer_case.text, answer_case.expected):
        if isinstance(item, AnsweredAgent):
            json.dumps(item.data, ensure_ascii=False).encode("utf-8")


def test_the_corpus_has_all_kinds(answer_corpus: list[Any]) -> None:
    """At least sixty answers: good ones, damaged ones, hostile ones; each file listed once."""
    assert len({case.id for case in answer_corpus}) == len(answer_corpus) >= 60
    assert {case.kind for case in answer_corpus} == {"good", "damaged", "hostile"}


def test_endless_refusals_are_counted_not_listed() -> None:
    """All errors, in bounded memory: after two hundred the rest is a number."""
    strangers = [{"agent_name": f"agent-{n}", "enhanced_content": "# x"} for n in range(300)]
    found = read_answer({"enhancements": strangers}, ["api"])
    assert len(found) == 201
    assert isinstance(found[-1], Issue)
    assert found[-1].message == "100 more things were refused"
