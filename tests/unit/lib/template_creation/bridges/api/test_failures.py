"""Each failure has a type that says whether to ask again, and a way out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from batch_engine.core import (
    AuthError,
    BudgetError,
    EngineError,
    NetworkError,
    RateLimitError,
    RejectedResultError,
    TaskError,
    TransientError,
    WorkTimeoutError,
)
from template_creation.bridges.api.client import Secret
from template_creation.bridges.api.failures import (
    AnswerTooLongError,
    Failures,
    NoRoomError,
    NotAcceptedError,
    RefusedError,
    RequestTooLargeError,
)

KEY = "sk-ant-0123456789"


def failures(**changes: Any) -> Failures:
    settings: dict[str, Any] = {
        "model": "claude-sonet-5-5",
        "base_url": "",
        "known_models": ("claude-haiku-5-5", "claude-sonnet-5-5"),
        "retry_after_cap_s": 60.0,
        "hide": Secret(KEY).hide,
        "now": lambda: datetime(2026, 11, 21, tzinfo=UTC),
    }
    return Failures(**{**settings, **changes})


def body(kind: str, words: str = "words") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": words}}


CREDIT = "Your credit balance is too low to access the API."
LONG = "prompt is too long: 1212121 tokens > 1000000 maximum"

STATUS_CASES: list[tuple[int, object, type[EngineError], bool, str]] = [
    (400, body("invalid_request_error"), NotAcceptedError, False, ""),
    (400, body("invalid_request_error", CREDIT), BudgetError, False, "add credit"),
    (400, body("invalid_request_error", LONG), RequestTooLargeError, False, "fewer agents"),
    (400, {"error": "input exceeds the available context size"}, RequestTooLargeError, False, ""),
    (401, body("authentication_error"), AuthError, False, "ANTHROPIC_API_KEY"),
    (401, "Unauthorized", AuthError, False, "--bridge offline"),
    (402, body("billing_error"), BudgetError, False, "add credit"),
    (403, body("permission_error"), AuthError, False, "workspace"),
    (404, body("not_found_error", "model: claude-sonet-5-5"), TaskError, False, "did you mean"),
    (404, "<html><title>404</title></html>", TaskError, False, "address"),
    (404, {"detail": "Not Found"}, TaskError, False, "address"),
    (405, "Method Not Allowed", TaskError, False, "address"),
    (302, "", TaskError, False, "address"),
    (408, body("timeout_error"), WorkTimeoutError, True, ""),
    (409, body("invalid_request_error"), TransientError, True, ""),
    (413, "<html>too large</html>", RequestTooLargeError, False, "fewer agents"),
    (422, {"detail": "max_tokens"}, NotAcceptedError, False, ""),
    (429, body("rate_limit_error"), RateLimitError, True, ""),
    (500, body("api_error"), NetworkError, True, ""),
    (500, body("overloaded_error"), RateLimitError, True, ""),
    (501, "Not Implemented", NotAcceptedError, False, ""),
    (502, "<html><title>502 Bad Gateway</title></html>", NetworkError, True, ""),
    (503, "", NetworkError, True, ""),
    (504, body("timeout_error"), WorkTimeoutError, True, ""),
    (529, body("overloaded_error"), RateLimitError, True, ""),
]


@pytest.mark.parametrize(("status", "said", "kind", "again", "hint"), STATUS_CASES)
def test_a_status_becomes_its_error(
    status: int, said: object, kind: type[EngineError], again: bool, hint: str
) -> None:
    """The table of docs/api-bridge.md; the error says status, type and words."""
    error = failures().of_status(status, said, {"request-id": "req_7", "retry-after": "9999"})
    assert type(error) is kind
    assert error.retryable is again
    assert f"HTTP {status}" in error.message
    assert "req_7" in error.message
    assert hint in error.hint
    if again:
        assert error.retry_after_s == 60.0


@pytest.mark.parametrize(
    ("kind", "expected", "again"),
    [
        ("overloaded_error", RateLimitError, True),
        ("rate_limit_error", RateLimitError, True),
        ("api_error", NetworkError, True),
        ("timeout_error", WorkTimeoutError, True),
        ("something_new", NetworkError, True),
        ("", NetworkError, True),
        ("authentication_error", AuthError, False),
        ("permission_error", AuthError, False),
        ("billing_error", BudgetError, False),
        ("request_too_large", RequestTooLargeError, False),
        ("invalid_request_error", NotAcceptedError, False),
    ],
)
def test_an_error_inside_a_stream_is_judged_by_its_type(
    kind: str, expected: type[EngineError], again: bool
) -> None:
    """Its status is 200, which says nothing (facts section 2)."""
    error = failures().of_event(body(kind), "req_8")
    assert (type(error), error.retryable) == (expected, again)
    assert "in the stream" in error.message
    assert "req_8" in error.message


def test_an_unknown_model_comes_with_those_that_there_are() -> None:
    """The vendor's are known; of another server only that it is one of its own."""
    said = body("not_found_error", "model: claude-sonet-5-5")
    hint = failures().of_status(404, said, {}).hint
    assert hint == ("did you mean 'claude-sonnet-5-5'? known: claude-haiku-5-5, claude-sonnet-5-5")
    local = failures(base_url="http://127.0.0.1:1").of_status(404, said, {})
    assert "http://127.0.0.1:1 has no model" in local.message
    assert "claude-haiku" not in local.hint


