"""Agents that lie where Claude Code does not look, and files in its folders that it passes over."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from template_creation.doctor.places import AgentFolder, markdown_below
from template_creation.doctor.reading import read_as_host
from template_creation.values.agent import Issue

__all__ = ["misplaced"]

Namer = Callable[[Path], str]

_LIKE_MARKDOWN = (".markdown", ".mdown", ".mdc", ".mkd", ".txt")
_FOR_OTHERS = ("commands", "skills")
_NEIGHBOURS = ("agent", "Agents", "AGENTS", "subagents", "sub-agents", *_FOR_OTHERS)


def misplaced(
    start: Path, config: Path, folders: tuple[AgentFolder, ...], show: Namer
) -> Iterator[Issue]:
    """The agents of ``start`` and of the user that Claude Code never sees."""
    for home in (start / ".claude", config):
        yield from _beside(home, show)
    for folder in folders:
        yield from _other_suffixes(folder.path, show)
    is_plugin = (start / ".claude-plugin" / "plugin.json").is_file()
    is_package = (start / "manifest.json").is_file()
    if not is_plugin and (start / "agents").is_dir():
        there = [path for path in markdown_below(start / "agents") if _is_agent(path)]
        if there:
            fix = "copy them into .claude/agents"
            if is_package:
                fix = "template-create apply PACKAGE PROJECT puts them into a project"
            message = f"{len(there)} agents are in agents/, where Claude Code does not look"
            yield Issue("agent-folder", show(start / "agents"), message, fix, "warning")


def _beside(home: Path, show: Namer) -> Iterator[Issue]:
    """Agents in folders that are nearly the right one."""
    names = {path.name for path in home.iterdir()} if home.is_dir() else set()
    for name in sorted(names & set(_NEIGHBOURS)):
        if (home / name).is_symlink() or _is_same(home / name, home / "agents"):
            continue
        sure = name not in _FOR_OTHERS
        for path in markdown_below(home / name):
            if path.name != "SKILL.md" and _is_agent(path) and (sure or _says_tools(path)):
                yield _elsewhere(path, home, show)
    for path in sorted(home.glob("*.md")):
        if path.is_file() and _is_agent(path):
            yield _elsewhere(path, home, show)


def _is_same(folder: Path, other: Path) -> bool:
    """Where letter case does not matter, ``Agents`` is ``agents``."""
    return other.exists() and folder.samefile(other)


def _elsewhere(path: Path, home: Path, show: Namer) -> Issue:
    message = "is an agent where Claude Code looks for none"
    return Issue("agent-folder", show(path), message, f"move it into {show(home / 'agents')}")


def _other_suffixes(folder: Path, show: Namer) -> Iterator[Issue]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            suffix = path.suffix
            odd = suffix.casefold() == ".md" and suffix != ".md"
            if (odd or suffix.casefold() in _LIKE_MARKDOWN) and _is_agent(path):
                message = f"is an agent, but Claude Code reads only .md, not {suffix}"
                fix = f"rename it to {path.stem}.md"
                yield Issue("agent-suffix", show(path), message, fix)


def _is_agent(path: Path) -> bool:
    try:
        return read_as_host(path.read_bytes()).loads
    except OSError:
        return False


def _says_tools(path: Path) -> bool:
    """Commands have a description, too, and skills a name: an agent has ``tools`` or a model."""
    values = read_as_host(path.read_bytes()).values
    return "tools" in values or ("model" in values and "allowed-tools" not in values)
