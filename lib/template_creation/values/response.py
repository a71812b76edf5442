"""What an answer may say of an agent: compact items that cite ids, or whole Markdown.

In the *sections* contract code, counts and paths are not in the answer: they are expanded from
the package by id, so that an answer cannot invent them. In the *markdown* contract the text is
the model's and is checked against the package. (DESIGN section 5, response contracts.)
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "AgentMarkdown",
    "AgentSections",
    "ConstraintItem",
    "ExampleItem",
    "MarkdownResponse",
    "PracticeItem",
    "SectionsResponse",
    "TemplateItem",
]

TemplateId = Annotated[str, Field(json_schema_extra={"ids": "templates"})]
ShownId = Annotated[str, Field(json_schema_extra={"ids": "shown"})]
CitedId = Annotated[str, Field(json_schema_extra={"ids": "cited"})]
CommandId = Annotated[str, Field(json_schema_extra={"ids": "commands"})]
"""Ids of a request, by what may stand there; `exchange.response_schema` names them."""

Text = Annotated[str, Field(min_length=1)]


class _Item(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


class TemplateItem(_Item):
    """A template that the agent should follow, and why."""

    id: TemplateId
    why: Text


class PracticeItem(_Item):
    """A practice; ``cites`` holds convention ids (C4), rule ids (R2) or symbol ids (T3.s2)
    that prove it."""

    text: Text
    cites: tuple[CitedId, ...] = Field(min_length=1)


class ExampleItem(_Item):
    """A real declaration to show, by symbol id, and what to notice in it."""

    id: ShownId
    title: str
    note: str = ""


class ConstraintItem(_Item):
    """Something that the agent must not do; ``cites`` as in a practice."""

    text: Text
    cites: tuple[CitedId, ...] = Field(min_length=1)


class AgentSections(_Item):
    """The sections of one agent. ``commands`` cites command ids (K1) that prove work done;
    ``short_because`` says why the evidence ends before the line window, or is empty."""

    agent_name: str
    templates: tuple[TemplateItem, ...] = ()
    practices: tuple[PracticeItem, ...] = ()
    examples: tuple[ExampleItem, ...] = ()
    constraints: tuple[ConstraintItem, ...] = ()
    commands: tuple[CommandId, ...] = ()
    short_because: str = ""


class SectionsResponse(_Item):
    """The whole answer of a shard, in the sections contract."""

    enhancements: tuple[AgentSections, ...] = Field(default=())


class AgentMarkdown(_Item):
    """The whole text of one agent below its frontmatter, as Markdown; ``short_because`` as in
    `AgentSections`."""

    agent_name: str
    enhanced_content: Text
    short_because: str = ""


class MarkdownResponse(_Item):
    """The whole answer of a shard, in the markdown contract."""

    enhancements: tuple[AgentMarkdown, ...] = Field(default=())
