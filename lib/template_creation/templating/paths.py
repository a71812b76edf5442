"""Placeholders in paths, and the case style in which a codebase writes its file names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from template_creation.templating.forms import Hit, forms_of, outside_project
from template_creation.templating.segments import merge
from template_creation.templating.words import placeholder_for
from template_creation.values.template import CaseStyle, Segment, Term

__all__ = ["PathStyles", "illegal_path", "measure_styles", "path_segments"]

_DEFAULT_FILE: dict[str, CaseStyle] = {
    "py": "snake", "rb": "snake", "rs": "snake", "go": "snake", "erb": "snake", "html": "snake",
    "java": "flat", "ts": "kebab", "tsx": "kebab", "js": "kebab", "jsx": "kebab", "vue": "kebab",
}  # fmt: skip
_DEFAULT_FOLDER: dict[str, CaseStyle] = {"go": "flat", "java": "flat"}
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?$")
_ILLEGAL = re.compile(r'[<>:"\\|?*\x00-\x1f]')


@dataclass(frozen=True)
class PathStyles:
    """The case style of lower-case names of several words, as counted per extension."""

    files: dict[str, CaseStyle]
    folders: dict[str, CaseStyle]

    def case(
        self, hit: Hit, before: bytes, after: bytes, extension: str, *, folder: bool
    ) -> CaseStyle:
        """The style of a match between ``before`` and ``after`` of the same path word."""
        if len(hit.term.words) > 1:
            return next(
                (case for case in hit.cases if case not in ("title", "words", "sentence")),
                hit.cases[0],
            )
        if "pascal" in hit.cases:
            return "pascal"
        if hit.cases == ("scream",):
            return "scream"
        rest = before + after
        if b"_" in rest:
            return "snake"
        if b"-" in rest:
            return "kebab"
        if re.search(rb"[A-Z]", rest):
            return "camel"
        if folder:
            return (
                self.folders.get(extension)
                or _DEFAULT_FOLDER.get(extension)
                or (self.files.get(extension) or _DEFAULT_FILE.get(extension, "snake"))
            )
        return self.files.get(extension) or _DEFAULT_FILE.get(extension, "snake")


def measure_styles(paths: Iterable[str]) -> PathStyles:
    """The most frequent style of file and folder names of several words, per extension."""
    files: dict[str, Counter[CaseStyle]] = {}
    folders: dict[str, Counter[CaseStyle]] = {}
    for path in paths:
        parts = path.split("/")
        extension = parts[-1].rpartition(".")[2]
        _count(files.setdefault(extension, Counter()), parts[-1].split(".")[0])
        counter = folders.setdefault(extension, Counter())
        for part in parts[:-1]:
            _count(counter, part)
    return PathStyles(_winners(files), _winners(folders))


def _count(counter: Counter[CaseStyle], name: str) -> None:
    core = name.strip("_-[]()")
    if "_" in core and core == core.lower():
        counter["snake"] += 1
    elif "-" in core and core == core.lower():
        counter["kebab"] += 1
    elif re.fullmatch(r"[a-z]+(?:[A-Z][a-z0-9]*)+", core):
        counter["camel"] += 1


def _winners(counters: dict[str, Counter[CaseStyle]]) -> dict[str, CaseStyle]:
    return {
        extension: min(counter, key=lambda case: (-counter[case], case))
        for extension, counter in sorted(counters.items())
        if counter
    }


def path_segments(path: str, terms: Sequence[Term], styles: PathStyles) -> tuple[Segment, ...]:
    """``path`` with the terms as placeholders."""
    data = path.encode()
    extension = path.rpartition(".")[2]
    found = (hit for term in terms for hit in forms_of(term).hits(data))
    hits = outside_project(found, data, terms)
    segments: list[Segment] = []
    position = 0
    for hit in hits:
        if hit.start < position:
            continue
        before = re.search(rb"[A-Za-z0-9_-]*$", data[: hit.start])
        after = re.match(rb"[A-Za-z0-9_-]*", data[hit.end :])
        case = styles.case(
            hit,
            before.group() if before else b"",
            after.group() if after else b"",
            extension,
            folder=b"/" in data[hit.end :],
        )
        segments.append(data[position : hit.start])
        segments.append(placeholder_for(hit.term.key, hit.number, case))
        position = hit.end
    segments.append(data[position:])
    return merge(segments)


def illegal_path(path: str) -> str | None:
    """Why ``path`` cannot be a file on Windows or leaves its folder; ``None`` if it can be.

    >>> illegal_path("a/nul.txt"), illegal_path("a/b.py")
    ("'nul.txt' is a reserved name on Windows", None)
    """
    if len(path) > 240:
        return f"the path has {len(path)} characters, at most 240 are allowed"
    for part in path.split("/"):
        if part in ("", ".", ".."):
            return f"{path!r} is not a plain relative path"
        if _ILLEGAL.search(part):
            return f"{part!r} holds a character that Windows does not allow"
        if part.endswith((".", " ")):
            return f"{part!r} ends in a dot or a space"
        if _RESERVED.match(part):
            return f"{part!r} is a reserved name on Windows"
    return None
