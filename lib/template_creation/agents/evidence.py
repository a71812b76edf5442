"""From cited ids to the words that prove them: counts, places, quotes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from template_creation.agents.context import EnhancementContext
from template_creation.values.analysis import Command, Convention, Memory, Rule, Site, Technology

__all__ = ["evidence", "place"]


LINE = 150
"""About how long a line of prose may be."""


def evidence(
    text: str,
    cites: Sequence[str],
    context: EnhancementContext,
    *,
    told: Collection[Technology] = (),
    listed: Collection[str] = (),
) -> tuple[str, ...]:
    """One line for each cite (two where it is long), about the statement ``text``: ``23 of 23,
    for example `app/items.py:12` ``. A rule or memory that ``text`` already says is named, not said
    again, and technologies in ``told`` and templates in ``listed`` are not proved twice."""
    conventions, rules = context.convention_by_id, context.rule_by_id
    commands = context.command_by_id
    lines = []
    for cite in dict.fromkeys(cites):
        if cite in conventions:
            lines.append(_convention(conventions[cite]))
        elif cite in rules:
            lines.append(_rule(text, rules[cite]))
        elif cite in commands:
            lines.append(_command(commands[cite]))
        elif cite in context.memory_by_id:
            lines.append(_memory(text, context.memory_by_id[cite]))
        elif cite in context.technology_by_id:
            item = context.technology_by_id[cite]
            if item not in told:
                lines.append(f"{item.name} ({place(item.path, item.line)})")
        elif cite in context.symbol_by_id:
            template, symbol = context.symbol_by_id[cite]
            lines.append(f"See `{template.source}:{symbol.line}-{symbol.end_line}`.")
        elif cite in context.template_by_id and cite not in listed:
            lines.append(f"See `{context.template_by_id[cite].source}`.")
    return tuple(part for line in _merged(lines) for part in line.split("\n"))


def place(path: str, line: int, end_line: int = 0) -> str:
    """`` `path:line` `` as inline code; the path alone for line 0."""
    if not line:
        return f"`{path}`"
    return f"`{path}:{line}-{end_line}`" if end_line > line else f"`{path}:{line}`"


def _convention(item: Convention) -> str:
    said = f"{item.k} of {item.n}"
    if item.hits:
        said += f", for example {_site(item.hits[0])}"
    if not item.misses:
        return f"{said}."
    rest = len(item.misses)
    said += ";"
    other = "the other one" if rest == 1 else f"the other {rest}"
    if item.otherwise:
        return _broken(said, f"{other}: {item.otherwise} ({_site(item.misses[0])}).")
    exception = "the exception is" if rest == 1 else "an exception is"
    return _broken(said, f"{exception} {_site(item.misses[0])}.")


def _broken(said: str, rest: str) -> str:
    """Both in one line, or in two where they are long."""
    return f"{said} {rest}" if len(said) + len(rest) < LINE else f"{said}\n{rest}"


def _site(site: Site) -> str:
    return place(site.path, site.line)


def _rule(text: str, rule: Rule) -> str:
    source = place(rule.path, rule.line, rule.end_line)
    if _plain(rule.text) == _plain(text):
        return f"The project's own words, {source}."
    return f'The project says: "{" ".join(rule.text.split())}" ({source}).'


def _memory(text: str, memory: Memory) -> str:
    """With its id and source: plain words, as they need not be places of this codebase."""
    where = ", ".join(part for part in (memory.kind, memory.source) if part)
    said = memory.text.rstrip("…").strip()
    if _plain(said) and _plain(said) in _plain(text):
        return f"Learned here: memory {memory.record} ({where})."
    return f'Learned here: "{memory.text}" (memory {memory.record}; {where}).'


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()


def _command(item: Command) -> str:
    return f"Command: `{item.command}` ({place(item.path, item.line)})."


def _merged(lines: Sequence[str]) -> list[str]:
    """Technologies in one line, the rest as they are."""
    labels = [line for line in lines if not line.endswith(".")]
    rest = [line for line in lines if line.endswith(".")]
    return [f"In use: {'; '.join(labels)}.", *rest] if labels else rest
