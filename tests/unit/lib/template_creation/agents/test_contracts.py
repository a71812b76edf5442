"""What the schema accepts is what the reader takes, and the other way round."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.agents import KnownIds, parse_answer
from template_creation.exchange import example_answer, response_schema

NAMES = ["api-specialist", "db-specialist"]
TEMPLATES, SYMBOLS = ["T1", "T2"], ["T1.s1", "T1.s2"]
FACTS, COMMANDS = ["C1", "R1", "D1"], ["K1"]
KNOWN = KnownIds(
    frozenset(TEMPLATES), frozenset(SYMBOLS), frozenset([*FACTS, *COMMANDS]), frozenset(COMMANDS)
)
REQUEST: dict[str, Any] = {
    "contract": "sections",
    "agents": [{"name": name} for name in NAMES],
    "template_catalog": [{"id": "T1", "symbols": [{"id": i} for i in SYMBOLS]}, {"id": "T2"}],
    "conventions": [{"id": "C1"}],
    "rules": [{"id": "R1"}],
    "technologies": [{"id": "D1"}],
    "commands": [{"id": "K1"}],
}
VALIDATOR = jsonschema.Draft202012Validator(response_schema(REQUEST))

texts = st.sampled_from(["Annotate.", "Say it {once}.", 'With "quotes".'])
wrong = st.sampled_from(["T9", "K2", "C1x", "see T1"])


def ids(*known: list[str]) -> st.SearchStrategy[str]:
    right = st.sampled_from([one for some in known for one in some])
    return st.one_of(right, right, right, right, wrong)


def lists(item: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(item, max_size=3, unique_by=str)


def items(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return lists(st.fixed_dictionaries(fields))


cites = lists(ids(TEMPLATES, SYMBOLS, FACTS, COMMANDS))
agents = st.fixed_dictionaries(
    {
        "templates": st.just([{"id": "T1", "why": "The form."}])
        | items(id=ids(TEMPLATES), why=texts),
        "practices": items(text=texts, cites=cites),
        "examples": items(id=ids(SYMBOLS, TEMPLATES), title=texts, note=texts | st.just("")),
        "constraints": items(text=texts, cites=cites),
        "commands": lists(ids(COMMANDS, COMMANDS, FACTS)),
        "short_because": texts | st.just(""),
    }
)
answers = st.fixed_dictionaries(
    {NAMES[0]: agents}, optional={NAMES[1]: agents, "other-specialist": agents}
).map(lambda found: {"enhancements": found})


def says_something(answer: dict[str, Any]) -> bool:
    """Whether each agent has an item: the one thing that a schema cannot ask for."""
    lists = ("templates", "practices", "examples", "constraints")
    return all(any(agent[key] for key in lists) for agent in answer["enhancements"].values())


@given(answers)
def test_a_strict_answer_is_taken_whole_exactly_if_the_schema_accepts_it(
    answer: dict[str, Any],
) -> None:
    """Every agent and no refusal on one side; valid on the other."""
    parsed = parse_answer(answer, NAMES, KNOWN)
    is_whole = sorted(parsed.agents) == NAMES and not parsed.issues
    assert is_whole == (VALIDATOR.is_valid(answer) and says_something(answer))


@given(answers.filter(says_something))
def test_what_the_reader_took_is_a_strict_answer(answer: dict[str, Any]) -> None:
    """Whatever was refused, the rest is in the form that was asked for."""
    parsed = parse_answer(answer, NAMES, KNOWN)
    again = {
        name: sections.model_dump(mode="json", exclude={"agent_name"})
        for name, sections in parsed.sections.items()
    }
    schema = response_schema({**REQUEST, "agents": [{"name": name} for name in again]})
    jsonschema.Draft202012Validator(schema).validate({"enhancements": again})


@pytest.mark.parametrize("style", ["per_agent", "plain"])
@pytest.mark.parametrize("contract", ["sections", "markdown"])
def test_the_example_of_the_prompt_is_what_the_schema_asks_for(contract: Any, style: Any) -> None:
    """A model that imitates the example answers as it should."""
    answer = json.loads(example_answer(contract, style=style))
    found = answer["enhancements"]
    names = list(found) if isinstance(found, dict) else [found[0]["agent_name"]]
    # Its ids are of a fictional package, so the plain form of the agent is compared.
    schema = response_schema(
        {"contract": contract, "agents": [{"name": name} for name in names]}, style="plain"
    )
    if isinstance(found, dict):
        answer = {"enhancements": [{"agent_name": name, **agent} for name, agent in found.items()]}
    jsonschema.Draft202012Validator(schema).validate(answer)
