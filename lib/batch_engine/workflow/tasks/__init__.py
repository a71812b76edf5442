"""The tasks that every workflow has."""

from __future__ import annotations

from batch_engine.workflow.task import REGISTRY, TaskRegistry
from batch_engine.workflow.tasks import agent, basic, code, files, http, python, shell

__all__ = ["builtin_registry"]

_MODULES = (agent, basic, code, files, http, python, shell)


def builtin_registry() -> TaskRegistry:
    """The registry with the built-in tasks and all that were registered by decorator."""
    assert all(module.__name__ for module in _MODULES)  # imported, therefore registered
    return REGISTRY
