"""Agents whose names are words of the answers' own formats: never another's answer, never lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from template_creation.exchange import AnswerReader, read_answer
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

OTHER = "b-two"
WORDS = (
    *("agent_name", "name", "agent", "filename", "enhanced_content", "content", "body"),
    *("templates", "practices", "examples", "constraints", "commands", "short_because"),
    *("enhancements", "agents", "results", "response", "answer", "data", "text", "message"),
    *("sections", "enhancement", "status", "usage", "metadata", "model", "id", "null"),
)
"""Of each kind of word some: fields and their aliases, lists, wrappers, envelopes, literals."""


def sections(of: str) -> dict[str, Any]:
    return {"templates": [{"id": "T1", "why": f"for {of}"}], "practices": [], "commands": []}


def markdown(of: str) -> dict[str, Any]:
    return {"enhanced_content": f"## Purpose\n\nFor {of}.\n"}


Fields = Callable[[str], dict[str, Any]]
Form = Callable[[tuple[str, ...], Fields], Any]


def listed(names: tuple[str, ...], fields: Fields) -> Any:
    return {"enhancements": [{"agent_name": name, **fields(name)} for name in names]}


def named_last(names: tuple[str, ...], fields: Fields) -> Any:
    return [{**fields(name), "agent_name": name} for name in names]


def drifted(names: tuple[str, ...], fields: Fields) -> Any:
    items = [
        {"name": name, **{k.removeprefix("enhanced_"): v for k, v in fields(name).items()}}
        for name in names
    ]
    return {"agents": items}


def by_name(names: tuple[str, ...], fields: Fields) -> Any:
    return {"enhancements": {name: fields(name) for name in names}}


def by_name_alone(names: tuple[str, ...], fields: Fields) -> Any:
    return {name: fields(name) for name in names}


def enveloped(names: tuple[str, ...], fields: Fields) -> Any:
    about = {"request_id": "r-1", "version": "1.0", "status": "success", "error": None}
    more = {"type": "message", "model": "m", "usage": {"input": 1}, "metadata": {"note": "x"}}
    return {**about, **more, "response": json.dumps(by_name(names, fields))}


def texts(names: tuple[str, ...], fields: Fields) -> Any:
    return {name: f"## Purpose\n\nFor {name}.\n" for name in names}


def wrapped_texts(names: tuple[str, ...], fields: Fields) -> Any:
    return {"enhancements": texts(names, fields)}


FORMS = (listed, named_last, drifted, by_name, by_name_alone, enveloped, texts, wrapped_texts)


def _said(item: AnsweredAgent) -> str:
    """Whom the answer speaks of."""
    words = json.dumps(item.data)
    return words.partition("or ")[2].partition(".")[0].partition('"')[0]


def _taken(items: list[AnsweredAgent | Issue]) -> dict[str, str]:
    return {item.name: _said(item) for item in items if isinstance(item, AnsweredAgent)}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fields", [sections, markdown])
def test_a_name_that_is_a_word_of_the_format_costs_nobody_an_answer(
    form: Form, fields: Fields
) -> None:
    """Whatever the form and whichever comes first, each agent has its own answer."""
    for word in WORDS:
        for names in ((word, OTHER), (OTHER, word)):
            found = _taken(read_answer(json.dumps(form(names, fields)), names))
            assert found == {name: name for name in names}


@pytest.mark.parametrize("form", FORMS)
def test_all_such_names_together_by_single_characters(form: Form) -> None:
    """A package may have many of them at once, and an answer comes in any pieces."""
    text = json.dumps(form(WORDS, sections))
    reader = AnswerReader(WORDS)
    found: list[AnsweredAgent | Issue] = []
    for char in text:
        found += reader.feed(char)
    found += reader.finish()
    assert _taken(found) == {name: name for name in WORDS}
    assert found == read_answer(text, WORDS)


@pytest.mark.parametrize("form", [listed, by_name])
@pytest.mark.parametrize("fields", [sections, markdown])
def test_a_cut_answer_gives_each_what_was_complete_and_nobody_anothers(
    form: Form, fields: Fields
) -> None:
    """Cut anywhere: no agent is given another's words, and the first stays once it is whole."""
    for word in WORDS:
        for names in ((word, OTHER), (OTHER, word)):
            text = json.dumps(form(names, fields))
            first_ends = text.index("}, ", text.index(f"or {names[0]}"))
            for cut in range(20, len(text) - 3, 29):
                found = _taken(read_answer(text[:cut], names))
                assert all(name == said for name, said in found.items())
                assert cut <= first_ends + 1 or names[0] in found


