"""What the other side says of a failure, whoever wrote it: the API, a server like it, a proxy."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["LONGEST_QUOTE", "Spoken", "retry_after_s", "shortened", "spoken"]

LONGEST_QUOTE = 300
"""Characters of the other side's words in a message of ours."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the other side says of a failure: the API's type of error and its words."""

    kind: str
    words: str


def spoken(body: object) -> Spoken:
    """``body`` (decoded JSON, or text) as the API, a compatible server or a proxy writes it.

    >>> spoken({"type": "error", "error": {"type": "api_error", "message": "oops"}})
    Spoken(kind='api_error', words='oops')
    >>> spoken("<html><head><title>502 Bad Gateway</title></head></html>")
    Spoken(kind='', words='502 Bad Gateway')
    """
    if isinstance(body, str | bytes):
        body = _decoded(body)
    if isinstance(body, Mapping):
        error = body.get("error", body)
        if isinstance(error, Mapping):
            words = next((error[k] for k in ("message", "detail", "error") if error.get(k)), "")
            return Spoken(str(error.get("type") or ""), _text(words))
        return Spoken("", _text(error))
    return Spoken("", _text(body))


def retry_after_s(headers: Mapping[str, str], *, now: datetime, cap_s: float) -> float | None:
    """The seconds that ``retry-after-ms`` or ``retry-after`` ask for, at most ``cap_s``; a date
    counts from ``now``; ``None`` where nothing sensible is asked.

    >>> moment = datetime(2026, 1, 1, tzinfo=UTC)
    >>> retry_after_s({"retry-after": "86400"}, now=moment, cap_s=60)
    60.0
    """
    for name, factor in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * factor
        except ValueError:
            seconds = _until(value, now)
        if not math.isnan(seconds) and seconds >= 0:
            return min(seconds, float(cap_s))
    return None


def _until(date: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return math.nan
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _decoded(text: str | bytes) -> object:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        title = re.search(r"<title>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        return title[1] if title else re.sub(r"<[^>]*>", " ", text)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str) if value else ""


def shortened(text: str) -> str:
    """``text`` on one line, and not too long; only ever of text without the key, as a cut could
    leave a part of it."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 3] + "..."
