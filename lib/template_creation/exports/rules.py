"""Each format's own rules, asked of the files that are about to be written.

They read the files again, as their reader would: what an exporter got wrong, or an agent's name
or text made impossible, is found before anything is on disk.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from template_creation.agents import read_frontmatter
from template_creation.exports.formats import COPILOT_LIMIT, GEMINI_TOOLS
from template_creation.exports.model import Exported
from template_creation.exports.shorten import length
from template_creation.values.agent import Issue

__all__ = ["check_export"]

_KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_TEMPLATE = re.compile(r"plugins/[^/]+/templates/")
"""Files that no assistant reads by itself have no rules."""
_GEMINI_FIELDS = frozenset(
    {"name", "description", "kind", "tools", "model", "temperature", "max_turns", "timeout_mins"}
    | {"display_name", "mcp_servers"}
)
_GATES = frozenset({"edit", "bash", "webfetch", "task"})

Head = Mapping[str, Any]


def check_export(name: str, exported: Exported) -> tuple[Issue, ...]:
    """What breaks a rule of format ``name``, file by file; empty when nothing does."""
    found: list[Issue] = []
    folded = Counter(path.casefold() for path in exported.files)
    for path, data in exported.files.items():
        if folded[path.casefold()] > 1:
            found.append(_issue(path, "is written twice", "give each agent a name of its own"))
        if not _TEMPLATE.match(path):
            found.extend(_issue(path, said) for said in _RULES[name](path, data.decode()))
    return tuple(found)


def _issue(path: str, said: str, fix: str = "mend the agent in the package") -> Issue:
    return Issue("export", path, said, fix)


def _claude_plugin(path: str, text: str) -> Iterator[str]:
    if path.endswith(".json"):
        name = json.loads(text)["name"]
        if not _KEBAB.fullmatch(name):
            yield f"the name {name!r} is not in lower-case words with hyphens"
    elif "/agents/" in path:
        head, _ = _head(text)
        yield from _texts(head, "name", "description")


def _copilot(path: str, text: str) -> Iterator[str]:
    head, body = _head(text)
    yield from _texts(head, "description")
    if length(body) > COPILOT_LIMIT:
        yield f"the body has {length(body):,} characters, {COPILOT_LIMIT:,} are allowed"
    if not isinstance(head.get("tools", []), list):
        yield "tools is no list"


def _codex(path: str, text: str) -> Iterator[str]:
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        yield f"is no TOML: {exc}"
        return
    yield from _texts(values, "name", "description", "developer_instructions")


def _opencode(path: str, text: str) -> Iterator[str]:
    head, _ = _head(text)
    yield from _texts(head, "description")
    if head.get("mode") not in ("primary", "subagent", "all"):
        yield f"mode is {head.get('mode')!r}"
    for gate, said in head.get("permission", {}).items():
        if gate not in _GATES or said not in ("allow", "ask", "deny"):
            yield f"permission {gate}: {said} is none"


def _gemini(path: str, text: str) -> Iterator[str]:
    """Its reader refuses a file with a key that it does not know."""
    head, _ = _head(text)
    yield from _texts(head, "name", "description")
    if not re.fullmatch(r"[a-z0-9_-]+", str(head.get("name"))):
        yield f"the name {head.get('name')!r} has other characters than a-z, 0-9, - and _"
    if unknown := sorted(set(head) - _GEMINI_FIELDS):
        yield f"has fields that the reader refuses: {', '.join(unknown)}"
    known = {new for tools in GEMINI_TOOLS.values() for new in tools}
    if strange := sorted(set(head.get("tools", [])) - known):
        yield f"has tools that the reader refuses: {', '.join(strange)}"


def _cursor(path: str, text: str) -> Iterator[str]:
    head, _ = _head(text)
    yield from _texts(head, "description")
    if not isinstance(head.get("alwaysApply"), bool):
        yield "alwaysApply is neither true nor false"
    if not path.endswith(".mdc"):
        yield "is not read: rules end with .mdc"


def _agents_md(path: str, text: str) -> Iterator[str]:
    if "\0" in text:
        yield "holds a NUL"


_RULES: Mapping[str, Callable[[str, str], Iterator[str]]] = {
    "claude-plugin": _claude_plugin,
    "copilot": _copilot,
    "codex": _codex,
    "opencode": _opencode,
    "gemini": _gemini,
    "cursor": _cursor,
    "agents-md": _agents_md,
}


def _head(text: str) -> tuple[Head, str]:
    values, body, _ = read_frontmatter(text)
    return values, body


def _texts(values: Head, *keys: str) -> Iterator[str]:
    for key in keys:
        value = values.get(key)
        if not isinstance(value, str) or not value.strip():
            yield f"{key} is {value!r}, not a text"
