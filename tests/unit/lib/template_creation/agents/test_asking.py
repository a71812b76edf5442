"""What is accepted is kept at once; what is refused is asked for again with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from batch_engine.core import NetworkError, RetryPolicy, SqliteRunStore, TaskError
from template_creation.agents import AgentEnhancer, Ledger, read_frontmatter
from template_creation.agents.enhancer import RETRY
from template_creation.bridges import OfflineBridge
from template_creation.errors import InvocationPending
from template_creation.exchange import TokenCounts, load_prices
from template_creation.testing import FakeBridge, without_agents
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent, RequestUsage
from template_creation.values.enhancement import BridgeChoice, EnhancementOptions

AT_ONCE = RetryPolicy(rules=RETRY.rules, max_attempts=4, initial_s=0)


class Stream:
    """A bridge that streams the offline answers, and after ``whole`` agents does ``then``."""

    identity = "stream"

    def __init__(self, *, whole: int = 99, then: Exception | None = None, usage: float = 0.0):
        self.whole = whole
        self.then = then
        self.usage = usage
        self.asked: list[tuple[str, ...]] = []
        self.problems: list[dict[str, list[str]]] = []
        self.seen: list[str] = []

    def stream(
        self, *, agent_name: str, input_data: Mapping[str, Any], context: Mapping[str, Any]
    ) -> Iterator[AnsweredAgent | RequestUsage | Issue]:
        names = tuple(agent["name"] for agent in input_data["agents"])
        self.asked.append(names)
        self.problems.append(
            {agent["name"]: agent.get("problems", []) for agent in input_data["agents"]}
        )
        answer = OfflineBridge().invoke(
            agent_name=agent_name, input_data=input_data, context=context
        )
        first = len(self.asked) == 1
        for number, item in enumerate(answer["enhancements"]):
            if first and number == self.whole:
                break
            yield AnsweredAgent(item["agent_name"], item, f"$.enhancements[{number}]")
            self.seen.append(item["agent_name"])
        if self.usage:
            yield RequestUsage(
                request_id=f"r{len(self.asked)}",
                model="claude-sonnet-5-5",
                agents=names,
                input_tokens=1000,
                output_tokens=100,
                cost_usd=self.usage,
            )
        if first and self.then is not None:
            raise self.then

    def invoke(self, **said: Any) -> Mapping[str, Any]:
        raise AssertionError("a bridge that streams is asked to stream")


def enhance(shop, bridge, **options: Any):
    return AgentEnhancer(bridge, **{"retry": AT_ONCE, **options}).enhance(
        shop.context, shop.package
    )


def is_enhanced(shop, name: str) -> bool:
    text = shop.agent(name).read_text(encoding="utf-8")
    return read_frontmatter(text)[0]["enhancement"] == "stream"


def test_an_agent_is_on_disk_while_the_rest_is_still_streamed(shop) -> None:
    """The first file is whole before the second answer begins."""
    written = []

    class Watching(Stream):
        def stream(self, **said: Any) -> Iterator[Any]:
            for event in super().stream(**said):
                yield event
                if isinstance(event, AnsweredAgent):
                    written.append((event.name, is_enhanced(shop, event.name)))

    assert enhance(shop, Watching()).status == "success"
    assert written == [("api-specialist", True), ("testing-specialist", True)]


def test_a_cut_answer_keeps_what_was_whole_and_asks_only_for_the_rest(shop) -> None:
    """The second request is for the missing agent alone (F31)."""
    bridge = Stream(whole=1, then=NetworkError("the stream was cut"))
    result = enhance(shop, bridge)
    assert result.status == "success"
    assert bridge.asked == [("api-specialist", "testing-specialist"), ("testing-specialist",)]
    assert result.requests == 2


def test_an_error_that_cannot_pass_is_not_asked_again(shop) -> None:
    """A refusal by the model costs once; what was whole before stays."""
    bridge = Stream(whole=1, then=TaskError("refused", hint="ask for something else"))
    result = enhance(shop, bridge)
    assert (result.status, result.enhanced_count) == ("partial", 1)
    assert result.errors == ("testing-specialist: refused (ask for something else)",)
    assert len(bridge.asked) == 1


def test_a_pause_in_the_middle_keeps_what_was_whole(shop, tmp_path) -> None:
    """A new process asks only for what had no answer yet, and knows how often it was asked."""
    bridge = Stream(whole=1, then=InvocationPending("later"))
    with SqliteRunStore(tmp_path / "state") as store, pytest.raises(InvocationPending):
        enhance(shop, bridge, store=store)
    assert is_enhanced(shop, "api-specialist")
    resumed = Stream()
    with SqliteRunStore(tmp_path / "state") as store:
        result = enhance(shop, resumed, store=store)
    assert result.status == "success"
    assert resumed.asked == [("testing-specialist",)]


def test_a_refused_agent_is_asked_once_more_with_the_reasons(shop) -> None:
    """Rule and place of each finding are in the second request; a third there is not."""

    def useless(call: Any) -> dict[str, Any]:
        return {
            "enhancements": [
                {"agent_name": agent["name"], "templates": [{"id": "T1", "why": "It is one."}]}
                for agent in call.input_data["agents"]
            ]
        }

    bridge = FakeBridge(useless)
    result = enhance(shop, bridge)
    assert result.status == "failed"
    assert len(bridge.requests) == 2
    for agent in bridge.requests[1].input_data["agents"]:
        assert any("empty-section" in problem for problem in agent["problems"])
    for outcome in result.agents:
        assert {issue.rule for issue in outcome.issues} == {"empty-section", "short"}


def test_the_reasons_survive_the_process(shop, tmp_path) -> None:
    """Refused in one process, paused at once, asked in the next: with the reasons."""
    useless = {
        "enhancements": [
            {"agent_name": spec.name, "templates": [{"id": "T1", "why": "It is one."}]}
            for spec in shop.context.agents
        ]
    }
    with SqliteRunStore(tmp_path / "state") as store, pytest.raises(InvocationPending):
        enhance(shop, FakeBridge(useless, InvocationPending("later")), store=store)
    again = FakeBridge(useless)
    with SqliteRunStore(tmp_path / "state") as store:
        result = enhance(shop, again, store=store)
    assert len(again.requests) == 1, "two attempts in all, whatever the number of processes"
    assert all("empty-section" in agent["problems"][0] for agent in _agents(again))
    assert result.status == "failed"


def _agents(bridge: FakeBridge) -> list[Any]:
    return list(bridge.requests[0].input_data["agents"])


def test_what_requests_took_is_kept_and_told(shop, tmp_path) -> None:
    """Usage of every request, also of one that was cut, in the ledger and in the result."""
    with SqliteRunStore(tmp_path / "state") as store:
        ledger = Ledger(store, run="r")
        bridge = Stream(whole=1, then=NetworkError("cut"), usage=0.25)
        result = enhance(shop, bridge, store=store, ledger=ledger)
        assert [item.cost_usd for item in result.usage] == [0.25, 0.25]
        assert ledger.spent().usd == 0.5


def test_the_limit_is_kept_before_a_request_and_what_is_finished_stays(shop, tmp_path) -> None:
    """The request that could go beyond it is not made."""
    told: list[str] = []
    options = EnhancementOptions(bridge=BridgeChoice(kind="api", model="claude-sonnet-5-5"))
    with SqliteRunStore(tmp_path / "state") as store:
        bridge = Stream(whole=1, then=NetworkError("cut"), usage=0.9)
        result = enhance(
            shop,
            bridge,
            options=options,
            store=store,
            ledger=Ledger(store, run="r"),
            max_cost_usd=0.9,
            prices=load_prices(),
            notify=told.append,
        )
    assert (result.status, result.enhanced_count, len(bridge.asked)) == ("partial", 1, 1)
    assert "--max-cost 0.9" in result.errors[0]
    assert told[0].startswith("Asking claude-sonnet-5-5 for 2 agents: about ")


def test_a_request_that_was_left_counts_as_it_was_estimated(shop, tmp_path) -> None:
    """An interrupt in the middle of an answer is not free; one that was refused is."""
    options = EnhancementOptions(bridge=BridgeChoice(kind="api", model="claude-sonnet-5-5"))

    class Interrupted(Stream):
        def stream(self, **said: Any) -> Iterator[Any]:
            yield from ()
            raise KeyboardInterrupt

    with SqliteRunStore(tmp_path / "state") as store:
        ledger = Ledger(store, run="r")
        with pytest.raises(KeyboardInterrupt):
            enhance(shop, Interrupted(), options=options, store=store, ledger=ledger)
        spent = ledger.spent()
        assert (spent.requests, spent.usd > 0) == (1, True)
        refused = Stream(whole=0, then=TaskError("not accepted"))
        enhance(shop, refused, options=options, store=store, ledger=ledger)
        assert (ledger.spent().requests, ledger.spent().usd) == (2, spent.usd)


def test_a_model_without_a_price_is_not_asked_under_a_limit(shop, tmp_path) -> None:
    """Unknown is not free."""
    options = EnhancementOptions(bridge=BridgeChoice(kind="api", model="some-local-model"))
    with SqliteRunStore(tmp_path / "state") as store:
        bridge = Stream()
        result = enhance(
            shop, bridge, options=options, ledger=Ledger(store, run="r"), max_cost_usd=5.0
        )
    assert bridge.asked == []
    assert all("no price is known" in error for error in result.errors)


def test_an_answer_for_others_changes_nothing(shop) -> None:
    """An agent that was not asked for is not written."""

    class Foreign(Stream):
        def stream(self, **said: Any) -> Iterator[Any]:
            yield AnsweredAgent("someone-else", {"agent_name": "someone-else"}, "$")
            yield from super().stream(**said)

    assert enhance(shop, Foreign()).status == "success"
    assert not shop.agent("someone-else").exists()


@pytest.mark.parametrize("odd", [{"agent_name": "testing-specialist"}, "text", None, object()])
def test_what_a_bridge_streams_that_is_no_event_is_told_of_the_bridge(shop, odd: object) -> None:
    """A bridge of a user may yield dicts: that is its error, not an answer that leaves agents
    out. What came before it is kept, and it is not asked again."""

    class Odd(Stream):
        def stream(self, **said: Any) -> Iterator[Any]:
            yield next(super().stream(**said))
            yield odd

    bridge = Odd()
    result = enhance(shop, bridge)
    assert (result.status, result.enhanced_count, len(bridge.asked)) == ("partial", 1, 1)
    (error,) = result.errors
    assert f"Odd streamed {odd!r}"[:200] in error
    assert type(odd).__name__ in error
    assert "a StreamingBridge yields AnsweredAgent, RequestUsage and Issue" in error


def test_without_a_policy_a_missing_agent_is_asked_for_once_more(shop) -> None:
    """The bounded round is there by default for every bridge that may do better."""
    bridge = FakeBridge(without_agents("testing-specialist"), without_agents())
    result = AgentEnhancer(bridge).enhance(shop.context, shop.package)
    assert (result.status, len(bridge.requests)) == ("success", 2)


def test_an_answer_may_only_be_as_long_as_the_limit_pays_for(shop, tmp_path) -> None:
    """What is sent as the most tokens keeps even the longest answer within what is left."""
    options = EnhancementOptions(bridge=BridgeChoice(kind="api", model="claude-sonnet-5-5"))
    told: list[int] = []

    class Listening(Stream):
        def stream(self, **said: Any) -> Iterator[Any]:
            told.append(said["context"]["max_output_tokens"])
            yield from super().stream(**said)

    for name, limit in (("a", 0.1), ("b", 0.2)):
        with SqliteRunStore(tmp_path / name) as store:
            ledger = Ledger(store, run="r")
            enhance(shop, Listening(), options=options, ledger=ledger, max_cost_usd=limit)
    ten = load_prices().cost("claude-sonnet-5-5", TokenCounts(0, 1_000_000))
    assert ten is not None
    assert all(most * ten / 1_000_000 < limit for most, limit in zip(told, (0.1, 0.2), strict=True))
    assert told[1] - told[0] == pytest.approx(0.1 / (ten / 1_000_000), rel=0.01)
