"""Markdown as blocks: every list item and paragraph with its line and the headings above it.

Reads line by line and keeps one block at a time. Code, tables, comments and link definitions
are no sentences and are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import yaml

__all__ = ["Block", "Frontmatter", "blocks", "slug", "split_frontmatter"]

_FENCE = re.compile(r"\s*(?:>\s*)*(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_ITEM = re.compile(r"^(\s*)(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?")
_NOTHING = re.compile(r"\s*(?:\||<[!/a-zA-Z]|\[[^\]]+\]:\s|(?:[-*_]\s*){3,}$|\[?!\[)")
_GLOB_FIELD = re.compile(r"^(\s*(?:globs|paths|applyTo)\s*:\s*)([^\s\[\"'#].*?)\s*$")
_INTRODUCES = 100
"""A block that ends with a colon and is no longer is a heading of the list below it."""
_SLUG = re.compile(r"[^a-z0-9+#]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A list item or paragraph on one line of text. ``line`` and ``end_line`` count from 1;
    ``headings`` are those above it, the outermost first, and items that introduce it."""

    text: str
    line: int
    end_line: int
    headings: tuple[str, ...]
    is_item: bool
    level: int = 0

    @property
    def heading(self) -> str:
        """The nearest heading, or nothing."""
        return self.headings[-1] if self.headings else ""


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """The fields before the text (none if they are no YAML mapping) and the line they end at."""

    fields: dict[str, Any]
    end_line: int
    problem: str = ""


def split_frontmatter(
    lines: Iterable[tuple[int, str]],
) -> tuple[Frontmatter, Iterator[tuple[int, str]]]:
    """The frontmatter and the lines that follow; globs may stand there without quotes, as some
    editors write them."""
    rest = iter(lines)
    first = next(rest, None)
    if first is None:
        return Frontmatter({}, 0), rest
    if first[1].strip() != "---":
        return Frontmatter({}, 0), _with_first(first, rest)
    inside: list[str] = []
    last = 1
    for number, line in rest:
        last = number
        if line.strip() in ("---", "..."):
            break
        inside.append(_GLOB_FIELD.sub(r'\1"\2"', line))
    else:  # a rule at the top, never closed: everything is text
        again = enumerate(inside, start=2)
        return Frontmatter({}, 0), iter([first, *again])
    try:
        fields = yaml.safe_load("\n".join(inside))
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())[:200]
        return Frontmatter({}, last, f"the frontmatter is no YAML: {problem}"), rest
    if fields is None or isinstance(fields, dict):
        return Frontmatter({str(k): v for k, v in (fields or {}).items()}, last), rest
    return Frontmatter({}, last, "the frontmatter is no list of fields"), rest


def _with_first(
    first: tuple[int, str], rest: Iterator[tuple[int, str]]
) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def blocks(lines: Iterable[tuple[int, str]]) -> Iterator[Block]:
    """The list items and paragraphs of numbered lines (without frontmatter), in order.

    >>> [block.text for block in blocks(enumerate(["# Tests", "- Use", "  fakes."], 1))]
    ['Use fakes.']
    """
    reader = _Reader()
    for number, line in lines:
        yield from reader.take(number, line)
    yield from reader.close()


class _Reader:
    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self._parents: list[tuple[int, str]] = []
        self._fence = ""
        self._in_comment = False
        self._lines: list[str] = []
        self._block = Block("", 0, 0, (), False)

    def take(self, number: int, line: str) -> Iterator[Block]:
        """What ends with this line."""
        fence = _FENCE.match(line)
        if self._fence:
            if fence and fence[1].startswith(self._fence):
                self._fence = ""
        elif self._in_comment or line.lstrip().startswith("<!--"):
            yield from self.close()
            self._in_comment = "-->" not in line
        elif fence:
            yield from self.close()
            self._fence = fence[1]
        elif not line.strip():
            yield from self.close()
        elif heading := _HEADING.match(line):
            yield from self.close()
            self._head(len(heading[1]), heading[2])
        elif self._lines and not self._block.is_item and (under := _UNDERLINE.match(line)):
            title = " ".join(self._lines)
            self._lines = []
            self._head(1 if under[1][0] == "=" else 2, title)
        else:
            yield from self._text(number, line)

    def close(self) -> Iterator[Block]:
        """The block that was being read, if there is one."""
        if self._lines:
            text = " ".join(" ".join(self._lines).split())
            block = replace(self._block, text=text)
            self._lines = []
            if text.endswith(":") and len(text) <= _INTRODUCES:
                level = block.level if block.is_item else -1
                self._parents.append((level, text.rstrip(": ").strip("*_` ")))
            else:
                yield block

    def _head(self, level: int, title: str) -> None:
        self._headings = [item for item in self._headings if item[0] < level]
        self._headings.append((level, title.strip().strip("*_` ")))
        self._parents = []

    def _text(self, number: int, line: str) -> Iterator[Block]:
        item = _ITEM.match(line)
        if item:
            yield from self.close()
            level = len(item[1].expandtabs(4))
            self._parents = [parent for parent in self._parents if parent[0] < level]
            self._start(number, line[item.end() :].strip(), is_item=True, level=level)
        elif _NOTHING.match(line):
            yield from self.close()
        elif self._lines:
            self._lines.append(line.strip().lstrip("> "))
            self._block = replace(self._block, end_line=number)
        elif line.startswith(("    ", "\t")) and not self._parents:
            return  # indented code
        else:
            if not line.startswith((" ", "\t")):
                self._parents = []
            self._start(number, line.strip().lstrip("> "), is_item=False, level=0)

    def _start(self, number: int, text: str, *, is_item: bool, level: int) -> None:
        above = (*self._headings, *self._parents)
        headings = tuple(title for _, title in above if title)
        self._lines = [text] if text else []
        self._block = Block("", number, number, headings, is_item, level)


def slug(text: str) -> str:
    """A heading as a tag: ``"API & Tests"`` becomes ``api-tests``.

    >>> slug("C++ / C# style")
    'c++-c#-style'
    """
    return _SLUG.sub("-", text.lower()).strip("-")[:80].strip("-")
