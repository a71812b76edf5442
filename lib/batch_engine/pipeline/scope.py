"""A scope: what is in it, and what cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from batch_engine.core import Chunker
from batch_engine.pipeline.agent import Agent
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.flow import Batched, Flow, Parallel
from batch_engine.pipeline.options import ScopeOptions

__all__ = ["BatchingScope", "PlanStep", "check_branches", "check_scopes", "nested"]


@dataclass(frozen=True, kw_only=True)
class BatchingScope:
    """Stages that run chunk by chunk, over one list field.

    ``field`` is None until it is known which list it is: then the only list of the context.
    ``terminator_agent`` is outside: it gets the merged results. ``scope_agents`` are those
    inside, the trigger among them, from left to right.
    """

    trigger_agent: Agent
    body: Flow = field(repr=False)
    terminator_agent: Agent | None
    options: ScopeOptions = field(repr=False)
    field: str | None = None

    @property
    def name(self) -> str:
        """The scope's name: its step in the store, its span, its events."""
        return self.options.name or self.trigger_agent.label

    @property
    def chunk_size(self) -> int | Chunker[Any]:
        """The number of items of a chunk, or the chunker."""
        return self.options.chunk_size

    @property
    def scope_agents(self) -> tuple[Agent, ...]:
        """The agents inside."""
        return tuple(self.body.agents())

    @property
    def valid(self) -> bool:
        """Whether it can run: agents inside, none of which starts or ends another scope."""
        try:
            check_scopes([self])
        except DefinitionError:
            return False
        return True

    def includes_agent(self, agent: Agent) -> bool:
        """Whether this very agent is inside; the terminator is not."""
        return any(own is agent for own in self.scope_agents)

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        size = self.chunk_size
        return {
            "name": self.name,
            "trigger_agent": self.trigger_agent.label,
            "scope_agents": [agent.label for agent in self.scope_agents],
            "terminator_agent": self.terminator_agent.label if self.terminator_agent else None,
            "chunk_size": size if isinstance(size, int) else type(size).__name__,
            "field": self.field,
        }


PlanStep = BatchingScope | Flow
"""A scope, or an `Agent` or `Parallel` that runs on the whole context."""


def check_scopes(scopes: Iterable[BatchingScope]) -> None:
    """`DefinitionError` for an empty or nested scope, and for two of one name."""
    names: set[str] = set()
    for scope in scopes:
        _check_body(scope)
        if scope.name in names:
            raise DefinitionError(
                "two scopes have this name",
                stage=scope.name,
                field="name",
                fix="give one of them a name of its own with name=",
            )
        names.add(scope.name)


def nested(label: str, first: str) -> DefinitionError:
    """The error for a scope inside another one."""
    return DefinitionError(
        f"it starts a scope inside the scope that begins at {first!r}",
        stage=label,
        field="chunk_size",
        fix="end the first scope before it, or give one agent smaller chunks with in_chunks_of",
    )


def _check_body(scope: BatchingScope) -> None:
    structural = not scope.trigger_agent.batching_trigger()
    for node in _nodes(scope.body):
        if isinstance(node, Batched):
            raise nested(node.label, scope.trigger_agent.label)
        if isinstance(node, Agent):
            first = node is scope.trigger_agent and not structural
            if node.batching_trigger() and not first:
                raise nested(node.label, scope.trigger_agent.label)
            if node.batching_terminator():
                raise DefinitionError(
                    "it ends a scope from inside one",
                    stage=node.label,
                    field="ends_batching",
                    fix="put it after the scope",
                )
        if isinstance(node, Parallel):
            check_branches(node)


def _nodes(flow: Flow) -> Iterable[Flow]:
    yield flow
    for child in getattr(flow, "parts", ()) or getattr(flow, "branches", ()):
        yield from _nodes(child)


def check_branches(parallel: Parallel) -> None:
    """`DefinitionError` for branches that begin a scope, change the number of items or write one
    field twice."""
    writers: dict[str, str] = {}
    for branch in parallel.branches:
        for node in _nodes(branch):
            if isinstance(node, Batched) or (isinstance(node, Agent) and node.batching_trigger()):
                raise DefinitionError(
                    "a scope cannot begin inside a parallel branch",
                    stage=node.label,
                    field="chunk_size",
                    fix="put the branches inside the scope: batched(a | b, ...)",
                )
            if isinstance(node, Agent) and node.shape != "map":
                raise DefinitionError(
                    "a branch cannot add or remove items, the other branches have them too",
                    stage=node.label,
                    field="shape",
                    fix="put the filter or flat_map before or after the branches",
                )
        for agent in branch.agents():
            for name in agent.writes or ():
                if writers.setdefault(name, branch.label) != branch.label:
                    raise DefinitionError(
                        f"the branches {writers[name]!r} and {branch.label!r} both write it",
                        stage=agent.label,
                        field=name,
                        fix="let each branch write a field of its own",
                    )
