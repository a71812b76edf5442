"""Answers a batch request by extraction: no model, no key, no network, the same every time.

It reads nothing but the request, so it stands exactly where a model stands: the same ids to
cite, the same checks afterwards. (DESIGN section 1; facts/codebase-to-template.md section 11.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from template_creation.bridges.habits import instruct
from template_creation.bridges.learned import instructs, statement
from template_creation.bridges.selection import Excerpt, choose_examples
from template_creation.bridges.strength import ALWAYS, is_habit
from template_creation.bridges.wording import (
    counted,
    example_title,
    is_plural,
    joined,
    short_names,
    why,
)
from template_creation.errors import GenerationError
from template_creation.values.layers import LAYER_TITLES
from template_creation.values.request import (
    AgentRequest,
    BatchRequest,
    CatalogEntry,
    ConventionFact,
    MemoryFact,
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

SURE_PLACES = 8
"""A habit without exception becomes a constraint from so many places on."""

FEW_PRACTICES = 3
"""With fewer practices than these, the layout of the agent's first file is told too."""

MOST_DECLARED = 4
"""The layout of a file that declares more is no sentence."""

MOST_TEMPLATES = 5
MAX_PRACTICES = 10
MAX_CONSTRAINTS = 7
AIM = 242
"""The length that answers aim at, in lines of the finished agent: between 150 and 250, a
little less than 250 because facts are reckoned before they are written out."""

FILL = 88
"""So many lines below `AIM`, examples from other layers are no longer worth their place."""


class OfflineBridge:
    """An `AgentBridgeInvoker` that extracts its answer from the request's own facts."""

    identity = "offline"

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
        self.memories = {item.id: item for item in request.memories}


def _draft(agent: AgentRequest, facts: _Facts) -> AgentSections:
    entries = [facts.catalog[key] for key in agent.templates if key in facts.catalog]
    entries = entries[:MOST_TEMPLATES]
    rules = [facts.rules[key] for key in agent.rules if key in facts.rules]
    habits = [
        item
        for key in agent.conventions
        if (item := facts.conventions.get(key)) and is_habit(item.kind, item.k, item.n)
    ]
    fixed = _without_exception(habits)
    found = [facts.memories[key] for key in agent.memories if key in facts.memories]
    learned = [item for item in found if instructs(item)]
    return AgentSections(
        agent_name=agent.name,
        templates=tuple(
            TemplateItem(id=item.id, why=why(agent, item, place))
            for place, item in enumerate(entries)
        ),
        practices=_with_layout(
            _practices(agent, [item for item in habits if item not in fixed], rules, learned),
            agent,
            entries,
        ),
        constraints=_constraints(agent, fixed, rules, learned, entries, facts),
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
    agent: AgentRequest,
    habits: Sequence[ConventionFact],
    rules: Sequence[RuleFact],
    learned: Sequence[MemoryFact],
) -> tuple[PracticeItem, ...]:
    written = [
        PracticeItem(text=_ended(item.text), cites=(item.id,))
        for item in rules
        if item.modality != "must-not"
    ]
    measured = [PracticeItem(text=_practice(item, agent), cites=(item.id,)) for item in habits]
    worked = [
        PracticeItem(text=statement(item), cites=(item.id,)) for item in learned if not item.hurt
    ]
    return (*written[:4], *worked, *measured)[:MAX_PRACTICES]


def _with_layout(
    found: tuple[PracticeItem, ...], agent: AgentRequest, entries: Sequence[CatalogEntry]
) -> tuple[PracticeItem, ...]:
    """The practices, and where they are few, what to keep to of the agent's own first file."""
    if not found:
        return _from_templates(agent, entries)
    own = [item for item in entries if item.category in agent.layers][:1]
    told = [item for item in own if len(item.symbols) <= MOST_DECLARED]
    if len(found) >= FEW_PRACTICES or not told:
        return found
    text = _layout(told[0], short_names(entries)[told[0].id])
    return (*found, PracticeItem(text=text, cites=(told[0].id,)))


def _from_templates(
    agent: AgentRequest, entries: Sequence[CatalogEntry]
) -> tuple[PracticeItem, ...]:
    """What to do where no habit could be measured: keep to the files that there are."""
    own = [item for item in entries if item.category in agent.layers] or list(entries)
    names = short_names(entries)
    kinds = [_only_kind(item) for item in own[:2]]
    told = own[:1] if kinds[1:] == kinds[:1] != [""] else own[:2]  # or it would be said twice
    return tuple(
        PracticeItem(text=_layout(item, names[item.id]), cites=(item.id,)) for item in told
    )


def _only_kind(item: CatalogEntry) -> str:
    """What a file declares if that is one thing; else nothing."""
    kind = item.symbols[0].kind if len(item.symbols) == 1 else ""
    return kind if kind in ("class", "function", "interface") else ""


