"""Answers a batch request by extraction: no model, no key, no network, the same every time.

It reads nothing but the request, so it stands exactly where a model stands: the same ids to
cite, the same checks afterwards. (DESIGN section 1; facts/codebase-to-template.md section 11.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from template_creation.bridges.habits import instruct
from template_creation.bridges.selection import Excerpt, choose_examples
from template_creation.bridges.wording import counted, example_title, joined, why
from template_creation.errors import GenerationError
from template_creation.values.layers import LAYER_TITLES
from template_creation.values.request import (
    AgentRequest,
    BatchRequest,
    CatalogEntry,
    ConventionFact,
    RuleFact,
)
from template_creation.values.response import (
    AgentSections,
    ConstraintItem,
    ExampleItem,
    PracticeItem,
    SectionsResponse,
    TemplateItem,
)

__all__ = ["OfflineBridge"]

FEWEST_PLACES = 5
"""A habit is told from five places on: 4 of 4 may be chance."""

ALWAYS, USUALLY = 0.8, 0.6

SURE_PLACES = 8
"""A habit without exception becomes a constraint from so many places on."""

MAX_PRACTICES = 9
MAX_CONSTRAINTS = 6
AIM = 205
"""The length that answers aim at, in lines of the finished agent: between 150 and 250,
nearer to 250 because long declarations are cut to less than what is reckoned here."""

FILL = 50
"""So many lines below `AIM`, examples from other layers are no longer worth their place."""


class OfflineBridge:
    """An `AgentBridgeInvoker` that extracts its answer from the request's own facts."""

    def invoke(
        self,
        *,
        agent_name: str,
        input_data: Mapping[str, Any],
        context: Mapping[str, Any],
    ) -> dict[str, Any]:
        """The sections of every agent in ``input_data``; raises `GenerationError` for a
        request of another version or shape."""
        try:
            request = BatchRequest.model_validate(input_data)
        except ValidationError as exc:
            raise GenerationError(f"the offline bridge cannot read the request: {exc}") from exc
        return answer(request).model_dump(mode="json")


def answer(request: BatchRequest) -> SectionsResponse:
    """The whole answer: facts first, then excerpts in the room that they leave."""
    facts = _Facts(request)
    drafts = {agent.name: _draft(agent, facts) for agent in request.agents}
    room = {name: max(0, AIM - _lines(draft)) for name, draft in drafts.items()}
    chosen = choose_examples(request.agents, facts.catalog, room, fill=FILL)
    return SectionsResponse(
        enhancements=tuple(
            _with_examples(agent, drafts[agent.name], chosen[agent.name], facts)
            for agent in request.agents
        )
    )


class _Facts:
    """The request's facts by id."""

    def __init__(self, request: BatchRequest) -> None:
        self.catalog: dict[str, CatalogEntry] = {item.id: item for item in request.template_catalog}
        self.conventions = {item.id: item for item in request.conventions}
        self.rules = {item.id: item for item in request.rules}
        self.commands = {item.id: item for item in request.commands}
        self.technologies = {item.id: item for item in request.technologies}


def _draft(agent: AgentRequest, facts: _Facts) -> AgentSections:
    entries = [facts.catalog[key] for key in agent.templates if key in facts.catalog][:5]
    rules = [facts.rules[key] for key in agent.rules if key in facts.rules]
    habits = [
        item
        for key in agent.conventions
        if (item := facts.conventions.get(key))
        and item.n >= FEWEST_PLACES
        and item.k / item.n >= (ALWAYS if item.kind == "call" else USUALLY)
    ]
    fixed = _without_exception(habits)
    return AgentSections(
        agent_name=agent.name,
        templates=tuple(
            TemplateItem(id=item.id, why=why(agent, item, place))
            for place, item in enumerate(entries)
        ),
        practices=_practices(agent, [item for item in habits if item not in fixed], rules)
        or _from_templates(agent, entries),
        constraints=_constraints(agent, fixed, rules, entries, facts),
        commands=tuple(key for key in agent.commands if key in facts.commands),
    )


