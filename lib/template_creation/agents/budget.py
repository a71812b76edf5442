"""How many requests, and what goes into each: the ladder from full detail to several requests.

1. texts of the most relevant templates, as far as they fit;
2. no texts, and in the markdown contract no code in the agents' current texts that a template
   holds; 3. shorter outlines, those of templates that no agent lists first; 4. shards.

Nothing is left out silently: a plan says what, and why. Pure and deterministic; what fits is
counted on the prompts themselves. (DESIGN section 5; issue 4 item 2.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from template_creation.agents.catalog import body_of
from template_creation.agents.context import EnhancementContext
from template_creation.agents.material import OUTLINES, Detail, Material
from template_creation.agents.plans import (
    Limits,
    PlannedRequest,
    RequestPlan,
    expected_output,
    with_room,
)
from template_creation.errors import BadInput
from template_creation.exchange.digest import agent_lines, catalog_lines, fact_lines
from template_creation.exchange.prompt import Contract, render_batch_prompt
from template_creation.exchange.prompts import fence_for
from template_creation.exchange.tokens import Estimator
from template_creation.values.agent import AgentSpec
from template_creation.values.request import BatchRequest

__all__ = ["plan_requests"]

LEAST_FOR_AIM = 3
"""The step of `OUTLINES` that is the last for the aim's sake. Beyond it only what does not fit
at all is cut: who knows no declarations writes about none."""

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
    material = Material(context, contract, current or {}, problems or {}, instructions)
    planned = _Planner(material, limits, estimator).requests(specs)
    return RequestPlan(planned, contract, estimator.name, limits)


@dataclass(frozen=True)
class _Planner:
    material: Material
    limits: Limits
    estimator: Estimator
    costs: dict[str, int] = field(default_factory=dict)

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

    # -- one request ------------------------------------------------------------------------

    def _fitted(self, specs: Sequence[AgentSpec]) -> PlannedRequest | None:
        """The request for ``specs`` in the most detail that is allowed; ``None`` where not
        even the shortest one fits."""
        output = self._output(len(specs))
        hard = self.limits.most_input(output)
        aim = self.limits.aimed_input(self.material.contract, len(specs))
        room = aim if hard is None else min(aim, hard)
        chosen: tuple[Detail, int] | None = None
        for detail in self._details(specs):
            tokens = self._count_of(specs, detail)
            if hard is None or tokens <= hard:
                chosen = (detail, tokens)
                if tokens <= room or detail.step >= LEAST_FOR_AIM:
                    break
        if chosen is None:
            return None
        detail, tokens = self._with_texts(specs, *chosen, room)
        request = self.material.request(specs, detail)
        left_out = self.material.left_out(specs, request, detail, self._cost_of_text)
        return PlannedRequest(
            request,
            detail.name,
            detail.texts,
            tokens,
            output,
            tuple(left_out),
            over_aim=max(0, tokens - aim),
        )

    def _details(self, specs: Sequence[AgentSpec]) -> Iterator[Detail]:
        """From much to little, without texts."""
        yield Detail()
        quotes = not self.material.quoted(specs)
        if not quotes:
            yield Detail(quotes=False)
        for step in range(1, len(OUTLINES)):
            yield Detail(step, quotes=quotes)

    def _with_texts(
        self, specs: Sequence[AgentSpec], bare: Detail, tokens: int, room: int
    ) -> tuple[Detail, int]:
        """``bare`` with the texts of the agents' templates, the most relevant ones first, while
        there is room; one that is too long for what is left is passed over."""
        free, chosen = room - tokens, list[str]()
        for key in self.material.ranked(specs) if bare.step == 0 else ():
            cost = self._cost_of_text(key)
            if 0 < cost <= free:
                chosen.append(key)
                free -= cost
        while chosen:
            detail = replace(bare, texts=tuple(chosen))
            counted = self._count_of(specs, detail)
            if counted <= room:
                return detail, counted
            chosen.pop()  # the tokens of parts do not add up exactly
        return bare, tokens

    # -- counting ---------------------------------------------------------------------------

    def _may_hold(self, agents: int) -> bool:
        """Whether a request may be for so many, and its answer may be that long."""
        if self.limits.agents is not None and agents > max(1, self.limits.agents):
            return False
        most = self.limits.output_tokens
        return most is None or with_room(self._output(agents)) <= most

    def _output(self, agents: int) -> int:
        return expected_output(self.material.contract, agents, self.estimator)

    def _count_of(self, specs: Sequence[AgentSpec], detail: Detail) -> int:
        return self.estimator.count(render_batch_prompt(self.material.request(specs, detail)))

    def _cost_of_text(self, key: str) -> int:
        """What the text of a template adds to a prompt; 0 for one that cannot be sent."""
        if key not in self.costs:
            body = body_of(key, self.material.context)
            fence = fence_for(body)
            block = f"{key}:\n\n{fence}text\n{body}\n{fence}\n\n"
            self.costs[key] = self.estimator.count(block) if body else 0
        return self.costs[key]

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
        *_, least = self._details([spec])
        request = self.material.request([spec], least)
        total = self.estimator.count(render_batch_prompt(request))
        sizes = sorted(
            ((self.estimator.count(text), name) for name, text in _parts(request).items()),
            reverse=True,
        )
        named = ", ".join(f"{name} {size:,}" for size, name in sizes[:NAMED_PARTS] if size)
        return BadInput(
            f"the request for {spec.name!r} does not fit: {total:,} tokens "
            f"({self.estimator.name}) in its shortest form, and at most "
            f"{self.limits.most_input(self._output(1)) or 0:,} are allowed beside its answer. "
            f"Its largest parts: {named}",
            hint="choose a model with a larger window, or fewer templates (--max-templates)",
        )


def _parts(request: BatchRequest) -> dict[str, str]:
    return {
        "its current text": request.agents[0].current_content,
        "the templates": "\n".join(catalog_lines(request)),
        "conventions, rules, commands and technologies": "\n".join(fact_lines(request)),
        "the agent itself": "\n".join(agent_lines(request)),
        "the instructions": request.enhancement_instructions,
    }


def _even(specs: Sequence[AgentSpec], count: int) -> list[Sequence[AgentSpec]]:
    """``specs`` in so many groups, the larger ones first, in order."""
    size, more = divmod(len(specs), count)
    groups, start = [], 0
    for number in range(count):
        end = start + size + (number < more)
        groups.append(specs[start:end])
        start = end
    return groups
