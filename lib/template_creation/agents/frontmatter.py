"""Frontmatter of agent files: written so that every reader agrees, read with tolerance.

Written: double-quoted scalars, LF, UTF-8 without BOM; YAML 1.1 and 1.2 readers then see the
same values (``name: on``, ``uses C# and F #tags``; claude-code facts, section 3.1).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from frontmatter.default_handlers import YAMLHandler

__all__ = ["edit_frontmatter", "is_strict", "read_frontmatter", "write_frontmatter"]

_YAML = YAMLHandler()  # with libyaml where there is one: ten times as fast
_BLOCK = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_PLAIN = re.compile(r"^([A-Za-z_][\w-]*):[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def write_frontmatter(values: Mapping[str, Any]) -> str:
    """``values`` as a frontmatter block with its fences, in the order given; texts, numbers,
    lists and mappings as YAML has them, anything else as its text.

    >>> print(write_frontmatter({"name": "on", "tools": ["a", "b"]}), end="")
    ---
    name: "on"
    tools: ["a", "b"]
    ---
    """
    lines = [f"{_key(key)}: {_scalar(value)}" for key, value in values.items()]
    return "\n".join(["---", *lines, "---", ""])


def read_frontmatter(text: str) -> tuple[dict[str, Any], str, str]:
    """The values, the body after them, and what is wrong (empty when all is well).

    Values that are no YAML as they stand are read once more with each top-level scalar quoted,
    as Claude Code does; then they are good, and nothing is wrong. Without a readable block the
    values are empty and the body is the whole text.
    """
    match = _BLOCK.match(text.removeprefix("\ufeff"))
    if match is None:
        return {}, text, "no frontmatter block at the start of the file"
    body = text.removeprefix("\ufeff")[match.end() :]
    values = _mapping(match[1])
    if values is None:
        values = _mapping(_PLAIN.sub(_quoted, match[1]))
    if values is None:
        return {}, body, "the frontmatter is not a YAML mapping"
    return {str(key): value for key, value in values.items()}, body, ""


def is_strict(text: str) -> bool:
    """Whether the frontmatter is a YAML mapping as it stands, without any value quoted for it."""
    match = _BLOCK.match(text.removeprefix("\ufeff"))
    return match is not None and _mapping(match[1]) is not None


def edit_frontmatter(text: str, changes: Mapping[str, Any]) -> str:
    """``text`` with some keys of its frontmatter set, or removed where the value is ``None``;
    every other byte stays. Without a block, and with nothing to change, it is the same text.

    >>> text = "---\\nname: a  # mine\\nold: 1\\n---\\n"
    >>> print(edit_frontmatter(text, {"old": None, "new": "x"}))
    ---
    name: a  # mine
    new: "x"
    ---
    <BLANKLINE>
    """
    match = _BLOCK.match(text.removeprefix("\ufeff"))
    if match is None or not changes:
        return text
    start = match.start(1) + len(text) - len(text.removeprefix("\ufeff"))
    newline = "\r\n" if "\r\n" in match[0] else "\n"
    lines = match[1].splitlines(keepends=True)
    for key, value in changes.items():
        lines = _set(lines, key, value, newline)
    return text[:start] + "".join(lines) + text[start + len(match[1]) :]


def _set(lines: list[str], key: str, value: Any, newline: str) -> list[str]:
    """The lines with one top-level key set or removed, and what belonged to it before."""
    indent = next((re.match(r"[ ]*", line)[0] for line in lines if line.strip()), "")  # type: ignore[index]  # matches always
    own = re.compile(rf"{indent}([\"']?){re.escape(key)}\1[ \t]*:")
    begin = next((at for at, line in enumerate(lines) if own.match(line)), None)
    written = [] if value is None else [f"{indent}{_key(key)}: {_scalar(value)}{newline}"]
    if begin is None:
        return [*lines, *written]
    end = begin + 1
    deeper = re.compile(rf"{indent}(?:[ \t]+\S|-[ \t])")
    while end < len(lines) and (deeper.match(lines[end]) or not lines[end].strip()):
        end += 1
    while end > begin + 1 and not lines[end - 1].strip():
        end -= 1
    return [*lines[:begin], *written, *lines[end:]]


def _quoted(match: re.Match[str]) -> str:
    """The line as it is where it is YAML by itself, else with its value quoted."""
    return match[0] if _mapping(match[0]) is not None else f"{match[1]}: {_scalar(match[2])}"


def _mapping(source: str) -> dict[Any, Any] | None:
    try:
        values = _YAML.load(source)
    except (yaml.YAMLError, ValueError):  # a day like 2026-13-45 is a ValueError
        return None
    return values if isinstance(values, dict) else None


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        quoted = json.dumps(value, ensure_ascii=False)
        return _UNPRINTABLE.sub(lambda char: f"\\u{ord(char[0]):04x}", quoted)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_scalar(v)}" for key, v in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(_scalar(item) for item in value) + "]"
    return _scalar(str(value))


def _key(key: Any) -> str:
    text = str(key)
    return text if re.fullmatch(r"[A-Za-z_][\w-]*", text) else _scalar(text)
