"""The enhancement as a part of a pipeline: a scope over the agents, a chunk being a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch_engine.core import Chunk, ErrorRecord, RetryPolicy
from batch_engine.pipeline import Agent, Flow, StageContext, batched
from template_creation.agents.apply import Applied
from template_creation.agents.asking import Asked, Asker
from template_creation.agents.planning import Planner
from template_creation.agents.preview import Preview
from template_creation.agents.results import AgentOutcome, EnhancementResult
from template_creation.agents.validate import shared_prose
from template_creation.bridges import CONTENT_ENHANCER
from template_creation.values.agent import Issue

__all__ = ["ENHANCEMENT_FIELDS", "STEP", "Unfit", "enhancement_scope", "outcome_of"]

STEP = "agent enhancement"
NOT_ASKED = "a dry run asks nobody"
ENHANCEMENT_FIELDS = ("agents", "asked", "shape", "skipped")
"""The fields that `enhancement_scope` begins with; it gives ``enhanced``."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """An agent that is not asked for, since no answer could be put into its file, and why."""

    path: Path
    reason: str


def _key_of(asked: Asked) -> str:
    return asked.key


def enhancement_scope(asker: Asker | Preview, planner: Planner, retry: RetryPolicy | None) -> Flow:
    """A scope over the field ``agents``, and then what became of each as ``enhanced``.

    A request is for the agents that ``planner`` puts together; ``retry`` asks again for those
    that are missing or were refused.
    """
    scope = batched(
        _Ask(asker),
        chunk_size=_Planned(planner),
        over="agents",
        name=STEP,
        key=_key_of,
        retry=retry,
        dump=Applied.to_json,
        load=Applied.from_json,
    )
    return scope >> _Outcomes(asker)


@dataclass(frozen=True, slots=True)
class _Planned:
    """Agents in chunks as the plan of their requests puts them together."""

    planner: Planner

    def split(self, items: Iterable[Asked], /) -> Iterator[Chunk[Asked]]:
        """See `Chunker`."""
        asked = {item.path.stem: item for item in items}
        if not asked:
            return
        context = next(iter(asked.values())).context
        start = 0
        paths = [item.path for item in asked.values()]
        for number, names in enumerate(self.planner.groups(context, paths), 1):
            yield Chunk(number, start, tuple(asked[name] for name in names), len(names))
            start += len(names)


class _Ask(Agent):
    """One request for a chunk of agents."""

    name = CONTENT_ENHANCER
    reads = ("agents", "shape")
    writes = ("agents",)
    version = "see shape"

    def __init__(self, asker: Asker | Preview) -> None:
        self._asker = asker

    def run(self, context: StageContext) -> dict[str, Any]:
        """The agents that were not accepted; the others were stored on the way."""
        assert context.batch is not None  # a scope gives one
        return {"agents": self._asker(context["agents"], context.batch)}


class _Outcomes(Agent):
    """What became of each agent; a result of an earlier run is written again."""

    name = "outcomes"
    reads = ("agents", "asked", "skipped")
    writes = ("enhanced",)
    announced = False

    def __init__(self, asker: Asker | Preview) -> None:
        self._asker = asker

    def run(self, context: StageContext) -> dict[str, Any]:
        if context["skipped"]:
            return {"enhanced": EnhancementResult.skipped(*context["skipped"])}
        applied = {item.name: item for item in context["agents"]}
        outcomes = []
        for asked in context["asked"]:
            if isinstance(asked, Unfit):
                lines = _lines_of(asked.path)
                outcomes.append(AgentOutcome(asked.path.stem, "failed", lines, error=asked.reason))
                continue
            path, found = asked.path, applied.get(asked.path.stem)
            if found is None:
                outcomes.append(_failed(path, context.errors[asked.key]))
                continue
            if not found.text:
                outcomes.append(AgentOutcome(path.stem, "skipped", lines=_lines_of(path)))
                continue
            self._asker.put(path, found.text)
            outcomes.append(outcome_of(found))
        issues = shared_prose({name: item.text for name, item in applied.items() if item.text})
        asked_all = all(item.status != "skipped" for item in outcomes)
        return {
            "enhanced": EnhancementResult(
                tuple(outcomes),
                reason="" if asked_all else NOT_ASKED,
                issues=issues,
                requests=self._asker.requests,
                usage=tuple(self._asker.usage),
            )
        }


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
        untouched=applied.untouched,
        kept=applied.kept,
    )


def _failed(path: Path, error: ErrorRecord) -> AgentOutcome:
    """An agent that stays as it was: why, and every finding behind it."""
    issues = tuple(Issue(**detail) for detail in error.details)
    hint = f" ({error.hint})" if error.hint else ""
    return AgentOutcome(
        path.stem,
        "failed",
        lines=_lines_of(path),
        error=f"{error.error}{hint}",
        issues=issues,
    )


def _lines_of(path: Path) -> int:
    return path.read_bytes().count(b"\n")