def _without_exception(habits: Sequence[ConventionFact]) -> list[ConventionFact]:
    """Habits to put as constraints: those that all places follow, the best established ones;
    half of the list at most, so that practices remain."""
    total = [
        item
        for item in habits
        if item.k == item.n and item.n >= SURE_PLACES and instruct(item.statement).avoid
    ]
    return total[: min(3, len(habits) // 2)]


def _practices(
    agent: AgentRequest, habits: Sequence[ConventionFact], rules: Sequence[RuleFact]
) -> tuple[PracticeItem, ...]:
    written = [
        PracticeItem(text=_ended(item.text), cites=(item.id,))
        for item in rules
        if item.modality != "must-not"
    ]
    measured = [PracticeItem(text=_practice(item, agent), cites=(item.id,)) for item in habits]
    return (*written[:4], *measured)[:MAX_PRACTICES]


def _from_templates(
    agent: AgentRequest, entries: Sequence[CatalogEntry]
) -> tuple[PracticeItem, ...]:
    """What to do where no habit could be measured: keep to the files that there are."""
    return tuple(
        PracticeItem(
            text=f"Lay out a new file of this kind as `{item.name}` is{_parts(item)}.",
            cites=(item.id,),
        )
        for item in entries
        if item.category in agent.layers
    )[:2]


def _parts(item: CatalogEntry) -> str:
    names = [f"`{symbol.name}`" for symbol in item.symbols[:3]]
    if not names:
        return f", in about {item.lines} lines"
    return f": {joined(names)}, in this order" if len(names) > 1 else f": with {names[0]} alone"


def _ended(text: str) -> str:
    """A quoted rule as a sentence: as written, with an end."""
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", ":", ";")) else f"{text}."


def _practice(item: ConventionFact, agent: AgentRequest) -> str:
    """The imperative; "usually" where one place in five or more does otherwise."""
    sentence = instruct(item.statement, keep_layer=_keep_layer(item, agent)).do
    if item.k / item.n < ALWAYS:
        return f"Usually {sentence[0].lower()}{sentence[1:]}"
    return sentence


def _keep_layer(item: ConventionFact, agent: AgentRequest) -> bool:
    return len(agent.layers) > 1 and bool(item.layer)


def _constraints(
    agent: AgentRequest,
    fixed: Sequence[ConventionFact],
    rules: Sequence[RuleFact],
    entries: Sequence[CatalogEntry],
    facts: _Facts,
) -> tuple[ConstraintItem, ...]:
    items = [
        ConstraintItem(text=_ended(item.text), cites=(item.id,))
        for item in rules
        if item.modality == "must-not"
    ]
    items += [
        ConstraintItem(
            text=instruct(item.statement, keep_layer=_keep_layer(item, agent)).avoid,
            cites=(item.id,),
        )
        for item in fixed
    ]
    items += _library_constraint(agent, facts)
    return tuple((items or _grade_constraint(entries))[:MAX_CONSTRAINTS])


def _library_constraint(agent: AgentRequest, facts: _Facts) -> list[ConstraintItem]:
    used = [facts.technologies[key] for key in agent.dependencies if key in facts.technologies]
    if not used:
        return []
    names = joined([item.name for item in used[:3]])
    work = LAYER_TITLES.get(agent.layers[0], agent.layers[0]) if agent.layers else "this work"
    verb = "is" if len(used[:3]) == 1 else "are"
    return [
        ConstraintItem(
            text=f"Do not bring in another library for {work}: {names} {verb} in use.",
            cites=tuple(item.id for item in used[:3]),
        )
    ]


def _grade_constraint(entries: Sequence[CatalogEntry]) -> list[ConstraintItem]:
    loose = [item for item in entries if item.grade == "example"]
    if not loose:
        return []
    names = joined([f"`{item.name}`" for item in loose])
    them, their = ("them", "their") if len(loose) > 1 else ("it", "its")
    return [
        ConstraintItem(
            text=f"Do not copy the body of {names}: files next to {them} share little of "
            f"{their} text, only the form carries over.",
            cites=tuple(item.id for item in loose),
        )
    ]


def _lines(draft: AgentSections) -> int:
    """About how many lines the finished agent has without examples."""
    return (
        34
        + 4 * len(draft.templates)
        + 2 * len(draft.practices)
        + 2 * len(draft.constraints)
        + len(draft.commands)
    )


def _with_examples(
    agent: AgentRequest, draft: AgentSections, chosen: Sequence[Excerpt], facts: _Facts
) -> AgentSections:
    entries = [facts.catalog[key] for key in agent.templates if key in facts.catalog]
    own = sum(item.category in agent.layers for item in entries)
    examples = tuple(ExampleItem(id=item.id, title=example_title(item)) for item in chosen)
    short = _short_because(agent, own)
    return draft.model_copy(update={"examples": examples, "short_because": short})


def _short_because(agent: AgentRequest, own: int) -> str:
    """Why there is no more to show; used only where the file stays under the window."""
    habits = counted(len(agent.conventions), "measured habit") if agent.conventions else "no habit"
    return (
        f"the evidence ends here: {counted(agent.files, 'file')}, "
        f"{counted(own, 'template')} of this agent's own layers, {habits}; "
        "more would repeat another agent"
    )
