"""What an assistant's host imports: the enhancer and the invoker protocol, re-exported."""

from template_creation.agents import AgentEnhancer, EnhancementResult
from template_creation.bridges import AgentBridgeInvoker
from template_creation.create import Enhanced, EnhanceOptions, enhance_agents

__all__ = [
    "AgentBridgeInvoker",
    "AgentEnhancer",
    "EnhanceOptions",
    "Enhanced",
    "EnhancementResult",
    "enhance_agents",
]
