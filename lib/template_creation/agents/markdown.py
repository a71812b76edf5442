"""An agent's body as a Markdown parser sees it: sections, fences, inline code, prose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

__all__ = [
    "Document",
    "Fence",
    "InlineCode",
    "Section",
    "normal_heading",
    "open_block",
    "read_markdown",
    "top_headings",
]


@dataclass(frozen=True, slots=True)
class InlineCode:
    """Text between backticks; ``line`` is 1-based in the whole file, ``said`` the prose of the
    block that it stands in."""

    text: str
    line: int
    said: str


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block; ``caption`` is the text of the paragraph right before it."""

    info: str
    content: str
    line: int
    closed: bool
    caption: str
    codes: tuple[InlineCode, ...]


@dataclass(frozen=True)
class Section:
    """A part of the document under a heading of level 2 (level 0: what comes before the
    first); ``prose`` holds its text blocks without headings, ``items`` those in lists, and
    ``headings`` all headings in it, its own too, ``html`` its raw markup."""

    heading: str
    line: int
    prose: tuple[tuple[int, str], ...]
    items: tuple[tuple[int, str], ...]
    codes: tuple[InlineCode, ...]
    fences: tuple[Fence, ...]
    headings: tuple[tuple[int, str], ...] = ()
    html: tuple[tuple[int, str], ...] = ()

    @property
    def said(self) -> Iterator[str]:
        """The lines of its prose."""
        return (line for _, text in self.prose for line in text.split("\n"))


