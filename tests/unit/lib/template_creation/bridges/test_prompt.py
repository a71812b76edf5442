"""Single prompts to a model, asked of a real server on loopback."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from batch_engine.core import (
    AuthError,
    BudgetError,
    EngineError,
    MemoryRunStore,
    RateLimitError,
)
from template_creation.agents import Ledger
from template_creation.bridges import PromptBridge
from template_creation.errors import BadInput
from template_creation.exchange import TokenCounts, estimate_tokens, load_prices
from template_creation.fake_api import FakeMessagesServer, Received, Reply
from template_creation.values.answer import RequestUsage

KEY = "sk-ant-test-0123456789abcdefghij"
MODEL = "claude-haiku-5-5"


def _bridge(server: FakeMessagesServer, **settings: Any) -> PromptBridge:
    return PromptBridge(model=MODEL, api_key=KEY, base_url=server.url, **settings)


def _ask(bridge: PromptBridge, prompt: Any = "Well?", **more: Any) -> dict[str, Any]:
    return bridge.invoke(agent_name="critic", input_data={"prompt": prompt, **more}, context={})


def test_the_prompt_is_asked_as_it_is_and_the_text_comes_back() -> None:
    with FakeMessagesServer(Reply(text="Quite.")) as server:
        bridge = _bridge(server)
        answer = _ask(bridge, 'Is {{ x }} "fine"?')
        (request,) = server.requests
    assert request.body["messages"] == [{"role": "user", "content": 'Is {{ x }} "fine"?'}]
    assert (request.key, request.body["max_tokens"]) == (KEY, 4_000)
    assert (answer["text"], answer["model"], answer["stop_reason"]) == ("Quite.", MODEL, "end_turn")
    assert "data" not in answer
    assert answer["usage"]["output_tokens"] > 0
    assert bridge.spent_usd == answer["usage"]["cost_usd"] > 0


@pytest.mark.parametrize("text", ['{"grade": 1}', '```json\n{"grade": 1}\n```\n'])
def test_an_answer_that_is_a_json_mapping_is_data_too(text: str) -> None:
    with FakeMessagesServer(Reply(text=text)) as server:
        answer = _ask(_bridge(server), max_output_tokens=50, file="a.md")
        (request,) = server.requests
    assert (answer["data"], answer["text"]) == ({"grade": 1}, text)
    assert request.body["max_tokens"] == 50
    assert request.prompt == 'Well?\n\n{\n "file": "a.md"\n}'


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (Reply.error(429, "rate_limit_error"), RateLimitError, "too many requests"),
        (Reply.error(401, "authentication_error"), AuthError, "refused the key"),
        (Reply(text="half an answer", fault="cut", at=4), EngineError, "ended before"),
        (Reply(text=" "), EngineError, "the answer is empty"),
        (Reply(text="much", stop_reason="max_tokens"), EngineError, "max_tokens (4000)"),
    ],
)
def test_every_failure_has_its_type_and_no_key_in_it(
    reply: Reply, kind: type[EngineError], said: str
) -> None:
    with FakeMessagesServer(reply) as server, pytest.raises(kind) as caught:
        _ask(_bridge(server))
    assert said in caught.value.message
    assert KEY not in str(caught.value)


def test_no_more_is_spent_than_allowed() -> None:
    with FakeMessagesServer(Reply(text="x" * 2_000)) as server:
        bridge, hints = _bridge(server, max_cost_usd=0.01), []
        for number in range(60):
            try:
                _ask(bridge, f"Question {number}?")
            except BudgetError as error:
                hints.append(error.hint)
        assert len(server.requests) == 60 - len(hints)
    assert 0 < len(hints) < 60
    assert "--max-cost" in hints[0]
    assert 0 < bridge.spent_usd <= 0.01


def test_what_answers_under_way_may_cost_counts_too() -> None:
    started, release = threading.Event(), threading.Event()

    def slow(received: Received) -> str:
        started.set()
        release.wait(30)
        return "At last."

    counts = TokenCounts(estimate_tokens("Well?"), 4_000)
    for_one = load_prices().cost(MODEL, counts)
    assert for_one
    with FakeMessagesServer(Reply(text=slow)) as server, ThreadPoolExecutor(1) as pool:
        bridge = _bridge(server, max_cost_usd=1.5 * for_one)
        first = pool.submit(_ask, bridge)
        assert started.wait(30)
        with pytest.raises(BudgetError):
            _ask(bridge)
        release.set()
        assert first.result()["text"] == "At last."
        assert _ask(bridge)["text"] == "At last."


def test_a_limit_holds_for_all_processes_of_a_run() -> None:
    store = MemoryRunStore()
    with FakeMessagesServer(Reply(text="x" * 2_000)) as server:
        asked = 0
        for _ in range(3):
            bridge = _bridge(server, max_cost_usd=0.0075)
            bridge.keep(Ledger(store))
            with suppress(BudgetError):
                for number in range(60):
                    _ask(bridge, f"Question {number}?")
            asked = asked or len(server.requests)
            assert 0 < len(server.requests) == asked < 60
    known = Ledger(store).spent()
    assert (known.requests, known.usd) == (asked, bridge.spent_before_usd)
    assert 0 < known.usd <= 0.0075


def test_a_call_that_a_kill_cut_counts_as_the_dearest() -> None:
    class Killed(Ledger):
        def record(self, usage: RequestUsage, *, replaces: str = "") -> str:
            if replaces:
                raise KeyboardInterrupt
            return super().record(usage)

    store = MemoryRunStore()
    with FakeMessagesServer(Reply(text="Quite.")) as server:
        bridge = _bridge(server)
        bridge.keep(Killed(store))
        with pytest.raises(KeyboardInterrupt):
            _ask(bridge)
    dearest = load_prices().cost(MODEL, TokenCounts(estimate_tokens("Well?"), 4_000))
    assert Ledger(store).spent().usd == dearest


def test_no_limit_is_kept_where_earlier_costs_are_not_known() -> None:
    store = MemoryRunStore()
    Ledger(store).record(
        RequestUsage(request_id="r", model="unknown", agents=(), input_tokens=1, output_tokens=1)
    )
    with FakeMessagesServer(Reply(text="Quite.")) as server:
        bridge = _bridge(server, max_cost_usd=1.0)
        bridge.keep(Ledger(store))
        with pytest.raises(BudgetError, match="is not known"):
            _ask(bridge)
        assert server.requests == []


def test_what_cannot_be_asked_is_told_before_anything_is_sent() -> None:
    with pytest.raises(BadInput, match="needs a model"):
        PromptBridge(model=" ")
    with pytest.raises(BadInput, match="is not known"):
        PromptBridge(model="some-model", max_cost_usd=1)
    with FakeMessagesServer() as server:
        for given in ({"prompt": ""}, {"prompt": 3}, {"prompt": "x", "max_output_tokens": 0}):
            with pytest.raises(EngineError):
                _bridge(server).invoke(agent_name="a", input_data=given, context={})
        assert server.requests == []
    assert KEY not in repr(PromptBridge(model=MODEL, api_key=KEY))
    assert json.dumps(MODEL)[1:-1] in repr(PromptBridge(model=MODEL))
