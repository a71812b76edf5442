"""The bridge against a real server: what is handed over, what is raised, what it took."""

from __future__ import annotations

import json
import logging
import threading
import traceback
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from batch_engine.core import (
    AuthError,
    EngineError,
    NetworkError,
    RateLimitError,
    RejectedResultError,
    TaskError,
    TransientError,
    WorkTimeoutError,
)
from template_creation.bridges import ApiBridge, StreamingBridge
from template_creation.bridges.api.failures import AnswerTooLongError, NoRoomError, RefusedError
from template_creation.errors import BadInput
from template_creation.fake_api import FakeMessagesServer, Fault, Received, Reply
from template_creation.values.answer import AnsweredAgent, RequestUsage

BOTH = ["api-specialist", "testing-specialist"]
Ask = Callable[..., Any]


# -- an answer that goes well


def test_a_whole_answer_is_handed_over_agent_by_agent(ask: Ask, good: str) -> None:
    """Then what it took; one request, streamed, signed, of this model."""
    outcome = ask(good)
    assert outcome.error is None
    assert outcome.agents == BOTH
    (request,) = outcome.requests
    assert request.key.startswith("sk-ant-test")
    assert (request.body["stream"], request.body["model"]) == (True, "claude-sonnet-5-5")
    assert outcome.events[-1] is outcome.usage


def test_usage_is_what_the_api_says_and_what_it_costs(ask: Ask, good: str) -> None:
    """With cached tokens at their price, and beside it what the planner had thought."""
    usage = {
        "input_tokens": 1_000,
        "output_tokens": 2_000,
        "cache_read_input_tokens": 10_000,
        "cache_creation_input_tokens": 4_000,
        "output_tokens_details": {"thinking_tokens": 500},
    }
    context = {"estimated_input_tokens": 15_500, "estimator": "characters/2.4"}
    found = ask(Reply(text=good, usage=usage), context=context).usage
    assert (found.input_tokens, found.output_tokens) == (1_000, 2_000)
    assert (found.cache_read_tokens, found.cache_write_tokens) == (10_000, 4_000)
    assert found.cost_usd == pytest.approx(0.002 + 0.020 + 0.001 + 0.010)
    assert (found.request_id, found.stop_reason) == ("req_0001", "end_turn")
    assert (found.estimated_input_tokens, found.estimator) == (15_500, "characters/2.4")
    assert found.agents == tuple(BOTH)
    assert found.first_agent_seconds is not None
    assert 0 < found.first_agent_seconds <= found.seconds


def test_what_an_unknown_model_costs_is_unknown(ask: Ask, good: str) -> None:
    """Never zero."""
    assert ask(good, model="llama").usage.cost_usd is None


def test_thinking_unknown_events_and_several_blocks_do_not_disturb(ask: Ask, good: str) -> None:
    """The text is what blocks of text hold, in order (facts section 1)."""
    half = len(good) // 3
    reply = Reply(
        text=("Here it is:\n", good[:half], good[half:]),
        thinking='{"enhancements": [{"agent_name": "api-specialist"}]}',
        events=[{"type": "brand_new", "index": 0}, {"type": "ping"}],
    )
    outcome = ask(reply)
    assert outcome.error is None
    assert outcome.agents == BOTH


def test_an_agent_is_handed_over_while_the_model_still_writes(
    request_data: dict[str, Any], good: str, after_first: int, key: str
) -> None:
    """The server waits until the first agent has been seen."""
    seen = threading.Event()
    with FakeMessagesServer(Reply(text=good, at=after_first, hold=seen)) as server:
        bridge = ApiBridge(model="claude-sonnet-5-5", api_key=key, base_url=server.url)
        events = bridge.stream(agent_name="x", input_data=request_data, context={})
        first = next(events)
        assert isinstance(first, AnsweredAgent)
        assert first.name == BOTH[0]
        seen.set()
        assert [item.name for item in events if isinstance(item, AnsweredAgent)] == BOTH[1:]


