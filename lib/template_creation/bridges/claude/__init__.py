"""The user's own Claude Code CLI as a bridge: no key, one call, nothing it could touch.
(docs/claude-code.md.)"""

from template_creation.bridges.claude.bridge import ClaudeBridge

__all__ = ["ClaudeBridge"]
