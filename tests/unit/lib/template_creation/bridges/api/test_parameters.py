"""What is asked of a model beside the prompt, and what is left out once it was refused."""

from __future__ import annotations

from typing import Any

import pytest

from template_creation.bridges.api.parameters import Parameters
from template_creation.exchange import answer_limit, load_prices, prompt_parts

GRAMMAR = "output_config.format.schema: Invalid schema: The compiled grammar is too large"
UNKNOWN_FIELD = "output_config: Extra inputs are not permitted"


def parameters(model: str = "claude-sonnet-5-5", **changes: Any) -> Parameters:
    return Parameters(model, load_prices().model(model), **changes)


def test_a_known_model_gets_what_it_takes(request_data: dict[str, Any]) -> None:
    """A schema with one property for each agent, little effort, no thinking up front."""
    body = parameters().body(request_data, 9000)
    assert set(body) == {"model", "messages", "max_tokens", "output_config", "thinking"}
    assert body["output_config"]["effort"] == "low"
    assert body["thinking"] == {"type": "between_tools"}
    form = body["output_config"]["format"]
    assert form["type"] == "json_schema"
    assert set(form["schema"]["properties"]["enhancements"]["properties"]) == {
        "api-specialist",
        "testing-specialist",
    }


def test_prompt_and_schema_ask_for_the_same_form(request_data: dict[str, Any]) -> None:
    """An example that contradicts the schema would cost quality."""
    for structured, style in (("on", "per_agent"), ("off", "plain")):
        body = parameters(structured=structured).body(request_data, 9000)
        prompt = "".join(prompt_parts(request_data, style=style))  # type: ignore[arg-type]
        assert body["messages"] == [{"role": "user", "content": prompt}]


@pytest.mark.parametrize("model", ["some-model", "claude-unknown-9"])
def test_of_an_unknown_model_nothing_is_assumed(request_data: dict[str, Any], model: str) -> None:
    """The prompt and a limit are all that every server takes."""
    unknown = parameters(model)
    body = unknown.body(request_data, unknown.max_tokens())
    assert set(body) == {"model", "messages", "max_tokens"}
    assert body["max_tokens"] == answer_limit(None) == 16_000


def test_an_old_model_gets_no_effort(request_data: dict[str, Any]) -> None:
    """It does not think unless it is asked to, and does not know the word."""
    body = parameters("claude-haiku-4-5").body(request_data, 9000)
    assert "effort" not in body["output_config"]
    assert "thinking" not in body


def test_the_caller_is_believed(request_data: dict[str, Any]) -> None:
    """Who asks for effort gets the thinking that goes with it."""
    body = parameters(effort="high", structured="off").body(request_data, 9000)
    assert body["output_config"] == {"effort": "high"}
    assert "thinking" not in body
    told = parameters("some-model", effort="low", structured="on").body(request_data, 9000)
    assert set(told["output_config"]) == {"effort", "format"}


@pytest.mark.parametrize(
    ("model", "setting", "asked", "expected"),
    [
        ("claude-sonnet-5-5", None, None, 64_000),
        ("claude-sonnet-5-5", None, 9_000, 9_000),
        ("claude-sonnet-5-5", 5_000, 9_000, 5_000),
        ("claude-sonnet-5-5", 5_000, 4_000, 4_000),
        ("claude-sonnet-5-5", None, 1_000_000, 64_000),
        ("claude-sonnet-5-5", 100_000, None, 100_000),
        ("claude-haiku-4-5", 100_000, None, 64_000),
        ("some-model", None, 9_000, 9_000),
        ("some-model", None, 1_000_000, 16_000),
        ("some-model", 50_000, None, 50_000),
    ],
)
def test_how_long_an_answer_may_be(
    model: str, setting: int | None, asked: int | None, expected: int
) -> None:
    """The setting, else what the model can, else little; never more than the model can, and
    less where there is only so much money left."""
    assert parameters(model, max_output_tokens=setting).max_tokens(asked) == expected


def test_a_schema_that_is_too_large_is_tried_in_its_plain_form(
    request_data: dict[str, Any],
) -> None:
    """And then not at all; the prompt follows."""
    asked = parameters()
    assert "plain schema" in asked.give_up(GRAMMAR)
    schema = asked.body(request_data, 9)["output_config"]["format"]["schema"]
    assert schema["properties"]["enhancements"]["type"] == "array"
    assert asked.style(request_data) == "plain"
    assert "without a schema" in asked.give_up(GRAMMAR)
    assert "format" not in asked.body(request_data, 9)["output_config"]
    assert not asked.sends_schema


def test_a_server_without_schemas_is_asked_without_at_once() -> None:
    """Another schema would be refused as well."""
    asked = parameters()
    assert "without a schema" in asked.give_up(UNKNOWN_FIELD)
    assert not asked.sends_schema


def test_who_insists_on_a_schema_gets_no_answer_without_one() -> None:
    """``structured="on"`` falls back to the plain form, never to words."""
    asked = parameters(structured="on")
    assert "plain schema" in asked.give_up(UNKNOWN_FIELD)
    assert asked.give_up(UNKNOWN_FIELD) == ""
    assert asked.give_up_schema() == ""
    assert asked.sends_schema


def test_effort_and_thinking_are_left_out_once_they_were_refused(
    request_data: dict[str, Any],
) -> None:
    """One at a time, as the server names them."""
    asked = parameters(structured="off")
    assert "effort" in asked.give_up("output_config.effort: not supported by this model")
    assert "thinking" in asked.give_up("thinking.type: between_tools is not supported")
    assert set(asked.body(request_data, 9)) == {"model", "messages", "max_tokens"}


@pytest.mark.parametrize("words", ["messages: at least one message is required", ""])
def test_a_refusal_of_something_else_changes_nothing(words: str) -> None:
    """Asking again would be the same request."""
    asked = parameters()
    assert asked.give_up(words) == ""
    assert asked.sends_schema


def test_the_shared_part_of_a_prompt_can_be_kept_by_the_api(request_data: dict[str, Any]) -> None:
    """Only where the model is the vendor's, and more requests are to come."""
    (message,) = parameters().body(request_data, 9, cache=True)["messages"]
    shared, own = message["content"]
    assert shared["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in own
    assert shared["text"] + own["text"] == "".join(prompt_parts(request_data, style="per_agent"))
    (message,) = parameters("some-model").body(request_data, 9, cache=True)["messages"]
    assert isinstance(message["content"], str)
