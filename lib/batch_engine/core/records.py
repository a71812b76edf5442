"""The error record v1: one failed attempt, as data that can be stored, shown and sent.

It keeps what seed 003 asks for (`ErrorRecord.minimal`) and the field-level details, hints and
stack traces of seed 004. Unknown keys in stored records are ignored, so that an older version
can read what a newer one of the same major version wrote.
"""

from __future__ import annotations

import json
import re
import reprlib
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal

from batch_engine.core.classification import classify
from batch_engine.core.errors import EngineError, ErrorCategory, FieldProblem

__all__ = ["RECORD_VERSION", "CauseLink", "ErrorRecord", "ItemRef", "RetryInfo", "error_record"]

RECORD_VERSION = 1

_PREVIEW_CHARS = 200
_STACK_CHARS = 8_000
_MAX_CAUSES = 8
_SECRET = re.compile(
    r"""(?ix) ( (?:api[_-]?key|access[_-]?key|token|secret|passw(?:or)?d|authorization)
        ["']? \s* [:=] \s* (?:bearer\s+)? ["']? ) [^\s"',;}]+"""
)

RetryReason = Literal["", "backoff", "retry_after", "exhausted", "not_retryable", "not_idempotent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRef:
    """Which item failed: its key, its place in the input (0-based) and a masked preview."""

    key: str
    index: int | None = None
    preview: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryInfo:
    """What the retry policy decided after this attempt.

    ``attempt`` counts from 1; ``max_attempts`` includes the first one; ``delay_s`` is the wait
    before the next attempt, or None when there is none.
    """

    attempt: int = 1
    max_attempts: int = 1
    delay_s: float | None = None
    reason: RetryReason = ""


@dataclass(frozen=True, slots=True)
class CauseLink:
    """One link of the chain of causes, nearest first."""

    type: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord:
    """One failed attempt. Field names are those of the stored JSON.

    ``error`` is the message and ``type`` the exception class; ``code`` is stable and dotted;
    ``stack`` is the traceback as text (its end, at most 8,000 characters); ``at`` is UTC in
    ISO 8601; ``elapsed_ms`` is the time that the attempt took. ``fields`` are the fields of an
    item that broke a rule; ``details`` are whatever else the error's own list of mappings says
    (rule, place, message, fix), as JSON values.

    >>> record = error_record(ValueError("no name"), item=ItemRef(key="a"))
    >>> record.minimal({"id": 1})
    {'success': False, 'error': 'no name', 'item': {'id': 1}, 'retryable': False}
    """

    code: str
    category: ErrorCategory
    error: str
    type: str
    retryable: bool
    retry: RetryInfo = RetryInfo()
    item: ItemRef | None = None
    step: str = ""
    batch: int | None = None
    run: str = ""
    fields: tuple[FieldProblem, ...] = ()
    details: tuple[Mapping[str, Any], ...] = ()
    exit_code: int | None = None
    stderr_tail: str = ""
    hint: str = ""
    cause: tuple[CauseLink, ...] = ()
    stack: str = ""
    at: str = ""
    elapsed_ms: float | None = None

    def minimal(self, item: object) -> dict[str, Any]:
        """Seed 003's view: ``{success, error, item, retryable}``, with the item as given."""
        return {
            "success": False,
            "error": self.error,
            "item": item,
            "retryable": self.retryable,
        }

    def to_json(self) -> dict[str, Any]:
        """JSON-able form with ``v`` and ``success`` in front; empty fields are left out."""
        data = {name: value for name, value in asdict(self).items() if value not in _EMPTY}
        data["category"] = str(self.category)
        return {"v": RECORD_VERSION, "success": False, "retryable": self.retryable, **data}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ErrorRecord:
        """The record that `to_json` described; a record of another version is a ``ValueError``."""
        if data.get("v") != RECORD_VERSION:
            raise ValueError(
                f"error record of version {data.get('v')!r}, expected {RECORD_VERSION}"
            )
        known = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        known["category"] = ErrorCategory(data["category"])
        known["retry"] = _from(RetryInfo, data.get("retry", {}))
        known["item"] = _from(ItemRef, data["item"]) if data.get("item") else None
        known["details"] = tuple(data.get("details", ()))
        known["fields"] = tuple(_from(FieldProblem, entry) for entry in data.get("fields", ()))
        known["cause"] = tuple(_from(CauseLink, entry) for entry in data.get("cause", ()))
        return cls(**known)


_EMPTY: tuple[object, ...] = (None, "", ())


def error_record(
    error: BaseException,
    *,
    item: ItemRef | None = None,
    step: str = "",
    batch: int | None = None,
    run: str = "",
    retry: RetryInfo | None = None,
    at: datetime | None = None,
    elapsed_ms: float | None = None,
) -> ErrorRecord:
    """The record of ``error``, classified by its type, with its chain of causes and its stack."""
    kind = classify(error)
    own = error if isinstance(error, EngineError) else None
    return ErrorRecord(
        code=kind.code,
        category=kind.category,
        error=text_of(error),
        type=type(error).__name__,
        retryable=kind.retryable,
        retry=retry or RetryInfo(),
        item=item,
        step=step,
        batch=batch,
        run=run,
        fields=own.fields if own else (),
        details=_details(error),
        exit_code=_exit_code(error),
        stderr_tail=_stderr_tail(error),
        hint=own.hint if own else "",
        cause=_causes(error),
        stack=stack_text(error),
        at=at.isoformat() if at else "",
        elapsed_ms=elapsed_ms,
    )


def text_of(error: BaseException) -> str:
    """The message of an exception; its type where it has none, or none that can be told."""
    try:
        return str(error) or type(error).__name__
    except Exception as failure:  # noqa: BLE001 - a broken __str__ must not hide the real error
        return f"{type(error).__name__} (no message, {type(failure).__name__})"


def preview_of(item: object) -> str:
    """A short, masked text for an item: at most 200 characters, values of secrets hidden."""
    shortener = reprlib.Repr()
    shortener.maxstring = shortener.maxother = _PREVIEW_CHARS
    try:
        text = shortener.repr(item)
    except Exception as failure:  # noqa: BLE001 - a broken __repr__ must not hide the real error
        text = f"<{type(item).__name__}: no preview, {type(failure).__name__}>"
    return _SECRET.sub(r"\1***", text)[:_PREVIEW_CHARS]


def stack_text(error: BaseException) -> str:
    """The traceback as text, cut at the front to 8,000 characters; empty if never raised."""
    if error.__traceback__ is None:
        return ""
    return "".join(traceback.format_exception(error))[-_STACK_CHARS:]


def _causes(error: BaseException) -> tuple[CauseLink, ...]:
    """What a group is made of, then the chain of causes, nearest first."""
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    links = [CauseLink(type(one).__name__, text_of(one)) for one in members[:_MAX_CAUSES]]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None and len(links) < _MAX_CAUSES:
        links.append(CauseLink(type(cause).__name__, text_of(cause)))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return tuple(links)


def _details(error: BaseException) -> tuple[Mapping[str, Any], ...]:
    """The error's ``details``, as they come back from a store; foreign errors may have some."""
    details = getattr(error, "details", ())
    if not isinstance(details, list | tuple):
        return ()
    return tuple(_plain(entry) for entry in details if isinstance(entry, Mapping))


def _plain(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        plain: Mapping[str, Any] = json.loads(json.dumps(dict(entry), default=preview_of))
    except (TypeError, ValueError):  # keys of other kinds, or a circle
        return {"detail": preview_of(entry)}
    return plain


def _exit_code(error: BaseException) -> int | None:
    code = getattr(error, "returncode", None)
    return code if isinstance(code, int) else None


def _stderr_tail(error: BaseException) -> str:
    stderr = getattr(error, "stderr", None)
    if isinstance(stderr, bytes):
        stderr = stderr.decode("utf-8", "replace")
    return stderr[-_STACK_CHARS:] if isinstance(stderr, str) else ""


def _from(kind: type[Any], data: Mapping[str, Any]) -> Any:
    return kind(**{field.name: data[field.name] for field in fields(kind) if field.name in data})
