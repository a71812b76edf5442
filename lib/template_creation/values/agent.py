"""An agent before enhancement, and what validation says of one after it."""

from __future__ import annotations

from dataclasses import dataclass

from template_creation.values.analysis import Technology

__all__ = ["AgentSpec", "Issue"]


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """A recommended specialist. ``description`` says "Use when ..." in at most 250
    characters; ``files`` are its evidence, ``templates`` the ids it may cite, best first."""

    name: str
    title: str
    purpose: str
    description: str
    tools: tuple[str, ...]
    layers: tuple[str, ...]
    files: tuple[str, ...]
    technologies: tuple[Technology, ...]
    templates: tuple[str, ...]
    score: int


@dataclass(frozen=True, slots=True)
class Issue:
    """A finding of validation: the ``rule`` broken, the ``place`` (``file:line`` or a JSON
    path), what is wrong, and the ``fix``. An ``error`` rejects; a ``warning`` is reported.
    ``agent`` names whose answer it is about, where that is known."""

    rule: str
    place: str
    message: str
    fix: str
    severity: str = "error"
    agent: str = ""
