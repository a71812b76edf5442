"""The order of an answer's events, and what is read from them."""

from __future__ import annotations

from typing import Any

import pytest

from batch_engine.core import NetworkError
from template_creation.bridges.api.message import MessageReader

Event = dict[str, Any]
STOP: Event = {"type": "message_stop"}


def start(**usage: Any) -> Event:
    return {"type": "message_start", "message": {"id": "msg_1", "usage": usage}}


def opened(index: Any = 0, kind: str = "text", text: str = "") -> Event:
    block = {"type": kind, "text": text}
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(text: str, index: int = 0, kind: str = "text_delta", key: str = "text") -> Event:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, key: text}}


def closed(index: int = 0) -> Event:
    return {"type": "content_block_stop", "index": index}


def ended(reason: str | None = "end_turn", **usage: Any) -> Event:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def read(*events: Event) -> tuple[MessageReader, str]:
    reader = MessageReader()
    return reader, "".join(reader.take(event) for event in events)


def test_only_blocks_of_text_are_text() -> None:
    """Thinking may come first, tools may come, and text in more than one block."""
    reader, text = read(
        start(input_tokens=9),
        opened(0, "thinking"),
        delta("hm", 0, "thinking_delta", "thinking"),
        delta("c2ln", 0, "signature_delta", "signature"),
        closed(0),
        opened(1, "text", "Here"),
        delta(" it is: ", 1),
        closed(1),
        opened(2, "tool_use"),
        delta('{"a": 1}', 2, "input_json_delta", "partial_json"),
        closed(2),
        {"type": "something_new", "index": "x"},
        opened(3),
        delta("{}", 3),
        closed(3),
        ended(output_tokens=30),
        STOP,
    )
    assert text == "Here it is: {}"
    assert (reader.text_characters, reader.characters) == (14, 14 + 2 + 8)
    assert (reader.stopped, reader.stop_reason, reader.message_id) == (True, "end_turn", "msg_1")


def test_counts_are_sums_and_the_later_ones_hold() -> None:
    """``message_delta`` repeats what it knows better; what it leaves out stays."""
    reader, _ = read(
        start(input_tokens=9, output_tokens=1, cache_read_input_tokens=5),
        ended(output_tokens=30, cache_creation_input_tokens=4, cache_read_input_tokens=None),
    )
    counts = (reader.input_tokens, reader.output_tokens)
    assert counts == (9, 30)
    assert (reader.cache_read_tokens, reader.cache_write_tokens) == (5, 4)


@pytest.mark.parametrize("value", [-1, "12", True, 1.5, None, {}])
def test_a_count_that_is_none_is_not_counted(value: object) -> None:
    """Compatible servers write what they like."""
    assert read(start(input_tokens=value))[0].input_tokens == 0


@pytest.mark.parametrize(
    "events",
    [
        [opened()],
        [ended()],
        [STOP],
        [start(), start()],
        [start(), delta("x")],
        [start(), closed()],
        [start(), opened(), opened()],
        [start(), opened([])],
        [start(), opened(), ended(), STOP],
        [start(), ended(None), STOP],
        [start(), STOP],
    ],
    ids=lambda events: "-".join(event["type"].rpartition("_")[2] for event in events),
)
def test_an_order_in_which_no_answer_comes_breaks_the_stream(events: list[Event]) -> None:
    """A lost event must not pass for a shorter answer."""
    with pytest.raises(NetworkError, match="the stream broke"):
        read(*events)


def test_an_answer_is_whole_only_after_its_end() -> None:
    """A reason to stop alone does not do (facts section 2, first row)."""
    assert not read(start(), opened(), closed(), ended())[0].stopped
    assert read(start(), ended(), STOP)[0].stopped


@pytest.mark.parametrize("event", [{}, {"type": None}, {"type": "message_start", "message": 5}])
def test_what_is_no_message_at_all_is_passed_over(event: Event) -> None:
    """Fields of a wrong kind are as good as none."""
    assert read(event)[1] == ""
