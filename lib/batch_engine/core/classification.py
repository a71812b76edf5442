"""What kind of failure an exception is: our own by its type, foreign ones by one table."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from batch_engine.core.errors import EngineError, ErrorCategory

__all__ = ["Classification", "classify", "retry_after_of"]


@dataclass(frozen=True, slots=True)
class Classification:
    """The stable code, the category and the retry hint that an exception gets."""

    code: str
    category: ErrorCategory
    retryable: bool


_RETRYABLE_HTTP = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_RETRYABLE_ERRNO = frozenset({errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ETIMEDOUT})
_C = ErrorCategory

# First match wins, so a subclass stands above its base: FileNotFoundError is an OSError, and
# "any IOError may be retried" (the seed's rule) would ask for a missing file three times.
_KINDS: tuple[tuple[type[BaseException], Classification], ...] = (
    (FileNotFoundError, Classification("io.not_found", _C.IO, False)),
    (PermissionError, Classification("io.permission", _C.IO, False)),
    (IsADirectoryError, Classification("io.is_a_directory", _C.IO, False)),
    (NotADirectoryError, Classification("io.not_a_directory", _C.IO, False)),
    (FileExistsError, Classification("io.exists", _C.IO, False)),
    (TimeoutError, Classification("timeout.work", _C.TIMEOUT, True)),
    (ConnectionError, Classification("network.failed", _C.NETWORK, True)),
    (UnicodeError, Classification("validation.encoding", _C.VALIDATION, False)),
    (ValueError, Classification("validation.value", _C.VALIDATION, False)),
    (TypeError, Classification("internal.type", _C.INTERNAL, False)),
    (LookupError, Classification("internal.lookup", _C.INTERNAL, False)),
    (AttributeError, Classification("internal.attribute", _C.INTERNAL, False)),
    (MemoryError, Classification("crash.memory", _C.CRASH, False)),
)


def classify(error: BaseException) -> Classification:
    """The classification of any exception: our own by its type, foreign ones by a table.

    A foreign exception that carries an HTTP status (``status_code``, ``status`` or ``code``, of
    its own or of its ``response``) is judged by that. A group is what its first member is that
    may not be retried, else its first. What no rule knows is ``task.failed`` and not retryable:
    a policy's own rules can say otherwise (`RetryRule`).

    >>> classify(FileNotFoundError("a")).retryable, classify(ConnectionResetError()).retryable
    (False, True)
    """
    if isinstance(error, EngineError):
        return Classification(error.code, error.category, error.retryable)
    if isinstance(error, BaseExceptionGroup):
        kinds = [classify(member) for member in error.exceptions]
        return next((kind for kind in kinds if not kind.retryable), kinds[0])
    status = _http_status(error)
    if status is not None:
        return _classify_http(status)
    if isinstance(error, sqlite3.Error):
        return _classify_sqlite(error)
    for kind, classification in _KINDS:
        if isinstance(error, kind):
            return classification
    if isinstance(error, OSError):
        return Classification("io.failed", _C.IO, error.errno in _RETRYABLE_ERRNO)
    return Classification("task.failed", _C.TASK, False)


def retry_after_of(error: BaseException) -> float | None:
    """Seconds that the other side asked us to wait: ``retry_after_s`` or ``retry_after`` of the
    exception, or the headers ``Retry-After-Ms`` and ``Retry-After`` (seconds or a date, RFC 9110
    section 10.2.3) that it or its ``response`` holds. Of a group, the longest of its members'.
    """
    if isinstance(error, BaseExceptionGroup):
        asked = [retry_after_of(member) for member in error.exceptions]
        return max((seconds for seconds in asked if seconds is not None), default=None)
    for name in ("retry_after_s", "retry_after"):
        seconds = _seconds(getattr(error, name, None))
        if seconds is not None:
            return seconds
    for holder in _holders(error):
        headers = _headers(holder)
        milliseconds = _seconds(headers.get("retry-after-ms"))
        if milliseconds is not None:
            return milliseconds / 1000
        asked_for = headers.get("retry-after")
        seconds = _seconds(asked_for)
        if seconds is None:
            seconds = _until(asked_for, headers.get("date"))
        if seconds is not None:
            return seconds
    return None


def _holders(error: BaseException) -> Iterator[object]:
    """What of a foreign exception may tell a status and headers: urllib's has them itself, that
    of most clients has a response."""
    yield error
    response = getattr(error, "response", None)
    if response is not None:
        yield response


def _headers(holder: object) -> dict[str, object]:
    headers = getattr(holder, "headers", None)
    items = getattr(headers, "items", None)
    if not callable(items):
        return {}
    return {str(name).lower(): value for name, value in items()}


def _seconds(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < float("inf") else None


def _until(date: object, sent: object) -> float | None:
    """Seconds until a date, from the date that the answer itself has: clocks differ."""
    when = _date(date)
    if when is None:
        return None
    return max(0.0, (when - (_date(sent) or datetime.now(UTC))).total_seconds())


def _date(text: object) -> datetime | None:
    from email.utils import parsedate_to_datetime  # a tenth of this package's import, and rare

    try:
        when = parsedate_to_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when is not None and when.tzinfo is None else when


def _http_status(error: BaseException) -> int | None:
    for holder in _holders(error):
        for name in ("status_code", "status", "code"):
            status = getattr(holder, name, None)
            if isinstance(status, int) and not isinstance(status, bool) and 400 <= status < 600:
                return status
    return None


def _classify_http(status: int) -> Classification:
    retryable = status in _RETRYABLE_HTTP
    if status in (429, 529):
        return Classification(f"rate_limit.http_{status}", _C.RATE_LIMIT, retryable)
    if status in (401, 403):
        return Classification(f"auth.http_{status}", _C.AUTH, retryable)
    if status in (408, 504):
        return Classification(f"timeout.http_{status}", _C.TIMEOUT, retryable)
    if status < 500:
        return Classification(f"input.http_{status}", _C.INPUT, retryable)
    return Classification(f"network.http_{status}", _C.NETWORK, retryable)


def _classify_sqlite(error: sqlite3.Error) -> Classification:
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    busy = primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return Classification("database.busy" if busy else "database.failed", _C.DATABASE, busy)
