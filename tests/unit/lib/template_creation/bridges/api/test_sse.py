"""Bytes of an event stream become objects, however they are cut."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_engine.core import NetworkError
from template_creation.bridges.api.sse import server_events

STREAM = (
    b": a comment\r\n"
    b'event: message_start\r\ndata: {"type": "message_start", "n": 1}\r\n\r\n'
    b'event: ping\ndata: {"type": "ping"}\n\n\n\n'
    b'data: {"type": "content_block_delta",\ndata:  "text": "\xc3\xa4\xe2\x82\xac"}\n\n'
    b"id: 7\nretry: 5\n\n"
    b"data: [DONE]\n\n"
)
EVENTS = [
    {"type": "message_start", "n": 1},
    {"type": "ping"},
    {"type": "content_block_delta", "text": "ä€"},
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_where_the_bytes_are_cut_does_not_matter(cuts: list[int]) -> None:
    """Comments, CRLF, data over two lines, UTF-8 in pieces, OpenAI's end."""
    places = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[a:b] for a, b in pairwise(places)]
    assert list(server_events(chunks)) == EVENTS


def test_an_event_without_a_type_has_that_of_its_name() -> None:
    """Some servers only name the event."""
    assert list(server_events([b"event: ping\ndata: {}\n\n"])) == [{"type": "ping"}]


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_the_last_event_counts_without_its_blank_line(end: bytes) -> None:
    """A server that closes right behind ``message_stop`` is whole."""
    assert list(server_events([b'data: {"type": "message_stop"}' + end])) == [
        {"type": "message_stop"}
    ]


def test_half_an_event_at_the_end_is_left_out() -> None:
    """What is missing after it tells that the stream was cut."""
    cut = json.dumps({"type": "message_stop"}).encode()[:-3]
    assert list(server_events([b"data: " + cut])) == []


@pytest.mark.parametrize(
    "broken", [b'data: {"type": "mess\n\n', b"data: \xff\xfe\n\n", b"data: [1]\n\n", b"data: x\n\n"]
)
def test_an_event_that_is_no_object_breaks_the_stream(broken: bytes) -> None:
    """An error of ours, not a JSONDecodeError; the events before it were handed over."""
    events = server_events([b'data: {"type": "ping"}\n\n' + broken])
    assert next(events) == {"type": "ping"}
    with pytest.raises(NetworkError, match="no JSON"):
        next(events)


def test_an_error_in_plain_words_is_still_an_error() -> None:
    """Proxies write whatever they like into an error event."""
    assert list(server_events([b"event: error\ndata: upstream died\n\n"])) == [
        {"type": "error", "error": {"message": "upstream died"}}
    ]


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    """A server that sends anything at all cannot fill the memory."""
    with pytest.raises(NetworkError, match="without an end"):
        list(server_events([b"x" * 9_000_000] * 2))
