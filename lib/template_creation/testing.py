"""Bridges for tests, ours and yours: scripted answers, recorded requests, misbehaviour.

>>> from template_creation.testing import FakeBridge
>>> bridge = FakeBridge({"enhancements": []})
>>> bridge.invoke(agent_name="x", input_data={"agents": []}, context={})
{'enhancements': []}
>>> len(bridge.requests)
1
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from template_creation.bridges import OfflineBridge

__all__ = ["FakeBridge", "Invocation", "as_text", "without_agents"]

Answer = Mapping[str, Any] | list[Any] | str | None


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a bridge, as it came."""

    agent_name: str
    input_data: Mapping[str, Any]
    context: Mapping[str, Any]


class FakeBridge:
    """An `AgentBridgeInvoker` that answers what it is told, in order, and records each call.

    An answer may be any object (also a wrong one), an exception to raise, or a function of the
    `Invocation`. When the script is at its end the last answer stays; without a script it
    answers as the offline bridge does. ``identity`` is what enhanced agents say of it.
    """

    identity = "fake"

    def __init__(self, *script: Answer | BaseException | Callable[[Invocation], Any]) -> None:
        self._script = list(script) or [_offline]
        self.requests: list[Invocation] = []

    def invoke(
        self, *, agent_name: str, input_data: Mapping[str, Any], context: Mapping[str, Any]
    ) -> Any:
        """The next answer of the script."""
        call = Invocation(agent_name, json.loads(json.dumps(input_data)), dict(context))
        self.requests.append(call)
        answer = self._script[min(len(self.requests), len(self._script)) - 1]
        if isinstance(answer, BaseException):
            raise answer
        return answer(call) if callable(answer) else answer


def _offline(call: Invocation) -> dict[str, Any]:
    return OfflineBridge().invoke(
        agent_name=call.agent_name, input_data=call.input_data, context=call.context
    )


def without_agents(*names: str) -> Callable[[Invocation], dict[str, Any]]:
    """The offline answer with these agents left out, as a model that tires does."""
    return lambda call: _without(_offline(call), names)


def as_text(
    *, before: str = "", after: str = "", fenced: bool = True, keep: float = 1.0
) -> Callable[[Invocation], str]:
    """The offline answer as text: with prose around it, in a fence, or cut off after the share
    ``keep`` of its characters."""

    def answer(call: Invocation) -> str:
        text = json.dumps(_offline(call))
        text = text[: int(len(text) * keep)]
        return f"{before}```json\n{text}\n```{after}" if fenced else f"{before}{text}{after}"

    return answer


def _without(answer: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    kept = [item for item in answer["enhancements"] if item["agent_name"] not in names]
    return {**answer, "enhancements": kept}
