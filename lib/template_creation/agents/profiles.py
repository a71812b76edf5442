"""What an agent file has to contain: profiles of sections and a line window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["BOUNDARIES", "SEED", "Profile", "SectionRule"]


@dataclass(frozen=True, slots=True)
class SectionRule:
    """A section that must be there under one of ``names`` (normal headings), with substance:
    ``references`` to templates, ``items`` of a list, ``code``, or any ``prose``."""

    names: tuple[str, ...]
    needs: Literal["references", "items", "code", "prose"]

    @property
    def title(self) -> str:
        """The section's name as a heading."""
        return self.names[0].title()


@dataclass(frozen=True, slots=True)
class Profile:
    """Sections and a window of lines. A file under ``min_lines`` has to say why; one over
    ``max_lines`` is refused. ``order`` are the normal headings in the order in which a merge puts
    new sections; without it they are put as they were written."""

    name: str
    sections: tuple[SectionRule, ...]
    min_lines: int = 150
    max_lines: int = 250
    order: tuple[str, ...] = ()


SEED = Profile(
    "seed",
    (
        SectionRule(("template references", "related templates"), "references"),
        SectionRule(("best practices", "template best practices"), "items"),
        SectionRule(("code examples",), "code"),
        SectionRule(("constraints", "boundaries"), "items"),
    ),
)
"""The four sections of seed 002, with 150 to 250 lines."""

BOUNDARIES = Profile(
    "boundaries",
    (
        SectionRule(("related templates", "template references"), "references"),
        SectionRule(("boundaries",), "items"),
        SectionRule(("code examples",), "code"),
    ),
    min_lines=80,
    max_lines=400,
    order=(
        "",
        "quick start",
        "boundaries",
        "capabilities",
        "related templates",
        "best practices",
        "code examples",
        "prove your work",
        "extended reference",
    ),
)
"""The form of the public packages of the origin project, whose limits are told as boundaries
(facts/agent-enhancement.md section 6)."""
