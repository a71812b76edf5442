"""The agents of a package in the form of each assistant. Pure: values in, files out.

What a form cannot hold is not dropped in silence: it is a loss, one sentence each. The forms are
those of section 4 of the facts on Claude Code; docs/exports.md has them as a table.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from template_creation.agents import write_frontmatter
from template_creation.deployment import templates_home
from template_creation.exports.model import Exported, SourceAgent, SourcePackage, slug
from template_creation.exports.shorten import length, shorten, without_examples
from template_creation.package import to_json

__all__ = [
    "CODEX_GUIDE_LIMIT",
    "COPILOT_LIMIT",
    "FORMATS",
    "GEMINI_TOOLS",
    "MARKETPLACE",
    "export_as",
]

COPILOT_LIMIT = 30_000
"""Characters of an agent's body for GitHub Copilot."""
MARKETPLACE = ".claude-plugin/marketplace.json"
"""Where Claude Code looks for the plugins of a marketplace."""
CODEX_GUIDE_LIMIT = 32 * 1024
"""Bytes of AGENTS.md that Codex reads."""

GEMINI_TOOLS: Mapping[str, tuple[str, ...]] = {
    "Bash": ("run_shell_command",),
    "Edit": ("replace",),
    "Glob": ("glob",),
    "Grep": ("grep_search",),
    "LS": ("list_directory",),
    "MultiEdit": ("replace",),
    "Read": ("read_file", "read_many_files"),
    "TodoWrite": ("write_todos",),
    "WebFetch": ("web_fetch",),
    "WebSearch": ("google_web_search",),
    "Write": ("write_file",),
}
_COPILOT_TOOLS = frozenset(
    {"Read", "Edit", "Write", "Bash", "Grep", "Glob", "Task", "WebFetch", "TodoWrite"}
)
_OPENCODE_GATES: Mapping[str, tuple[str, ...]] = {
    "edit": ("Edit", "MultiEdit", "Write"),
    "bash": ("Bash",),
    "webfetch": ("WebFetch",),
    "task": ("Task", "Agent"),
}
_READ_ONLY = "Change no file, and run nothing that does: you read and advise.\n\n"
_IN_PLUGIN = "${CLAUDE_PLUGIN_ROOT}/"
"""Claude Code puts the plugin's folder there when it reads an agent (measured with 2.1.197)."""
_NOT_IN_PLUGINS = ("hooks", "mcpServers", "permissionMode")
"""Fields that Claude Code ignores in a plugin's agent."""
_CODEX_OWN = frozenset({"default", "worker", "explorer"})


Loss = tuple[str, str]
"""An agent's name, and what of it is lost."""


def export_as(name: str, source: SourcePackage) -> Exported:
    """The files of format ``name``; see `FORMATS`. Templates are cited from where they will lie:
    in the plugin, else in the project's folder for them, which is no part of the format."""
    home = _IN_PLUGIN if name == "claude-plugin" else templates_home(source.name)
    return FORMATS[name](source.citing_from(home))


def _claude_plugin(source: SourcePackage) -> Exported:
    folder = f"plugins/{source.name}"
    files: dict[str, bytes] = {
        MARKETPLACE: to_json(_marketplace(source)),
        f"{folder}/.claude-plugin/plugin.json": to_json(_plugin(source)),
        f"{folder}/README.md": _plugin_readme(source).encode(),
    }
    losses: list[Loss] = []
    for agent in source.agents:
        head: dict[str, object] = {"name": agent.name, "description": agent.description}
        if agent.tools is not None:
            head["tools"] = ", ".join(agent.tools if agent.given is None else agent.given)
        if agent.denied:
            head["disallowedTools"] = ", ".join(agent.denied)
        if agent.model:
            head["model"] = agent.model
        head |= {key: value for key, value in agent.more.items() if key not in _NOT_IN_PLUGINS}
        losses += _lost_fields(agent, _NOT_IN_PLUGINS)
        files[f"{folder}/agents/{_file(agent)}.md"] = _markdown(head, agent.body)
    files |= {f"{folder}/{path}": data for path, data in source.templates.items()}
    return Exported(files, _sentences(losses, source))


