"""The seam between enhancement and whatever answers it: a rule set, a host, a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

__all__ = ["CONTENT_ENHANCER", "AgentBridgeInvoker"]

CONTENT_ENHANCER = "agent-content-enhancer"
"""The agent that a batch request is addressed to, by the seed's name."""


@runtime_checkable
class AgentBridgeInvoker(Protocol):
    """Answers one batch request. (Seed 002, phase 2.)

    A bridge that has to wait for another process raises
    `template_creation.errors.InvocationPending`; one that fails raises any other error of
    that tree. Nothing that a bridge returns is trusted: it is parsed, checked and grounded.
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
        (mode, counts)."""
