"""What would silently not work: findings over all agent files of a session. Pure.

An error is an agent or command that Claude Code does not have, although its file is there; a
warning is one that it has, otherwise than the file says.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from template_creation.doctor.places import AgentFile
from template_creation.values.agent import Issue

__all__ = ["BUILT_IN", "DESCRIPTIONS_LIMIT", "KNOWN_TOOLS", "agent_issues", "tool_names"]

BUILT_IN = frozenset({"Explore", "Plan", "claude", "general-purpose", "statusline-setup"})
"""The agents of Claude Code itself; one of the same name takes their place."""

_TOOLS = """
Edit Glob Grep LS MultiEdit NotebookEdit NotebookRead Read Write
Bash BashOutput KillBash KillShell LSP Monitor PowerShell
Agent SendMessage Skill SlashCommand Task TaskCreate TaskGet TaskList TaskOutput TaskStop
TaskUpdate TodoRead TodoWrite ToolSearch Workflow
ListMcpResourcesTool ReadMcpResourceTool WebFetch WebSearch
AskUserQuestion CronCreate CronDelete CronList EnterPlanMode EnterWorktree ExitPlanMode
ExitWorktree ReportFindings ScheduleWakeup StructuredOutput TeamCreate TeamDelete
"""
KNOWN_TOOLS = frozenset(_TOOLS.split())
"""The tools that Claude Code has or had, in any mode; others are ignored without a word."""

DESCRIPTIONS_LIMIT = 36_000
"""Characters of all descriptions together: some 15,000 tokens, which every session pays."""
_DOCUMENTS = frozenset({"readme", "changelog", "contributing", "license", "index", "agents"})
_FILE_NAME = re.compile(r"\w[\w.-]*")
_MCP = re.compile(r"mcp__\S+|\*")

Namer = Callable[[Path], str]


def agent_issues(files: Sequence[AgentFile], show: Namer) -> tuple[Issue, ...]:
    """The findings on ``files``, which come nearest folder first; ``show`` gives the name of a
    path for a person."""
    found: list[Issue] = []
    for file in files:
        place = f"{show(file.path)}:{file.reading.line}"
        found.extend(_dropped(file, place) if file.reading.rule else _loaded(file, place))
    found.extend(_same_names([file for file in files if file.loads], show))
    found.extend(_weight([file for file in files if file.loads]))
    return tuple(found)


def _dropped(file: AgentFile, place: str) -> Iterator[Issue]:
    reading = file.reading
    if file.folder.scope == "plugin" and file.loads:
        message = f"{reading.problem}; Claude Code calls it {file.call_name} and describes nothing"
        yield Issue(reading.rule, place, message, reading.fix)
    elif reading.rule == "agent-frontmatter" and file.path.stem.casefold() in _DOCUMENTS:
        message = "is a document among the agents; Claude Code passes it over"
        yield Issue("agent-document", place, message, "move it out of agents/", "warning")
    elif reading.rule == "agent-frontmatter" and file.path.stem.endswith("-ext"):
        message = "is a part of another agent; Claude Code passes it over"
        yield Issue("agent-document", place, message, "move it out of agents/", "warning")
    else:
        message = f"Claude Code does not load it: {reading.problem}"
        yield Issue(reading.rule, place, message, reading.fix)


def _loaded(file: AgentFile, place: str) -> Iterator[Issue]:
    name, values = file.reading.name, file.reading.values
    if file.reading.rescued:
        message = "the frontmatter is no YAML; Claude Code quotes the values, other tools refuse it"
        yield Issue("agent-rescued", place, message, "put the values into double quotes", "warning")
    if name != file.path.stem:
        message = f"is called {name!r}, not by its file name"
        fix = f"name the agent {file.path.stem!r}"
        if _FILE_NAME.fullmatch(name):
            fix = f"name the file {name}.md, or the agent {file.path.stem!r}"
        yield Issue("agent-file-name", place, message, fix, "warning")
    if name in BUILT_IN and file.folder.scope != "plugin":
        message = f"takes the place of Claude Code's own agent {name!r}"
        yield Issue("agent-built-in", place, message, "give it another name", "warning")
    yield from _tools(values, place)


def _tools(values: dict[str, object], place: str) -> Iterator[Issue]:
    for key in ("tools", "disallowedTools"):
        names = tool_names(values.get(key))
        if names is None:
            message = f"{key} is neither a text nor a list, and is ignored"
            yield Issue("agent-tools", place, message, f"write {key}: Read, Write", "warning")
            continue
        unknown = [name for name in names if name not in KNOWN_TOOLS and not _MCP.fullmatch(name)]
        if unknown:
            message = f"{key} names what Claude Code does not have: {', '.join(unknown)}"
            if key == "tools" and len(unknown) == len(names):
                message += "; the agent has no tool at all"
            close = [_close(name) for name in unknown]
            fix = "; ".join(f"write {n}" for n in close if n) or "remove it, or write mcp__SERVER"
            yield Issue("agent-tools", place, message, fix, "warning")


def tool_names(value: object) -> list[str] | None:
    """The tools that a value names, without what stands in brackets; ``None`` where it is
    neither text nor list."""
    if value is None:
        return []
    if isinstance(value, str):
        parts = re.split(r",(?![^(]*\))", value.strip().removeprefix("[").removesuffix("]"))
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        parts = list(value)
    else:
        return None
    names = (re.sub(r"\(.*", "", part, flags=re.DOTALL).strip(" \"'\n\t") for part in parts)
    return [name for name in names if name]


def _close(name: str) -> str:
    plain = re.sub(r"[^a-z]", "", name.casefold())
    return next((known for known in sorted(KNOWN_TOOLS) if known.casefold() == plain), "")


def _same_names(files: Sequence[AgentFile], show: Namer) -> Iterator[Issue]:
    by_name: dict[str, list[AgentFile]] = defaultdict(list)
    for file in files:
        by_name[file.call_name].append(file)
    for name, group in by_name.items():
        first = group[0]
        for other in group[1:]:
            place = f"{show(other.path)}:{other.reading.line}"
            if other.folder == first.folder:
                message = f"{show(first.path)} is called {name!r} too; Claude Code has one of them"
                yield Issue("agent-same-name", place, message, "give each its own name")
            else:
                message = f"is not used here: {show(first.path)} is called {name!r} and is nearer"
                yield Issue("agent-hidden", place, message, "rename one of them", "warning")


def _weight(files: Sequence[AgentFile]) -> Iterator[Issue]:
    total = sum(len(str(file.reading.values.get("description") or "")) for file in files)
    if total > DESCRIPTIONS_LIMIT:
        message = f"{len(files)} descriptions have {total:,} characters, read in every session"
        fix = "shorten them to 250 characters, or switch plugins off"
        yield Issue("agents-weight", "agents", message, fix, "warning")