def _plugin(source: SourcePackage) -> dict[str, object]:
    found: dict[str, object] = {
        "name": source.name,
        "version": source.version,
        "description": source.description,
        "author": {"name": source.title},
        "keywords": ["agents", "templates"],
    }
    return found | ({"license": source.licence} if source.licence else {})


def _marketplace(source: SourcePackage) -> dict[str, object]:
    return {
        "name": f"{source.name}-marketplace",
        "owner": {"name": source.title},
        "metadata": {"description": source.description},
        "plugins": [
            {
                "name": source.name,
                "source": f"./plugins/{source.name}",
                "description": source.description,
                "version": source.version,
            }
        ],
    }


def _plugin_readme(source: SourcePackage) -> str:
    rows = [f"- `{source.name}:{agent.name}`: {agent.description}" for agent in source.agents]
    head = f"# {source.title}\n\n{source.description}.\n\n## Agents\n\n"
    return head + "\n".join(rows) + "\n"


def _copilot(source: SourcePackage) -> Exported:
    files: dict[str, bytes] = {}
    losses: list[Loss] = []
    for agent in source.agents:
        head: dict[str, object] = {"name": agent.name, "description": agent.description}
        if agent.limited:
            had = sorted(_COPILOT_TOOLS) if agent.tools is None else agent.tools
            head["tools"] = [t for t in had if t in _COPILOT_TOOLS and t not in agent.denied]
            losses += _lost_tools(agent, _COPILOT_TOOLS)
        short = shorten(agent.body, COPILOT_LIMIT)
        if short.left_out or short.cut:
            what = ", ".join((*short.left_out, *(["its end"] if short.cut else [])))
            size = f"{length(agent.body):,} characters, {COPILOT_LIMIT:,} are allowed"
            losses.append((agent.name, f"has {size}; left out: {what}"))
        files[f".github/agents/{_file(agent)}.agent.md"] = _markdown(head, short.text)
    return Exported(files, _told(losses, source, "Copilot"))


def _codex(source: SourcePackage) -> Exported:
    files: dict[str, bytes] = {}
    losses: list[Loss] = []
    for agent in source.agents:
        name = f"{source.name}-{agent.name}" if agent.name in _CODEX_OWN else agent.name
        if name != agent.name:
            losses.append((agent.name, f"is called {name}, since Codex has one of its own"))
        if agent.limited:
            losses.append((agent.name, "has the tools and the sandbox of who calls it"))
        files[f".codex/agents/{slug(name)}.toml"] = _toml(
            {
                "name": name,
                "description": agent.description,
                "developer_instructions": agent.body if agent.writes else _READ_ONLY + agent.body,
            }
        )
    return Exported(files, _told(losses, source, "Codex"))


def _opencode(source: SourcePackage) -> Exported:
    files: dict[str, bytes] = {}
    losses: list[Loss] = []
    for agent in source.agents:
        head: dict[str, object] = {"description": agent.description, "mode": "subagent"}
        denied = {
            gate: "deny"
            for gate, names in _OPENCODE_GATES.items()
            if set(names) & set(agent.denied)
            or (agent.tools is not None and not set(names) & set(agent.tools))
        }
        if denied:
            head["permission"] = denied
        losses += _renamed(agent, _file(agent))
        files[f".opencode/agents/{_file(agent)}.md"] = _markdown(head, agent.body)
    return Exported(files, _told(losses, source, "OpenCode"))


def _gemini(source: SourcePackage) -> Exported:
    files: dict[str, bytes] = {}
    losses: list[Loss] = []
    for agent in source.agents:
        name = _file(agent)
        head: dict[str, object] = {"name": name, "description": agent.description}
        head["kind"] = "local"
        if agent.limited:
            had = GEMINI_TOOLS if agent.tools is None else agent.tools
            denied = _gemini_tools(agent.denied)
            head["tools"] = [tool for tool in _gemini_tools(had) if tool not in denied]
            losses += _lost_tools(agent, GEMINI_TOOLS)
        losses += _renamed(agent, name)
        files[f".gemini/agents/{name}.md"] = _markdown(head, agent.body)
    return Exported(files, _told(losses, source, "Gemini CLI"))


def _gemini_tools(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(new for name in names for new in GEMINI_TOOLS.get(name, ())))


