"""What the fake of the Messages API is told: how each request is answered, and what came.

The values of `template_creation.fake_api`, which is where they are imported from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Literal

from template_creation.fake_model import good_answer

__all__ = ["Fault", "Received", "Reply", "ToolCall", "Words"]

Fault = Literal["cut", "drop", "reset", "stall", "trickle", "corrupt", "garbage", "error"]
"""How a stream breaks after ``at`` characters: ``cut`` ends it cleanly without
``message_stop``; ``drop`` closes and ``reset`` resets the connection; ``stall`` sends nothing
more and ``trickle`` only pings; ``corrupt`` sends half a JSON object and ``garbage`` bytes that
are no text; ``error`` sends an ``error`` event of the reply's kind and words."""


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came. ``key`` is what it was signed with; ``headers`` have lower-case
    names and leave the key out."""

    path: str
    body: Mapping[str, Any]
    key: str
    headers: Mapping[str, str]

    @property
    def prompt(self) -> str:
        """The text of its messages."""
        texts = []
        for message in self.body.get("messages", ()):
            content = message["content"]
            blocks = [{"text": content}] if isinstance(content, str) else content
            texts += [block.get("text", "") for block in blocks]
        return "\n".join(texts)

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The JSON Schema that the answer is asked to keep to."""
        found = self.body.get("output_config", {}).get("format", {}).get("schema")
        return found if isinstance(found, Mapping) else None


Words = str | Callable[[Received], str]


def _good(received: Received) -> str:
    return good_answer(received.prompt, received.schema)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model calls; ``input`` is its arguments, or their JSON as it is streamed,
    broken or not."""

    name: str
    input: Mapping[str, Any] | str

    @property
    def json(self) -> str:
        """The arguments as they are streamed."""
        return self.input if isinstance(self.input, str) else json.dumps(self.input)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. ``text`` is what the model writes, in blocks if there are several, or a
    function of the request; without it the model keeps to its instructions. ``thinking`` comes
    in a block before it, and ``calls`` in blocks behind it; ``piece`` is how many characters
    come at once.

    After ``at`` characters (None: half of them) the stream waits for ``hold`` to be set, and
    breaks by ``fault``. ``events`` go out between the start and the text, as they are. With a
    ``status`` other than 200 the answer is an error of ``kind`` and ``words``, or ``raw``.
    """

    text: Words | Sequence[Words] = _good
    thinking: str = ""
    calls: Sequence[ToolCall] = ()
    stop_reason: str | None = "end_turn"
    stop_details: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Mapping[str, Any]] = ()
    piece: int = 48
    at: int | None = None
    hold: Event | None = None
    fault: Fault | None = None
    status: int = 200
    kind: str = "overloaded_error"
    words: str = "Overloaded"
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def error(cls, status: int, kind: str, words: str = "", **headers: str) -> Reply:
        """An error before the stream; ``retry_after="3"`` is the header ``retry-after``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status=status, kind=kind, words=words or kind, headers=named)

    @classmethod
    def calling(cls, name: str, arguments: Mapping[str, Any] | str, **more: Any) -> Reply:
        """A call of one tool, without a word."""
        given = {"text": (), "stop_reason": "tool_use", **more}
        return cls(calls=(ToolCall(name, arguments),), **given)