@pytest.mark.parametrize(
    ("problem", "kind", "again", "words"),
    [
        (
            "ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
            TaskError,
            False,
            "SSL_CERT_FILE",
        ),
        ("ConnectError: [SSL: WRONG_VERSION_NUMBER] wrong version", TaskError, False, "http://"),
        ("ConnectError: [Errno -2] Name or service not known", NetworkError, True, "the network"),
        ("ConnectError: [Errno 111] Connection refused", NetworkError, True, "running"),
        ("ReadError: [Errno 104] Connection reset by peer", NetworkError, True, ""),
    ],
)
def test_a_connection_that_fails_says_what_to_look_at(
    problem: str, kind: type[EngineError], again: bool, words: str
) -> None:
    """A certificate does not heal by asking again; a name may."""
    error = failures(base_url="http://gpu:8080").of_connection(problem)
    assert (type(error), error.retryable) == (kind, again)
    assert words in error.hint
    assert "http://gpu:8080" in error.message


def stop(reason: str, *, finished: int = 0, **details: str) -> EngineError | None:
    return failures().of_stop(reason, details, finished=finished, max_tokens=500)


def test_an_answer_that_ended_is_no_failure() -> None:
    """Nor is a reason that only some other server knows."""
    assert [stop("end_turn"), stop("stop_sequence"), stop("eos")] == [None] * 3


@pytest.mark.parametrize("reason", ["max_tokens", "model_context_window_exceeded", "length"])
def test_an_answer_without_room_is_asked_for_again_only_where_that_asks_for_less(
    reason: str,
) -> None:
    """Else the same request would end at the same place, for the same money."""
    more, none = stop(reason, finished=3), stop(reason)
    assert isinstance(more, AnswerTooLongError)
    assert isinstance(none, NoRoomError)
    assert (more.retryable, none.retryable) == (True, False)
    assert "after 3 complete agents" in more.message
    assert "--no-batch" in none.hint
    other = "larger context" if reason.startswith("model") else "--max-answer"
    assert other in none.hint
    assert other in more.hint
    left = failures().of_stop(reason, {}, finished=0, max_tokens=500, by_cost=True)
    assert left is not None
    assert ("--max-cost" in left.hint) is (not reason.startswith("model"))


@pytest.mark.parametrize(
    ("reason", "kind", "again"),
    [
        ("refusal", RefusedError, False),
        ("tool_use", RejectedResultError, True),
        ("pause_turn", TransientError, True),
    ],
)
def test_other_ways_to_stop(reason: str, kind: type[EngineError], again: bool) -> None:
    """A refusal is never asked for again."""
    error = stop(reason, category="cyber", explanation="could be misused")
    assert error is not None
    assert (type(error), error.retryable) == (kind, again)
    if reason == "refusal":
        assert "cyber could be misused" in error.message


@pytest.mark.parametrize("padding", [0, 270, 275, 278, 290, 400])
def test_the_key_is_in_no_message_however_it_is_echoed(padding: int) -> None:
    """Not even a part of it, where a long text is cut in the middle of the key."""
    words = "x" * padding + f" Bearer {KEY} is invalid"
    headers = {"request-id": f"req {KEY}"}
    errors = [
        failures().of_status(status, said, headers)
        for status in (400, 401, 404, 429, 500)
        for said in (body(f"k {KEY}", words), words, {"error": {"nested": [words]}})
    ]
    errors += [
        failures().of_event(body("api_error", words), f"r {KEY}"),
        failures().of_connection(words),
        failures().of_stop("refusal", {"explanation": words}, finished=0, max_tokens=1)
        or TaskError(""),
    ]
    for error in errors:
        assert KEY[:10] not in f"{error.message} {error.hint} {error!r}"
