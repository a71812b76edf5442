"""What decides whether a stored result of a scope may be used again.

The stages (their code, or the ``version`` that stands for it; their settings; their order), and
the fields of the context that they can read. Not the chunk size, and not the scope's own list:
its items have keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch_engine.core import fingerprint
from batch_engine.pipeline.agent import Agent
from batch_engine.pipeline.code import class_shown, shown
from batch_engine.pipeline.flow import Chain, Chunked, Flow, Parallel
from batch_engine.pipeline.scope import BatchingScope

__all__ = ["scope_fingerprint"]


def scope_fingerprint(
    scope: BatchingScope, context: Mapping[str, Any], field: str, extra: object = None
) -> str:
    """The fingerprint of a scope in a run with ``context``; ``extra`` is the caller's part."""
    agents = scope.scope_agents
    if all(agent.reads is not None for agent in agents):
        names = sorted({name for agent in agents for name in agent.reads or ()} - {field})
    else:
        names = sorted(set(context) - {field})
    fields = {name: shown(context[name]) for name in names if name in context}
    return fingerprint("scope", _flow(scope.body), fields, extra)


def _flow(flow: Flow) -> Any:
    if isinstance(flow, Chain):
        return [_flow(part) for part in flow.parts]
    if isinstance(flow, Parallel):
        return {"parallel": [_flow(branch) for branch in flow.branches]}
    if isinstance(flow, Chunked):
        return {"in chunks": _flow(flow.agent)}
    assert isinstance(flow, Agent)  # nothing else gets past the definition's checks
    return _agent(flow)


def _agent(agent: Agent) -> Any:
    code = agent.version if agent.version is not None else _classes(type(agent))
    left_out = ("reads", "writes", "version", "function" if agent.version is not None else "")
    settings = {
        name: shown(value)
        for name, value in sorted(vars(agent).items())
        if not name.startswith("_") and name not in left_out
    }
    return [type(agent).__qualname__, agent.label, code, settings, agent.shape]


def _classes(kind: type) -> list[Any]:
    """The code of a class and of its bases, up to `Agent` itself."""
    bases = [base for base in kind.__mro__ if issubclass(base, Agent) and base is not Agent]
    return [class_shown(base) for base in bases]
