"""The API's own count, where there is one: of what is sent, before it is, and never in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import AuthError, MemoryRunStore
from template_creation.agents import AgentEnhancer, Ledger
from template_creation.agents.counting import MOST_COUNTS
from template_creation.agents.planning import FittedRequest, Planner
from template_creation.bridges import ApiBridge
from template_creation.exchange import estimate_tokens, load_prices, render_batch_prompt
from template_creation.fake_api import FakeMessagesServer, Reply
from template_creation.testing import FakeBridge
from template_creation.values.enhancement import BridgeChoice, EnhancementOptions

MODEL = "claude-sonnet-5-5"
API = EnhancementOptions(bridge=BridgeChoice(kind="api", model=MODEL))


@dataclass
class Counting(FakeBridge):
    """A bridge that counts ``times`` as many tokens as are estimated; ``fails`` instead."""

    times: float = 1.0
    fails: Exception | None = None
    counted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def count_tokens(self, input_data: Mapping[str, Any]) -> int:
        self.counted.append(render_batch_prompt(input_data))
        if self.fails:
            raise self.fails
        return round(estimate_tokens(self.counted[-1]) * self.times)


def fitted(shop: Any, bridge: FakeBridge, options: EnhancementOptions = API) -> FittedRequest:
    planner = Planner(options, bridge=bridge, prices=load_prices(environ={}))
    paths = [shop.agent(spec.name) for spec in shop.context.agents]
    (request,) = planner.requests(shop.context, paths, problems={})
    return request


def test_what_the_api_counts_is_what_it_is_thought_to_cost(shop) -> None:
    """One call, for the prompt that is sent; the estimate stays what calibration learns by."""
    bridge = Counting(times=1.5)
    request, plain = fitted(shop, bridge), fitted(shop, FakeBridge())
    assert bridge.counted == [render_batch_prompt(request.document)]
    assert request.counted == round(plain.input_tokens * 1.5)
    assert request.document == plain.document
    assert request.input_tokens == plain.input_tokens
    assert request.cost_usd is not None
    assert plain.cost_usd is not None
    extra = request.counted - plain.input_tokens
    assert request.cost_usd - plain.cost_usd == pytest.approx(extra * 2 / 1e6)
    assert f"{request.counted:,} tokens in (counted by the API) and" in request.says
    assert request.estimate["counted_input_tokens"] == request.counted


@pytest.mark.parametrize(
    ("bridge", "why"),
    [
        (Counting(fails=AuthError("only messages are allowed")), "only messages are allowed"),
        (Counting(times=0.0), "0 cannot be the tokens of a prompt of about"),
        (Counting(times=1e9), "cannot be the tokens of a prompt of about"),
    ],
)
def test_no_count_is_no_failure_and_is_told(shop, bridge: Counting, why: str) -> None:
    """The estimate stands, and nobody asks for a count again."""
    planner = Planner(API, bridge=bridge, prices=load_prices(environ={}))
    paths = [shop.agent(spec.name) for spec in shop.context.agents]
    for _ in range(3):
        (request,) = planner.requests(shop.context, paths, problems={})
    assert request.counted is None
    assert why in request.says
    assert request.estimator in request.says
    assert len(bridge.counted) == 1


def test_a_run_asks_for_so_many_counts_and_no_more(shop) -> None:
    bridge = Counting()
    planner = Planner(API, bridge=bridge, prices=load_prices(environ={}))
    paths = [shop.agent(spec.name) for spec in shop.context.agents]
    asked = [planner.requests(shop.context, paths, problems={})[0] for _ in range(MOST_COUNTS + 2)]
    assert len(bridge.counted) == MOST_COUNTS
    assert asked[MOST_COUNTS - 1].counted is not None
    assert f"it was asked {MOST_COUNTS} times" in asked[-1].says


def test_a_prompt_that_the_api_counts_too_large_is_planned_for_again(shop, tmp_path: Path) -> None:
    """A window that the estimate filled, and a tokenizer that makes more of it."""
    window = tmp_path / "prices.toml"
    window.write_text(
        "[models.small]\ncontext_tokens = 5_000\nmax_output_tokens = 2_000\n", encoding="utf-8"
    )
    chosen = EnhancementOptions(bridge=BridgeChoice(kind="api", model="small"))
    paths = [shop.agent(spec.name) for spec in shop.context.agents]
    bridge = Counting(times=1.2)
    planner = Planner(chosen, bridge=bridge, prices=load_prices(window))
    before = Planner(chosen, prices=load_prices(window)).requests(shop.context, paths, problems={})
    requests = planner.requests(shop.context, paths, problems={})
    assert sum(len(item.document["agents"]) for item in requests) == 2
    for item in requests:
        assert item.counted is not None
        assert item.counted + item.output_tokens * 1.5 <= 5_000
        assert item.counted == pytest.approx(item.input_tokens * 1.2, rel=0.01)
    assert (len(before), len(requests)) == (1, 2)


NONSENSE = {
    "404": Reply.error(404, "not_found_error", "Not Found"),
    "429": Reply.error(429, "rate_limit_error", "slow down", retry_after="3600"),
    "500": Reply.error(500, "api_error", "broken"),
    "html": Reply(raw=b"<html>hello</html>", headers={"content-type": "text/html"}),
    "no number": Reply(raw=b'{"input_tokens": "many"}'),
    "nothing": Reply(raw=b""),
    "negative": Reply(raw=b'{"input_tokens": -7}'),
}


@pytest.mark.parametrize("name", ["", *NONSENSE])
def test_a_server_that_counts_badly_is_asked_all_the_same(shop, name: str) -> None:
    """The estimate then says so, and the run does not wait for it or fail by it."""
    told: list[str] = []
    ledger = Ledger(MemoryRunStore())
    with FakeMessagesServer(Reply(piece=999), count=NONSENSE.get(name)) as server:
        bridge = ApiBridge(model=MODEL, api_key="any", base_url=server.url)
        enhancer = AgentEnhancer(bridge, options=API, ledger=ledger, notify=told.append)
        result = enhancer.enhance(shop.context, shop.package)
    assert result.status == "success", result.errors
    again = name == "500"  # which may help; an hour's wait may not
    assert (len(server.counts), len(server.requests)) == (1 + again, 1)
    assert server.counts[0].prompt == server.requests[0].prompt
    (row,) = ledger.requests()
    if name:
        assert "the API did not count it: " in told[0]
        assert row.counted_input_tokens == 0
    else:
        assert f"{row.input_tokens:,} tokens in (counted by the API)" in told[0]
        assert row.counted_input_tokens == row.input_tokens
    assert row.estimator == "characters/2.4"
