"""Many agents and a model of which little is known: requests that fit, and agents that are done."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation import EnhanceOptions, enhance_agents
from template_creation.agents import load_folder
from template_creation.agents.planning import Planner
from template_creation.agents.plans import with_room
from template_creation.bridges import ApiBridge, ClaudeBridge
from template_creation.exchange import load_prices
from template_creation.fake_api import FakeMessagesServer, Received, Reply
from template_creation.fake_model import good_answer
from template_creation.values.enhancement import BridgeChoice, EnhancementOptions

ROUTE = "def route_{n}(request):\n    answer = look_up(request)\n    return answer\n"


class Short(FakeMessagesServer):
    """A server that cuts an answer off where it is longer than ``max_tokens``."""

    def reply_to(self, received: Received) -> Reply:
        reply = super().reply_to(received)
        if received.path.endswith("count_tokens"):
            return reply
        text = good_answer(received.prompt, received.schema)
        most = int(received.body["max_tokens"] * 2.4)
        stop = "max_tokens" if len(text) > most else "end_turn"
        return Reply(text=text[:most], stop_reason=stop, piece=4_000)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder of someone with 20 agents and two templates."""
    root = tmp_path / "many"
    for folder in ("agents", "templates"):
        (root / folder).mkdir(parents=True)
    for number in range(2):
        text = ROUTE.format(n=number)
        (root / "templates" / f"api{number}.py.template").write_text(text, encoding="utf-8")
    for number in range(20):
        (root / "agents" / f"agent-{number:02d}.md").write_text(
            f"---\nname: agent-{number:02d}\ndescription: Knows routes, part {number}\n---\n"
            f"# Agent {number}\n\nLooks after routes.\n",
            encoding="utf-8",
        )
    return root


def options(**chosen: object) -> EnhancementOptions:
    return EnhancementOptions(bridge=BridgeChoice(kind="api", model="some", **chosen))  # type: ignore[arg-type]


def test_an_unknown_model_is_asked_for_as_much_as_it_is_allowed_to_write(many: Path) -> None:
    """20 agents, a server that cuts at the limit that we set: all done, none asked for twice."""
    with Short() as server:
        chosen = options(base_url=server.url)
        enhanced = enhance_agents(EnhanceOptions(package=many, enhancement=chosen))
    assert (enhanced.status, enhanced.result.enhanced_count) == ("done", 20)
    assert [item.body["max_tokens"] for item in server.requests] == [16_000] * 2
    assert sum(len(item.agents) for item in enhanced.result.usage) == 20
    assert {item.stop_reason for item in enhanced.result.usage} == {"end_turn"}


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("contract", ["sections", "markdown"])
def test_plan_and_bridge_know_one_limit(many: Path, known: bool, contract: str) -> None:
    """Also where the bridge was given alone, or sends a known model less than it could write."""
    model = "claude-sonnet-5-5" if known else "some"
    context, paths = load_folder(many), sorted((many / "agents").iterdir())
    bridge = ApiBridge(model=model, api_key="any", base_url="https://api.anthropic.com")
    for chosen in (
        EnhancementOptions(contract=contract),  # type: ignore[arg-type]
        EnhancementOptions(
            bridge=BridgeChoice(kind="api", model=model),
            contract=contract,  # type: ignore[arg-type]
        ),
    ):
        planner = Planner(chosen, bridge=bridge, prices=load_prices(environ={}))
        groups = planner.groups(context, paths)
        assert sum(map(len, groups)) == 20
        for group in groups:
            asked = [path for path in paths if path.stem in group]
            (request,) = planner.requests(context, asked, problems={})
            assert with_room(request.output_tokens) <= bridge.max_answer_tokens
    alone = Planner(options(), prices=load_prices(environ={}))
    assert len(alone.groups(context, paths)) == 2, "without a bridge at hand"
    wide = Planner(options(max_answer_tokens=64_000), prices=load_prices(environ={}))
    assert len(wide.groups(context, paths)) == 1


def test_the_users_own_claude_is_not_asked_for_more_than_it_writes(tmp_path: Path) -> None:
    """Its limit is that of its environment."""
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    environ = {"TEMPLATE_CREATE_CLAUDE": str(program), "CLAUDE_CODE_MAX_OUTPUT_TOKENS": "8000"}
    assert ClaudeBridge(environ=environ).max_answer_tokens == 8_000
    del environ["CLAUDE_CODE_MAX_OUTPUT_TOKENS"]
    assert ClaudeBridge(environ=environ).max_answer_tokens == 32_000


@pytest.mark.parametrize("own", [True, False])
def test_a_price_file_that_knows_of_less_room_is_believed(tmp_path: Path, own: bool) -> None:
    """Of a server of one's own too; but never of more than an unknown model has there."""
    file = tmp_path / "prices.toml"
    text = "[models.small]\ncontext_tokens = 32_000\nmax_output_tokens = 8_000\n"
    file.write_text(text, encoding="utf-8")
    prices, url = load_prices(file), "http://127.0.0.1:9" if own else "https://api.anthropic.com"
    rooms = [
        ApiBridge(model=model, api_key="any", base_url=url, prices=prices).max_answer_tokens
        for model in ("small", "claude-sonnet-5-5", "unheard-of")
    ]
    assert rooms == [8_000, 16_000 if own else 64_000, 16_000]