def test_closing_the_stream_ends_the_call(
    request_data: dict[str, Any], good: str, after_first: int, key: str
) -> None:
    """As Ctrl-C does: the server sees its client leave, although its answer never ends."""
    with FakeMessagesServer(Reply(text=good, at=after_first, fault="stall")) as server:
        bridge = ApiBridge(model="m", api_key=key, base_url=server.url)
        events = bridge.stream(agent_name="x", input_data=request_data, context={})
        next(events)
        events.close()
        assert server.left.wait(5)


def test_an_interrupt_ends_the_call_and_goes_on(
    request_data: dict[str, Any], good: str, key: str
) -> None:
    """A KeyboardInterrupt in the middle is no failure of the call."""

    def interrupted() -> float:
        times.append(0.0)
        if len(times) > 4:
            raise KeyboardInterrupt
        return 0.0

    times: list[float] = []
    with FakeMessagesServer(Reply(text=good, fault="stall")) as server:
        bridge = ApiBridge(model="m", api_key=key, base_url=server.url, clock=interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(bridge.stream(agent_name="x", input_data=request_data, context={}))
        assert server.left.wait(5)


# -- an answer that breaks

BREAKS: list[tuple[Fault, type[EngineError], str]] = [
    ("cut", NetworkError, "ended before the answer was whole"),
    ("drop", NetworkError, "closed connection"),
    ("reset", NetworkError, "reset"),
    ("corrupt", NetworkError, "no JSON"),
    ("garbage", NetworkError, "no JSON"),
    ("error", RateLimitError, "overloaded"),
    ("stall", WorkTimeoutError, "sent nothing for 0.2 s"),
]


@pytest.mark.parametrize(("fault", "kind", "words"), BREAKS)
def test_what_was_complete_is_kept_when_the_stream_breaks(
    ask: Ask, good: str, after_first: int, fault: Fault, kind: type[EngineError], words: str
) -> None:
    """Every row of the table (facts section 2): one request, the complete agent, then an error
    that may be asked again; half an agent is told and not taken."""
    outcome = ask(Reply(text=good, at=after_first, fault=fault), read_timeout_s=0.2)
    assert len(outcome.requests) == 1
    assert outcome.agents == BOTH[:1]
    assert type(outcome.error) is kind
    assert words in outcome.error.message
    assert outcome.error.retryable
    assert [issue.rule for issue in outcome.issues] == ["answer-cut"]
    usage = outcome.usage
    assert usage.stop_reason == ""
    assert usage.output_tokens >= after_first / 2.4  # estimated: only the end would have told


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [({}, 300), ({"read_timeout_s": 7}, 7), ({"deadline_s": 40}, 40)],
)
def test_a_server_of_ones_own_may_be_silent_for_longer(
    ask: Ask, good: str, settings: dict[str, Any], seconds: float
) -> None:
    """It says nothing while it reads a long prompt; never longer than the whole call may be."""
    (request,) = ask(good, **settings).requests
    assert float(request.headers["x-stainless-read-timeout"]) == seconds


def test_a_cut_between_two_agents_is_told_as_one(ask: Ask, good: str, after_first: int) -> None:
    """Nothing is half there, and still something is missing."""
    outcome = ask(Reply(text=good[: after_first - 12], fault="cut", at=after_first - 12))
    assert outcome.agents == BOTH[:1]
    assert [issue.rule for issue in outcome.issues] == ["answer-cut"]


def test_a_deadline_holds_while_bytes_still_trickle(
    request_data: dict[str, Any], good: str, after_first: int, key: str
) -> None:
    """Pings keep a connection alive; the call ends all the same."""
    seen: list[Any] = []
    with FakeMessagesServer(Reply(text=good, at=after_first, fault="trickle")) as server:
        bridge = ApiBridge(
            model="m",
            api_key=key,
            base_url=server.url,
            deadline_s=300,
            clock=lambda: 301.0 if seen else 0.0,
        )
        with pytest.raises(WorkTimeoutError, match="300 seconds"):
            _keep(bridge, request_data, seen)
    assert [item.name for item in seen if isinstance(item, AnsweredAgent)] == BOTH[:1]


