"""The description by which a host picks an agent: when to use it, and what it alone knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from template_creation.agents.folders import folder_globs
from template_creation.bridges import is_habit, stated, strength
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Analysis
from template_creation.values.template import Template, TemplateSet

__all__ = ["MAX_DESCRIPTION", "describe"]

MAX_DESCRIPTION = 250
"""Every session pays for the descriptions of all agents."""

_SURE = 0.8


def describe(spec: AgentSpec, work: str, analysis: Analysis, templates: TemplateSet) -> str:
    """ "Use when ..." for this codebase, then the files to copy from and the best measured
    habit; pieces that do not fit into `MAX_DESCRIPTION` are left out, none is cut."""
    folders = [_place(folder) for folder in folder_globs(spec.files, limit=2)]
    names = [item.name for item in spec.technologies]
    if not any("migrat" in path for path in spec.files):
        work = work.replace(" and migrations", "")
    knowledge = list(_knowledge(spec, analysis, templates))
    texts = []
    for folder_count, name_count in ((2, 3), (1, 3), (1, 1), (1, 0), (0, 1), (0, 0)):
        text = f"Use when adding or changing {work}"
        if folder_count and folders:
            text += f" in {' or '.join(folders[:folder_count])}"
        if name_count and names:
            text += f", with {_listed(names[:name_count])}"
        texts.append(f"{text}.")
    told = [text + known for text in texts for known in knowledge] + texts
    return next((text for text in told if len(text) <= MAX_DESCRIPTION), texts[-1])


def _knowledge(spec: AgentSpec, analysis: Analysis, templates: TemplateSet) -> Iterator[str]:
    """What the agent alone knows, most telling first."""
    habits = _habits(spec, analysis)
    own = [item for key in spec.templates if (item := templates.get(key))]
    names = list(dict.fromkeys(_name(item) for item in own if item.layer in spec.layers))[:2]
    for count in range(len(names), 0, -1):
        copied = f" Copies from {_listed([f'`{name}`' for name in names[:count]])}"
        for habit in habits:
            yield f"{copied}; {habit}."
        yield f"{copied}."
    for habit in habits:
        yield f" Knows that {habit}."


def _habits(spec: AgentSpec, analysis: Analysis) -> list[str]:
    covered = set(spec.files)
    own = [
        item
        for item in analysis.conventions
        if item.layer in spec.layers
        and is_habit(item.kind, item.k, item.n)
        and item.k >= _SURE * item.n
        and any(site.path in covered for site in item.hits)
    ]
    own.sort(key=lambda item: -strength(item.kind, item.k, item.n))
    return [f"{item.k} of {item.n} {stated(item.statement)}" for item in own[:3]]


def _name(item: Template) -> str:
    return item.source.rpartition("/")[2]


def _place(folder: str) -> str:
    return "the top folder" if folder == "." else folder


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"
