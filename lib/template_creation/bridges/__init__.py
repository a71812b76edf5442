"""How a batch request reaches something that can answer it."""

from template_creation.bridges.base import CONTENT_ENHANCER, AgentBridgeInvoker
from template_creation.bridges.offline import OfflineBridge

__all__ = ["CONTENT_ENHANCER", "AgentBridgeInvoker", "OfflineBridge"]
