"""What a bridge hands over while it answers: one agent's object at a time, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from template_creation.values.agent import Issue

__all__ = ["AnswerEvent", "AnsweredAgent", "RequestUsage"]


@dataclass(frozen=True, slots=True)
class AnsweredAgent:
    """One agent's complete object out of an answer, as it came, not yet checked.

    ``name`` is the agent of the request that it is for; nothing else of its identity is taken.
    ``place`` is where it stood (``$.enhancements[3]``, ``api-specialist.json``); ``repaired``
    says what was mended to read it, or is empty.
    """

    name: str
    data: Mapping[str, Any]
    place: str
    repaired: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestUsage:
    """What one request to a model took.

    Tokens as the API reports them (``output_tokens`` includes thinking); ``cost_usd`` is None
    where no price is known; ``seconds`` is the wall time of the call. ``stop_reason`` is the
    API's, ``""`` for a stream that was cut. ``estimated_input_tokens`` is what the planner
    thought, with ``estimator`` naming how; ``counted_input_tokens`` is the API's own count before
    the request, 0 where there was none.
    """

    request_id: str
    model: str
    agents: tuple[str, ...]
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0
    first_agent_seconds: float | None = None
    stop_reason: str = ""
    estimated_input_tokens: int = 0
    estimator: str = ""
    counted_input_tokens: int = 0

    def to_json(self) -> dict[str, Any]:
        """This as plain JSON values."""
        return {**asdict(self), "agents": list(self.agents)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RequestUsage:
        """What `to_json` gave; unknown keys are left out."""
        known = {key: data[key] for key in cls.__dataclass_fields__ if key in data}
        return cls(**{**known, "agents": tuple(data["agents"])})


AnswerEvent = AnsweredAgent | RequestUsage | Issue
"""An agent's object, the cost of the request, or something in the answer that was not taken."""
