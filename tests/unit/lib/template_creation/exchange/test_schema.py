"""The schema of an answer: what a model may say, in the words that structured outputs take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from template_creation.exchange import read_answer, response_schema, schema_style
from template_creation.exchange.schema import MAX_ENUM
from template_creation.values.answer import AnsweredAgent

REQUEST: dict[str, Any] = {
    "contract": "sections",
    "agents": [{"name": "api-specialist"}, {"name": "db-specialist"}],
    "template_catalog": [{"id": "T1", "symbols": [{"id": "T1.s1"}, {"id": "T1.s2"}]}, {"id": "T2"}],
    "conventions": [{"id": "C1"}],
    "rules": [{"id": "R1"}],
    "commands": [{"id": "K1"}],
    "technologies": [{"id": "D1"}],
}
AGENT: dict[str, Any] = {
    "templates": [{"id": "T1", "why": "It shows a route."}],
    "practices": [{"text": "Return the model.", "cites": ["C1", "T1.s2"]}],
    "examples": [{"id": "T1.s1", "title": "A route", "note": ""}],
    "constraints": [{"text": "Do not commit twice.", "cites": ["R1"]}],
    "commands": ["K1"],
    "short_because": "",
}
ANSWER: dict[str, Any] = {"enhancements": {"api-specialist": AGENT, "db-specialist": AGENT}}
TAKEN_BY_STRUCTURED_OUTPUTS = {
    *("type", "properties", "required", "additionalProperties", "items", "$ref", "$defs", "enum"),
    *("minItems", "description"),
}


def accepts(schema: dict[str, Any], answer: object) -> bool:
    jsonschema.Draft202012Validator.check_schema(schema)
    return bool(jsonschema.Draft202012Validator(schema).is_valid(answer))


def schemas_in(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for name in ("properties", "$defs"):
        for inner in schema.get(name, {}).values():
            yield from schemas_in(inner)
    if "items" in schema:
        yield from schemas_in(schema["items"])


def with_agent(**changes: Any) -> dict[str, Any]:
    return {"enhancements": {**ANSWER["enhancements"], "db-specialist": {**AGENT, **changes}}}


@pytest.mark.parametrize("contract", ["sections", "markdown"])
@pytest.mark.parametrize("style", ["per_agent", "plain"])
def test_only_what_structured_outputs_take_is_used(contract: str, style: Any) -> None:
    """No pattern, length or range; every object closed with all its properties required."""
    schema = response_schema({**REQUEST, "contract": contract}, style=style)
    for item in schemas_in(schema):
        assert set(item) <= TAKEN_BY_STRUCTURED_OUTPUTS
        assert item.get("minItems", 1) == 1
        if item.get("type") == "object":
            assert item["additionalProperties"] is False
            assert item["required"] == list(item["properties"])


def test_a_whole_answer_is_accepted_and_read_without_a_refusal() -> None:
    """What the schema accepts is what the reader takes."""
    assert accepts(response_schema(REQUEST), ANSWER)
    names = [item.name for item in read_answer(ANSWER, ["api-specialist", "db-specialist"])]  # type: ignore[union-attr]
    assert names == ["api-specialist", "db-specialist"]


@pytest.mark.parametrize(
    "changes",
    [
        {"templates": [{"id": "T3", "why": "There is none."}]},
        {"templates": [{"id": "T1.s1", "why": "That is a declaration."}]},
        {"templates": [{"id": "T1"}]},
        {"practices": [{"text": "Cites nothing.", "cites": []}]},
        {"practices": [{"text": "Cites what is not there.", "cites": ["C9"]}]},
        {"practices": ["Only text."]},
        {"examples": [{"id": "C1", "title": "A habit", "note": ""}]},
        {"commands": ["C1"]},
        {"quality_score": 9},
        {"agent_name": "evil"},
    ],
)
def test_what_cannot_be_proved_is_not_in_the_schema(changes: dict[str, Any]) -> None:
    """An unknown id, a missing proof, a key of one's own: none of them can be said."""
    assert not accepts(response_schema(REQUEST), with_agent(**changes))


def test_no_agent_can_be_left_out_or_made_up() -> None:
    """Each agent of the request is a required property, and no other name is one."""
    schema = response_schema(REQUEST)
    assert not accepts(schema, {"enhancements": {"api-specialist": AGENT}})
    more = {"enhancements": {**ANSWER["enhancements"], "other": AGENT}}
    assert not accepts(schema, more)


def test_what_nothing_could_be_cited_for_is_not_asked_for() -> None:
    """A package without facts has no commands, and an empty enum is no schema."""
    bare = {"contract": "sections", "agents": [{"name": "a"}], "template_catalog": []}
    agent = response_schema(bare)["$defs"]["Agent"]
    assert agent["required"] == ["short_because"]
    templates = {**bare, "template_catalog": [{"id": "T1"}]}
    agent = response_schema(templates)["$defs"]["Agent"]
    assert "commands" not in agent["properties"]
    assert "practices" in agent["properties"]


def test_too_many_ids_fall_back_to_a_plain_list_and_say_so() -> None:
    """A grammar that would be refused is not sent; the schema tells why it has no enums."""
    catalog = [{"id": f"T{number}"} for number in range(MAX_ENUM)]
    request = {**REQUEST, "template_catalog": catalog}
    style, reason = schema_style(request)
    schema = response_schema(request)
    assert style == "plain"
    assert reason in schema["description"]
    items = [{"agent_name": "api-specialist", **AGENT}]
    assert accepts(schema, {"enhancements": items})


def test_the_plain_answer_is_a_list_with_names() -> None:
    """For servers that take no large schema: the seed's own form."""
    schema = response_schema(REQUEST, style="plain")
    assert "description" not in schema
    answer = {"enhancements": [{"agent_name": "api-specialist", **AGENT}]}
    assert accepts(schema, answer)
    assert not accepts(schema, {"enhancements": [AGENT]})
    (taken,) = read_answer(answer, ["api-specialist"])
    assert isinstance(taken, AnsweredAgent)


def test_the_markdown_contract_asks_for_text_alone() -> None:
    """Its answer is one text for each agent, in both styles."""
    request = {**REQUEST, "contract": "markdown"}
    text = {"enhanced_content": "# Api", "short_because": ""}
    answer = {"enhancements": {"api-specialist": text, "db-specialist": text}}
    assert accepts(response_schema(request), answer)
    assert not accepts(response_schema(request), ANSWER)
    listed = {"enhancements": [{"agent_name": "api-specialist", **text}]}
    assert accepts(response_schema(request, style="plain"), listed)


def test_a_schema_of_ten_agents_and_ninety_ids_stays_small() -> None:
    """Ids are listed once for each kind, not for each agent (facts/llm-api.md section 9)."""
    catalog = [
        {"id": f"T{n}", "symbols": [{"id": f"T{n}.s{m}"} for m in range(5)]} for n in range(15)
    ]
    agents = [{"name": f"agent-{n}"} for n in range(10)]
    schema = response_schema({**REQUEST, "agents": agents, "template_catalog": catalog})
    assert len(str(schema)) < 5_000
