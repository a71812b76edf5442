"""Scopes found in a flow and checked: where each begins and ends, and over which field it runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_origin

from batch_engine.core import Chunker
from batch_engine.pipeline.agent import Agent
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.flow import Batched, Chain, Chunked, Flow, Parallel, as_flow
from batch_engine.pipeline.options import ScopeOptions

__all__ = ["BatchingScope", "BatchingScopeManager", "PlanStep"]

_LISTS = (list, tuple, Sequence, Iterable)


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
            BatchingScopeManager().validate_scopes([self])
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


@dataclass(frozen=True, slots=True)
class BatchingScopeManager:
    """Finds the scopes of a flow and checks what can be checked before it runs.

    ``inputs`` declares the fields that a run begins with, with their types where known. Without
    it (None) fields are checked when the scope is reached.
    """

    inputs: Mapping[str, Any] | None = None

    def plan(self, flow: Flow) -> tuple[PlanStep, ...]:
        """What runs one after the other; `DefinitionError` if the flow cannot work."""
        steps = _steps(as_flow(flow))
        self.validate_scopes([step for step in steps if isinstance(step, BatchingScope)])
        return _with_fields(steps, self.inputs)

    def detect_scopes(self, flow: Flow) -> tuple[BatchingScope, ...]:
        """The scopes of a flow, in order."""
        return tuple(step for step in self.plan(flow) if isinstance(step, BatchingScope))

    def validate_scopes(self, scopes: Iterable[BatchingScope]) -> None:
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

    def flatten_flow_chain(self, flow: Flow) -> tuple[Agent, ...]:
        """All agents of a flow, from left to right."""
        return tuple(as_flow(flow).agents())


# -- where scopes begin and end ---------------------------------------------------------------


def _steps(flow: Flow) -> list[PlanStep]:
    steps: list[PlanStep] = []
    inside: list[Flow] = []
    parts = flow.parts if isinstance(flow, Chain) else (flow,)
    for number, part in enumerate(parts):
        if isinstance(part, Batched):
            if inside:
                raise _nested(part.label, inside[0].label)
            steps.append(_scope((part.body,), part.options, _agent_at(parts, number + 1)))
        elif _triggers(part):
            if inside:
                raise _nested(part.label, inside[0].label)
            inside = [part]
        elif isinstance(part, Agent) and part.batching_terminator():
            if not inside:
                raise DefinitionError(
                    "it ends a scope, and none is open",
                    stage=part.label,
                    field="ends_batching",
                    fix="put an agent with @triggers_batching before it, or use batched(...)",
                )
            steps += [_scope(inside, _options_of(inside[0]), part), part]
            inside = []
        elif inside:
            inside.append(part)
        else:
            steps.append(_outside(part))
    if inside:
        raise DefinitionError(
            "the scope that begins here never ends",
            stage=inside[0].label,
            field="triggers_batching",
            fix="mark the agent that gets the merged results with @ends_batching, "
            "or use batched(...)",
        )
    return steps


def _outside(part: Flow) -> PlanStep:
    if isinstance(part, Chunked):  # a scope of one agent
        options = ScopeOptions(chunk_size=part.size, over=part.over, name=part.label)
        return BatchingScope(
            trigger_agent=part.agent, body=part.agent, terminator_agent=None, options=options,
            field=part.over,
        )  # fmt: skip
    if isinstance(part, Parallel):
        _check_branches(part)
    return part


def _scope(parts: Sequence[Flow], options: ScopeOptions, end: Agent | None) -> BatchingScope:
    body = parts[0] if len(parts) == 1 else Chain(tuple(parts))
    first = next(body.agents())
    return BatchingScope(
        trigger_agent=first, body=body, terminator_agent=end, options=options, field=options.over
    )


def _triggers(part: Flow) -> bool:
    agent = part.agent if isinstance(part, Chunked) else part
    return isinstance(agent, Agent) and agent.batching_trigger()


def _options_of(part: Flow) -> ScopeOptions:
    options = next(part.agents())._trigger
    assert options is not None  # `_triggers` saw to it
    return options


def _agent_at(parts: Sequence[Flow], number: int) -> Agent | None:
    part = parts[number] if number < len(parts) else None
    return part if isinstance(part, Agent) else None


def _nested(label: str, first: str) -> DefinitionError:
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
            raise _nested(node.label, scope.trigger_agent.label)
        if isinstance(node, Agent):
            first = node is scope.trigger_agent and not structural
            if node.batching_trigger() and not first:
                raise _nested(node.label, scope.trigger_agent.label)
            if node.batching_terminator():
                raise DefinitionError(
                    "it ends a scope from inside one",
                    stage=node.label,
                    field="ends_batching",
                    fix="put it after the scope",
                )
        if isinstance(node, Parallel):
            _check_branches(node)


def _nodes(flow: Flow) -> Iterable[Flow]:
    yield flow
    for child in getattr(flow, "parts", ()) or getattr(flow, "branches", ()):
        yield from _nodes(child)


def _check_branches(parallel: Parallel) -> None:
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


# -- which fields there are -------------------------------------------------------------------


def _with_fields(
    steps: Sequence[PlanStep], inputs: Mapping[str, Any] | None
) -> tuple[PlanStep, ...]:
    known: dict[str, Any] | None = None if inputs is None else dict(inputs)
    planned: list[PlanStep] = []
    for step in steps:
        agents = step.scope_agents if isinstance(step, BatchingScope) else tuple(step.agents())
        if isinstance(step, BatchingScope):
            if known is not None:
                step = replace(step, field=_checked_field(step, known))
            _check_reduced(step, agents)
        visible = known
        for agent in agents:
            if visible is not None:
                _check_reads(agent, visible)
            visible = _after(agent, visible)
        known = visible
        planned.append(step)
    return tuple(planned)


def _after(agent: Agent, known: dict[str, Any] | None) -> dict[str, Any] | None:
    """The fields after an agent; None (unknown) if it does not declare what it writes and may
    write anything: only agents for single items are known to write none."""
    if known is None:
        return None
    if agent.writes is None:
        return known if hasattr(agent, "over") else None
    written = agent.writes if isinstance(agent.writes, Mapping) else dict.fromkeys(agent.writes)
    return {**known, **{name: kind for name, kind in written.items() if name not in known}}


def _check_reads(agent: Agent, known: Mapping[str, Any]) -> None:
    for name in agent.reads or ():
        if name not in known:
            raise _unknown(agent.label, name, known)


def _checked_field(scope: BatchingScope, known: Mapping[str, Any]) -> str | None:
    stage, name = scope.trigger_agent.label, scope.field
    if name is None:
        lists = sorted(field for field, kind in known.items() if kind is not None and _lists(kind))
        if len(lists) > 1:
            raise DefinitionError(
                f"there are {len(lists)} list fields: {', '.join(lists)}",
                stage=stage,
                field="over",
                fix=f"say over={lists[0]!r} or another one",
            )
        if any(kind is None for kind in known.values()):
            return None
        if not lists:
            raise DefinitionError(
                f"there is no list field among {', '.join(sorted(known)) or 'no fields'}",
                stage=stage,
                field="over",
                fix="declare the list in inputs= or in writes of an agent before",
            )
        return lists[0]
    if name not in known:
        raise _unknown(stage, name, known)
    if known[name] is not None and not _lists(known[name]):
        raise DefinitionError(
            f"it is declared as {getattr(known[name], '__name__', known[name])}, not as a list",
            stage=stage,
            field=name,
            fix="say over='<list field>'",
        )
    return name


def _check_reduced(scope: BatchingScope, agents: Sequence[Agent]) -> None:
    if any(agent.writes is None and not hasattr(agent, "over") for agent in agents):
        return
    written = {name for agent in agents for name in agent.writes or ()}
    for name in scope.options.reduce:
        if name not in written:
            raise DefinitionError(
                "no agent of the scope writes it",
                stage=scope.trigger_agent.label,
                field=name,
                fix=f"reduce one of {', '.join(sorted(written)) or 'none'}",
            )


def _unknown(stage: str, name: str, known: Mapping[str, Any]) -> DefinitionError:
    return DefinitionError(
        "there is no such field at this place",
        stage=stage,
        field=name,
        fix=f"use one of {', '.join(sorted(known)) or 'none'}, or declare it in inputs= or writes",
    )


def _lists(kind: Any) -> bool:
    origin = get_origin(kind) or kind
    if not isinstance(origin, type) or issubclass(origin, str | bytes | Mapping):
        return False
    return origin in _LISTS or issubclass(origin, list | tuple) or hasattr(origin, "__next__")