def _layout(item: CatalogEntry, name: str) -> str:
    """The order of what a file declares, or where it is; of a template that others made, whose
    place in a codebase is not known, that there is one."""
    parts = [f"`{symbol.name}`" for symbol in item.symbols[:MOST_DECLARED]]
    if len(set(parts)) > 1:
        return f"Lay out a new file of this kind as `{name}` is: {joined(parts)}, in this order."
    if kind := _only_kind(item):
        return f"Declare one {kind} in a file of this kind, as `{name}` does."
    if item.source == item.path:
        return f"Begin a new file of this kind from `{name}`."
    folder = item.source.rpartition("/")[0]
    where = f"into `{folder}`, next to" if folder else "into the top folder, next to"
    return f"Put a new file of this kind {where} `{name}`."


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
    learned: Sequence[MemoryFact],
    entries: Sequence[CatalogEntry],
    facts: _Facts,
) -> tuple[ConstraintItem, ...]:
    """The project's own prohibitions, what hurt before, habits without exception, its libraries;
    what the files themselves forbid only where there is nothing else."""
    items = [
        ConstraintItem(text=_ended(item.text), cites=(item.id,))
        for item in rules
        if item.modality == "must-not"
    ]
    items += [
        ConstraintItem(text=statement(item), cites=(item.id,)) for item in learned if item.hurt
    ]
    items += [
        ConstraintItem(
            text=instruct(item.statement, keep_layer=_keep_layer(item, agent)).avoid,
            cites=(item.id,),
        )
        for item in fixed
    ]
    library = _of_libraries(agent, entries, facts)
    found = [*items[: MAX_CONSTRAINTS - len(library)], *library]
    return tuple(found) or _of_grades(agent, entries) or _of_layout(entries)


def _of_libraries(
    agent: AgentRequest, entries: Sequence[CatalogEntry], facts: _Facts
) -> list[ConstraintItem]:
    """What the work is written with today: what the agent's own templates use, or, where
    nothing is known of what any template uses, the technology that fits the job best."""
    own = [item for item in entries if item.category in agent.layers]
    listed = [facts.technologies[key] for key in agent.dependencies if key in facts.technologies]
    told = {name.casefold() for item in own for name in item.technologies}
    used = [item for item in listed if item.name.casefold() in told][:2]
    if not any(item.technologies for item in facts.catalog.values()):
        used = listed[:1]
    if not used:
        return []
    names = joined([f"{item.name} (`{item.source}`)" for item in used])
    work = LAYER_TITLES.get(agent.layers[0], agent.layers[0]) if agent.layers else "this work"
    verb = "use" if is_plural(work) else "uses"
    return [
        ConstraintItem(
            text=f"Add no dependency without asking: {work} {verb} {names} today.",
            cites=tuple(item.id for item in used),
        )
    ]


def _of_grades(agent: AgentRequest, entries: Sequence[CatalogEntry]) -> tuple[ConstraintItem, ...]:
    own = [item for item in entries if item.category in agent.layers]
    loose = [item for item in own if item.grade == "example" and item.support][:3]
    if not loose:
        return ()
    names = short_names(entries)
    them, their = ("them", "their") if len(loose) > 1 else ("it", "its")
    return (
        ConstraintItem(
            text=f"Do not copy the body of {joined([f'`{names[item.id]}`' for item in loose])}: "
            f"files next to {them} share little of {their} text.",
            cites=tuple(item.id for item in loose),
        ),
    )


def _of_layout(entries: Sequence[CatalogEntry]) -> tuple[ConstraintItem, ...]:
    names = short_names(entries)
    return tuple(
        ConstraintItem(
            text=f"Do not depart from the layout of `{names[item.id]}`.", cites=(item.id,)
        )
        for item in entries[:1]
    )


def _lines(draft: AgentSections) -> int:
    """About how many lines the finished agent has without examples."""
    return (
        39
        + 3 * len(draft.templates)
        + 2 * len(draft.practices)
        + 2 * len(draft.constraints)
        + len(draft.commands)
    )


def _with_examples(
    agent: AgentRequest, draft: AgentSections, chosen: Sequence[Excerpt], facts: _Facts
) -> AgentSections:
    examples = tuple(ExampleItem(id=item.id, title=example_title(item)) for item in chosen)
    short = _short_because(agent, facts)
    return draft.model_copy(update={"examples": examples, "short_because": short})


def _short_because(agent: AgentRequest, facts: _Facts) -> str:
    """Why there is no more to show; used only where the file stays under the window."""
    cited = [facts.catalog[key] for key in agent.templates if key in facts.catalog]
    own = sum(item.category in agent.layers for item in cited)
    if own == len(cited) >= MOST_TEMPLATES:
        own = sum(item.category in agent.layers for item in facts.catalog.values())
    if not agent.files:
        return f"the package has {counted(len(facts.catalog), 'template')} to show"
    files = counted(agent.files, "file")
    if own >= agent.files:
        return f"its {files} {'is' if agent.files == 1 else 'are'} all there is, and small"
    if not own:
        return f"none of its {files} became a template"
    return f"only {own} of its {files} became {'a template' if own == 1 else 'templates'}"
