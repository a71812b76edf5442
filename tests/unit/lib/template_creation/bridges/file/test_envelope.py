"""What a host's file says, however it says it."""

from __future__ import annotations

import json

import pytest

from template_creation.bridges.file.envelope import build_envelope, read_envelope

ANSWER = {"enhancements": [{"agent_name": "api", "enhanced_content": "# Api"}]}


@pytest.mark.parametrize(
    ("said", "payload"),
    [
        ({"request_id": "r", "status": "success", "response": "text"}, "text"),
        ({"request_id": "r", "status": "success", "response": ANSWER}, ANSWER),
        ({"request_id": "r", "status": "success", "result": ANSWER}, ANSWER),
        ({"request_id": "r", "status": "success", "response": None, "result": "x"}, "x"),
        ({"request_id": "r", "response": "text"}, "text"),
        ({"request_id": "r", "status": "completed", **ANSWER}, ANSWER),
        ({"request_id": "r", "status": "success", "response": "text", "extra": 1}, "text"),
    ],
)
def test_an_envelope_is_read_with_its_drifts(said, payload) -> None:
    """F26: unknown keys are ignored, missing ones have defaults, `result` is `response`."""
    found = read_envelope(json.dumps(said))
    assert (found.request_id, found.status, found.problem) == ("r", "success", "")
    assert found.payload == payload
    assert not found.bare


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        (json.dumps(ANSWER), ANSWER),
        (json.dumps({"response": ANSWER}), ANSWER),
        (json.dumps([1]), [1]),
        ("```json\n{}\n```", "```json\n{}\n```"),
    ],
)
def test_what_is_no_envelope_is_a_bare_payload(text, payload) -> None:
    """F25: hosts forget the envelope."""
    found = read_envelope(text)
    assert (found.bare, found.request_id, found.payload) == (True, "", payload)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"status": "success", "response": "x"}, "no request_id"),
        ({"request_id": 7, "response": "x"}, "no request_id"),
        ({"request_id": "r", "version": "2.0", "response": "x"}, "version '2.0'"),
        ({"request_id": "r", "status": "success", "response": None}, 'no "response"'),
    ],
)
def test_what_cannot_be_taken_says_why(said, problem) -> None:
    assert problem in read_envelope(json.dumps(said)).problem


def test_a_cut_envelope_still_names_its_request() -> None:
    """A truncated file is bound by what is left of it."""
    text = json.dumps({"request_id": "r", "version": "1.0", "response": "long"})[:-8]
    found = read_envelope(text)
    assert (found.request_id, found.broken, found.payload) == ("r", True, text)


def test_a_failure_without_status_is_a_failure() -> None:
    found = read_envelope('{"request_id": "r", "error_message": "no"}')
    assert (found.status, found.error_message) == ("error", "no")


@pytest.mark.parametrize("text", ["", "\x00", "[" * 10_000, '{"a": 1e999}', "null", '"text"'])
def test_reading_never_raises(text) -> None:
    assert read_envelope(text).bare


def test_what_we_build_is_what_we_read() -> None:
    """`bridge respond` writes what a host of protocol 1.0 would have written."""
    built = build_envelope("r", agent_name="a", created_at="t", response="x")
    found = read_envelope(json.dumps(built))
    assert (found.request_id, found.status, found.payload) == ("r", "success", "x")
    failed = build_envelope("r", agent_name="a", created_at="t", error_message="no")
    assert read_envelope(json.dumps(failed)).status == "error"
    late = build_envelope(
        "r", agent_name="a", created_at="t", error_message="no", error_type="TIMEOUT"
    )
    assert read_envelope(json.dumps(late)).status == "timeout"
