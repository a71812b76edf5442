"""The CLI's event lines as an answer: text of the model as it comes, then how it ended.

Events of print mode, as 2.1.197 writes them: ``system`` (``init`` first), ``stream_event`` with
the API's own events, ``assistant`` and ``user`` messages, and ``result`` last.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from batch_engine.core import TaskError, TransientError
from template_creation.exchange import AnswerReader, TokenCounts
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

__all__ = ["Reading"]

logger = logging.getLogger(__name__)

_ANSWER_TOOL = "StructuredOutput"


@dataclass
class Reading:
    """Reads the events of one call for the agents of ``names``."""

    names: Sequence[str]
    model: str = ""
    version: str = ""
    session: str = ""
    error: str = ""
    objection: str = ""
    characters: int = 0
    result: Mapping[str, Any] | None = None
    done: list[str] = field(default_factory=list)
    _reader: AnswerReader = field(init=False)
    _message: str = ""

    def __post_init__(self) -> None:
        self._reader = AnswerReader(self.names)

    def line(self, raw: bytes) -> Iterator[AnsweredAgent | Issue]:
        """The agents that a line of the CLI's output completes."""
        if not raw.strip():
            return
        try:
            event = json.loads(raw)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            raise TransientError(f"claude printed a line that is no event: {raw[:80]!r}")
        if event.get("parent_tool_use_id"):
            return
        match event.get("type"):
            case "system":
                self._system(event)
            case "stream_event":
                yield from self._streamed(_mapping(event.get("event")))
            case "assistant":
                self.error = str(event.get("error") or self.error)
            case "user":
                self._objects(_mapping(event.get("message")))
            case "result":
                self.result = event

    def finish(self, *, cut: bool) -> Iterator[AnsweredAgent | Issue]:
        """What is left of the answer, then what of it was refused."""
        for item in self._reader.finish(cut=cut):
            yield self._noted(item) if isinstance(item, AnsweredAgent) else item

    def counts(self) -> TokenCounts:
        """The tokens of the call, over all models that it took."""
        used = [_mapping(item) for item in _mapping((self.result or {}).get("modelUsage")).values()]

        def total(key: str) -> int:
            return sum(item[key] for item in used if isinstance(item.get(key), int))

        return TokenCounts(
            total("inputTokens"),
            total("outputTokens"),
            total("cacheReadInputTokens"),
            total("cacheCreationInputTokens"),
        )

    def cost_usd(self) -> float | None:
        """What the CLI says that the call cost."""
        cost = (self.result or {}).get("total_cost_usd")
        return float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) else None

    def _system(self, event: Mapping[str, Any]) -> None:
        if event.get("subtype") != "init":
            logger.debug("claude: %s %s", event.get("subtype"), event.get("error") or "")
            return
        self.model = str(event.get("model") or "").partition("[")[0]
        self.version = str(event.get("claude_code_version") or "")
        self.session = str(event.get("session_id") or "")
        more = [name for name in event.get("tools") or () if name != _ANSWER_TOOL]
        if more:
            raise TaskError(
                f"claude offers the model tools that it must not have: {', '.join(more[:5])}",
                hint="docs/claude-code.md names the version that was tried",
            )

    def _streamed(self, event: Mapping[str, Any]) -> Iterator[AnsweredAgent | Issue]:
        if event.get("type") == "message_start":
            if self._message:  # it asked again by itself: what was begun is cut
                yield from self.finish(cut=True)
                left = [name for name in self.names if name not in self.done]
                self._reader = AnswerReader(left)
            self._message = str(_mapping(event.get("message")).get("id") or "?")
        delta = _mapping(event.get("delta"))
        text = {"input_json_delta": "partial_json", "text_delta": "text"}.get(
            str(delta.get("type") or ""), ""
        )
        piece = delta.get(text) if text else None
        if isinstance(piece, str):
            self.characters += len(piece)
            for agent in self._reader.feed(piece):
                yield self._noted(agent)

    def _noted(self, agent: AnsweredAgent) -> AnsweredAgent:
        self.done.append(agent.name)
        return agent

    def _objects(self, message: Mapping[str, Any]) -> None:
        """What the CLI answers to the model: that its answer does not keep to the schema."""
        content = message.get("content")
        for block in content if isinstance(content, list) else ():
            if isinstance(block, dict) and block.get("is_error"):
                self.objection = str(block.get("content") or "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
