"""Which fields there are at each step of a plan, and over which of them a scope runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_origin

from batch_engine.pipeline.agent import Agent
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.scope import BatchingScope, PlanStep

__all__ = ["with_fields"]

_LISTS = (list, tuple, Sequence, Iterable)


def with_fields(
    steps: Sequence[PlanStep], inputs: Mapping[str, Any] | None
) -> tuple[PlanStep, ...]:
    """The steps, their scopes with the field that each runs over, as far as ``inputs`` (the fields
    that a run begins with; None: not declared) tell it; `DefinitionError` where a field that is
    read cannot be there."""
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