@dataclass(frozen=True)
class Document:
    """The sections in order; the first has an empty heading."""

    sections: tuple[Section, ...]

    @property
    def codes(self) -> Iterator[InlineCode]:
        """Every inline code of the document."""
        return (code for section in self.sections for code in section.codes)

    @property
    def fences(self) -> Iterator[Fence]:
        """Every fence of the document."""
        return (fence for section in self.sections for fence in section.fences)

    @property
    def prose(self) -> Iterator[tuple[int, str]]:
        """Every text block outside fences and headings, with its line."""
        return (block for section in self.sections for block in section.prose)

    @property
    def headings(self) -> Iterator[tuple[int, str]]:
        """Every heading, with its line."""
        return (heading for section in self.sections for heading in section.headings)

    @property
    def html(self) -> Iterator[tuple[int, str]]:
        """Every piece of raw HTML, with its line."""
        return (piece for section in self.sections for piece in section.html)

    def beside(self, own: str) -> Document:
        """The document without the text blocks, headings and markup that ``own`` has to the
        letter, white space aside: what it says that ``own`` does not. Its fences stay."""
        known = " ".join(own.split())

        def is_new(text: str) -> bool:
            return " ".join(text.split()) not in known

        def new(blocks: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
            return tuple((line, text) for line, text in blocks if is_new(text))

        return Document(
            tuple(
                replace(
                    section,
                    prose=new(section.prose),
                    items=new(section.items),
                    codes=tuple(code for code in section.codes if is_new(code.said)),
                    headings=new(section.headings),
                    html=new(section.html),
                )
                for section in self.sections
            )
        )

    def section(self, *names: str) -> Section | None:
        """The first section with one of these normal headings."""
        return next((s for s in self.sections if normal_heading(s.heading) in names), None)


def normal_heading(text: str) -> str:
    """A heading without numbers, marks and case (F38).

    >>> normal_heading("1. Template References (REQUIRED)")
    'template references'
    """
    text = re.sub(r"\([^)]*\)", " ", text)
    return " ".join(re.findall(r"[^\W\d_]+", text.casefold()))


def top_headings(body: str) -> list[tuple[int, int, str]]:
    """The headings of levels 1 and 2 that are in no list, quote or fence: 0-based line, level
    and text.

    >>> top_headings("# A\\n\\n```\\n## no\\n```\\n## B\\n")
    [(0, 1, 'A'), (5, 2, 'B')]
    """
    tokens = MarkdownIt("commonmark").parse(body)
    return [
        (token.map[0], int(token.tag[1]), tokens[number + 1].content)
        for number, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.tag in ("h1", "h2")
        if token.map
    ]


def read_markdown(body: str, *, first_line: int = 1) -> Document:
    """``body`` parsed as CommonMark; ``first_line`` is its first line's number in the file."""
    tokens = MarkdownIt("commonmark").parse(body)
    lines = body.split("\n")
    sections: list[_Draft] = [_Draft("", first_line)]
    depth, before = 0, ""
    before_codes: tuple[InlineCode, ...] = ()
    for number, token in enumerate(tokens):
        line = first_line + (token.map[0] if token.map else 0)
        draft = sections[-1]
        if token.type == "heading_open":
            text = tokens[number + 1].content
            if token.tag in ("h1", "h2"):
                sections.append(_Draft(text if token.tag == "h2" else "", line))
            sections[-1].headings.append((line, text))
            before, before_codes = "", ()
        elif token.type in ("list_item_open", "list_item_close"):
            depth += token.nesting
        elif token.type == "inline" and tokens[number - 1].type != "heading_open":
            codes = tuple(_codes(token, line))
            draft.codes.extend(codes)
            draft.prose.append((line, token.content))
            if depth:
                draft.items.append((line, token.content))
            draft.html.extend(_html(token, line))
            before, before_codes = token.content, codes
        elif token.type == "html_block":
            draft.html.append((line, token.content.lstrip()))
        elif token.type in ("fence", "code_block"):
            closed = token.type == "code_block" or _closed(token, lines)
            fence = Fence(token.info.strip(), token.content, line, closed, before, before_codes)
            draft.fences.append(fence)
            before, before_codes = "", ()
    return Document(tuple(item.done() for item in sections))


_RUNS_ON = (
    (re.compile(r"<!--"), re.compile(r"-->"), "a comment (<!--)"),
    (re.compile(r"<\?"), re.compile(r"\?>"), "an instruction (<?)"),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>"), "a block of <![CDATA["),
    (re.compile(r"<![A-Za-z]"), re.compile(r">"), "a declaration (<!)"),
    (
        re.compile(r"<(?:pre|script|style|textarea)(?=[\s>]|$)", re.IGNORECASE),
        re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE),
        "a block of HTML",
    ),
)
"""HTML that goes on over blank lines: how it begins and ends. (CommonMark 0.31, section 4.6)"""
_FOLDED = re.compile(r"<(/?)details\b[^>]*>", re.IGNORECASE)


def open_block(body: str) -> tuple[int, str] | None:
    """The 0-based line and the kind of what ``body`` opens and never closes, so that whatever
    is written behind it is a part of it or folded away; or nothing.

    >>> open_block("# A\\n\\n```python\\nx = 1\\n")
    (2, 'a fence (```)')
    """
    tokens = MarkdownIt("commonmark").parse(body)
    lines = re.split(r"\r\n|\r|\n", body)
    folded: list[int] = []
    for token in tokens:
        begin = token.map[0] if token.map else 0
        if token.type == "fence" and not token.level and not _is_closed(token, lines):
            return begin, f"a fence ({token.markup})"
        if token.type == "html_block" and not token.level:
            text = token.content.lstrip()
            for opens, closes, kind in _RUNS_ON:
                if opens.match(text) and not closes.search(text):
                    return begin, kind
        for line, piece in _markup(token, begin):
            for mark in _FOLDED.finditer(piece):
                if not mark[1]:
                    folded.append(line + piece.count("\n", 0, mark.start()))
                elif folded:
                    folded.pop()
    return (folded[0], "a <details> block") if folded else None


def _is_closed(token: Token, lines: list[str]) -> bool:
    """Whether a fence outside of any list or quote ends before the document does."""
    if token.map is None or token.map[1] - token.map[0] < 2:
        return False
    closing = rf" {{0,3}}{re.escape(token.markup)}[{re.escape(token.markup[0])}]*[ \t]*"
    return re.fullmatch(closing, lines[token.map[1] - 1]) is not None


def _markup(token: Token, line: int) -> Iterator[tuple[int, str]]:
    if token.type == "html_block":
        yield line, token.content
    elif token.type == "inline":
        yield from _html(token, line)


class _Draft:
    def __init__(self, heading: str, line: int) -> None:
        self.heading, self.line = heading, line
        self.prose: list[tuple[int, str]] = []
        self.items: list[tuple[int, str]] = []
        self.codes: list[InlineCode] = []
        self.fences: list[Fence] = []
        self.headings: list[tuple[int, str]] = []
        self.html: list[tuple[int, str]] = []

    def done(self) -> Section:
        return Section(
            self.heading,
            self.line,
            tuple(self.prose),
            tuple(self.items),
            tuple(self.codes),
            tuple(self.fences),
            tuple(self.headings),
            tuple(self.html),
        )


def _codes(token: Token, line: int) -> Iterator[InlineCode]:
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type == "code_inline":
            yield InlineCode(child.content, line, token.content)


def _html(token: Token, line: int) -> Iterator[tuple[int, str]]:
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            line += 1
        elif child.type == "html_inline":
            yield line, child.content


def _closed(token: Token, lines: list[str]) -> bool:
    """Whether the fence ends with a closing mark; an open one runs to the end of the file."""
    if token.map is None:
        return True
    last = lines[token.map[1] - 1].strip() if token.map[1] - 1 > token.map[0] else ""
    marks = token.markup
    return len(last) >= len(marks) and not last.strip(marks[0])
