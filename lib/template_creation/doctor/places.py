"""The folders that Claude Code takes agents from, and the files in them.

A session in a folder has the agents of ``.claude/agents`` there and in every folder above it, up
to the git repository's root, then the user's own, then those of plugins. (Measured with 2.1.197.)
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from template_creation.doctor.reading import LARGEST, HostReading, read_as_host

__all__ = ["AgentFile", "AgentFolder", "agent_folders", "agents_in", "markdown_below"]

Scope = Literal["project", "user", "plugin"]


@dataclass(frozen=True, slots=True)
class AgentFolder:
    """A folder of agents; ``plugin`` names the plugin whose it is."""

    path: Path
    scope: Scope
    plugin: str = ""


@dataclass(frozen=True, slots=True)
class AgentFile:
    """A file in such a folder, with what Claude Code makes of it. A plugin's agent always gets
    a name, see `call_name`."""

    path: Path
    folder: AgentFolder
    reading: HostReading

    @property
    def loads(self) -> bool:
        """Whether Claude Code has the agent, were no other of its name there."""
        in_plugin = self.folder.scope == "plugin" and self.reading.rule != "agent-size"
        return in_plugin or self.reading.loads

    @property
    def call_name(self) -> str:
        """The name by which it is called: a plugin's with the plugin and its sub-folders."""
        if self.folder.scope != "plugin":
            return self.reading.name
        own = self.reading.values.get("name")
        name = own if isinstance(own, str) and own else self.path.stem
        inside = self.path.relative_to(self.folder.path).parent.parts
        return ":".join((self.folder.plugin, *inside, name))


def agent_folders(start: Path, config: Path) -> tuple[AgentFolder, ...]:
    """The agent folders of a session in ``start``, nearest first; ``config`` is the user's
    ``~/.claude``. Folders that are not there are left out."""
    found: list[AgentFolder] = []
    users = config / "agents"
    for folder in _up_to_repository(start.resolve()):
        agents = folder / ".claude" / "agents"
        if agents.is_dir() and agents.resolve() != users.resolve():
            found.append(AgentFolder(agents, "project"))
    if users.is_dir():
        found.append(AgentFolder(users, "user"))
    found.extend(_plugin_folders(start, config))
    return tuple(found)


def agents_in(folder: AgentFolder) -> Iterator[AgentFile]:
    """The files of ``folder``, read; one that cannot be read is told as such."""
    for path in markdown_below(folder.path):
        try:
            with path.open("rb") as file:
                reading = read_as_host(file.read(LARGEST + 1))
        except OSError as exc:
            problem, fix = f"cannot be read: {exc.strerror}", "check its permissions"
            reading = HostReading(rule="agent-unreadable", problem=problem, fix=fix)
        yield AgentFile(path, folder, reading)


def markdown_below(folder: Path) -> Iterator[Path]:
    """Every ``*.md`` below ``folder``, by path: hidden and ignored ones too, and through links,
    as Claude Code looks."""
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if name.endswith(".md") and path.is_file():
                yield path


def _up_to_repository(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        yield folder
        if (folder / ".git").exists():
            return


def _plugin_folders(start: Path, config: Path) -> Iterator[AgentFolder]:
    """The plugin in ``start`` itself, and the installed ones that are switched on."""
    roots: dict[Path, str] = {}
    if (start / ".claude-plugin" / "plugin.json").is_file():
        roots[start.resolve()] = _plugin_name(start)
    installed = _json(config / "plugins" / "installed_plugins.json").get("plugins")
    for key, places in installed.items() if isinstance(installed, dict) else ():
        if not _enabled(str(key), start, config) or not isinstance(places, list):
            continue
        for place in places:
            path = place.get("installPath") if isinstance(place, dict) else None
            if isinstance(path, str) and Path(path).is_dir():
                roots.setdefault(Path(path).resolve(), _plugin_name(Path(path)))
    for root, name in roots.items():
        if (root / "agents").is_dir():
            yield AgentFolder(root / "agents", "plugin", name)


def _enabled(key: str, start: Path, config: Path) -> bool:
    on = False
    files = (config / "settings.json", *(start / ".claude" / f for f in _SETTINGS))
    for file in files:
        chosen = _json(file).get("enabledPlugins")
        if isinstance(chosen, dict) and key in chosen:
            on = chosen[key] is True
    return on


_SETTINGS = ("settings.json", "settings.local.json")


def _plugin_name(root: Path) -> str:
    name = _json(root / ".claude-plugin" / "plugin.json").get("name")
    return name if isinstance(name, str) and name else root.name


def _json(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
