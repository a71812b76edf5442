"""Whether an answer to one request may stand as the answer to another. Pure.

The prompt of a run changes as its agents are finished; what one agent is asked does not. An
answer for an agent fits where the agent is asked the same and every id means the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["agent_names", "has_problems", "problems_of", "same_question"]

Document = Mapping[str, Any]

_MEANINGS = (
    ("template_catalog", "source"),
    ("conventions", "statement"),
    ("rules", "text"),
    ("commands", "command"),
    ("technologies", "name"),
)


def agent_names(document: Document) -> tuple[str, ...]:
    """The agents that are asked for, in order."""
    return tuple(agent["name"] for agent in document["agents"])


def problems_of(document: Document, agent: str) -> list[str]:
    """Why the last answer for ``agent`` was refused, as the request tells it."""
    empty: Mapping[str, Any] = {}
    entry = next((item for item in document["agents"] if item["name"] == agent), empty)
    return list(entry.get("problems", ()))


def has_problems(document: Document) -> bool:
    """Whether the request tells why an earlier answer was refused."""
    return any(agent.get("problems") for agent in document["agents"])


def same_question(old: Document, new: Document, agent: str) -> bool:
    """Whether ``agent`` is asked the same in both: its own part (whatever was refused before),
    the instructions, and the meaning of every id that both have."""
    if _asked(old, agent) != _asked(new, agent):
        return False
    before, now = dict(_meanings(old)), dict(_meanings(new))
    return all(now[key] == before[key] for key in now.keys() & before.keys())


def _asked(document: Document, agent: str) -> dict[str, Any]:
    entry = next((item for item in document["agents"] if item["name"] == agent), None)
    shared = {
        key: document.get(key)
        for key in ("version", "contract", "project", "enhancement_instructions")
    }
    own = {key: value for key, value in (entry or {}).items() if key != "problems"}
    return {**shared, "agent": own}


def _meanings(document: Document) -> Iterator[tuple[str, object]]:
    for key, meaning in _MEANINGS:
        for item in document.get(key, ()):
            yield item["id"], item.get(meaning)
            for symbol in item.get("symbols", ()):
                yield symbol["id"], symbol.get("name")