def test_a_stream_that_breaks_behind_the_last_agent_fails_nothing(ask: Ask, good: str) -> None:
    """Every agent was complete; that the end is missing is told."""
    outcome = ask(Reply(text=good, at=len(good), fault="cut"))
    assert outcome.error is None
    assert outcome.agents == BOTH
    (issue,) = outcome.issues
    assert (issue.rule, issue.severity) == ("answer-tail", "warning")
    assert "before the answer was whole" in issue.message


def test_an_answer_without_room_keeps_what_was_complete(
    ask: Ask, good: str, after_first: int
) -> None:
    """The error says the limit, and that smaller requests would do."""
    outcome = ask(Reply(text=good[:after_first], stop_reason="max_tokens"), max_output_tokens=777)
    assert outcome.agents == BOTH[:1]
    assert isinstance(outcome.error, AnswerTooLongError)
    assert outcome.error.retryable
    assert "777" in outcome.error.message
    assert outcome.usage.stop_reason == "max_tokens"
    assert outcome.requests[0].body["max_tokens"] == 777


def test_an_answer_that_has_room_for_no_agent_is_not_asked_for_again(ask: Ask, good: str) -> None:
    """The same request would be cut at the same place."""
    outcome = ask(Reply(text=good[:60], stop_reason="max_tokens"))
    assert isinstance(outcome.error, NoRoomError)
    assert not outcome.error.retryable
    assert "--no-batch" in outcome.error.hint


def test_a_refusal_is_final_and_says_why(ask: Ask) -> None:
    """It is paid for, so it has a usage."""
    details = {"type": "refusal", "category": "cyber", "explanation": "could be misused"}
    outcome = ask(Reply(text="", stop_reason="refusal", stop_details=details))
    assert isinstance(outcome.error, RefusedError)
    assert "cyber could be misused" in outcome.error.message
    assert not outcome.error.retryable
    assert outcome.usage.stop_reason == "refusal"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(text=""), RejectedResultError),
        (Reply(text="", thinking="for a long time"), RejectedResultError),
        (Reply(text="", stop_reason="tool_use"), RejectedResultError),
        (Reply(text="let me", stop_reason="pause_turn"), TransientError),
        (Reply(text="", stop_reason=None), NetworkError),
    ],
)
def test_an_answer_without_agents_is_an_error_that_may_be_asked_again(
    ask: Ask, reply: Reply, kind: type[EngineError]
) -> None:
    """Empty, a tool, a pause, an end without a reason."""
    outcome = ask(reply)
    assert type(outcome.error) is kind
    assert outcome.error.retryable
    assert outcome.agents == []


def test_prose_instead_of_an_answer_is_told_and_raises_nothing(ask: Ask) -> None:
    """It came to its end; who asked sees that the agents are missing."""
    outcome = ask("I would rather talk about something else.")
    assert outcome.error is None
    assert outcome.agents == []
    assert [issue.rule for issue in outcome.issues] == ["answer-empty"]


# -- a call that is not let in


