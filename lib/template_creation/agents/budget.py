"""How many requests, and what goes into each: the ladder from full detail to several requests.

1. texts of the most relevant templates, as far as they fit;
2. no texts; 3. shorter outlines, those of templates that no agent lists first; 4. shards.

Nothing is left out silently: a plan says what, and why. Pure and deterministic; what fits is
counted on the prompts themselves. (DESIGN section 5; issue 4 item 2.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil

from template_creation.agents.catalog import (
    LONGEST_LINE,
    MAX_SYMBOLS,
    body_of,
    build_catalog,
    shortened,
    with_bodies,
)
from template_creation.agents.context import EnhancementContext
from template_creation.agents.plans import (
    LeftOut,
    Limits,
    PlannedRequest,
    RequestPlan,
    expected_output,
    with_room,
)
from template_creation.agents.relevance import Relevant, relevant_facts
from template_creation.agents.request import build_request
from template_creation.errors import BadInput
from template_creation.exchange.digest import agent_lines, catalog_lines, fact_lines
from template_creation.exchange.prompt import Contract, render_batch_prompt
from template_creation.exchange.prompts import fence_for
from template_creation.exchange.tokens import Estimator
from template_creation.values.agent import AgentSpec
from template_creation.values.request import BatchRequest, CatalogEntry

__all__ = ["plan_requests"]

OUTLINES = ((MAX_SYMBOLS, MAX_SYMBOLS), (8, 5), (6, 3), (4, 1), (2, 0), (0, 0))
"""Declarations listed for a template that an agent of the request lists, and for another."""

LEAST_FOR_AIM = 3
"""The step of `OUTLINES` that is the last for the aim's sake. Beyond it only what does not fit
at all is cut: who knows no declarations writes about none."""

MOST_RECOUNTS = 4
NAMED_PARTS = 4


def plan_requests(
    context: EnhancementContext,
    specs: Sequence[AgentSpec],
    *,
    limits: Limits,
    estimator: Estimator,
    contract: Contract = "sections",
    current: Mapping[str, str] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None,
    instructions: str | None = None,
) -> RequestPlan:
    """The fewest requests for ``specs``, agents of ``context``, in their order and as even in
    number as can be, each as detailed as ``limits`` allow.

    ``current`` gives the agents' texts by name, which the markdown contract sends along;
    ``problems`` why their last answers were refused. No agents, no requests.

    Raises `BadInput` for a request that does not fit with a single agent in the shortest form:
    the message names its largest parts with their tokens.
    """
    base = _Planner(context, limits, estimator, contract, current, problems, instructions)
    if estimator.count is estimator.quick or not specs:
        return RequestPlan(base.requests(specs), contract, estimator.name, limits)
    sample = render_batch_prompt(base.request(specs, 0, ()))
    planner = replace(base, scale=estimator.count(sample) / estimator.quick(sample))
    for _ in range(MOST_RECOUNTS):
        planned = planner.requests(specs)
        counts = [estimator.count(render_batch_prompt(item.request)) for item in planned]
        if all(map(planner.fits, planned, counts)):
            break
        more = max(count / item.input_tokens for item, count in zip(planned, counts, strict=True))
        planner = replace(planner, scale=planner.scale * more)
    counted = tuple(
        replace(item, input_tokens=count) for item, count in zip(planned, counts, strict=True)
    )
    return RequestPlan(counted, contract, estimator.name, limits)


@dataclass(frozen=True)
class _Planner:
    """Plans with ``estimator.quick`` times ``scale``."""

    context: EnhancementContext
    limits: Limits
    estimator: Estimator
    contract: Contract
    current: Mapping[str, str] | None
    problems: Mapping[str, Sequence[str]] | None
    instructions: str | None
    scale: float = 1.0

    def requests(self, specs: Sequence[AgentSpec]) -> tuple[PlannedRequest, ...]:
        """The first division, from the fewest requests on, of which each fits."""
        for count in range(1, len(specs) + 1):
            groups = _even(specs, count)
            if not self._may_hold(len(groups[0])):
                continue
            planned = [self._fitted(group) for group in groups]
            fitting = tuple(item for item in planned if item is not None)
            if len(fitting) == count:
                return fitting
        for spec in specs:
            if not self._may_hold(1) or self._fitted([spec]) is None:
                raise self._too_large(spec)
        return ()

    def request(self, specs: Sequence[AgentSpec], step: int, texts: Sequence[str]) -> BatchRequest:
        """The request for ``specs`` with the outlines of ``step`` and the texts of templates."""
        listed, other = OUTLINES[step]
        ranked = set(self._ranked(specs))
        most = {item.id: listed if item.id in ranked else other for item in self._catalog}
        current = self.current or {}
        return build_request(
            self.context,
            specs,
            current=current if self.contract == "markdown" else None,
            problems=self.problems,
            catalog=with_bodies(shortened(self._catalog, most), texts, self.context),
            relevant=self._relevant,
            instructions=self.instructions,
        )

    def fits(self, planned: PlannedRequest, tokens: int) -> bool:
        """Whether a prompt of ``tokens`` for this request is within the limits."""
        hard = self.limits.most_input(planned.output_tokens)
        return hard is None or tokens <= hard

    # -- one request ------------------------------------------------------------------------

    def _fitted(self, specs: Sequence[AgentSpec]) -> PlannedRequest | None:
        """The request for ``specs`` in the most detail that is allowed; ``None`` where not
        even the shortest one fits."""
        output = self._output(len(specs))
        hard = self.limits.most_input(output)
        aim = self.limits.aimed_input(self.contract, len(specs))
        room = aim if hard is None else min(aim, hard)
        chosen: tuple[int, BatchRequest, int] | None = None
        for step in range(len(OUTLINES)):
            request = self.request(specs, step, ())
            tokens = self._count(render_batch_prompt(request))
            if hard is None or tokens <= hard:
                chosen = (step, request, tokens)
                if tokens <= room or step >= LEAST_FOR_AIM:
                    break
        if chosen is None:
            return None
        step, request, tokens = chosen
        texts: tuple[str, ...] = ()
        if step == 0:
            request, texts, tokens = self._with_texts(specs, request, tokens, room)
        return PlannedRequest(
            request,
            _detail(step, texts),
            texts,
            tokens,
            output,
            tuple(self._left_out(specs, request, texts)),
            over_aim=max(0, tokens - aim),
        )

    def _with_texts(
        self, specs: Sequence[AgentSpec], bare: BatchRequest, tokens: int, room: int
    ) -> tuple[BatchRequest, tuple[str, ...], int]:
        """``bare`` with the texts of its agents' templates, the most relevant ones first, while
        there is room; one that is too long for what is left is passed over."""
        free, chosen = room - tokens, list[str]()
        for key in self._ranked(specs):
            cost = self._cost_of_text(key)
            if 0 < cost <= free:
                chosen.append(key)
                free -= cost
        while chosen:
            request = self.request(specs, 0, chosen)
            counted = self._count(render_batch_prompt(request))
            if counted <= room:
                return request, tuple(chosen), counted
            chosen.pop()  # tokens of parts do not add up to the last one
        return bare, (), tokens

    def _left_out(
        self, specs: Sequence[AgentSpec], request: BatchRequest, texts: Sequence[str]
    ) -> Iterator[LeftOut]:
        """What a model might have liked to see: texts that agents list, and declarations."""
        for key in self._ranked(specs):
            if key in texts:
                continue
            cost = self._cost_of_text(key)
            long = f"it has a line of more than {LONGEST_LINE} characters"
            yield LeftOut("text", key, cost, "no room" if cost else long)
        full = {item.id: item.more_symbols for item in self._catalog}
        for entry in request.template_catalog:
            if full[entry.id]:
                most = f"at most {MAX_SYMBOLS} are listed"
                yield LeftOut("declarations", entry.id, full[entry.id], most)
            if entry.more_symbols > full[entry.id]:
                more = entry.more_symbols - full[entry.id]
                yield LeftOut("declarations", entry.id, more, "no room")

    def _ranked(self, specs: Sequence[AgentSpec]) -> list[str]:
        """The templates that these agents list: what is first for many comes first."""
        points: dict[str, float] = {}
        for spec in specs:
            for place, key in enumerate(spec.templates, 1):
                if key in self._places:
                    points[key] = points.get(key, 0.0) + 1 / place
        return sorted(points, key=lambda key: (-points[key], self._places[key]))

    # -- counting ---------------------------------------------------------------------------

    def _may_hold(self, agents: int) -> bool:
        """Whether a request may be for so many, and its answer may be that long."""
        if self.limits.agents is not None and agents > max(1, self.limits.agents):
            return False
        most = self.limits.output_tokens
        return most is None or with_room(self._output(agents)) <= most

    def _output(self, agents: int) -> int:
        return ceil(expected_output(self.contract, agents, self.estimator) * self.scale)

    def _count(self, text: str) -> int:
        return ceil(self.estimator.quick(text) * self.scale)

    def _cost_of_text(self, key: str) -> int:
        """What the text of a template adds to a prompt; 0 for one that cannot be sent."""
        if key not in self._costs:
            body = body_of(key, self.context)
            fence = fence_for(body)
            block = f"{key}:\n\n{fence}text\n{body}\n{fence}\n\n"
            self._costs[key] = self._count(block) if body else 0
        return self._costs[key]

    def _too_large(self, spec: AgentSpec) -> BadInput:
        """Why not even the request for one agent fits, with what takes the most."""
        output = with_room(self._output(1))
        most = self.limits.output_tokens
        if most is not None and output > most:
            return BadInput(
                f"the answer for one agent may take {output:,} tokens ({self.estimator.name}), "
                f"and at most {most:,} are allowed",
                hint="choose a model that answers at more length, or the sections contract",
            )
        request = self.request([spec], len(OUTLINES) - 1, ())
        total = self._count(render_batch_prompt(request))
        parts = {
            "its current text": request.agents[0].current_content,
            "the templates": "\n".join(catalog_lines(request)),
            "conventions, rules, commands and technologies": "\n".join(fact_lines(request)),
            "the agent itself": "\n".join(agent_lines(request)),
            "the instructions": request.enhancement_instructions,
        }
        sizes = sorted(((self._count(text), name) for name, text in parts.items()), reverse=True)
        named = ", ".join(f"{name} {size:,}" for size, name in sizes[:NAMED_PARTS] if size)
        return BadInput(
            f"the request for {spec.name!r} does not fit: {total:,} tokens "
            f"({self.estimator.name}) in its shortest form, and at most "
            f"{self.limits.most_input(self._output(1)) or 0:,} are allowed beside its answer. "
            f"Its largest parts: {named}",
            hint="choose a model with a larger window, or fewer templates (--max-templates)",
        )

    @cached_property
    def _catalog(self) -> tuple[CatalogEntry, ...]:
        return build_catalog(self.context)

    @cached_property
    def _relevant(self) -> dict[str, Relevant]:
        return relevant_facts(self.context)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {item.id: place for place, item in enumerate(self.context.templates)}

    @cached_property
    def _costs(self) -> dict[str, int]:
        return {}


def _even(specs: Sequence[AgentSpec], count: int) -> list[Sequence[AgentSpec]]:
    """``specs`` in so many groups, the larger ones first, in order."""
    size, more = divmod(len(specs), count)
    groups, start = [], 0
    for number in range(count):
        end = start + size + (number < more)
        groups.append(specs[start:end])
        start = end
    return groups


def _detail(step: int, texts: Sequence[str]) -> str:
    if texts:
        return f"outlines, and the text of {len(texts)} template{'s' * (len(texts) != 1)}"
    if step == 0:
        return "outlines"
    listed, other = OUTLINES[step]
    return f"shorter outlines: {listed} declarations of a listed template, {other} of another"
