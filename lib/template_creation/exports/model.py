"""The one model that every export is made from: a package's name, guide and parsed agents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from template_creation.agents import read_frontmatter
from template_creation.deployment import cite_from, cited_templates
from template_creation.errors import BadInput
from template_creation.package import AGENTS_GUIDE, MANIFEST, agent_files, load_package

__all__ = ["Exported", "SourceAgent", "SourcePackage", "read_source", "slug"]


_OTHER_FIELDS = (
    *("background", "color", "effort", "hooks", "initialPrompt", "isolation", "maxTurns"),
    *("mcpServers", "memory", "permissionMode", "skills"),
)
"""What Claude Code reads of an agent besides its name, description, model and tools."""


@dataclass(frozen=True)
class SourceAgent:
    """An agent as its file says. ``tools`` is ``None`` where it names none: then it has all but
    those that are ``denied``. ``given`` are its tools with what stands in brackets, ``more`` the
    other fields that Claude Code knows."""

    stem: str
    name: str
    description: str
    tools: tuple[str, ...] | None
    model: str
    body: str
    denied: tuple[str, ...] = ()
    given: tuple[str, ...] | None = None
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        """Whether it may change files or run programs."""
        if self.tools is None:
            return not {"Bash", "Edit", "Write"} <= set(self.denied)
        return bool({"Bash", "Edit", "MultiEdit", "Write"} & set(self.tools))

    @property
    def limited(self) -> bool:
        """Whether it has not all tools."""
        return self.tools is not None or bool(self.denied)


@dataclass(frozen=True)
class SourcePackage:
    """What is exported; ``licence`` and ``guide`` are empty where the package has none.
    ``templates`` are those that its texts cite, by their path in the package."""

    name: str
    title: str
    description: str
    version: str
    licence: str
    guide: str
    agents: tuple[SourceAgent, ...]
    templates: Mapping[str, bytes] = field(default_factory=dict)

    def citing_from(self, prefix: str) -> SourcePackage:
        """The package with the templates cited below ``prefix``."""
        agents = tuple(
            replace(agent, body=cite_from(agent.body, self.templates, prefix))
            for agent in self.agents
        )
        return replace(self, guide=cite_from(self.guide, self.templates, prefix), agents=agents)


@dataclass(frozen=True)
class Exported:
    """The files of one format by path, and what it could not hold, each in one sentence.
    ``blocks`` names those of which only a part is ours."""

    files: Mapping[str, bytes]
    losses: tuple[str, ...] = ()
    blocks: frozenset[str] = field(default_factory=frozenset)


def read_source(root: Path) -> SourcePackage:
    """The package in ``root``, ours or a folder with ``agents/*.md``.

    Raises `BadInput` where there is no agent, or one has no name and description of its own: no
    form can hold such an agent.
    """
    if not root.is_dir():
        raise BadInput(f"no such package: {str(root)!r}", hint="give the package's folder")
    manifest = load_package(root).manifest if (root / MANIFEST).is_file() else {}
    paths = agent_files(root)
    if not paths:
        raise BadInput(f"{str(root)!r} has no agents/*.md", hint="make the package with agents")
    agents = tuple(_agent(path) for path in paths)
    _check_names(agents)
    name = str(manifest.get("name") or slug(root.resolve().name) or "package")
    guide_path = root / AGENTS_GUIDE
    guide = guide_path.read_text(encoding="utf-8") if guide_path.is_file() else ""
    licence = manifest.get("source", {}).get("licence")
    return SourcePackage(
        name=name,
        title=str(manifest.get("display_name") or name),
        description=str(manifest.get("description") or f"{len(paths)} agents of {name}"),
        version=str(manifest.get("version") or "1.0.0"),
        licence=str(licence or ""),
        guide=guide,
        agents=agents,
        templates=cited_templates(root, [guide, *(agent.body for agent in agents)]),
    )


def slug(text: str) -> str:
    """``text`` in lower-case letters, digits and hyphens, letters without their accents.

    >>> slug("Bad Name!")
    'bad-name'
    >>> slug("Übung")
    'ubung'
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in apart if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _check_names(agents: Sequence[SourceAgent]) -> None:
    """Files are named after the agents, and some systems do not tell cases apart."""
    owners: dict[str, str] = {}
    for agent in agents:
        name = slug(agent.name)
        if not name:
            raise BadInput(
                f"agents/{agent.stem}.md is called {agent.name!r}, which makes no file name",
                hint="give it a name with a letter from a to z",
            )
        if name in owners:
            raise BadInput(
                f"agents/{owners[name]}.md and agents/{agent.stem}.md are both called {name!r}",
                hint="give each a name of its own",
            )
        owners[name] = agent.stem


def _agent(path: Path) -> SourceAgent:
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadInput(f"{path.name} is not UTF-8", hint="save it as UTF-8") from exc
    values, body, problem = read_frontmatter(text)
    for key in ("name", "description"):
        value = values.get(key)
        if not isinstance(value, str) or not value.strip():
            why = problem or f"it has no {key}"
            raise BadInput(
                f"agents/{path.name} cannot be exported: {why}",
                hint=f'write {key}: "..." into its frontmatter',
            )
    given, denied = _listed(values.get("tools")), _listed(values.get("disallowedTools")) or ()
    refused = _names(denied)
    return SourceAgent(
        stem=path.stem,
        name=values["name"].strip(),
        description=" ".join(values["description"].split()),
        tools=None if given is None else tuple(n for n in _names(given) if n not in refused),
        model=str(values.get("model") or ""),
        body=body.replace("\r\n", "\n").strip("\n") + "\n",
        denied=refused,
        given=given,
        more={key: values[key] for key in _OTHER_FIELDS if values.get(key) is not None},
    )


def _listed(value: Any) -> tuple[str, ...] | None:
    """The tools of a text or list, as they are written; ``None`` where it is neither."""
    parts = re.split(r",(?![^(]*\))", value) if isinstance(value, str) else value
    if not isinstance(parts, list):
        return None
    return tuple(text for part in parts if (text := str(part).strip()))


def _names(listed: Sequence[str]) -> tuple[str, ...]:
    names = (re.sub(r"\(.*", "", text, flags=re.DOTALL).strip() for text in listed)
    return tuple(dict.fromkeys(name for name in names if name))
