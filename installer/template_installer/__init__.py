"""What an assistant's host imports: the enhancer and the invoker protocol, re-exported."""

from template_creation.agents import AgentEnhancer
from template_creation.bridges import AgentBridgeInvoker

__all__ = ["AgentBridgeInvoker", "AgentEnhancer"]