@pytest.mark.parametrize("word", ["data", "sections", "content"])
def test_fields_below_a_word_are_not_the_agents_that_is_called_so(word: str) -> None:
    """Who is called like the key that another's fields stand under is not given them."""
    payload = {word: {**sections(OTHER), **markdown(OTHER)}, "agent_name": OTHER}
    assert word not in _taken(read_answer(payload, [word, OTHER]))


def test_what_an_envelope_says_is_no_agents_text() -> None:
    """A status, a model's name or a note is no answer for the agent that is called so."""
    about = {"status": "success", "model": "some-1", "message": "## Done\n\nAll of it."}
    payload = {**about, **listed((OTHER,), sections), "note": "n", "usage": {"input": 1}}
    names = [*about, "note", "usage", OTHER]
    assert _taken(read_answer(payload, names)) == {OTHER: OTHER}


def test_a_damaged_object_is_not_divided_among_agents_called_like_its_keys() -> None:
    """What is saved of an unreadable answer belongs to agents that it names as such."""
    broken = '{"agent_name": "b-two", "data": {"enhanced_content": "## For b-two."}, "x": "a"b}'
    assert _taken(read_answer(f'{{"enhancements": [{broken}', ["data", OTHER])) == {}


def _rules(items: list[AnsweredAgent | Issue]) -> list[str]:
    return [item.rule for item in items if isinstance(item, Issue)]


def test_names_that_are_all_words_make_a_map_too() -> None:
    """Two texts under two names are two agents' texts, whatever else the keys mean."""
    names = ("content", "name")
    assert _taken(read_answer(texts(names, sections), names)) == {name: name for name in names}


def test_what_is_surely_an_agents_is_handed_over_before_the_end() -> None:
    """Once one key is known as a name, the others are: what they hold survives a cut."""
    names = ("content", OTHER, "data", "third")
    text = json.dumps(
        {"content": "## For content.", OTHER: "## For b-two.", "data": sections("data")}
    )
    found = read_answer(text[:-1] + ', "third": "## Fo', names)
    assert _taken(found) == {name: name for name in names[:3]}


def test_each_refusal_is_told_once_and_for_what_it_is() -> None:
    """A stranger's object is a stranger's, an empty one is empty, an envelope is nothing."""
    stranger = {"name": "Stranger", "content": "One line."}
    assert _rules(read_answer(stranger, ["name", "content"])) == ["unknown-agent"]
    assert _rules(read_answer([{OTHER: {}}], [OTHER, "c"])) == ["empty-answer"]
    wrapped = {"content": json.dumps(listed((OTHER,), sections)), "role": "assistant"}
    assert read_answer(wrapped, [OTHER, "c"])[1:] == []
    cut = read_answer('{"c": {}, "b-two": {"enhanced_content": "## B', [OTHER, "c"])
    assert _rules(cut) == ["empty-answer", "answer-cut"]


@pytest.mark.parametrize("word", ["response", "data", "content", "agents"])
def test_an_object_that_names_its_agent_is_that_agents_under_any_word(word: str) -> None:
    """A key of the format is a name only where the object below it has none."""
    payload = {word: {"agent_name": OTHER, **sections(OTHER)}}
    assert _taken(read_answer(payload, [word, OTHER])) == {OTHER: OTHER}


def test_a_name_that_could_be_two_agents_is_neithers() -> None:
    """Other spelling is forgiven where it leads to one agent."""
    payload = {"enhancements": [{"agent_name": "API X", **sections("one")}]}
    assert _taken(read_answer(payload, ["api-x", "api_x"])) == {}
    assert _taken(read_answer(payload, ["api-x", OTHER])) == {"api-x": "one"}


def test_what_is_said_twice_counts_the_first_time() -> None:
    """A title beside the name does not rename the agent."""
    item = {"agent_name": OTHER, "name": "The API agent", **sections(OTHER), "markdown": "## No"}
    assert _taken(read_answer([item], [OTHER, "c"])) == {OTHER: OTHER}


def test_what_was_lost_is_laid_to_the_agent_that_it_names() -> None:
    """Not to one that is called like the key, nor to one that was answered before."""

    def told(text: str) -> list[tuple[str, str]]:
        found = read_answer(text, ["response", OTHER])
        return [(item.rule, item.agent) for item in found if isinstance(item, Issue)]

    broken = '{"response": {"agent_name": "b-two", "templates": [], "x": "a"b: }}'
    assert told(broken) == [("answer-unreadable", OTHER)]
    whole = json.dumps(listed((OTHER,), sections))[:-2]
    assert told(whole + ', {"agent_name": "b-two", "templ') == [("answer-cut", "")]
