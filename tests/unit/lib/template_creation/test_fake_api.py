"""The fake Messages API that users get answers, breaks and records as its script says."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from typing import Any
from urllib.parse import urlsplit

import anthropic
import pytest

from template_creation.fake_api import FakeMessagesServer, Reply

ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}


def post(
    server: FakeMessagesServer, body: Any = None, path: str = "/v1/messages", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """One request without any library that would help."""
    sent = {"x-api-key": "k", "anthropic-version": "2026-10-21", **headers}
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    try:
        connection.request("POST", path, json.dumps(body or ASK), sent)
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return response.status, headers, response.read()
    finally:
        connection.close()


def events(raw: bytes) -> list[dict[str, Any]]:
    lines = raw.decode().splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line[:5] == "data:"]


def test_the_sdk_itself_reads_its_answers() -> None:
    """The vendor's own client, not ours: order of events, blocks, usage, reason."""
    reply = Reply(text=("one ", "two"), thinking="hm", usage={"cache_read_input_tokens": 5})
    with FakeMessagesServer(reply) as server:
        client = anthropic.Anthropic(api_key="k", base_url=server.url, max_retries=0)
        with client, client.messages.stream(**ASK, max_tokens=9) as stream:
            message = stream.get_final_message()
    assert [block.type for block in message.content] == ["thinking", "text", "text"]
    assert [getattr(block, "text", "") for block in message.content] == ["", "one ", "two"]
    assert message.stop_reason == "end_turn"
    assert message.usage.cache_read_input_tokens == 5
    assert message.usage.output_tokens == 3


def test_the_script_is_kept_to_and_its_last_reply_stays() -> None:
    """Each request is recorded, with the key apart from the headers."""
    with FakeMessagesServer("first", lambda request: request.prompt.upper()) as server:
        texts = []
        for _ in range(3):
            _, headers, raw = post(server)
            deltas = [item["delta"] for item in events(raw) if "delta" in item]
            texts.append("".join(delta.get("text", "") for delta in deltas))
            assert headers["content-type"] == "text/event-stream"
    assert texts == ["first", "HELLO", "HELLO"]
    assert [item.prompt for item in server.requests] == ["hello"] * 3
    assert {item.key for item in server.requests} == {"k"}
    assert "x-api-key" not in server.requests[0].headers


def test_an_error_has_the_shape_of_the_real_one() -> None:
    """Status, type, words, headers, id of the request."""
    with FakeMessagesServer(
        Reply.error(529, "overloaded_error", "busy", retry_after="3")
    ) as server:
        status, headers, raw = post(server)
    assert (status, headers["retry-after"], headers["request-id"]) == (529, "3", "req_0001")
    assert json.loads(raw)["error"] == {"type": "overloaded_error", "message": "busy"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"x-api-key": ""}, 401),
        ({"x-api-key": "other"}, 401),
        ({"anthropic-version": ""}, 200),
        ({"path": "/v1/else"}, 404),
        ({"body": {"messages": [1]}}, 400),
        ({"body": {**ASK, "model": "unknown"}}, 404),
    ],
)
def test_it_checks_what_the_real_one_checks(change: dict[str, Any], status: int) -> None:
    """Key, path, fields, model."""
    with FakeMessagesServer("{}", key="k", models=["m"]) as server:
        assert post(server, **change)[0] == status


def test_tokens_are_counted_apart_from_messages() -> None:
    """And not at all where it is told not to."""
    with FakeMessagesServer("{}") as server:
        assert json.loads(post(server, path="/v1/messages/count_tokens")[2]) == {"input_tokens": 2}
        assert (len(server.requests), len(server.counts)) == (0, 1)
    with FakeMessagesServer(counts_tokens=False) as server:
        assert post(server, path="/v1/messages/count_tokens")[0] == 404


def test_a_clean_cut_looks_like_a_whole_answer() -> None:
    """That is what makes it dangerous: no error, no end either."""
    with FakeMessagesServer(Reply(text="x" * 100, at=50, fault="cut")) as server:
        status, _, raw = post(server)
    kinds = [item["type"] for item in events(raw)]
    assert status == 200
    assert "content_block_delta" in kinds
    assert "message_stop" not in kinds


def test_closing_ends_streams_that_wait() -> None:
    """A test that fails in the middle does not hang."""
    server = FakeMessagesServer(Reply(text="x", at=0, fault="stall"))
    with server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
        headers = {"x-api-key": "k", "anthropic-version": "1"}
        connection.request("POST", "/v1/messages", json.dumps(ASK), headers)
        response = connection.getresponse()
        assert response.readline()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()


def test_it_serves_on_its_own_until_it_is_interrupted() -> None:
    """And says what to give to the command."""
    command = [sys.executable, "-m", "template_creation.fake_api"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline().split()
        assert said[:3] == ["--bridge", "api", "--model"]
        netloc = urlsplit(said[-1]).netloc
        connection = http.client.HTTPConnection(netloc, timeout=5)
        connection.request("GET", "/")
        assert connection.getresponse().status == 405
        connection.close()
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) == 0


def test_a_tool_is_called_with_its_arguments_in_pieces() -> None:
    """`Reply.calling` streams what an assistant runs its tools by, read as the SDK reads it."""
    given = {"command": "template-create --name demo", "note": "x" * 100}
    with FakeMessagesServer(Reply.calling("Bash", given)) as server:
        client = anthropic.Anthropic(api_key="k", base_url=server.url, max_retries=0)
        with client.messages.stream(max_tokens=9, **ASK) as stream:
            message = stream.get_final_message()
        _, _, raw = post(server, path="/v1/messages?beta=true")
    assert message.stop_reason == "tool_use"
    (call,) = message.content
    assert (call.type, call.name, call.input) == ("tool_use", "Bash", given)
    deltas = [e["delta"] for e in events(raw) if e["type"] == "content_block_delta"]
    assert len(deltas) > 2
    assert {delta["type"] for delta in deltas} == {"input_json_delta"}


def test_arguments_may_be_broken_like_text() -> None:
    """A tool's arguments that are no JSON, or that the stream breaks off, come as scripted."""
    cut = Reply.calling("Bash", {"command": "x" * 200}, fault="cut", at=20)
    with FakeMessagesServer(Reply.calling("Bash", '{"command": '), cut) as server:
        broken, halved = (events(post(server)[2]) for _ in range(2))
    texts = [
        "".join(e["delta"].get("partial_json", "") for e in found if "delta" in e)
        for found in (broken, halved)
    ]
    assert texts[0] == '{"command": '
    assert len(texts[1]) == 20
    assert halved[-1]["type"] == "content_block_delta"


def test_assistants_that_look_first_find_a_server() -> None:
    """HEAD is answered: the server is there, the page is not."""
    with FakeMessagesServer() as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
        connection.request("HEAD", "/")
        assert connection.getresponse().status == 404
        connection.close()
    assert server.requests == []
