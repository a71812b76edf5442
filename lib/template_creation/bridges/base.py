"""The seam between enhancement and whatever answers it: a rule set, a host, a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from template_creation.values.answer import AnswerEvent

__all__ = ["CONTENT_ENHANCER", "AgentBridgeInvoker", "StreamingBridge", "identity_of"]

CONTENT_ENHANCER = "agent-content-enhancer"
"""The agent that a batch request is addressed to, by the seed's name."""


@runtime_checkable
class AgentBridgeInvoker(Protocol):
    """Answers one batch request. (Seed 002, phase 2.)

    A bridge that has to wait for another process raises
    `template_creation.errors.InvocationPending`; one that fails raises an error of
    `batch_engine.core` whose type says whether asking again may help (`RateLimitError`,
    `NetworkError`, `WorkTimeoutError`, `AuthError`, `BudgetError`, `TaskError`), or a
    `template_creation.errors.TemplateCreateError`, which ends the attempts. It never retries
    by itself. Nothing that a bridge returns is trusted: it is parsed, checked and grounded.
    """

    def invoke(
        self,
        *,
        agent_name: str,
        input_data: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """The answer of ``agent_name`` to ``input_data``, the document of a
        `template_creation.values.request.BatchRequest`; ``context`` says how it is asked
        (``mode``, ``agent_count``, ``template_count``, ``phase``, ``attempt``)."""


@runtime_checkable
class StreamingBridge(AgentBridgeInvoker, Protocol):
    """A bridge that hands over each agent as soon as its object is complete."""

    def stream(
        self,
        *,
        agent_name: str,
        input_data: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> Iterator[AnswerEvent]:
        """What `invoke` would answer, event by event.

        An exception ends the answer after what was complete: whoever asked keeps that, and
        asks again only for the rest. Closing the iterator ends the call.
        """


def identity_of(bridge: AgentBridgeInvoker) -> str:
    """Who answers, in a word or two: the bridge's ``identity`` if it says one, else the name of
    its class. Answers of one identity may stand for another's of the same.

    >>> identity_of(OfflineBridge())
    'offline'
    """
    identity = getattr(bridge, "identity", "")
    return identity if isinstance(identity, str) and identity else type(bridge).__name__
