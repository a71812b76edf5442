"""A model behind the Messages API, streamed, with every failure named. (docs/api-bridge.md.)"""

from template_creation.bridges.api.bridge import ApiBridge

__all__ = ["ApiBridge"]
