"""The bytes of an answer's event stream as JSON objects.

Read here, and not by the SDK's own reader, for three reasons: the bridge sees every byte that
arrives and so can keep its deadline while a server only sends pings; what cannot be read is an
error of ours instead of a raw ``JSONDecodeError``; and it costs a quarter of the time.
(facts/llm-api.md section 2.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from batch_engine.core import NetworkError

__all__ = ["server_events"]

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes. A server that sends more without a line end is not one of ours."""


def server_events(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Each event's data as an object, with ``type`` filled from the event's name where the data
    lacks it; comments and OpenAI's ``[DONE]`` are passed over.

    An event without its closing blank line counts when it is whole: some servers close the
    stream right behind the last one. Raises `NetworkError` for what is no JSON object.

    >>> list(server_events([b'event: ping\\ndata: {"type": "pi', b'ng"}\\n\\n']))
    [{'type': 'ping'}]
    """
    name, rest = "", b""
    data: list[bytes] = []
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise NetworkError("the stream broke: a line without an end")
        for line in lines:
            line = line.removesuffix(b"\r")
            if not line:
                if data:
                    yield from _event(name, data)
                name, data = "", []
                continue
            field, value = _field(line)
            if field == b"event":
                name = value.decode("utf-8", "replace")
            elif field == b"data":
                data.append(value)
    yield from _whole(name, data, rest)


def _field(line: bytes) -> tuple[bytes, bytes]:
    field, _, value = line.partition(b":")
    return field, value.removeprefix(b" ")


def _event(name: str, data: list[bytes]) -> Iterator[dict[str, Any]]:
    raw = b"\n".join(data)
    if raw.strip() == b"[DONE]":
        return
    try:
        found = json.loads(raw.decode("utf-8"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        if name != "error":
            size = len(raw)
            raise NetworkError(f"the stream broke: {size} bytes of an event that are no JSON")
        found = {"error": {"message": raw.decode("utf-8", "replace")}}
    found.setdefault("type", name)
    yield found


def _whole(name: str, data: list[bytes], rest: bytes) -> Iterator[dict[str, Any]]:
    """The last event of a stream that ended inside it, if nothing of it is missing."""
    field, value = _field(rest.removesuffix(b"\r"))
    if field == b"data":
        data = [*data, value]
    if not data:
        return
    try:
        yield from _event(name, data)
    except NetworkError:
        return  # half an event: the stream was cut, which its missing end tells
