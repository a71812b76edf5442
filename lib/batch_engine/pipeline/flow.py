"""The shape of a pipeline: stages in a row (``>>``), side by side (``|``), in scopes, in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.options import ScopeOptions, check_size

if TYPE_CHECKING:
    from batch_engine.pipeline.agent import Agent

__all__ = ["Batched", "Chain", "Chunked", "Flow", "Parallel", "batched"]


class Flow:
    """Anything that can stand in a pipeline. ``a >> b`` runs b after a, ``a | b`` side by side;
    ``>>`` binds more tightly, so ``a >> b | c`` is ``(a >> b) | c``."""

    @property
    def label(self) -> str:
        """How messages, events and spans call it."""
        raise NotImplementedError

    def agents(self) -> Iterator[Agent]:
        """The agents in it, from left to right."""
        raise NotImplementedError

    def __rshift__(self, other: object) -> Chain:
        """This, then ``other``."""
        left, right = as_flow(self), as_flow(other)
        return Chain((*_parts(left), *_parts(right)))

    def __or__(self, other: object) -> Parallel:
        """This and ``other`` side by side, on the same input."""
        left, right = as_flow(self), as_flow(other)
        return Parallel((*_branches(left), *_branches(right)))


@dataclass(frozen=True, eq=False)
class Chain(Flow):
    """Stages one after the other."""

    parts: tuple[Flow, ...]

    @property
    def label(self) -> str:
        """The labels of the parts."""
        return " >> ".join(part.label for part in self.parts)

    def agents(self) -> Iterator[Agent]:
        """See `Flow`."""
        for part in self.parts:
            yield from part.agents()


@dataclass(frozen=True, eq=False)
class Parallel(Flow):
    """Branches that get the same input and run at the same time, in threads."""

    branches: tuple[Flow, ...]

    @property
    def label(self) -> str:
        """The labels of the branches."""
        return "(" + " | ".join(branch.label for branch in self.branches) + ")"

    def agents(self) -> Iterator[Agent]:
        """See `Flow`."""
        for branch in self.branches:
            yield from branch.agents()


@dataclass(frozen=True, eq=False)
class Batched(Flow):
    """A scope written down as one: everything in ``body`` runs chunk by chunk."""

    body: Flow
    options: ScopeOptions

    @property
    def label(self) -> str:
        """The scope's name, else that of its first agent."""
        return self.options.name or next(self.body.agents()).label

    def agents(self) -> Iterator[Agent]:
        """See `Flow`."""
        return self.body.agents()


@dataclass(frozen=True, eq=False)
class Chunked(Flow):
    """One agent that gets at most ``size`` items at a time (`Agent.in_chunks_of`)."""

    agent: Agent
    size: int
    over: str | None = None

    @property
    def label(self) -> str:
        """That of the agent."""
        return self.agent.label

    def agents(self) -> Iterator[Agent]:
        """See `Flow`."""
        yield self.agent


def batched(
    flow: Flow, /, *, chunk_size: object, over: str | None = None, **options: object
) -> Batched:
    """A scope: ``flow`` runs chunk by chunk over the list field ``over`` (default: the only list
    in the context), and what follows gets the merged results.

    ``chunk_size`` is a number of items or a chunker of the core (`ByWeight`, `Adaptive`). See
    `ScopeOptions` for ``name``, ``key``, ``skip_if``, ``load_existing``, ``persist_each_batch``,
    ``on_missing``, ``reduce``, ``dump`` and ``load``, ``retry`` and the three hooks.

    >>> pipeline = Pipeline(batched(Clean() >> Score(), chunk_size=100, over="rows") >> Report())

    Raises `DefinitionError`.
    """
    body = as_flow(flow)
    stage = str(options.get("name") or next(body.agents()).label)
    return Batched(body, ScopeOptions.checked(stage, chunk_size=chunk_size, over=over, **options))


def as_flow(value: object) -> Flow:
    """``value`` as a part of a pipeline; `DefinitionError` if it cannot be one."""
    if isinstance(value, Flow):
        return value
    name = getattr(value, "__name__", type(value).__name__)
    fix = (
        f"write {name}()"
        if isinstance(value, type)
        else "use an Agent, or stage(function), mapped(function), filtered(function)"
    )
    raise DefinitionError(f"{value!r} is no stage", stage=name, field="flow", fix=fix)


def chunked(agent: Agent, size: object, over: str | None) -> Chunked:
    """`Chunked`, with its size checked."""
    check_size(agent.label, "in_chunks_of", size)
    if not isinstance(size, int):
        raise DefinitionError(
            f"in_chunks_of is {size!r}",
            stage=agent.label,
            field="in_chunks_of",
            fix="give a whole number of at least 1; chunkers are for chunk_size of a scope",
        )
    return Chunked(agent, size, over)


def _parts(flow: Flow) -> tuple[Flow, ...]:
    return flow.parts if isinstance(flow, Chain) else (flow,)


def _branches(flow: Flow) -> tuple[Flow, ...]:
    return flow.branches if isinstance(flow, Parallel) else (flow,)
