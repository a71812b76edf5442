"""What an assistant's host imports: the enhancer, the invoker protocol and the installer.

The commands and the subagent for Claude Code are in ``assets``; ``template-create install`` puts
them where Claude Code reads them.
"""

from template_creation.agents import AgentEnhancer, EnhancementResult
from template_creation.bridges import AgentBridgeInvoker
from template_creation.create import Enhanced, EnhanceOptions, enhance_agents
from template_creation.installing import plan_install, plan_uninstall

__all__ = [
    "AgentBridgeInvoker",
    "AgentEnhancer",
    "EnhanceOptions",
    "Enhanced",
    "EnhancementResult",
    "enhance_agents",
    "plan_install",
    "plan_uninstall",
]
