"""What decides whether a stored result of a scope may be used again.

The stages (their code, or the ``version`` that stands for it; their settings; their order), and
the fields of the context that they can read. Not the chunk size, and not the scope's own list:
its items have keys.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

from batch_engine.core import ConfigurationError, canonical_json, fingerprint
from batch_engine.pipeline.agent import Agent
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
    fields = {name: _shown(context[name]) for name in names if name in context}
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
    settings = {
        name: _shown(value)
        for name, value in sorted(vars(agent).items())
        if not name.startswith("_") and name not in ("reads", "writes", "version")
    }
    if agent.version is not None:
        settings.pop("function", None)
    return [type(agent).__qualname__, agent.label, code, settings, agent.shape]


def _classes(kind: type) -> list[str]:
    """The code of a class and of its bases, up to `Agent` itself."""
    return [_code(base) for base in kind.__mro__ if issubclass(base, Agent) and base is not Agent]


def _shown(value: Any) -> Any:
    """The value's canonical form; of a function its code, of other things only their type."""
    if isinstance(value, FunctionType | MethodType | type):
        return [f"{value.__module__}.{value.__qualname__}", _code(value)]
    if isinstance(value, partial):
        return [_shown(value.func), _shown(value.args), _shown(value.keywords)]
    try:
        return canonical_json(value)
    except (ConfigurationError, RecursionError):
        return [f"{type(value).__module__}.{type(value).__qualname__}", _code(type(value))]


def _code(thing: Any) -> str:
    """The syntax of a class or function, without comments, formatting, docstrings and decorators
    (a decorator says how it is run). Where the source cannot be read alone, as of a lambda in
    the middle of a line: what it compiles to. Empty for what is not written in Python."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    except (OSError, TypeError, SyntaxError):
        return _compiled(getattr(thing, "__code__", None))
    if not isinstance(tree.body[0], ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return _compiled(getattr(thing, "__code__", None))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            del body[0]
    tree.body[0].decorator_list = []
    return fingerprint(ast.dump(tree))


def _compiled(code: CodeType | None) -> str:
    if code is None:
        return ""
    inner = [_compiled(value) for value in code.co_consts if isinstance(value, CodeType)]
    plain = [repr(value) for value in code.co_consts if not isinstance(value, CodeType)]
    return fingerprint(code.co_code, list(code.co_names), plain, inner)


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
