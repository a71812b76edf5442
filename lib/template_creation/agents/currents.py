"""The present text of an agent, without the code that its package holds anyway."""

from __future__ import annotations

from markdown_it import MarkdownIt

from template_creation.agents.context import EnhancementContext
from template_creation.agents.excerpts import ELLIPSIS

__all__ = ["without_quotes"]

FEWEST_LINES = 4
"""Shorter quotes cost less than saying what they were."""


def without_quotes(text: str, context: EnhancementContext) -> tuple[str, int]:
    """``text`` with each fence that quotes consecutive lines of a template's original replaced
    by a note which, and how many lines went. What a person wrote stays as it is."""
    lines = text.split("\n")
    left_out = 0
    for token in reversed(MarkdownIt("commonmark").parse(text)):
        if token.type != "fence" or token.map is None:
            continue
        first, end = token.map[0] + 1, token.map[0] + 1 + token.content.count("\n")
        source = _source(token.content, context)
        if source and end - first >= FEWEST_LINES:
            lines[first:end] = [f"({end - first} lines of {source}, as they stand there)"]
            left_out += end - first
    return "\n".join(lines), left_out


def _source(code: str, context: EnhancementContext) -> str:
    """The id of a template in whose original the lines follow one another, or nothing."""
    wanted = _plain(code.split("\n"))
    if wanted and wanted[-1] == ELLIPSIS:
        wanted.pop()
    joined = "\n".join(["", *wanted, ""])
    for template in context.templates if wanted else ():
        if joined in "\n".join(["", *_plain(context.original_lines(template)), ""]):
            return template.id
    return ""


def _plain(lines: list[str] | tuple[str, ...]) -> list[str]:
    return [" ".join(line.split()) for line in lines if line.strip()]
