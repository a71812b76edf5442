"""Whatever comes back, every good item is taken and every bad one is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from template_creation.agents import KnownIds, ParsedAnswer, parse_answer
from template_creation.agents.parse import parse_agent
from template_creation.values.answer import AnsweredAgent

AGENTS = ["api-specialist", "testing-specialist"]

GOOD: dict[str, Any] = {
    "agent_name": "api-specialist",
    "templates": [{"id": "T1", "why": "the routes"}],
    "practices": [{"text": "Annotate.", "cites": ["C1"]}],
    "examples": [{"id": "T1.s1", "title": "GET"}],
    "constraints": [{"text": "Never leak.", "cites": ["R1"]}],
    "commands": ["K1"],
    "short_because": "",
}


@pytest.fixture
def known(shop) -> KnownIds:
    return KnownIds.of(shop.context)


def rules(parsed: ParsedAnswer, agent: str) -> list[str]:
    return [issue.rule for issue in parsed.issues.get(agent, [])]


@pytest.mark.parametrize(
    "payload",
    [
        {"enhancements": [GOOD]},
        [GOOD],
        GOOD,
        {"enhanced_agents": [{**GOOD, "agent_name": None, "name": "api-specialist.md"}]},
        {"enhancements": {"api-specialist": {k: v for k, v in GOOD.items() if k != "agent_name"}}},
        json.dumps({"enhancements": [GOOD]}),
        json.dumps(json.dumps({"enhancements": [GOOD]})),
        "Here you are:\n```json\n" + json.dumps({"enhancements": [GOOD]}) + "\n```\nDone.",
        "Sure! " + json.dumps({"enhancements": [GOOD]}) + " Anything else?",
        {"request_id": "x", "status": "success", "response": json.dumps({"enhancements": [GOOD]})},
        "\ufeff" + json.dumps({"enhancements": [GOOD]}),
    ],
)
def test_every_way_of_wrapping_an_answer_gives_the_same(payload: object, known: KnownIds) -> None:
    """Object, list, bare item, drifted keys, text, fence, prose, envelope, byte order mark."""
    parsed = parse_answer(payload, AGENTS, known)
    sections = parsed.sections["api-specialist"]
    assert sections.examples[0].id == "T1.s1"
    assert sections.commands == ("K1",)
    assert parsed.issues == {}


@pytest.mark.parametrize("payload", [None, 7, "", "no JSON at all", {"enhancements": []}, []])
def test_an_answer_without_anything_is_told_and_raises_nothing(
    payload: object, known: KnownIds
) -> None:
    """The caller decides what a lost answer means."""
    parsed = parse_answer(payload, AGENTS, known)
    assert not parsed.sections
    assert rules(parsed, "") in (["answer-json"], ["answer-empty"])


def test_one_bad_item_never_loses_the_others(known: KnownIds) -> None:
    """A wrong type, an unknown id and an item without evidence go; the good practice stays."""
    practices = [
        {"text": "Annotate.", "cites": ["C1"]},
        "not an object",
        {"text": "Invented.", "cites": ["C99"]},
        {"text": "From nowhere.", "cites": []},
    ]
    parsed = parse_answer({"enhancements": [{**GOOD, "practices": practices}]}, AGENTS, known)
    assert [item.text for item in parsed.sections["api-specialist"].practices] == ["Annotate."]
    assert rules(parsed, "api-specialist") == ["answer-item", "unknown-id", "no-evidence"]


def test_an_unknown_id_names_its_place_and_the_nearest_known_one(known: KnownIds) -> None:
    """So that whoever wrote it can fix it."""
    item = {**GOOD, "examples": [{"id": "T1.s11", "title": ""}]}
    (issue,) = parse_answer([item], AGENTS, known).issues["api-specialist"]
    assert issue.place == "$[0].examples[0].id"
    assert issue.fix == "did you mean 'T1.s1'?"


def test_one_bad_agent_never_loses_the_others(known: KnownIds) -> None:
    """Null entries, agents nobody asked for, and second answers are told, the rest is used."""
    other = {**GOOD, "agent_name": "testing-specialist"}
    stranger = {**GOOD, "agent_name": "api-specialst"}
    parsed = parse_answer({"enhancements": [None, GOOD, stranger, GOOD, other]}, AGENTS, known)
    assert sorted(parsed.sections) == AGENTS
    assert rules(parsed, "") == ["answer-item", "unknown-agent"]
    assert parsed.issues[""][1].fix == "did you mean 'api-specialist'?"
    assert rules(parsed, "api-specialist") == ["second-answer"]


def test_lists_of_another_type_are_empty_lists(known: KnownIds) -> None:
    """``"practices": "none"`` is told; the agent's other sections stay."""
    parsed = parse_answer([{**GOOD, "practices": "none", "commands": "K1"}], AGENTS, known)
    assert parsed.sections["api-specialist"].practices == ()
    assert parsed.sections["api-specialist"].templates
    assert "answer-list" in rules(parsed, "api-specialist")


