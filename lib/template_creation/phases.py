"""The phases of the main job, by the numbers of seed 002, as one closed set."""

from __future__ import annotations

from enum import Enum

from template_creation.errors import BadInput

__all__ = ["WorkflowPhase"]


class WorkflowPhase(Enum):
    """One phase: its number (as the seed writes it) and the words a person sees.

    >>> WorkflowPhase.from_number("7.5") is WorkflowPhase.AGENT_ENHANCEMENT
    True
    """

    ANALYSIS = ("1", "analysis")
    MANIFEST = ("2", "manifest")
    SETTINGS = ("3", "settings")
    TEMPLATES = ("4", "templates")
    AGENT_RECOMMENDATION = ("5", "agent recommendation")
    AGENT_GENERATION = ("6", "agent generation")
    AGENT_WRITING = ("7", "agent writing")
    AGENT_ENHANCEMENT = ("7.5", "agent enhancement")
    GUIDES = ("8", "guides")
    PACKAGE = ("9", "package")
    VALIDATION = ("9.5", "validation")

    def __init__(self, number: str, title: str) -> None:
        self.number = number
        self.title = title

    @classmethod
    def from_number(cls, number: str | int | float) -> WorkflowPhase:
        """The phase with this number; an unknown one is `BadInput`, never a default (F09 of the
        facts: a silent default sent resumed runs into the wrong phase)."""
        wanted = f"{number:g}" if isinstance(number, int | float) else number
        for phase in cls:
            if phase.number == wanted:
                return phase
        known = ", ".join(phase.number for phase in cls)
        raise BadInput(f"unknown phase {number!r}", hint=f"known phases: {known}")
