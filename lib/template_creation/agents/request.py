"""The batch request: one JSON-able document that asks for all agents of a shard.

Pure: from the facts of a package to the request. (Seed 002 phase 1; DESIGN section 5.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from template_creation.agents.catalog import build_catalog
from template_creation.agents.context import EnhancementContext
from template_creation.agents.folders import folder_globs
from template_creation.agents.relevance import Relevant, relevant_facts
from template_creation.exchange import prompt_text
from template_creation.exchange.prompt import Contract
from template_creation.values.agent import AgentSpec
from template_creation.values.request import (
    AgentRequest,
    BatchRequest,
    CatalogEntry,
    CommandFact,
    ConventionFact,
    MemoryFact,
    RuleFact,
    TechnologyFact,
)

__all__ = ["build_catalog", "build_request"]

INSTRUCTIONS: dict[Contract, str] = {
    "sections": "enhancement_instructions.md",
    "markdown": "enhancement_instructions_markdown.md",
}


def build_request(
    context: EnhancementContext,
    specs: Sequence[AgentSpec],
    *,
    current: Mapping[str, str] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None,
    catalog: Sequence[CatalogEntry] | None = None,
    relevant: Mapping[str, Relevant] | None = None,
    instructions: str | None = None,
) -> BatchRequest:
    """The request for ``specs``, agents of ``context``.

    The catalog lists every template of the package; facts are those that concern one of the
    agents. ``current`` gives the agents' present text by name, for the markdown contract;
    without it the sections contract is asked for, which needs no text. ``problems`` says by
    name why an agent's last answer was refused, each with rule, place and fix. ``catalog`` and
    ``relevant`` are what `build_catalog` and `relevant_facts` give, where they are at hand.
    """
    relevant = relevant_facts(context) if relevant is None else relevant
    contract: Contract = "markdown" if current is not None else "sections"
    chosen = [relevant.get(spec.name, Relevant((), (), ())) for spec in specs]
    analysis = context.analysis
    return BatchRequest(
        contract=contract,
        project=analysis.project.name,
        languages=tuple(item.name for item in analysis.languages[:6]),
        agents=tuple(
            _agent(
                spec,
                facts,
                context,
                (current or {}).get(spec.name, ""),
                (problems or {}).get(spec.name, ()),
            )
            for spec, facts in zip(specs, chosen, strict=True)
        ),
        template_catalog=build_catalog(context) if catalog is None else tuple(catalog),
        conventions=_conventions(context, _union(item.conventions for item in chosen)),
        rules=_rules(context, _union(item.rules for item in chosen)),
        commands=_commands(context, _union(item.commands for item in chosen)),
        technologies=_technologies(context, specs),
        memories=_memories(context, _union(item.memories for item in chosen)),
        enhancement_instructions=instructions or prompt_text(INSTRUCTIONS[contract]),
    )


def _agent(
    spec: AgentSpec,
    facts: Relevant,
    context: EnhancementContext,
    current: str,
    problems: Sequence[str],
) -> AgentRequest:
    proved = {item: key for key, item in context.technology_by_id.items()}
    return AgentRequest(
        name=spec.name,
        title=spec.title,
        purpose=spec.purpose,
        technologies=tuple(item.name for item in spec.technologies),
        layers=spec.layers,
        files=len(spec.files),
        templates=spec.templates,
        conventions=facts.conventions,
        rules=facts.rules,
        commands=facts.commands,
        memories=facts.memories,
        current_content=current,
        folders=folder_globs(spec.files),
        problems=tuple(problems),
        dependencies=tuple(proved[item] for item in spec.technologies if item in proved),
    )


def _conventions(context: EnhancementContext, wanted: set[str]) -> tuple[ConventionFact, ...]:
    return tuple(
        ConventionFact(
            id=key,
            kind=item.kind,
            statement=item.statement,
            layer=item.layer,
            language=item.language,
            k=item.k,
            n=item.n,
            example=_place(item.hits[0].path, item.hits[0].line) if item.hits else "",
            otherwise=item.otherwise,
        )
        for key, item in context.convention_by_id.items()
        if key in wanted
    )


def _rules(context: EnhancementContext, wanted: set[str]) -> tuple[RuleFact, ...]:
    return tuple(
        RuleFact(
            id=key,
            text=item.text,
            source=_place(item.path, item.line),
            modality=item.modality,
        )
        for key, item in context.rule_by_id.items()
        if key in wanted
    )


def _commands(context: EnhancementContext, wanted: set[str]) -> tuple[CommandFact, ...]:
    return tuple(
        CommandFact(
            id=key,
            purpose=item.purpose,
            command=item.command,
            folder=item.folder,
            source=_place(item.path, item.line),
        )
        for key, item in context.command_by_id.items()
        if key in wanted
    )


def _memories(context: EnhancementContext, wanted: set[str]) -> tuple[MemoryFact, ...]:
    return tuple(
        MemoryFact(
            id=key,
            kind=item.kind,
            text=item.text,
            source=item.source,
            record=item.record,
            hurt=item.hurt,
        )
        for key, item in context.memory_by_id.items()
        if key in wanted
    )


def _technologies(
    context: EnhancementContext, specs: Sequence[AgentSpec]
) -> tuple[TechnologyFact, ...]:
    wanted = {item for spec in specs for item in spec.technologies}
    return tuple(
        TechnologyFact(id=key, name=item.name, role=item.role, source=_place(item.path, item.line))
        for key, item in context.technology_by_id.items()
        if item in wanted
    )


def _place(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path


def _union(parts: Iterable[Iterable[str]]) -> set[str]:
    return {item for part in parts for item in part}
