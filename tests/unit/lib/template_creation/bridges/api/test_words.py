"""What servers and proxies say of a failure, and how long they ask to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from template_creation.bridges.api.words import (
    LONGEST_QUOTE,
    Spoken,
    retry_after_s,
    shortened,
    spoken,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            Spoken("overloaded_error", "Overloaded"),
        ),
        ({"error": {"code": 404, "message": "File Not Found"}}, Spoken("", "File Not Found")),
        ({"error": "model 'x' not found"}, Spoken("", "model 'x' not found")),
        ({"detail": "Not Found"}, Spoken("", "Not Found")),
        ({"message": "no Route matched"}, Spoken("", "no Route matched")),
        ({"error": {"type": "a", "message": {"b": 1}}}, Spoken("a", '{"b": 1}')),
        ('{"error": {"type": "api_error", "message": "m"}}', Spoken("api_error", "m")),
        (b"<html><title>502 Bad Gateway</title><h1>x</h1>", Spoken("", "502 Bad Gateway")),
        ("<p>upstream <b>died</b></p>", Spoken("", " upstream  died  ")),
        ("plain words", Spoken("", "plain words")),
        (b"\xff\xfe", Spoken("", "\ufffd\ufffd")),
        ([], Spoken("", "")),
        ({}, Spoken("", "")),
        (None, Spoken("", "")),
        ("", Spoken("", "")),
    ],
)
def test_the_words_are_found_in_any_shape(body: object, expected: Spoken) -> None:
    """The API's own, those of servers like it, and HTML of proxies."""
    assert spoken(body) == expected


def test_a_long_text_is_shortened_to_one_line() -> None:
    """A whole page of HTML is no message."""
    assert shortened("a\n  b\tc") == "a b c"
    assert len(shortened("x" * 5000)) == LONGEST_QUOTE


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "86400"}, 60.0),
        ({"retry-after": "inf"}, 60.0),
        ({"retry-after": format_datetime(NOW.replace(second=7), usegmt=True)}, 7.0),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:07"}, 7.0),
        ({"retry-after": format_datetime(NOW.replace(hour=1), usegmt=True)}, 0.0),
        ({"retry-after": format_datetime(NOW.replace(year=2030), usegmt=True)}, 60.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "Sat, 99 Nov 2026 12:00:07 GMT"}, None),
        ({"retry-after-ms": "x", "retry-after": "4"}, 4.0),
        ({}, None),
    ],
)
def test_a_server_is_believed_within_reason(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds, dates; never a day, never nonsense (facts section 1)."""
    assert retry_after_s(headers, now=NOW, cap_s=60) == seconds
