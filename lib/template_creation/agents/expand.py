"""From an agent's sections to its finished file: ids become paths, counts and real code.

Identity and frontmatter come from the agent as it was recommended; counts, places and code
come from the package. An answer contributes which facts matter, and its own sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from template_creation.agents.context import EnhancementContext
from template_creation.agents.evidence import evidence, place
from template_creation.agents.excerpts import Lines, excerpt_lines
from template_creation.agents.folders import folder_globs, holds
from template_creation.agents.frontmatter import write_frontmatter
from template_creation.agents.merge import GENERATED, section_digests
from template_creation.agents.partners import neighbours
from template_creation.agents.stubs import identity
from template_creation.exchange import fence_for, render_prompt
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Command
from template_creation.values.response import (
    AgentSections,
    ConstraintItem,
    ExampleItem,
    PracticeItem,
)
from template_creation.values.template import Template

__all__ = ["Expanded", "expand_agent"]

_FENCE_NAMES = {"plain": "text", "": "text"}


@dataclass(frozen=True, slots=True)
class Expanded:
    """A finished agent: its text, the examples left out to stay within the window, and
    whether it is shorter than the window for the reason that the answer gives."""

    text: str
    dropped: tuple[str, ...]
    short_because: str

    @property
    def lines(self) -> int:
        """The number of lines of the file."""
        return self.text.count("\n")


@dataclass(frozen=True, slots=True)
class _Reference:
    path: str
    why: str
    standing: str


@dataclass(frozen=True, slots=True)
class _Statement:
    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Boundary:
    title: str
    mark: str
    statements: Sequence[_Statement]


@dataclass(frozen=True, slots=True)
class _Example:
    id: str
    title: str
    caption: str
    note: str
    fence: str
    language: str
    code: str


def expand_agent(
    spec: AgentSpec,
    sections: AgentSections,
    context: EnhancementContext,
    *,
    enhancement: str = "offline",
    template_source: str = "",
    generated_by: str = "template-create",
    min_lines: int = 150,
    max_lines: int = 250,
    boundaries: bool = False,
    extra: Mapping[str, Any] | None = None,
) -> Expanded:
    """The file of ``spec`` with ``sections`` expanded from ``context``.

    Above ``max_lines`` examples are left out from the last on, nothing else; below
    ``min_lines`` the answer's ``short_because`` is kept in the frontmatter. Ids must be known
    (`parse_answer` sees to that). With ``boundaries`` limits are told as what to do always, never
    and only after asking, before everything else. ``extra`` are keys of the frontmatter that a
    person added.
    """
    examples = _examples(sections, context, numbered=not boundaries)
    dropped: list[str] = []
    short = ""
    while True:
        text = _render(
            spec,
            sections,
            examples,
            context,
            short,
            identity_of=(generated_by, template_source, enhancement),
            boundaries=boundaries,
            extra=extra or {},
        )
        lines = text.count("\n")
        if lines > max_lines and len(examples) > 1:
            dropped.append(examples.pop().id)
        elif lines < min_lines and sections.short_because and not short:
            short = sections.short_because
        else:
            return Expanded(text, tuple(dropped), short)


def _render(
    spec: AgentSpec,
    sections: AgentSections,
    examples: Sequence[_Example],
    context: EnhancementContext,
    short: str,
    *,
    identity_of: tuple[str, str, str],
    boundaries: bool,
    extra: Mapping[str, Any],
) -> str:
    generated_by, template_source, enhancement = identity_of
    head: dict[str, Any] = identity(
        spec,
        generated_by=generated_by,
        template_source=template_source,
        enhancement=enhancement,
    )
    head = {**head, **{key: value for key, value in extra.items() if key not in head}}
    if short:
        head["short_because"] = short
    commands = context.command_by_id
    listed = [item for ref in sections.templates if (item := context.template_by_id.get(ref.id))]
    practices = [_statement(item, spec, sections, context) for item in sections.practices]
    constraints = [_statement(item, spec, sections, context) for item in sections.constraints]
    usual = [item for item in practices if _USUALLY.match(item.text)]
    body = render_prompt(
        "agent_boundaries.md.j2" if boundaries else "agent.md.j2",
        {
            "title": spec.title,
            "purpose": spec.purpose,
            "home": _home(spec),
            "works_with": _joined([item.name for item in spec.technologies]),
            "neighbours": _joined(neighbours(spec, context)),
            "commands": [_command(commands[key]) for key in sections.commands if key in commands],
            "legend": _legend(listed),
            "references": [
                _Reference(item.path, ref.why, _standing(item))
                for ref in sections.templates
                if (item := context.template_by_id.get(ref.id))
            ],
            "practices": usual if boundaries else practices,
            "boundaries": _boundaries(practices, constraints),
            "examples": examples,
            "constraints": constraints,
        },
    )
    if short:
        body = body.removeprefix("\n")  # so that saying why it is short makes it no longer
    head[GENERATED] = section_digests(body)
    return write_frontmatter(head) + body


def _statement(
    item: PracticeItem | ConstraintItem,
    spec: AgentSpec,
    sections: AgentSections,
    context: EnhancementContext,
) -> _Statement:
    listed = {ref.id for ref in sections.templates}
    proofs = evidence(item.text, item.cites, context, told=spec.technologies, listed=listed)
    return _Statement(item.text, proofs)


_USUALLY = re.compile(r"usually\b|prefer\b", re.IGNORECASE)
_ASKING = re.compile(r"\bwithout asking\b|\bask (?:first|before)\b", re.IGNORECASE)


def _boundaries(
    practices: Sequence[_Statement], constraints: Sequence[_Statement]
) -> list[_Boundary]:
    """What to do always, never and only after asking; what is usual is no boundary."""
    asked = [item for item in constraints if _ASKING.search(item.text)]
    parts = (
        _Boundary("ALWAYS", "\u2705", [p for p in practices if not _USUALLY.match(p.text)]),
        _Boundary("NEVER", "\u274c", [item for item in constraints if item not in asked]),
        _Boundary("ASK", "\u26a0\ufe0f", asked),
    )
    return [part for part in parts if part.statements]


def _home(spec: AgentSpec) -> str:
    folders = folder_globs(spec.files)
    count = len(spec.files)
    if not count:
        return ""
    if count <= 2:
        return f"Its {'file is' if count == 1 else 'files are'} {_joined(_code(folders))}."
    inside = sum(holds(folders, path) for path in spec.files)
    how = "" if inside == count else " mostly" if inside * 2 >= count else " partly"
    return f"Its {count} files are{how} in {_joined(_code(folders))}."


def _code(words: Sequence[str]) -> list[str]:
    return ["the top folder" if word == "." else f"`{word}`" for word in words]


def _joined(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _command(item: Command) -> str:
    folder = item.folder.strip("/")
    where = f" in `{folder}`" if folder not in ("", ".") else ""
    purpose = item.purpose if item.purpose != "types" else "type check"
    return f"`{item.command}`{where} ({purpose}, from {place(item.path, item.line)})"


_TELLING_SIMILARITY = 0.3
"""Below it, likeness with siblings says nothing but that they differ."""


def _is_telling(item: Template) -> bool:
    return bool(item.support) and (item.similarity or 0.0) >= _TELLING_SIMILARITY


def _standing(item: Template) -> str:
    """Where a template is from and how far its siblings bear it out, in measured words."""
    size = f"{item.lines} {'line' if item.lines == 1 else 'lines'}"
    if item.source == item.path:  # others' template: where it is from is not known
        return f"{size[:1].upper()}{size[1:]}."
    origin = f"From `{item.source}` ({size})"
    if not _is_telling(item):
        return f"{origin}; one example of its layer."
    siblings = "1 sibling file" if item.support == 1 else f"{item.support} sibling files"
    return f"{origin}; {item.grade}, {100 * (item.similarity or 0):.0f} % alike with {siblings}."


_GRADE_ADVICE = {
    "pattern": "fill in a `pattern`",
    "shape": "keep the parts of a `shape` and rewrite what they do",
    "example": "take only the form of an `example`",
}


def _legend(listed: Sequence[Template]) -> tuple[str, ...]:
    """What the measures mean and what to do with the grades that occur, in lines."""
    grades = {item.grade for item in listed if item.source != item.path}
    advice = "; ".join(text for grade, text in _GRADE_ADVICE.items() if grade in grades)
    lines = ["Most useful first."]
    if any(_is_telling(item) for item in listed):
        lines[0] += (
            " Alike is the share of lines that a template, rendered for its sibling files, has in"
        )
        lines.append("common with them.")
    if advice:
        lines.append(f"{advice[:1].upper()}{advice[1:]}.")
    if any(item.source != item.path for item in listed):
        lines.append("New files: `template-create render PACKAGE DEST`.")
    if len(lines) > 3:
        lines[1:] = [f"{lines[1]} {lines[2]}", lines[3]]
    return tuple(lines)


def _examples(
    sections: AgentSections, context: EnhancementContext, *, numbered: bool
) -> list[_Example]:
    """The examples; they refer to practices where these are ``numbered``."""
    cited = sections if numbered else sections.model_copy(update={"practices": ()})
    return [
        _example(item, excerpt_lines(item.id, context), cited, context)
        for item in sections.examples
    ]


def _example(
    item: ExampleItem, lines: Lines, sections: AgentSections, context: EnhancementContext
) -> _Example:
    notes = [f"`{lines.caption}`"]
    if lines.is_cut:
        notes.append(f"`...` stands for the rest, to line {lines.whole_end}")
    follows = _followed(lines, sections, context)
    if follows:
        noun = "practice" if len(follows) == 1 else "practices"
        notes.append(f"follows {noun} {_joined([str(number) for number in follows])}")
    language = lines.template.language
    return _Example(
        id=item.id,
        title=item.title or f"`{item.id}`",
        caption="; ".join(notes),
        note=item.note,
        fence=fence_for(lines.shown),
        language=_FENCE_NAMES.get(language, language),
        code=lines.shown,
    )


def _followed(
    lines: Lines, sections: AgentSections, context: EnhancementContext
) -> tuple[int, ...]:
    """The numbers of the practices whose habit has a place inside these lines."""
    conventions = context.convention_by_id
    found = []
    for number, practice in enumerate(sections.practices, 1):
        habits = [conventions[cite] for cite in practice.cites if cite in conventions]
        if any(
            site.path == lines.template.source and lines.start <= site.line <= lines.end
            for habit in habits
            for site in habit.hits
        ):
            found.append(number)
    return tuple(found)