def _cursor(source: SourcePackage) -> Exported:
    files: dict[str, bytes] = {}
    examples: list[str] = []
    for agent in source.agents:
        head = {"description": agent.description, "alwaysApply": False}
        short = without_examples(agent.body)
        examples += [agent.name] if short.left_out else []
        files[f".cursor/rules/{_file(agent)}.mdc"] = _markdown(head, short.text)
    named = [agent.name for agent in source.agents if agent.limited]
    losses = [(name, "is a rule there, which has no tools") for name in named]
    losses += [
        (name, "goes without its code examples, as rules are to be short") for name in examples
    ]
    return Exported(files, _told(losses, source, "Cursor"))


def _agents_md(source: SourcePackage) -> Exported:
    number = len(source.agents)
    losses = [f"the {number} agents are not in AGENTS.md, which holds the guide alone"]
    size = len(source.guide.encode())
    if size > CODEX_GUIDE_LIMIT:
        losses.append(f"the guide has {size:,} bytes, Codex reads {CODEX_GUIDE_LIMIT:,}")
    return Exported({"AGENTS.md": source.guide.encode()}, tuple(losses), frozenset({"AGENTS.md"}))


FORMATS: Mapping[str, Callable[[SourcePackage], Exported]] = {
    "claude-plugin": _claude_plugin,
    "copilot": _copilot,
    "codex": _codex,
    "opencode": _opencode,
    "gemini": _gemini,
    "cursor": _cursor,
    "agents-md": _agents_md,
}
"""Every format, by the name that ``--to`` takes."""


def _file(agent: SourceAgent) -> str:
    return slug(agent.name)


def _markdown(head: Mapping[str, object], body: str) -> bytes:
    return (write_frontmatter(head) + "\n" + body).encode()


def _toml(values: Mapping[str, str]) -> bytes:
    """``values`` as TOML; every text as one that JSON would write, which TOML reads alike, the
    last one with real lines."""
    *short, last = values.items()
    lines = [f"{key} = {_basic(value)}" for key, value in short]
    text = _basic(last[1])[1:-1].replace("\\n", "\n").replace('\\"\\"\\"', '\\"\\"\\"')
    return "\n".join([*lines, f'{last[0]} = """\n{text}"""', ""]).encode()


def _basic(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _lost_tools(agent: SourceAgent, known: Collection[str]) -> list[Loss]:
    """The tools that are not there, and those of which a part was meant."""
    losses: list[Loss] = []
    if names := sorted(set(agent.tools or ()) - set(known)):
        losses.append((agent.name, f"does without {', '.join(names)}, which is not there"))
    if parts := [text for text in agent.given or () if "(" in text]:
        losses.append((agent.name, f"has the whole of a tool there, not only {', '.join(parts)}"))
    return losses


def _lost_fields(agent: SourceAgent, fields: Iterable[str]) -> list[Loss]:
    names = [key for key in agent.more if key in fields]
    return [(agent.name, f"goes without {', '.join(names)}, not known there")] if names else []


def _renamed(agent: SourceAgent, name: str) -> list[Loss]:
    return [] if name == agent.name else [(agent.name, f"is called {name}")]


def _told(losses: Iterable[Loss], source: SourcePackage, whose: str) -> tuple[str, ...]:
    """One sentence for each kind of loss, with the agents that it concerns; models and other
    fields are lost in every form but Claude Code's own."""
    models = [
        (agent.name, f"has no model of its own, {agent.model!r} is unknown to {whose}")
        for agent in source.agents
        if agent.model not in ("", "inherit")
    ]
    others = [loss for agent in source.agents for loss in _lost_fields(agent, agent.more)]
    return _sentences((*losses, *models, *others), source)


def _sentences(losses: Iterable[Loss], source: SourcePackage) -> tuple[str, ...]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for name, what in losses:
        by_kind[what].append(name)
    return tuple(f"{_whom(names, len(source.agents))} {what}" for what, names in by_kind.items())


def _whom(names: Sequence[str], everyone: int) -> str:
    if len(names) == everyone > 1:
        return "each agent"
    *first, last = names
    return f"each of {', '.join(first)} and {last}" if first else last