def test_whole_text_is_the_markdown_contract(known: KnownIds) -> None:
    """The seed's ``enhanced_content`` is taken as it is; validation judges it later."""
    answer = {"enhancements": [{"agent_name": "api-specialist", "enhanced_content": "# A"}]}
    parsed = parse_answer(answer, AGENTS, known)
    assert parsed.markdown == {"api-specialist": "# A"}


def test_drifted_items_are_read_by_their_letters(known: KnownIds) -> None:
    """Other keys, ids in brackets or other case, a path for an id, cites as one text."""
    item = {
        "agent_name": "api-specialist",
        "template_references": [{"template": "app/api/items.py", "reason": "the routes"}],
        "bestPractices": [{"practice": "Annotate.", "citations": "c1, [R1]"}],
        "code_examples": [{"symbol_id": "`t1.S1`", "heading": "GET"}],
        "commands": "K1",
    }
    parsed = parse_answer([item], AGENTS, known)
    sections = parsed.sections["api-specialist"]
    assert sections.templates[0].id == "T1"
    assert sections.practices[0].cites == ("C1", "R1")
    assert sections.examples[0].id == "T1.s1"
    assert sections.commands == ("K1",)
    assert parsed.issues == {}


def test_every_fault_of_an_item_is_told(known: KnownIds) -> None:
    """F52: all errors, each with its own place."""
    item = {**GOOD, "practices": [{"cites": ["C9", "R9"]}, {"cites": ["C1"]}, {"text": "x"}]}
    issues = parse_answer([item], AGENTS, known).issues["api-specialist"]
    assert [(issue.rule, issue.place) for issue in issues] == [
        ("unknown-id", "$[0].practices[0].cites[0]"),
        ("unknown-id", "$[0].practices[0].cites[1]"),
        ("answer-item", "$[0].practices[1].text"),
        ("answer-item", "$[0].practices[2].cites"),
    ]
    assert all(issue.agent == "api-specialist" and issue.fix for issue in issues)


def test_what_is_said_twice_is_told_once(known: KnownIds) -> None:
    """Models repeat items, and say a thing under two keys; the first and the right one count."""
    one, two = ({"text": text, "cites": ["C1"]} for text in ("Annotate.", "Inject."))
    templates = [
        {"id": "T1", "why": "right", "reason": "drifted"},
        {"reason": "drifted", "why": "right too", "id": "T2"},
        {"id": "T99", "why": "There is none."},
    ]
    said = {**GOOD, "templates": templates, "practices": [one, two, one], "commands": ["K1", "K1"]}
    parsed = parse_answer({"enhancements": [said]}, AGENTS, known)
    sections = parsed.sections["api-specialist"]
    assert [item.text for item in sections.practices] == ["Annotate.", "Inject."]
    assert [item.why for item in sections.templates] == ["right", "right too"]
    assert sections.commands == ("K1",)
    assert rules(parsed, "api-specialist") == ["unknown-id"]


def test_a_flood_of_items_is_cut_and_told(known: KnownIds) -> None:
    """A list has an end, however long it is."""
    item = {**GOOD, "practices": [{"text": f"Do {n}.", "cites": ["C1"]} for n in range(500)]}
    parsed = parse_answer([item], AGENTS, known)
    assert len(parsed.sections["api-specialist"].practices) == 100
    assert rules(parsed, "api-specialist") == ["answer-list"]


def test_an_agent_can_be_parsed_as_soon_as_it_is_there(known: KnownIds) -> None:
    """One object at a time, for bridges that stream."""
    answered = AnsweredAgent("api-specialist", GOOD, "$.enhancements[0]")
    parsed = parse_agent(answered, known)
    assert parsed.name == "api-specialist"
    assert parsed.sections is not None
    assert parsed.issues == ()
