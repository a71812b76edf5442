"""What is chosen, what is known of the model and what is left of room, brought together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batch_engine.core import MemoryRunStore
from template_creation.agents import Ledger
from template_creation.agents.planning import HOST_TOKENS, Planner
from template_creation.values.answer import RequestUsage
from template_creation.values.enhancement import BridgeChoice, EnhancementOptions

FILE = EnhancementOptions(bridge=BridgeChoice(kind="file"))
API = EnhancementOptions(bridge=BridgeChoice(kind="api", model="claude-sonnet-5-5"))


def paths(shop) -> list[Any]:
    return [shop.agent(spec.name) for spec in shop.context.agents]


def test_reasons_that_take_the_room_make_more_requests_and_are_all_sent(shop) -> None:
    """A prompt for a host never grows beyond what it reads, and no reason is left out."""
    many = tuple(f"reason {number}, told at length and to the end" for number in range(600))
    problems = {spec.name: many for spec in shop.context.agents}
    asked = Planner(FILE).requests(shop.context, paths(shop), problems=problems)
    assert [[agent["name"] for agent in item.document["agents"]] for item in asked] == [
        ["api-specialist"],
        ["testing-specialist"],
    ]
    for item in asked:
        assert item.input_tokens <= HOST_TOKENS
        assert item.document["agents"][0]["problems"] == list(many)


def test_a_model_is_told_with_its_price_before_it_is_asked(shop) -> None:
    (asked,) = Planner(API).requests(shop.context, paths(shop), problems={})
    assert asked.cost_usd is not None
    assert asked.says.startswith("Asking claude-sonnet-5-5 for 2 agents: about ")
    assert asked.says.endswith(f"about ${asked.cost_usd:.4f}.")
    unknown = replace(API, bridge=BridgeChoice(kind="api", model="some-local-model"))
    (asked,) = Planner(unknown).requests(shop.context, paths(shop), problems={})
    assert asked.says.endswith("no price is known.")


def test_earlier_requests_correct_the_estimate(shop) -> None:
    """A model that counted half as much again is expected to do so again."""
    ledger = Ledger(MemoryRunStore())
    (before,) = Planner(API, ledger=ledger).requests(shop.context, paths(shop), problems={})
    for number in range(3):
        ledger.record(
            RequestUsage(
                request_id=f"r{number}",
                model="claude-sonnet-5-5",
                agents=(),
                input_tokens=before.input_tokens * 3 // 2,
                output_tokens=10,
                estimated_input_tokens=before.input_tokens,
                estimator=before.estimator,
            )
        )
    (after,) = Planner(API, ledger=ledger).requests(shop.context, paths(shop), problems={})
    assert "calibrated 1.50 from 3 requests" in after.estimator


def test_whole_texts_go_along_only_where_whole_texts_come_back(shop) -> None:
    (sections,) = Planner(API).requests(shop.context, paths(shop), problems={})
    markdown = replace(API, contract="markdown")
    (whole,) = Planner(markdown).requests(shop.context, paths(shop), problems={})
    stub = shop.agent("api-specialist").read_text(encoding="utf-8")
    assert whole.document["agents"][0]["current_content"] == stub
    assert "current_content" not in sections.document["agents"][0]


def test_where_no_model_is_asked_nothing_is_counted_or_priced(shop) -> None:
    """All in one request, or one each; what it would be to a model is a plan's matter."""
    offline = Planner(EnhancementOptions())
    (asked,) = offline.requests(shop.context, paths(shop), problems={})
    assert (asked.estimator, asked.model, asked.cost_usd) == ("not counted", "", None)
    assert offline.groups(shop.context, paths(shop)) == (("api-specialist", "testing-specialist"),)
    singly = Planner(EnhancementOptions(use_batch_enhancement=False))
    assert len(singly.groups(shop.context, paths(shop))) == 2
    plan = offline.plan(shop.context, paths(shop), problems={})
    assert plan.input_tokens > 1_000
    assert (offline.report(plan)["cost_usd"], offline.report(plan)["prices"]) == (None, "")


def test_the_longest_answer_that_is_paid_for_is_what_the_prompt_leaves(shop) -> None:
    """A prompt may be counted a quarter higher than it was estimated."""
    (asked,) = Planner(API).requests(shop.context, paths(shop), problems={})
    prompt_usd = asked.input_tokens * 2 / 1e6
    most = asked.most_output(0.05)
    assert most is not None
    assert prompt_usd * 1.25 + most * 10 / 1e6 == pytest.approx(0.05, abs=10 / 1e6)
    assert asked.most_output(0.0) == 1, "an answer has to be something"
    unknown = replace(API, bridge=BridgeChoice(kind="api", model="some-local-model"))
    (asked,) = Planner(unknown).requests(shop.context, paths(shop), problems={})
    assert asked.most_output(0.05) is None
