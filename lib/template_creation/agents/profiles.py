"""What an agent file has to contain: profiles of sections and a line window.

A package's settings may have a profile of their own, under ``agent_profile``::

    {"name": "house", "extends": "seed", "min_lines": 60, "max_lines": 180,
     "sections": [{"title": "Template References", "aliases": ["Related Templates"],
                   "needs": "references"}],
     "order": ["Template References", "House Rules"]}

``extends`` (``seed`` or ``boundaries``) gives what is left out; a section with the title of one
of its sections takes its place, others are added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from template_creation.agents.markdown import normal_heading
from template_creation.errors import BadInput

__all__ = ["BOUNDARIES", "PROFILES", "SEED", "Profile", "SectionRule", "profile_from_settings"]

Needs = Literal["references", "items", "code", "prose"]


@dataclass(frozen=True, slots=True)
class SectionRule:
    """A section that must be there under one of ``names`` (normal headings), with substance:
    ``references`` to templates, ``items`` of a list, ``code``, or any ``prose``."""

    names: tuple[str, ...]
    needs: Needs

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

    @property
    def has_boundaries(self) -> bool:
        """Whether limits are told as boundaries (ALWAYS, NEVER, ASK), not as constraints."""
        return any("boundaries" in rule.names for rule in self.sections) and not any(
            "constraints" in rule.names for rule in self.sections
        )


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

PROFILES = {profile.name: profile for profile in (SEED, BOUNDARIES)}
"""The profiles that have a name of ours."""

Title = Annotated[str, Field(min_length=1, max_length=80)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Title
    needs: Needs = "prose"
    aliases: tuple[Title, ...] = ()


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,50}$")] = "own"
    extends: Literal["seed", "boundaries", "nothing"] = "seed"
    min_lines: Annotated[int, Field(ge=0)] | None = None
    max_lines: Annotated[int, Field(ge=1)] | None = None
    sections: tuple[_Section, ...] = ()
    order: tuple[str, ...] = ()


def profile_from_settings(settings: object) -> Profile:
    """The profile that a package's settings tell: the name of one of ours, or a mapping.

    Raises `BadInput` that names everything that is wrong with it.

    >>> profile_from_settings({"min_lines": 40}).min_lines, profile_from_settings("seed") is SEED
    (40, True)
    """
    if isinstance(settings, str):
        if settings not in PROFILES:
            known = ", ".join(PROFILES)
            raise BadInput(f"no agent profile {settings!r}", hint=f"choose one of {known}")
        return PROFILES[settings]
    try:
        told = _Settings.model_validate(settings)
    except ValidationError as exc:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'it'}: {item['msg']}"
            for item in exc.errors(include_url=False)
        )
        raise BadInput(f"the agent profile cannot be used: {wrong}") from exc
    base = PROFILES.get(told.extends, Profile("nothing", ()))
    least = base.min_lines if told.min_lines is None else told.min_lines
    most = base.max_lines if told.max_lines is None else told.max_lines
    if least > most:
        raise BadInput(f"the agent profile wants at least {least} and at most {most} lines")
    rules = {rule.names[0]: rule for rule in base.sections}
    for section in told.sections:
        names = tuple(normal_heading(name) for name in (section.title, *section.aliases))
        same = next((key for key, rule in rules.items() if names[0] in rule.names), names[0])
        rules[same] = SectionRule(names, section.needs)
    order = tuple(normal_heading(name) for name in told.order) or base.order
    return Profile(told.name, tuple(rules.values()), least, most, order)
