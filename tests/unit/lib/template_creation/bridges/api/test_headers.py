"""What goes over the wire, seen from inside the SDK's own HTTP library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx

from batch_engine.core import RateLimitError, TaskError
from template_creation.bridges import ApiBridge
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent, RequestUsage

VENDOR = "https://api.anthropic.com/v1/messages"


def stream_of(text: str, *, ended: bool = True) -> httpx.Response:
    """A whole answer as the API sends it, or one without its last event."""
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 5}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}},
        {"type": "message_stop"},
    ]
    lines = [f"event: {item['type']}\ndata: {json.dumps(item)}\n\n" for item in events]
    lines = lines if ended else lines[:-1]
    headers = {"content-type": "text/event-stream; charset=utf-8", "request-id": "req_9"}
    return httpx.Response(200, headers=headers, content="".join(lines).encode())


@pytest.fixture
def vendor() -> Iterator[respx.Route]:
    """The vendor's address, which no test can reach."""
    with respx.mock(using="httpcore2") as router:
        yield router.post(VENDOR)


def ask(document: dict[str, Any], **settings: Any) -> list[Any]:
    bridge = ApiBridge(**{"model": "claude-sonnet-5-5", "api_key": "sk-ant-0123", **settings})
    return list(bridge.stream(agent_name="x", input_data=document, context={}))


def test_the_vendors_api_gets_a_signed_versioned_streamed_request(
    request_data: dict[str, Any], good: str, vendor: respx.Route
) -> None:
    """With everything that the price file knows of the model."""
    vendor.return_value = stream_of(good)
    events = ask(request_data)
    assert sum(isinstance(item, AnsweredAgent) for item in events) == 2
    sent = vendor.calls.last.request
    signed = sent.headers.get("x-api-key") or sent.headers.get("authorization")
    assert signed.removeprefix("Bearer ") == "sk-ant-0123"
    assert sent.headers["anthropic-version"] >= "2023-06-01"
    assert sent.headers["x-stainless-retry-count"] == "0"
    assert float(sent.headers["x-stainless-read-timeout"]) == 60
    body = json.loads(sent.content)
    assert body["stream"] is True
    assert body["output_config"]["effort"] == "low"
    assert body["output_config"]["format"]["type"] == "json_schema"
    assert body["thinking"] == {"type": "between_tools"}
    assert body["max_tokens"] == 64_000


def test_a_reason_to_stop_is_not_yet_the_end(
    request_data: dict[str, Any], good: str, vendor: respx.Route
) -> None:
    """Without ``message_stop`` the stream was cut; here behind the last agent."""
    vendor.return_value = stream_of(good, ended=False)
    events = ask(request_data)
    (usage,) = (item for item in events if isinstance(item, RequestUsage))
    assert usage.stop_reason == ""
    assert [item.rule for item in events if isinstance(item, Issue)] == ["answer-tail"]


def test_nothing_is_sent_twice_by_the_sdk(
    request_data: dict[str, Any], vendor: respx.Route
) -> None:
    """Its own two retries are off: what may be asked again is the engine's to decide."""
    vendor.return_value = httpx.Response(
        529, headers={"x-should-retry": "true", "retry-after": "4"}
    )
    with pytest.raises(RateLimitError) as caught:
        ask(request_data, retry_after_cap_s=3)
    assert vendor.call_count == 1
    assert caught.value.retry_after_s == 3


def test_a_redirect_carries_neither_key_nor_prompt_away(request_data: dict[str, Any]) -> None:
    """Only the address that the user named gets them."""
    with respx.mock(using="httpcore2", assert_all_called=False) as router:
        there = {"location": "https://elsewhere.example.org/v1/messages"}
        router.post(VENDOR).respond(307, headers=there)
        other = router.post("https://elsewhere.example.org/v1/messages")
        with pytest.raises(TaskError, match="no Messages API"):
            ask(request_data)
    assert not other.called
