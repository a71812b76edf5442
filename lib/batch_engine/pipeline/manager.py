"""Scopes found in a flow: where each begins and ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batch_engine.pipeline.agent import Agent
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.fields import with_fields
from batch_engine.pipeline.flow import Batched, Chain, Chunked, Flow, Parallel, as_flow
from batch_engine.pipeline.options import ScopeOptions
from batch_engine.pipeline.scope import (
    BatchingScope,
    PlanStep,
    check_branches,
    check_scopes,
    nested,
)

__all__ = ["BatchingScopeManager"]


@dataclass(frozen=True, slots=True)
class BatchingScopeManager:
    """Finds the scopes of a flow and checks what can be checked before it runs.

    ``inputs`` declares the fields that a run begins with, with their types where known. Without
    it (None) fields are checked when the scope is reached.
    """

    inputs: Mapping[str, Any] | None = None

    def plan(self, flow: Flow) -> tuple[PlanStep, ...]:
        """What runs one after the other; `DefinitionError` if the flow cannot work."""
        for agent in as_flow(flow).agents():
            _check_runs(agent)
        steps = _steps(as_flow(flow))
        self.validate_scopes([step for step in steps if isinstance(step, BatchingScope)])
        return with_fields(steps, self.inputs)

    def detect_scopes(self, flow: Flow) -> tuple[BatchingScope, ...]:
        """The scopes of a flow, in order."""
        return tuple(step for step in self.plan(flow) if isinstance(step, BatchingScope))

    def validate_scopes(self, scopes: Iterable[BatchingScope]) -> None:
        """`DefinitionError` for an empty or nested scope, and for two of one name."""
        check_scopes(scopes)

    def flatten_flow_chain(self, flow: Flow) -> tuple[Agent, ...]:
        """All agents of a flow, from left to right."""
        return tuple(as_flow(flow).agents())


def _steps(flow: Flow) -> list[PlanStep]:
    steps: list[PlanStep] = []
    inside: list[Flow] = []
    parts = flow.parts if isinstance(flow, Chain) else (flow,)
    for number, part in enumerate(parts):
        if isinstance(part, Batched):
            if inside:
                raise nested(part.label, inside[0].label)
            steps.append(_scope((part.body,), part.options, _agent_at(parts, number + 1)))
        elif _triggers(part):
            if inside:
                raise nested(part.label, inside[0].label)
            inside = [part]
        elif isinstance(part, Agent) and part.batching_terminator():
            if not inside:
                raise DefinitionError(
                    "it ends a scope, and none is open",
                    stage=part.label,
                    field="ends_batching",
                    fix="put an agent with @triggers_batching before it, or use batched(...)",
                )
            _check_hooks(part)
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
        check_branches(part)
    for agent in part.agents():
        _check_hooks(agent)
    return part


def _check_runs(agent: Agent) -> None:
    if type(agent).run is Agent.run:
        raise DefinitionError(
            "it does nothing", stage=agent.label, field="run", fix="write def run(self, context)"
        )


def _check_hooks(agent: Agent) -> None:
    """For an agent outside of scopes."""
    for name, _ in agent.batching_hooks():
        raise DefinitionError(
            "its hook would never be called: it stands in no scope",
            stage=agent.label,
            field=name,
            fix=f"put it above an agent of the scope, or say batched(..., {name}=...)",
        )


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
