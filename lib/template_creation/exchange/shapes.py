"""The words that answers use: what a key means, whose answer it is, whether it says anything.

Models drift from the keys that they were asked for, so a key is read by its letters alone.
(F29, F32, F34 of the facts.)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal

__all__ = [
    "LISTS",
    "WRAPPERS",
    "canonical",
    "did_you_mean",
    "field_of",
    "find_name",
    "has_substance",
    "is_decisive",
    "is_markdown",
    "is_word",
    "plain_key",
]

Field = Literal[
    "agent_name",
    "enhanced_content",
    "templates",
    "practices",
    "examples",
    "constraints",
    "commands",
    "short_because",
]

_ALIASES: dict[Field, str] = {
    "agent_name": "agentname name agent agentid filename",
    "enhanced_content": "enhancedcontent enhancedmarkdown content markdown body",
    "templates": "templates templatereferences relatedtemplates",
    "practices": "practices bestpractices",
    "examples": "examples codeexamples",
    "constraints": "constraints boundaries",
    "commands": "commands",
    "short_because": "shortbecause",
}
_FIELDS: dict[str, Field] = {
    word: field for field, words in _ALIASES.items() for word in words.split()
}
_INSIDE = frozenset({"sections", "enhancement", "enhanced", "data", "content", "answer"})
"""Keys of an agent's object that some answers put its fields under."""

WRAPPERS = frozenset(
    {"enhancements", "enhancedagents", "enhancement", "agents", "results", "result", "response"}
    | {"answer", "output", "data", "items", "content", "text", "message", "payload"}
)
"""Keys, by their letters, whose value may hold agents."""

LISTS = frozenset({"", "enhancements", "enhancedagents", "agents", "results"})
"""Keys, by their letters, of the lists that agents belong in; a list may also have none."""

_DECISIVE: frozenset[Field] = frozenset(
    {"enhanced_content", "templates", "practices", "examples", "constraints", "short_because"}
)
_AMBIGUOUS = frozenset({"content", "markdown", "body"})
"""Keys that envelopes have too: they make an agent's object only where it is named."""

_LISTS: tuple[Field, ...] = ("templates", "practices", "examples", "constraints")
_CLOSENESS = 0.6
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+\S", re.MULTILINE)


def plain_key(key: str) -> str:
    """A key by its letters and digits alone: ``Agent-Name`` is ``agentname``."""
    return re.sub(r"[\W_]+", "", key).casefold()


def field_of(key: str) -> Field | None:
    """The field of the contracts that ``key`` stands for.

    >>> field_of("bestPractices")
    'practices'
    """
    return _FIELDS.get(plain_key(key))


def is_word(key: str) -> bool:
    """Whether ``key`` has a meaning in answers, so that it may be no agent's name even where an
    agent is called so.

    >>> is_word("agent_name"), is_word("enhancements"), is_word("api-specialist")
    (True, True, False)
    """
    plain = plain_key(key)
    return plain in _FIELDS or plain in WRAPPERS or plain in _INSIDE or plain in LISTS


def is_decisive(key: str) -> bool:
    """Whether only an agent's object has such a key.

    >>> is_decisive("bestPractices"), is_decisive("content")
    (True, False)
    """
    return field_of(key) in _DECISIVE and plain_key(key) not in _AMBIGUOUS


def is_markdown(text: str) -> bool:
    """Whether ``text`` has a heading, as every agent's text has."""
    return bool(_HEADING.search(text))


def canonical(data: Mapping[str, Any], *, levels: int = 2) -> dict[str, Any]:
    """An agent's object with the contracts' own keys; what it says twice is taken once, and
    keys that mean nothing here are left out. Fields may be up to ``levels`` objects deeper."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        field = field_of(key)
        if isinstance(value, Mapping) and plain_key(key) in _INSIDE and levels:
            found = {**canonical(value, levels=levels - 1), **found}
        elif field and (field not in found or not found[field]):
            found[field] = value
    content = found.get("enhanced_content")
    if isinstance(content, list) and content and all(isinstance(line, str) for line in content):
        found["enhanced_content"] = "\n".join(content)
    return found


def has_substance(data: Mapping[str, Any]) -> bool:
    """Whether an agent's object says anything: a text that is more than dots, or an item.

    >>> has_substance({"agent_name": "a", "enhanced_content": "..."})
    False
    """
    fields = canonical(data)
    content = fields.get("enhanced_content")
    if isinstance(content, str) and content.strip(" .\n\t\u2026"):
        return True
    return any(_has_item(fields.get(key)) for key in _LISTS)


def _has_item(value: Any) -> bool:
    return isinstance(value, list) and any(
        isinstance(item, Mapping)
        and any(isinstance(v, str) and v.strip(" .\u2026") for v in item.values())
        for item in value
    )


def find_name(said: str, expected: Sequence[str]) -> str:
    """The agent of ``expected`` that ``said`` names, or nothing; a path, ``.md``, other case
    and spaces for hyphens do not matter, other letters do.

    >>> find_name("agents/API Specialist.md", ["api-specialist"])
    'api-specialist'
    """
    if said in expected:
        return said
    matches = [name for name in expected if _plain_name(name) == _plain_name(said)]
    return matches[0] if len(matches) == 1 else ""


def _plain_name(name: str) -> str:
    last = re.split(r"[/\\]", name.strip().strip("`'\"* ").casefold())[-1]
    return re.sub(r"[\s_-]+", "-", last.removesuffix(".md").strip())


def did_you_mean(word: str, known: Sequence[str], otherwise: str) -> str:
    """The known word that ``word`` may have meant, as a fix; else ``otherwise``."""
    close = get_close_matches(word[:200], sorted(known), n=1, cutoff=_CLOSENESS)
    return f"did you mean {close[0]!r}?" if close else otherwise
