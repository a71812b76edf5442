"""One answer of the Messages API, event by event, in the order that the API promises.

The SDK raises nothing for a stream that ends early, so the order is checked here: an answer is
whole only when its ``message_stop`` came. (facts/llm-api.md section 2.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batch_engine.core import NetworkError

__all__ = ["MessageReader"]

_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


@dataclass
class MessageReader:
    """What an answer was so far. Feed it with `take`.

    ``stopped`` is True once the answer is whole; ``stop_reason`` is the API's own word, ``""``
    until it came. Tokens are the API's counts, 0 while unknown. ``characters`` counts all that
    was written, thinking included, and ``text_characters`` the text alone.
    """

    started: bool = False
    stopped: bool = False
    message_id: str = ""
    stop_reason: str = ""
    stop_details: Mapping[str, Any] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    characters: int = 0
    text_characters: int = 0
    _open: dict[int, str] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> str:
        """The piece of the answer's text in ``event``, or ``""``.

        Only blocks of text are text: thinking comes in blocks of its own, and may come first.
        Events of an unknown type are passed over, as the API asks of its callers. Raises
        `NetworkError` for an order in which no answer can come.
        """
        kind = event.get("type")
        if kind == "message_start":
            self._start(event)
        elif kind in ("content_block_start", "content_block_delta", "content_block_stop"):
            return self._block(str(kind), event)
        elif kind == "message_delta":
            self._must(self.started, "message_delta before message_start")
            self._end(event)
        elif kind == "message_stop":
            self._must(self.started, "message_stop before message_start")
            self._must(not self._open, "message_stop inside a content block")
            self._must(bool(self.stop_reason), "message_stop without a stop reason")
            self.stopped = True
        return ""

    def _start(self, event: Mapping[str, Any]) -> None:
        self._must(not self.started, "a second message_start")
        self.started = True
        message = _mapping(event.get("message"))
        self.message_id = str(message.get("id") or "")
        self._count(_mapping(message.get("usage")))

    def _end(self, event: Mapping[str, Any]) -> None:
        delta = _mapping(event.get("delta"))
        self.stop_reason = str(delta.get("stop_reason") or self.stop_reason)
        self.stop_details = _mapping(delta.get("stop_details")) or self.stop_details
        self._count(_mapping(event.get("usage")))

    def _block(self, kind: str, event: Mapping[str, Any]) -> str:
        self._must(self.started, f"{kind} before message_start")
        index = event.get("index", 0)
        self._must(isinstance(index, int), f"{kind} of {index!r}")
        if kind == "content_block_start":
            self._must(index not in self._open, f"a second content_block_start of {index!r}")
            block = _mapping(event.get("content_block"))
            self._open[index] = str(block.get("type") or "")
            return self._text(block.get("text"), self._open[index] == "text")
        self._must(index in self._open, f"{kind} of {index!r}, which is not open")
        if kind == "content_block_stop":
            del self._open[index]
            return ""
        delta = _mapping(event.get("delta"))
        kind = str(delta.get("type") or "")
        return self._text(delta.get(_DELTAS.get(kind, "")), kind == "text_delta")

    def _text(self, piece: object, is_text: bool) -> str:
        if not isinstance(piece, str):
            return ""
        self.characters += len(piece)
        if not is_text:
            return ""
        self.text_characters += len(piece)
        return piece

    def _count(self, usage: Mapping[str, Any]) -> None:
        """The counts of ``usage`` over those before: they are sums since the start."""
        for name, key in (
            ("input_tokens", "input_tokens"),
            ("output_tokens", "output_tokens"),
            ("cache_read_tokens", "cache_read_input_tokens"),
            ("cache_write_tokens", "cache_creation_input_tokens"),
        ):
            value = usage.get(key)
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                setattr(self, name, value)

    @staticmethod
    def _must(holds: bool, problem: str) -> None:
        if not holds:
            raise NetworkError(f"the stream broke: {problem}")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
