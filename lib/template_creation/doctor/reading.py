"""One agent file as Claude Code reads it: whether it loads, and if not, why and what to do.

Measured with Claude Code 2.1.197 (docs/installing.md has the rules): the block begins with the
first byte and ends at the first ``---`` after it, wherever that stands; text that is no YAML is
read once more with its top-level values quoted; then ``name`` and ``description`` have to be
texts. Whatever does not fit is dropped without a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from template_creation.doctor.yamlcore import UnreadableYaml, load_core

__all__ = ["LARGEST", "MEASURED", "HostReading", "read_as_host"]

MEASURED = "2.1.197"
"""The version of Claude Code whose rules these are."""
LARGEST = 1 << 20
"""Bytes of a file that is read; a larger one is passed over, in a plugin too."""

_SPACE = r"[ \t\n\r\f\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
_BLOCK = re.compile(rf"\A---{_SPACE}*?\n(.*?)---", re.DOTALL)
_KEY = re.compile(rf"([a-zA-Z_-]+):{_SPACE}+([^\n\r\u2028\u2029]+)\Z")
_SPECIAL = re.compile(r"[{}\[\]*&#!|>%@`]|: ")


@dataclass(frozen=True)
class HostReading:
    """What Claude Code makes of a file. ``rule`` is empty where the agent loads, else the rule
    that drops it, with ``problem``, ``fix`` and the 1-based ``line``. ``rescued``: no YAML as it
    stands, loaded since its values were quoted for it."""

    name: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    rule: str = ""
    problem: str = ""
    fix: str = ""
    line: int = 1
    rescued: bool = False

    @property
    def loads(self) -> bool:
        """Whether Claude Code has the agent."""
        return not self.rule


def read_as_host(data: bytes) -> HostReading:
    r"""``data`` as an agent file.

    >>> read_as_host(b"---\nname: a\ndescription: Use when: x\n---\n").rescued
    True
    >>> read_as_host(b"---\nname: 7\ndescription: x\n---\n").rule
    'agent-name'
    """
    if len(data) > LARGEST:
        problem = f"the file has more than {LARGEST:,} bytes"
        return HostReading(rule="agent-size", problem=problem, fix="leave out what is long")
    text = data.decode("utf-8", "replace")
    match = _BLOCK.match(text)
    if match is None:
        return _without_block(data, text)
    first = text.count("\n", 0, match.start(1)) + 1
    try:
        values, rescued = load_core(match[1]), False
    except UnreadableYaml as strict:
        try:
            values, rescued = load_core(_quoted(match[1])), True
        except UnreadableYaml:
            return _unreadable(match[1], strict, first)
    return _identity(values, rescued, match[1], text[match.end() :], first)


def _quoted(block: str) -> str:
    """The block with each top-level value that has a special character in double quotes."""
    return "\n".join(_quoted_line(line) for line in block.split("\n"))


def _quoted_line(line: str) -> str:
    match = _KEY.match(line)
    if match is None:
        return line
    key, value = match[1], match[2]
    closed = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    if closed or not _SPECIAL.search(value):
        return line
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{key}: "{escaped}"'


def _without_block(data: bytes, text: str) -> HostReading:
    fix = "begin the file with a --- line, name and description, and another --- line"
    if not data.strip():
        return HostReading(rule="agent-frontmatter", problem="the file is empty", fix=fix)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0-\0-" in data[:8]:
        return HostReading(
            rule="agent-encoding", problem="the file is UTF-16", fix="save it as UTF-8"
        )
    if text.startswith("\ufeff"):
        problem = "a byte order mark stands before the frontmatter"
        fix = "save it as UTF-8 without a byte order mark"
        return HostReading(rule="agent-encoding", problem=problem, fix=fix)
    problem = "there is no frontmatter at the start of the file"
    if re.match(r"\A\s*(```|~~~)", text):
        problem = "the frontmatter stands in a code fence"
        fix = "remove the fence, so that the file begins with ---"
    elif re.match(r"\A\s+---", text):
        problem, fix = "something stands before the first ---", "begin the file with it"
    elif text.startswith("---\r") and "\n" not in text:
        problem, fix = "its lines end with a carriage return alone", "save it with LF"
    elif re.match(r"\A---[ \t]*\r?\n", text):
        problem = "the frontmatter does not end"
        fix = "put a line --- after its last value"
    return HostReading(rule="agent-frontmatter", problem=problem, fix=fix)


def _unreadable(block: str, exc: UnreadableYaml, first: int) -> HostReading:
    """Names the line to quote: the last top-level key at or before the place of the error."""
    lines = block.split("\n")
    at = min(exc.line or 1, len(lines))
    key = next((m for n in range(at, 0, -1) if (m := re.match(r"([\w.-]+):", lines[n - 1]))), None)
    fix = "put the value into double quotes, on one line"
    if key is not None:
        fix = f"put the value of {key[1]} into double quotes, on one line"
    return HostReading(
        rule="agent-yaml",
        problem=f"the frontmatter is no YAML ({exc})",
        fix=fix,
        line=first + at - 1,
    )


def _identity(
    values: dict[str, Any], rescued: bool, block: str, rest: str, first: int
) -> HostReading:
    for key in ("name", "description"):
        value = values.get(key)
        if isinstance(value, str) and value:
            continue
        line = first + next(
            (n for n, text in enumerate(block.split("\n")) if text.lstrip().startswith(key)), 0
        )
        said = f"is {_kind(value)}, not a text" if value not in (None, "") else "is missing"
        fix = f'write {key}: "..." into the frontmatter'
        if not block.endswith("\n") and re.search(rf"^{key}:", rest, re.MULTILINE):
            said = "is not read: the frontmatter ends at the --- in a value before it"
            fix = "write that value without ---"
        return HostReading("", values, f"agent-{key}", f"{key} {said}", fix, line)
    return HostReading(str(values["name"]), values, rescued=rescued, line=first)


def _kind(value: object) -> str:
    names = {bool: "a truth value", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "a mapping")
