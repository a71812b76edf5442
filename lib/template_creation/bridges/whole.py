"""A streamed answer as one object, for those who ask a streaming bridge without streaming."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict
from typing import Any

from batch_engine.core import WorkError
from template_creation.values.answer import AnsweredAgent, AnswerEvent, RequestUsage

__all__ = ["whole_answer"]

logger = logging.getLogger(__name__)


def whole_answer(events: Generator[AnswerEvent, None, None]) -> dict[str, Any]:
    """What ``events`` hand over, as one object: ``enhancements``, ``usage``, ``issues`` and, where
    the answer was not whole, ``stopped`` with the reason. A failure before the first complete
    agent is raised; the stream is closed in any case."""
    agents: list[dict[str, Any]] = []
    answer: dict[str, Any] = {"enhancements": agents}
    try:
        with closing(events):
            for event in events:
                if isinstance(event, AnsweredAgent):
                    agents.append({**event.data, "agent_name": event.name})
                elif isinstance(event, RequestUsage):
                    answer["usage"] = event.to_json()
                else:
                    answer.setdefault("issues", []).append(asdict(event))
    except WorkError as exc:
        if not agents:
            raise
        logger.warning("the answer is not whole: %s", exc.message)
        answer["stopped"] = {"code": exc.code, "message": exc.message, "hint": exc.hint}
    return answer
