"""The enhancement as a part of a pipeline: a scope over the agents, a chunk being a request."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch_engine.core import ByWeight, Chunk, ItemFailure, RetryPolicy
from batch_engine.pipeline import Agent, Flow, StageContext, batched
from template_creation.agents.apply import Applied
from template_creation.agents.context import EnhancementContext
from template_creation.agents.files import spec_for, write_atomically
from template_creation.agents.request import build_request
from template_creation.agents.results import AgentOutcome, EnhancementResult
from template_creation.agents.validate import shared_prose
from template_creation.bridges import CONTENT_ENHANCER
from template_creation.exchange import estimate_tokens, request_document
from template_creation.values.agent import AgentSpec

__all__ = ["ENHANCEMENT_FIELDS", "STEP", "Asked", "enhancement_scope", "outcome_of"]

STEP = "agent enhancement"
ENHANCEMENT_FIELDS = ("agents", "asked", "shape", "skipped")
"""The fields that `enhancement_scope` begins with; it gives ``enhanced``."""
OUTPUT_TOKENS = 600
"""What an agent's sections take in an answer, about (facts/llm-api.md section 6)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An agent on its way into a request."""

    path: Path
    key: str
    context: EnhancementContext


def _key_of(asked: Asked) -> str:
    return asked.key


Shard = Callable[[Sequence[Asked]], Mapping[str, Applied | ItemFailure]]
"""Asks for some agents at once and writes them; gives what became of each, by key."""


def enhancement_scope(
    shard: Shard, *, chunk_size: int | None, shard_tokens: int | None, retry: RetryPolicy | None
) -> Flow:
    """A scope over the field ``agents``, and then what became of each as ``enhanced``.

    A request is for ``chunk_size`` agents, or for what ``shard_tokens`` hold; with neither, for
    all of them.
    """
    ask = _Ask(shard)
    scope = batched(
        ask,
        chunk_size=chunk_size or (_ByTokens(shard_tokens) if shard_tokens else sys.maxsize),
        over="agents",
        name=STEP,
        key=_key_of,
        retry=retry,
        dump=Applied.to_json,
        load=Applied.from_json,
    )
    return scope >> _Outcomes(ask)


class _Ask(Agent):
    """One request for a chunk of agents."""

    name = CONTENT_ENHANCER
    reads = ("agents", "shape")
    writes = ("agents",)
    version = "see shape"

    def __init__(self, shard: Shard) -> None:
        self._shard = shard
        self._requests = 0

    @property
    def requests(self) -> int:
        return self._requests

    def run(self, context: StageContext) -> dict[str, Any]:
        self._requests += 1
        return {"agents": self._shard(context["agents"])}


class _Outcomes(Agent):
    """What became of each agent; a result of an earlier run is written again."""

    name = "outcomes"
    reads = ("agents", "asked", "skipped")
    writes = ("enhanced",)
    announced = False

    def __init__(self, ask: _Ask) -> None:
        self._ask = ask

    def run(self, context: StageContext) -> dict[str, Any]:
        if context["skipped"]:
            return {"enhanced": EnhancementResult.skipped(*context["skipped"])}
        applied = {item.name: item for item in context["agents"]}
        outcomes = []
        for asked in context["asked"]:
            path, found = asked.path, applied.get(asked.path.stem)
            if found is None:
                error = context.errors[asked.key].error
                failed = AgentOutcome(path.stem, "failed", lines=_lines_of(path), error=error)
                outcomes.append(failed)
                continue
            if path.read_bytes() != found.text.encode("utf-8"):
                write_atomically(path, found.text)
            outcomes.append(outcome_of(found))
        issues = shared_prose({name: item.text for name, item in applied.items()})
        return {
            "enhanced": EnhancementResult(
                tuple(outcomes), issues=issues, requests=self._ask.requests
            )
        }


@dataclass(frozen=True, slots=True)
class _ByTokens:
    """Requests of at most so many tokens, with what the answers take."""

    tokens: int

    def split(self, items: Iterable[Asked], /) -> Iterator[Chunk[Asked]]:
        """See `Chunker`."""
        asked = list(items)
        if not asked:
            return iter(())
        context = asked[0].context
        fixed = _tokens(context, ())

        def weigh(item: Asked) -> float:
            return _tokens(context, (spec_for(item.path, context),)) - fixed + OUTPUT_TOKENS

        return ByWeight(max(1, self.tokens - fixed), weigh).split(asked)


def _tokens(context: EnhancementContext, specs: Sequence[AgentSpec]) -> int:
    return estimate_tokens(json.dumps(request_document(build_request(context, specs))))


def outcome_of(applied: Applied) -> AgentOutcome:
    """What is told of an answer that was applied."""
    return AgentOutcome(
        name=applied.name,
        status="enhanced" if applied.text else "failed",
        lines=applied.text.count("\n"),
        short_because=applied.short_because,
        error=applied.error,
        issues=applied.issues,
        dropped_examples=applied.dropped,
    )


def _lines_of(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")
