"""Whether what an agent refers to is there: templates, places in files, quoted code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from template_creation.agents.context import EnhancementContext
from template_creation.agents.excerpts import ELLIPSIS
from template_creation.agents.markdown import Document, Fence, InlineCode
from template_creation.agents.references import TemplatePaths, find_references
from template_creation.agents.technologies import check_technologies
from template_creation.values.agent import Issue
from template_creation.values.template import Template

__all__ = ["PLACE", "check_grounding"]

PLACE = re.compile(r"^(?P<path>[^\s:`]+):(?P<start>\d+)(?:-(?P<end>\d+))?$")
"""A reference to lines, ``path:12`` or ``path:12-30``."""

_SPACED_PLACE = re.compile(r"^(?P<path>[^:`\n]+):(?P<start>\d+)(?:-(?P<end>\d+))?$")
_TEMPLATE = re.compile(r"^(?:\.{1,2}/)*templates/\S+$")
_OPEN = re.compile(r"[*?]|\.\.\.")
_CODE_SPAN = re.compile(r"`[^`\n]*`")
_FILE = re.compile(r"^[\w.@~()\[\]{}$-]+(?:/[\w.@~()\[\]{}$-]+)+\.\w{1,12}$")
_MACHINE = re.compile(r"(?<![\w./])(?:/(?:home|Users|root|tmp|var/folders)/\S+|[A-Za-z]:\\\S+)")
ADAPTED_LINES = 6
_CUT = f"`{ELLIPSIS}` stands for the rest"


def check_grounding(document: Document, context: EnhancementContext) -> Iterator[Issue]:
    """Every reference of ``document`` that ``context`` does not bear out."""
    known = _Known(context)
    for code in document.codes:
        yield from _reference(code, known)
    for fence in document.fences:
        yield from _quote(fence, known)
    yield from _links(document, known)
    yield from check_technologies(document, context)
    for line, text in document.prose:
        for match in _MACHINE.finditer(text):
            if not known.quoted(match[0]):
                message = f"a path of one machine: {match[0]!r}"
                yield Issue("absolute-path", f"line {line}", message, "give it from the root")


@dataclass(frozen=True)
class _Known:
    context: EnhancementContext

    @cached_property
    def templates(self) -> frozenset[str]:
        return frozenset(item.path for item in self.context.templates)

    @cached_property
    def paths(self) -> TemplatePaths:
        return TemplatePaths(self.templates)

    @cached_property
    def file_names(self) -> frozenset[str]:
        return frozenset(path.rpartition("/")[2] for path in self.templates)

    @cached_property
    def by_source(self) -> dict[str, Template]:
        return {item.source: item for item in self.context.templates}

    @cached_property
    def files(self) -> frozenset[str]:
        analysis = self.context.analysis
        sites = (site for item in analysis.conventions for site in (*item.hits, *item.misses))
        return frozenset(
            {path for layer in analysis.layers for path in layer.files}
            | {path for spec in self.context.agents for path in spec.files}
            | {site.path for site in sites}
            | {item.path for item in analysis.rules}
            | {item.path for item in analysis.commands}
            | {item.path for item in analysis.technologies}
            | set(self.by_source)
            | set(analysis.files)
        )

    def place(self, text: str) -> re.Match[str] | None:
        """The place that ``text`` is; a path with spaces is one only where the file is known."""
        spaced = _SPACED_PLACE.match(text)
        return PLACE.match(text) or (spaced if spaced and spaced["path"] in self.files else None)

    @property
    def has_codebase(self) -> bool:
        """Whether the files of a codebase are known, so that others are surely not its own."""
        return bool(self.context.analysis.layers or self.context.analysis.files)

    @cached_property
    def own_words(self) -> str:
        """What the project itself wrote: rules and commands may name anything."""
        analysis = self.context.analysis
        words = [item.text for item in analysis.rules]
        words += [item.text for item in analysis.memories]
        return "\n".join([*words, *(item.command for item in analysis.commands)])

    @cached_property
    def own_folders(self) -> frozenset[str]:
        """The first names of the analysed paths: a codebase may have a ``templates`` itself."""
        return frozenset(path.split("/")[0] for path in self.files if "/" in path)

    def is_folder(self, text: str) -> bool:
        """Whether ``text`` may be a place of the codebase, not of the package."""
        return text.split("/")[0] in self.own_folders

    def quoted(self, text: str) -> bool:
        return text in self.own_words

    def length(self, path: str) -> int | None:
        """How many lines the file has, where that is known."""
        if path in self.by_source:
            return len(self.context.original_lines(self.by_source[path]))
        file = self.context.analysis.files.get(path)
        return file.lines if file else None

    @cached_property
    def line_index(self) -> dict[str, list[tuple[Template, int]]]:
        """Where each non-blank line of the originals is, whitespace aside."""
        index: dict[str, list[tuple[Template, int]]] = {}
        for template in self.context.templates:
            for number, line in enumerate(self.context.original_lines(template)):
                if line.strip():
                    index.setdefault(" ".join(line.split()), []).append((template, number))
        return index


def _reference(code: InlineCode, known: _Known) -> Iterator[Issue]:
    text, place = code.text.strip(), f"line {code.line}"
    if text.endswith(".template") or (_TEMPLATE.match(text) and not known.is_folder(text)):
        yield from _template_reference(text, place, known)
        return
    match = known.place(text)
    if not known.has_codebase and (match is None or match["path"] not in known.files):
        return
    if match is None:
        if _FILE.match(text) and text not in known.files and not known.quoted(text):
            yield Issue(
                "dangling-path", place, f"no file {text!r} was analysed", _close(text, known.files)
            )
        return
    path, start, end = match["path"], int(match["start"]), int(match["end"] or match["start"])
    if "/" not in path and "." not in path:
        return
    if path not in known.files:
        if not known.quoted(text):
            message = f"no file {path!r} was analysed"
            yield Issue("dangling-path", place, message, _close(path, known.files))
        return
    length = known.length(path)
    if start < 1 or end < start or (length is not None and end > length):
        message = f"{path} has {length} lines, not {start}-{end}"
        yield Issue("dangling-lines", place, message, "cite lines that exist")


def _template_reference(text: str, place: str, known: _Known) -> Iterator[Issue]:
    path = re.sub(r"^(?:\.{1,2}/)+", "", text)
    match = PLACE.match(path)
    path = match["path"] if match else path
    if _OPEN.search(path) or known.paths.has(path) or path in known.file_names:
        return
    near = known.paths.nearest(path)
    fix = f"did you mean {near!r}?" if near else "cite a template of the request"
    message = f"no template {text!r} in the package"
    yield Issue("dangling-template", place, message, fix)


def _links(document: Document, known: _Known) -> Iterator[Issue]:
    """Templates that are named outside of backticks: in links, and in plain words."""
    for line, text in document.prose:
        for _, path in find_references(_CODE_SPAN.sub("", text)):
            if not known.is_folder(path):
                yield from _template_reference(path, f"line {line}", known)


def _quote(fence: Fence, known: _Known) -> Iterator[Issue]:
    """Quoted code is an original's: at its caption's place, or anywhere; or marked adapted."""
    place = f"line {fence.line}"
    content = fence.content.removesuffix("\n").split("\n")
    cited = [match for code in fence.codes if (match := known.place(code.text))]
    for match in cited:
        template = known.by_source.get(match["path"])
        if template is None:
            continue
        start, end = int(match["start"]), int(match["end"] or match["start"])
        lines = list(known.context.original_lines(template)[start - 1 : end])
        if content and content[-1].strip() == ELLIPSIS and _CUT in fence.caption:
            content = content[:-1]
        if lines != content:
            message = f"the code is not what {match[0]} holds"
            yield Issue("misquoted", place, message, "quote the original's lines exactly")
        return
    code = [" ".join(line.split()) for line in content if line.strip()]
    if not code or _is_somewhere(code, known):
        return
    marked = "adapted" in f"{fence.info} {fence.caption}".casefold()
    if marked and len(code) <= ADAPTED_LINES:
        return
    near = _nearest_place(code, known)
    fix = f"quote {near or 'a template'}, or mark at most {ADAPTED_LINES} lines as adapted"
    yield Issue("not-from-a-template", place, "the code is in no template", fix)


def _nearest_place(code: list[str], known: _Known) -> str:
    """Where most of the lines stand, as a place to quote; or nothing."""
    hits: dict[str, list[int]] = {}
    for line in dict.fromkeys(code):
        for template, number in known.line_index.get(line, ())[:20]:
            hits.setdefault(template.source, []).append(number + 1)
    best = max(hits, key=lambda source: (len(hits[source]), source), default="")
    if len(hits.get(best, ())) * 2 < len(code):
        return ""
    return f"`{best}` from line {min(hits[best])} on as it stands"


def _is_somewhere(code: list[str], known: _Known) -> bool:
    """Whether the lines follow one another in one original, blank lines and indent aside."""
    for template, number in known.line_index.get(code[0], ()):
        lines = known.context.original_lines(template)[number:]
        following = [" ".join(line.split()) for line in lines if line.strip()]
        if following[: len(code)] == code:
            return True
    return False


def _close(text: str, known: frozenset[str]) -> str:
    close = get_close_matches(text, sorted(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else "cite a path of the package's facts"
