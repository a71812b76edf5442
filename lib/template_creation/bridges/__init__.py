"""Bridges: what answers a batch request, and the seam that all of them share."""

from template_creation.bridges.api import ApiBridge
from template_creation.bridges.base import (
    CONTENT_ENHANCER,
    AgentBridgeInvoker,
    StreamingBridge,
    identity_of,
)
from template_creation.bridges.claude import ClaudeBridge
from template_creation.bridges.file import FileBridge
from template_creation.bridges.offline import OfflineBridge
from template_creation.bridges.prompt import PromptBridge
from template_creation.bridges.strength import is_habit, stated, strength

__all__ = [
    "CONTENT_ENHANCER",
    "AgentBridgeInvoker",
    "ApiBridge",
    "ClaudeBridge",
    "FileBridge",
    "OfflineBridge",
    "PromptBridge",
    "StreamingBridge",
    "identity_of",
    "is_habit",
    "stated",
    "strength",
]
