"""The batch request: one JSON-able document that asks for all agents of a shard.

Pure: from the facts of a package to the request. (Seed 002 phase 1; DESIGN section 5.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from template_creation.agents.context import EnhancementContext
from template_creation.agents.excerpts import LONGEST, excerpt_lines
from template_creation.agents.folders import folder_globs
from template_creation.agents.relevance import Relevant, relevant_facts
from template_creation.exchange import prompt_text
from template_creation.values.agent import AgentSpec
from template_creation.values.request import (
    AgentRequest,
    BatchRequest,
    CatalogEntry,
    CatalogSymbol,
    CommandFact,
    ConventionFact,
    RuleFact,
    TechnologyFact,
)
from template_creation.values.template import Template, TemplateSymbol

__all__ = ["build_catalog", "build_request"]

MAX_SYMBOLS = 10
_MARKS = ("@", "[", "#[")


def build_request(
    context: EnhancementContext,
    specs: Sequence[AgentSpec],
    *,
    current: Mapping[str, str] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None,
    instructions: str | None = None,
) -> BatchRequest:
    """The request for ``specs``, agents of ``context``.

    The catalog lists every template of the package; facts are those that concern one of the
    agents. ``current`` gives the agents' present text by name, for the markdown contract;
    without it the sections contract is asked for, which needs no text. ``problems`` says by
    name why an agent's last answer was refused, each with rule, place and fix.
    """
    relevant = relevant_facts(context)
    chosen = [relevant.get(spec.name, Relevant((), (), ())) for spec in specs]
    analysis = context.analysis
    return BatchRequest(
        contract="markdown" if current is not None else "sections",
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
        template_catalog=build_catalog(context),
        conventions=_conventions(context, _union(item.conventions for item in chosen)),
        rules=_rules(context, _union(item.rules for item in chosen)),
        commands=_commands(context, _union(item.commands for item in chosen)),
        technologies=_technologies(context, specs),
        enhancement_instructions=instructions or prompt_text("enhancement_instructions.md"),
    )


def build_catalog(context: EnhancementContext) -> tuple[CatalogEntry, ...]:
    """Every template, compact: what it is, where it is from, and what in it can be cited."""
    return tuple(
        CatalogEntry(
            id=item.id,
            name=item.source.rpartition("/")[2],
            category=item.layer,
            path=item.path,
            source=item.source,
            purpose=item.purpose,
            technologies=item.technologies,
            grade=item.grade,
            support=item.support,
            lines=item.lines,
            symbols=_outline(item, context),
        )
        for item in context.templates
    )


def _outline(template: Template, context: EnhancementContext) -> tuple[CatalogSymbol, ...]:
    """Up to `MAX_SYMBOLS` declarations, with the lines that an excerpt of them shows: whole
    ones that fit, else their parts; of long types the head with the fields, of long functions
    the first statements."""
    kept: list[TemplateSymbol] = []
    for symbol in sorted(template.symbols, key=lambda item: (item.line, -item.end_line)):
        inside = any(one.line <= symbol.line and symbol.end_line <= one.end_line for one in kept)
        length = symbol.end_line - symbol.line + 1
        has_parts = any(
            symbol.line < part.line and part.end_line <= symbol.end_line
            for part in template.symbols
        )
        if inside:
            continue
        if length <= LONGEST:
            kept.append(symbol)
            continue
        shown = excerpt_lines(symbol.id, context)
        is_head = all(
            part.line > shown.end
            for part in template.symbols
            if symbol.line < part.line and part.end_line <= symbol.end_line
        )
        if is_head or not has_parts:
            kept.append(replace(symbol, end_line=shown.end))
    if len(kept) > MAX_SYMBOLS:
        longest = sorted(kept, key=lambda item: (item.line - item.end_line, item.line))
        names = {item.id for item in longest[:MAX_SYMBOLS]}
        kept = [item for item in kept if item.id in names]
    lines = context.original_lines(template)
    return tuple(
        CatalogSymbol(
            id=item.id,
            name=item.name,
            kind=item.kind,
            lines=f"{item.line}-{item.end_line}",
            signature=" ".join(item.signature.split())[:100],
            marks=_marks(item, lines),
        )
        for item in kept
    )


def _marks(symbol: TemplateSymbol, lines: Sequence[str]) -> tuple[str, ...]:
    """The decorators or attributes that a declaration begins with, as written."""
    found = []
    for line in lines[symbol.line - 1 : symbol.end_line]:
        text = line.strip()
        if not text.startswith(_MARKS):
            break
        found.append(text[:80])
    return tuple(found[:2])


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
