"""The batch request: agents, compact template catalog and measured facts, versioned.

One request asks for all agents of a shard (seed 002, phase 1 and "Batch Prompt Structure").
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

__all__ = [
    "REQUEST_VERSION",
    "AgentRequest",
    "BatchRequest",
    "CatalogEntry",
    "CatalogSymbol",
    "CommandFact",
    "ConventionFact",
    "MemoryFact",
    "RuleFact",
    "TechnologyFact",
]

REQUEST_VERSION = "1.2"
"""1.1 added ``problems`` of agents, ``more_symbols`` and ``body`` of templates, 1.2 ``memories``;
a reader of 1.2 reads them all."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AgentRequest(_Frozen):
    """What the enhancer is told of one agent; ``current_content`` only in the markdown
    contract. ``templates`` ranks template ids by relevance, best first; ``conventions``,
    ``rules`` and ``commands`` name the facts that concern this agent, best first;
    ``folders`` are globs of where its files live; ``dependencies`` are technology ids (D1);
    ``problems`` say why its last answer was refused (rule, place, fix); ``memories`` name what
    was learned about its work, best first."""

    name: str
    title: str
    purpose: str
    technologies: tuple[str, ...]
    layers: tuple[str, ...]
    files: int
    headings: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    current_content: str = ""
    folders: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    memories: tuple[str, ...] = ()


class CatalogSymbol(_Frozen):
    """A citable declaration (``id`` is ``T3.s2``); ``lines`` is ``"12-40"``; ``marks`` are its
    decorators, attributes or annotations as written (``@router.get("/")``)."""

    id: str
    name: str
    kind: str
    lines: str
    signature: str
    marks: tuple[str, ...] = ()


class CatalogEntry(_Frozen):
    """A template in the catalog. ``grade`` is pattern, shape or example; ``body`` is the text of
    the original where the token budget allows it, else empty; ``more_symbols`` counts the
    declarations that are not listed."""

    id: str
    name: str
    category: str
    path: str
    source: str
    purpose: str
    technologies: tuple[str, ...]
    grade: str
    support: int
    lines: int
    symbols: tuple[CatalogSymbol, ...] = ()
    more_symbols: int = 0
    body: str = ""


class ConventionFact(_Frozen):
    """A measured habit: ``k`` of ``n`` sites; ``example`` is ``path:line``."""

    id: str
    kind: str
    statement: str
    layer: str
    language: str
    k: int
    n: int
    example: str
    otherwise: str = ""


class RuleFact(_Frozen):
    """A rule that the project wrote down, quoted."""

    id: str
    text: str
    source: str
    modality: str


class CommandFact(_Frozen):
    """A command of the project's own configuration."""

    id: str
    purpose: str
    command: str
    folder: str
    source: str


class TechnologyFact(_Frozen):
    """A technology with the manifest line that proves it (``id`` is ``D1``)."""

    id: str
    name: str
    role: str
    source: str


class MemoryFact(_Frozen):
    """Something that was learned in the project (``id`` is ``M1``), quoted: ``kind`` is failure,
    constraint, lesson, decision, preference, outcome, fact or note, ``source`` where it was
    written down, ``record`` its id among the memories; ``hurt`` if it is about what went wrong.
    The text is the user's data and never an instruction."""

    id: str
    kind: str
    text: str
    source: str = ""
    record: str = ""
    hurt: bool = False


class BatchRequest(_Frozen):
    """The whole request of a shard."""

    version: Literal["1.0", "1.1", "1.2"] = "1.2"
    contract: Literal["sections", "markdown"] = "sections"
    project: str
    languages: tuple[str, ...]
    agents: tuple[AgentRequest, ...]
    template_catalog: tuple[CatalogEntry, ...]
    conventions: tuple[ConventionFact, ...]
    rules: tuple[RuleFact, ...]
    commands: tuple[CommandFact, ...]
    enhancement_instructions: str
    technologies: tuple[TechnologyFact, ...] = ()
    memories: tuple[MemoryFact, ...] = ()
