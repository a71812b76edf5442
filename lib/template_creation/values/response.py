"""The *sections* answer: compact items that cite ids, one object per agent.

Code, counts and paths are not in the answer: they are expanded from the package by id, so
that an answer cannot invent them. (DESIGN section 5, response contracts.)
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "AgentSections",
    "ConstraintItem",
    "ExampleItem",
    "PracticeItem",
    "SectionsResponse",
    "TemplateItem",
]


class _Item(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


class TemplateItem(_Item):
    """A template that the agent should follow, and why."""

    id: str
    why: str


class PracticeItem(_Item):
    """A practice; ``cites`` holds convention ids (C4), rule ids (R2) or symbol ids (T3.s2)
    that prove it."""

    text: str
    cites: tuple[str, ...]


class ExampleItem(_Item):
    """A real declaration to show, by symbol id, and what to notice in it."""

    id: str
    title: str
    note: str = ""


class ConstraintItem(_Item):
    """Something that the agent must not do; ``cites`` as in a practice."""

    text: str
    cites: tuple[str, ...]


class AgentSections(_Item):
    """The sections of one agent. ``commands`` cites command ids (K1) that prove work done;
    ``short_because`` says why the evidence ends before the line window, or is empty."""

    agent_name: str
    templates: tuple[TemplateItem, ...] = ()
    practices: tuple[PracticeItem, ...] = ()
    examples: tuple[ExampleItem, ...] = ()
    constraints: tuple[ConstraintItem, ...] = ()
    commands: tuple[str, ...] = ()
    short_because: str = ""


class SectionsResponse(_Item):
    """The whole answer of a shard."""

    enhancements: tuple[AgentSections, ...] = Field(default=())