@pytest.mark.parametrize(
    ("reply", "kind", "again"),
    [
        (Reply.error(429, "rate_limit_error", retry_after="4"), RateLimitError, True),
        (Reply.error(529, "overloaded_error"), RateLimitError, True),
        (Reply.error(500, "api_error"), NetworkError, True),
        (Reply(status=502, raw=b"<title>Bad Gateway</title>"), NetworkError, True),
        (Reply.error(403, "permission_error"), AuthError, False),
        (Reply.error(400, "invalid_request_error", "messages: too odd"), TaskError, False),
        (
            Reply(raw=b"<html>a login page</html>", headers={"content-type": "x/y"}),
            TaskError,
            False,
        ),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
def test_a_refused_call_is_one_request_and_a_typed_error(
    ask: Ask, reply: Reply, kind: type[EngineError], again: bool
) -> None:
    """Asking again is the engine's, with the wait that was asked for, within reason."""
    outcome = ask(reply, retry_after_cap_s=3)
    assert len(outcome.requests) == 1
    assert outcome.events == []
    assert isinstance(outcome.error, kind)
    assert outcome.error.retryable is again
    if reply.headers.get("retry-after"):
        assert outcome.error.retry_after_s == 3


def test_a_wrong_key_and_a_wrong_model_are_told_with_the_way_out(ask: Ask, good: str) -> None:
    """By the checks of the server itself."""
    key = ask(good, server={"key": "sk-other"}).error
    assert isinstance(key, AuthError)
    assert "ANTHROPIC_API_KEY" in key.hint
    model = ask(good, server={"models": ["llama"]}, model="lama").error
    assert isinstance(model, TaskError)
    assert "has no model 'lama'" in model.message


def test_a_server_that_is_not_there_or_speaks_no_tls_is_told(ask: Ask, good: str) -> None:
    """With what to look at."""
    with FakeMessagesServer(good) as gone:
        pass
    nobody = ask(good, base_url=gone.url).error
    assert isinstance(nobody, NetworkError)
    assert nobody.hint == "is it running?"
    with FakeMessagesServer(good) as server:
        plain = ask(good, base_url=server.url.replace("http", "https")).error
    assert isinstance(plain, TaskError)
    assert "http://" in plain.hint


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (httpx2.ConnectTimeout("timed out"), "took no connection for 10 s"),
        (httpx2.ConnectError("[Errno -2] Name or service not known"), "was not found"),
        (httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"), "not trusted"),
        (httpx2.ProxyError("407 Proxy Authentication Required"), "407"),
    ],
    ids=["timeout", "name", "certificate", "proxy"],
)
def test_what_loopback_cannot_show_is_translated_too(
    ask: Ask, raised: httpx2.HTTPError, words: str
) -> None:
    """Names and certificates fail inside the HTTP library."""

    def fail(request: httpx2.Request) -> httpx2.Response:
        raised.request = request
        raise raised

    with httpx2.Client(transport=httpx2.MockTransport(fail)) as client:
        error = ask("{}", base_url="https://gate.example.org", http_client=client).error
    assert words in error.message
    assert "gate.example.org" in error.message


# -- parameters that a server does not take

GRAMMAR = "output_config.format.schema: Invalid schema: The compiled grammar is too large"


def schema_of(request: Received) -> Any:
    return request.body.get("output_config", {}).get("format")


def test_a_refused_schema_costs_one_request_and_is_remembered(
    request_data: dict[str, Any], good: str, key: str
) -> None:
    """One more at most for each call; then the run asks as the server takes it."""
    refuse = Reply.error(400, "invalid_request_error", GRAMMAR)
    with FakeMessagesServer(refuse, good, good) as server:
        bridge = ApiBridge(
            model="claude-sonnet-5-5", api_key=key, base_url=server.url, structured="on"
        )
        first, second = (
            list(bridge.stream(agent_name="x", input_data=request_data, context={}))
            for _ in range(2)
        )
        kinds = [schema_of(item)["schema"]["properties"] for item in server.requests]
    assert [kind["enhancements"]["type"] for kind in kinds] == ["object", "array", "array"]
    (issue,) = (item for item in first if getattr(item, "rule", "") == "request-parameter")
    assert "plain schema" in issue.fix  # type: ignore[union-attr]
    assert not any(getattr(item, "rule", "") == "request-parameter" for item in second)


def test_two_refusals_are_not_answered_by_a_third_request(
    request_data: dict[str, Any], good: str, key: str
) -> None:
    """The second is raised, as one that may be asked again: the next call goes without."""
    refuse = Reply.error(400, "invalid_request_error", GRAMMAR)
    with (
        FakeMessagesServer(refuse, refuse, good) as server,
        httpx2.Client(transport=_to(server.url)) as client,
    ):
        bridge = ApiBridge(model="claude-sonnet-5-5", api_key=key, http_client=client)
        with pytest.raises(TransientError, match="without a schema"):
            list(bridge.stream(agent_name="x", input_data=request_data, context={}))
        assert len(server.requests) == 2
        list(bridge.stream(agent_name="x", input_data=request_data, context={}))
        assert [bool(schema_of(item)) for item in server.requests] == [True, True, False]


def test_who_insists_on_a_schema_is_told_that_it_is_refused(ask: Ask) -> None:
    """In its plain form too, and for good."""
    outcome = ask(Reply.error(400, "invalid_request_error", GRAMMAR), structured="on")
    assert len(outcome.requests) == 2
    assert isinstance(outcome.error, TaskError)


def test_a_server_of_ones_own_gets_no_schema_unless_it_is_told(ask: Ask, good: str) -> None:
    """Also where the model has a known name."""
    (request,) = ask(good).requests
    assert set(request.body) == {"model", "messages", "max_tokens", "stream"}
    (request,) = ask(good, structured="on").requests
    assert schema_of(request)["type"] == "json_schema"


def test_a_schema_that_breaks_the_answer_is_left_out_of_the_next_request(
    request_data: dict[str, Any], good: str, after_first: int, key: str
) -> None:
    """A request that was let in and is called invalid half-way fails for what the model wrote
    (SDK issue 1889): it may be asked again, without the schema."""
    breaks = Reply(
        text=good, at=after_first, fault="error", kind="invalid_request_error", words="Invalid"
    )
    with (
        FakeMessagesServer(breaks, good) as server,
        httpx2.Client(transport=_to(server.url)) as client,
    ):
        bridge = ApiBridge(model="claude-sonnet-5-5", api_key=key, http_client=client)
        seen: list[Any] = []
        with pytest.raises(TransientError, match="without a schema"):
            _keep(bridge, request_data, seen)
        names = [item.name for item in seen if isinstance(item, AnsweredAgent)]
        assert names == BOTH[:1]
        list(bridge.stream(agent_name="x", input_data=request_data, context={}))
        assert [bool(schema_of(item)) for item in server.requests] == [True, False]


def _keep(bridge: ApiBridge, document: dict[str, Any], seen: list[Any]) -> None:
    """Asks, with every event in ``seen`` as soon as it comes."""
    for event in bridge.stream(agent_name="x", input_data=document, context={}):
        seen.append(event)


def _to(url: str) -> httpx2.BaseTransport:
    """Everything goes to ``url``, whatever host it is for."""
    target = httpx2.URL(url)

    class Redirected(httpx2.HTTPTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            request.url = request.url.copy_with(
                scheme=target.scheme, host=target.host, port=target.port
            )
            return super().handle_request(request)

    return Redirected()


# -- the other doors


def test_invoke_gathers_what_stream_hands_over(
    request_data: dict[str, Any], good: str, key: str
) -> None:
    """In the seed's shape, with the usage beside it."""
    with FakeMessagesServer(good) as server:
        bridge = ApiBridge(model="claude-sonnet-5-5", api_key=key, base_url=server.url)
        assert isinstance(bridge, StreamingBridge)
        answer = bridge.invoke(agent_name="x", input_data=request_data, context={})
    assert [item["agent_name"] for item in answer["enhancements"]] == BOTH
    assert RequestUsage.from_json(answer["usage"]).request_id == "req_0001"
    assert json.loads(json.dumps(answer)) == answer


def test_invoke_keeps_what_was_complete_and_says_that_it_stopped(
    request_data: dict[str, Any], good: str, after_first: int, key: str
) -> None:
    """Before the first complete agent there is nothing to keep, and it raises."""
    cut = Reply(text=good, at=after_first, fault="cut")
    with FakeMessagesServer(cut, Reply(text=good, at=20, fault="cut")) as server:
        bridge = ApiBridge(model="m", api_key=key, base_url=server.url)
        answer = bridge.invoke(agent_name="x", input_data=request_data, context={})
        assert [item["agent_name"] for item in answer["enhancements"]] == BOTH[:1]
        assert answer["stopped"]["code"] == "network.failed"
        with pytest.raises(NetworkError):
            bridge.invoke(agent_name="x", input_data=request_data, context={})


def test_tokens_are_counted_where_the_server_can(
    request_data: dict[str, Any], good: str, key: str
) -> None:
    """Of the very prompt that would be sent; without a message being paid for."""
    with FakeMessagesServer(good) as server:
        bridge = ApiBridge(model="m", api_key=key, base_url=server.url)
        counted = bridge.count_tokens(request_data)
        list(bridge.stream(agent_name="x", input_data=request_data, context={}))
        assert server.counts[0].prompt == server.requests[0].prompt
        assert counted == -(-len(server.requests[0].prompt) // 3)
        assert len(server.requests) == 1


def test_a_server_that_does_not_count_says_so(request_data: dict[str, Any], key: str) -> None:
    """By the error that a request would meet, or that there is no such thing."""
    with FakeMessagesServer(counts_tokens=False) as server:
        bridge = ApiBridge(model="m", api_key=key, base_url=server.url)
        with pytest.raises(TaskError, match="HTTP 404"):
            bridge.count_tokens(request_data)
    with FakeMessagesServer(key="other") as server:
        bridge = ApiBridge(model="m", api_key=key, base_url=server.url)
        with pytest.raises(AuthError):
            bridge.count_tokens(request_data)


@pytest.mark.parametrize(
    "settings",
    [
        {"model": " "},
        {"base_url": "localhost:80"},
        {"read_timeout_s": 0},
        {"deadline_s": -1},
        {"max_output_tokens": 0},
        {"connect_timeout_s": float("nan")},
    ],
)
def test_a_setting_that_cannot_be_used_is_told_at_once(settings: dict[str, Any]) -> None:
    """Before anything is begun."""
    with pytest.raises(BadInput):
        ApiBridge(**{"model": "m", **settings})


def test_the_key_comes_from_the_environment_at_the_time_of_the_call(
    request_data: dict[str, Any], good: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a bridge can be made before there is one; without one, nothing is sent."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-from-the-environment")
    with FakeMessagesServer(good) as server:
        bridge = ApiBridge(model="m", base_url=server.url)
        list(bridge.stream(agent_name="x", input_data=request_data, context={}))
        assert server.requests[0].key == "sk-from-the-environment"
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(AuthError, match="no API key"):
        next(ApiBridge(model="m").stream(agent_name="x", input_data=request_data, context={}))


# -- what nobody may read


@pytest.mark.parametrize(
    "reply",
    [
        Reply.error(401, "authentication_error", "the key sk-ant-test-0123456789abcdefghij is bad"),
        Reply(status=502, raw=b"upstream got: Bearer sk-ant-test-0123456789abcdefghij"),
        Reply(text="", fault="error", words="Bearer sk-ant-test-0123456789abcdefghij"),
        Reply(text="", fault="reset"),
    ],
    ids=["json", "proxy", "stream", "reset"],
)
def test_key_and_prompt_are_nowhere_but_in_the_request(
    ask: Ask, reply: Reply, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in errors with all their causes, not in logs of any level, also when a proxy sends
    the key back."""
    caplog.set_level(logging.DEBUG)
    outcome = ask(reply)
    assert outcome.error is not None
    told = "".join(traceback.format_exception(outcome.error)) + repr(outcome.error.__dict__)
    told += caplog.text + repr(outcome.events) + repr(outcome.error.__context__)
    assert outcome.requests[0].key == key
    assert key[:14] not in told
    prompt = outcome.requests[0].prompt
    assert len(prompt) > 2_000
    assert not [line for line in prompt.splitlines() if len(line) > 40 and line in told]
    assert "asking claude-sonnet-5-5 for 2 agents" in caplog.text


def test_the_sdk_is_imported_by_the_first_call_only() -> None:
    """It takes a second, which ``--help`` does not have."""
    import subprocess
    import sys

    script = (
        "import sys; from template_creation.bridges import ApiBridge; ApiBridge(model='m');"
        "print('anthropic' in sys.modules, 'httpx2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False False\n", done.stderr
