"""Retry-or-not is part of an error's type, and foreign errors are judged once, in one table."""

from __future__ import annotations

import errno
import pickle
import sqlite3
import urllib.error
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message

import pytest

from batch_engine import core
from batch_engine.core import EngineError, ErrorCategory, Pause, RateLimitError, classify
from batch_engine.core.classification import retry_after_of
from batch_engine.core.errors import FieldProblem, ItemValidationError


@dataclass(frozen=True)
class Case:
    error: BaseException
    code: str
    category: str
    retryable: bool


class HttpError(Exception):
    def __init__(self, status_code: object) -> None:
        super().__init__(f"HTTP {status_code}")
        self.status_code = status_code


@dataclass(frozen=True)
class Response:
    """As those of HTTP clients have it."""

    status_code: int
    headers: Mapping[str, str]


class ResponseError(Exception):
    """As raised for a status by clients whose exceptions hold the response."""

    def __init__(self, status_code: int, **headers: str) -> None:
        super().__init__(f"HTTP {status_code}")
        told = {name.replace("_", "-").title(): value for name, value in headers.items()}
        self.response = Response(status_code, told)


def urllib_error(status_code: int, **headers: str) -> urllib.error.HTTPError:
    message = Message()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return urllib.error.HTTPError("http://localhost/", status_code, "no", message, None)


CASES = (
    Case(FileNotFoundError("a"), "io.not_found", "io", False),
    Case(PermissionError("a"), "io.permission", "io", False),
    Case(IsADirectoryError("a"), "io.is_a_directory", "io", False),
    Case(NotADirectoryError("a"), "io.not_a_directory", "io", False),
    Case(FileExistsError("a"), "io.exists", "io", False),
    Case(TimeoutError("a"), "timeout.work", "timeout", True),
    Case(ConnectionResetError("a"), "network.failed", "network", True),
    Case(BrokenPipeError("a"), "network.failed", "network", True),
    Case(OSError(errno.EAGAIN, "again"), "io.failed", "io", True),
    Case(OSError(errno.ENOSPC, "full"), "io.failed", "io", False),
    Case(
        UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), "validation.encoding", "validation", False
    ),
    Case(ValueError("a"), "validation.value", "validation", False),
    Case(TypeError("a"), "internal.type", "internal", False),
    Case(KeyError("a"), "internal.lookup", "internal", False),
    Case(AttributeError("a"), "internal.attribute", "internal", False),
    Case(MemoryError(), "crash.memory", "crash", False),
    Case(sqlite3.IntegrityError("a"), "database.failed", "database", False),
    Case(RuntimeError("a"), "task.failed", "task", False),
    Case(HttpError(429), "rate_limit.http_429", "rate_limit", True),
    Case(HttpError(529), "rate_limit.http_529", "rate_limit", True),
    Case(HttpError(503), "network.http_503", "network", True),
    Case(HttpError(501), "network.http_501", "network", False),
    Case(HttpError(408), "timeout.http_408", "timeout", True),
    Case(HttpError(401), "auth.http_401", "auth", False),
    Case(HttpError(422), "input.http_422", "input", False),
    Case(HttpError(True), "task.failed", "task", False),
    Case(HttpError("429"), "task.failed", "task", False),
    Case(ResponseError(429), "rate_limit.http_429", "rate_limit", True),
    Case(ResponseError(404), "input.http_404", "input", False),
    Case(urllib_error(503), "network.http_503", "network", True),
    Case(
        ExceptionGroup("two", [TimeoutError("a"), HttpError(503)]), "timeout.work", "timeout", True
    ),
    Case(
        ExceptionGroup("two", [TimeoutError("a"), ExceptionGroup("in", [ValueError("b")])]),
        "validation.value",
        "validation",
        False,
    ),
    Case(RateLimitError("a"), "rate_limit.exceeded", "rate_limit", True),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case.error))
def test_every_error_gets_its_code_category_and_retry_hint(case: Case) -> None:
    found = classify(case.error)
    assert (found.code, found.category, found.retryable) == (
        case.code,
        ErrorCategory(case.category),
        case.retryable,
    )


def test_a_locked_database_may_be_asked_again(tmp_path: object) -> None:
    """A real lock, so that the table follows SQLite's codes and not its messages."""
    path = f"{tmp_path}/a.db"
    first, second = sqlite3.connect(path), sqlite3.connect(path, timeout=0)
    first.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError) as caught:
        second.execute("BEGIN EXCLUSIVE")
    assert classify(caught.value).code == "database.busy"
    assert classify(caught.value).retryable
    first.close()
    second.close()


def _error_types() -> list[type[EngineError]]:
    exported = [getattr(core, name) for name in core.__all__]
    return [kind for kind in exported if isinstance(kind, type) and issubclass(kind, EngineError)]


@pytest.mark.parametrize("kind", _error_types(), ids=lambda kind: kind.__name__)
def test_no_error_loses_anything_on_its_way_from_another_process(kind: type[EngineError]) -> None:
    field = FieldProblem(path="a.b", problem="missing")
    error = kind("what happened", hint="way out", fields=(field,), retry_after_s=2.5)
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (str(back), back.hint, back.fields, back.retry_after_s) == (
        "what happened",
        "way out",
        (field,),
        2.5,
    )


def test_codes_are_stable_dotted_and_belong_to_one_type_only() -> None:
    leaves = [kind for kind in _error_types() if not kind.__subclasses__()]
    codes = [kind.code for kind in leaves]
    assert all(code.count(".") == 1 for code in codes)
    # TaskError is the plain case of its base and shares the code.
    assert len(set(codes)) == len(codes)


def test_a_pause_is_no_error_of_the_engine() -> None:
    assert not issubclass(Pause, EngineError)
    assert issubclass(Pause, Exception)


def slow_down(seconds: object) -> Exception:
    error = RuntimeError("slow down")
    error.retry_after = seconds  # type: ignore[attr-defined]  # as foreign exceptions carry it
    return error


SENT = "Wed, 21 Oct 2015 07:28:00 GMT"
LATER = "Wed, 21 Oct 2015 07:28:30 GMT"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        *(
            (slow_down(seconds), expected)
            for seconds, expected in [
                (3, 3.0), (0.5, 0.5), (-1, None), (True, None), ("3", 3.0), ("soon", None),
                ("inf", None), (None, None),
            ]
        ),
        (ResponseError(429, retry_after="7"), 7.0),
        (ResponseError(429, retry_after_ms="1500", retry_after="2"), 1.5),
        (ResponseError(503, retry_after=LATER, date=SENT), 30.0),
        (ResponseError(503, retry_after=SENT), 0.0),
        (ResponseError(503, retry_after="Wed, 99 Oct 2015"), None),
        (ResponseError(503), None),
        (urllib_error(429, Retry_After="7"), 7.0),
        (ExceptionGroup("two", [slow_down(3), ValueError(), slow_down(5)]), 5.0),
    ],
)  # fmt: skip
def test_a_wait_that_was_asked_for_is_read_wherever_clients_put_it(
    error: Exception, expected: float | None
) -> None:
    assert retry_after_of(error) == expected


def test_field_problems_and_hint_stay_with_the_error() -> None:
    problem = FieldProblem(path="owner.email", problem="no @", expected="an address", got="'x'")
    assert ItemValidationError("bad", fields=(problem,), hint="fix it").fields == (problem,)
