"""The guides of a package: AGENTS.md, CLAUDE.md and README.md, from what is really in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from template_creation.exchange import render_prompt
from template_creation.package import AGENTS_GUIDE, CLAUDE_GUIDE, README
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import (
    Analysis,
    Command,
    CommitFormat,
    Convention,
    Layer,
    Technology,
    ToolSetting,
)
from template_creation.values.layers import LAYER_TITLES
from template_creation.values.template import TemplateSet

__all__ = ["render_guides"]

Row = dict[str, Any]

_HABITS_PER_LAYER = 6
_FOLDERS_PER_LAYER = 4


def render_guides(
    manifest: Mapping[str, Any],
    analysis: Analysis,
    templates: TemplateSet,
    agents: Sequence[AgentSpec],
    copier_excluded: Sequence[str],
) -> dict[str, str]:
    """The text of each guide by its file name: ``AGENTS.md``, ``CLAUDE.md``, ``README.md``.

    Nothing is said of an agent or template that is not given here. (Seed 002, phase 8; F61.)
    """
    shared: Row = {
        "project": analysis.project,
        "templates": [_template_row(item) for item in templates],
        "agents": [_agent_row(item) for item in agents],
    }
    facts: Row = {
        "commands": _command_rows(analysis.commands),
        "layers": [_layer_row(layer, templates) for layer in analysis.layers],
        "habits": _habits(analysis.conventions),
        "rules": analysis.rules,
        "settings": _settings(analysis.settings),
        "commits": _commits(analysis.commits),
        "technologies": [_technology_row(item) for item in _once_each(analysis.technologies)],
    }
    package: Row = {
        "display_name": manifest["display_name"],
        "description": manifest["description"],
        "generator_version": manifest["generator"]["version"],
        "example_entity": _example_entity(templates),
        "copier_excluded": len(copier_excluded),
        "excluded": sorted(analysis.excluded_by_reason.items()),
    }
    return {
        AGENTS_GUIDE: render_prompt("package_agents_guide.md.j2", shared | facts),
        CLAUDE_GUIDE: render_prompt("package_claude_guide.md.j2", shared),
        README: render_prompt("package_readme.md.j2", shared | package),
    }


def _cell(text: str) -> str:
    """``text`` on one line, without what would end a table cell."""
    return " ".join(text.split()).replace("|", "\\|")


def _code(text: str) -> str:
    """``text`` as inline code in a table cell."""
    return _quoted(_cell(text))


def _quoted(text: str) -> str:
    """``text`` as inline code on one line, whatever backticks it has."""
    flat = " ".join(text.split())
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    mark = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{mark}{pad}{flat}{pad}{mark}"


def _template_row(item: Any) -> Row:
    return {
        "id": item.id,
        "path": _code(item.path),
        "purpose": _cell(item.purpose),
        "grade": item.grade,
        "support": item.support,
    }


def _agent_row(item: AgentSpec) -> Row:
    return {
        "name": item.name,
        "description": _cell(item.description),
        "templates": ", ".join(item.templates),
    }


def _command_rows(commands: Sequence[Command]) -> list[Row]:
    """The commands in the analysis's order; the same one in several folders is one row."""
    alike: dict[tuple[str, str], list[Command]] = {}
    for item in commands:
        alike.setdefault((item.purpose, item.command), []).append(item)
    return [
        {
            "purpose": purpose,
            "command": _code(command),
            "folder": ", ".join(_code(item.folder or ".") for item in found),
            "source": _first_of([f"{item.path}:{item.line}" for item in found]),
        }
        for (purpose, command), found in alike.items()
    ]


def _technology_row(item: Technology) -> Row:
    return {
        "name": _cell(item.name),
        "version": _code(item.version) if item.version else "not pinned",
        "role": item.role,
        "source": _code(f"{item.path}:{item.line}"),
    }


def _layer_row(layer: Layer, templates: TemplateSet) -> Row:
    folders = Counter(str(PurePosixPath(path).parent) for path in layer.files)
    ranked = sorted(folders, key=lambda folder: (-folders[folder], folder))
    named = ", ".join(_code(folder) for folder in ranked[:_FOLDERS_PER_LAYER])
    rest = len(ranked) - _FOLDERS_PER_LAYER
    return {
        "title": layer.title,
        "folders": f"{named} and {rest} more" if rest > 0 else named,
        "files": len(layer.files),
        "templates": ", ".join(item.id for item in templates.in_layers([layer.name])),
    }


def _habits(conventions: Sequence[Convention]) -> list[Row]:
    """At most six habits a layer, those of the whole code first, in the analysis's order."""
    by_layer: dict[str, list[Convention]] = {}
    for item in conventions:
        by_layer.setdefault(item.layer, []).append(item)
    groups: list[Row] = []
    for layer in sorted(by_layer):
        title = LAYER_TITLES.get(layer, "everywhere")
        lines = [_habit(item) for item in by_layer[layer][:_HABITS_PER_LAYER]]
        groups.append({"title": title[0].upper() + title[1:], "entries": lines})
    return groups


def _habit(item: Convention) -> str:
    site = item.hits[0]
    place = f"{site.path}:{site.line}" if site.line else site.path
    sentence = f"{item.statement.rstrip('.')} ({item.k} of {item.n}, see `{place}`)."
    if item.otherwise and item.k < item.n:
        sentence += f" The others: {item.otherwise.rstrip('.')}."
    return sentence


def _settings(settings: Sequence[ToolSetting]) -> list[Row]:
    """The settings by tool, in the analysis's order; one that several files make is one line."""
    places: dict[str, dict[str, list[str]]] = {}
    for item in settings:
        texts = places.setdefault(item.tool, {})
        texts.setdefault(item.text, []).append(f"{item.path}:{item.line}")
    return [
        {"tool": tool, "lines": [f"`{text}` ({_first_of(found)})" for text, found in texts.items()]}
        for tool, texts in places.items()
    ]


def _commits(commits: CommitFormat | None) -> Row | None:
    """The commit format; subjects are quoted as code, since anybody may have written them."""
    if commits is None:
        return None
    examples = [_quoted(subject) for subject in dict.fromkeys(commits.examples)]
    return {"statement": commits.statement, "k": commits.k, "n": commits.n, "examples": examples}


def _first_of(places: Sequence[str]) -> str:
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return f"`{places[0]}`{more}"


def _once_each(technologies: Sequence[Technology]) -> list[Technology]:
    seen: dict[str, Technology] = {}
    for item in technologies:
        seen.setdefault(item.name, item)
    return list(seen.values())


def _example_entity(templates: TemplateSet) -> str:
    """An entity that none of the templates came from, for the command in the README."""
    taken = {term.words for template in templates for term in template.original}
    for words in (("invoice",), ("shipment",), ("warranty", "claim")):
        if words not in taken:
            return " ".join(words)
    return "new thing"
