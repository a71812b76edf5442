"""The templates of a package as rows of the page: grade, proofs, names, and the text itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from template_creation.package import Package
from template_creation.reporting.code import numbered
from template_creation.templating.segments import encode_segments
from template_creation.values.agent import Issue
from template_creation.values.layers import LAYER_TITLES
from template_creation.values.template import Delimiter, Proof, Template

__all__ = ["BARS", "bar_marks", "template_rows"]

Row = dict[str, Any]

BARS: dict[str, str] = {
    "B1": "rendered with the original values, it is the original file, byte for byte",
    "B2": "rendered with other values, it parses as well and has the same kinds of nodes",
    "B3": "original and other names map one to one, and keep their letter case",
    "B4": "nothing is renamed that the codebase does not declare",
    "B5": "original names that stay are listed; the project's own name never stays",
    "B6": "no finding of a secret",
    "B7": "how many siblings there are, and how similar the rendering is to them",
    "B8": "paths render back too, and are legal and unique on every system",
}
"""What each bar asks; the words are those of docs/glossary.md."""

_MARKS = {True: ("✓", "holds"), False: ("✗", "fails"), None: ("–", "measured only")}
_SHOWN_LINES = 200
_SHOWN_BYTES = 24_000


def template_rows(package: Package, issues: Sequence[Issue]) -> list[Row]:
    """One row per template, in the order of their ids."""
    return [_row(item, package, issues) for item in package.templates]


def _row(item: Template, package: Package, issues: Sequence[Issue]) -> Row:
    text, cut = _content(item, package.templates.delimiter)
    return {
        "id": item.id,
        "source": item.source,
        "path": item.path,
        "purpose": item.purpose,
        "layer": LAYER_TITLES.get(item.layer, item.layer),
        "role": item.role,
        "grade": item.grade,
        "lines": item.lines,
        "support": item.support,
        "alike": None if item.similarity is None else round(100 * item.similarity),
        "verified": item.verified,
        "siblings": item.siblings,
        "leaks": item.leaks,
        "technologies": item.technologies,
        "originals": [(term.key, " ".join(term.words)) for term in item.original],
        "placeholders": [_named(name.name, package) for name in item.placeholders],
        "proofs": [_proof(proof) for proof in item.proofs],
        "marks": bar_marks(item.proofs),
        "symbols": item.symbols,
        "agents": [spec.name for spec in package.agents if item.id in spec.templates],
        "issues": [found for found in issues if found.place in (item.path, item.source)],
        "code": text,
        "cut": cut,
    }


def _named(name: str, package: Package) -> str:
    delimiter = package.templates.delimiter
    return f"{delimiter.start}{name}{delimiter.end}"


def _proof(proof: Proof) -> Row:
    outcome = _MARKS[proof.passed][1]
    return {
        "bar": proof.bar,
        "asks": BARS.get(proof.bar, ""),
        "outcome": outcome,
        "detail": proof.detail,
    }


def bar_marks(proofs: Iterable[Proof]) -> list[tuple[str, str, str]]:
    """Each bar with its mark and its outcome in words; a bar without a proof is not recorded."""
    found = {proof.bar: _MARKS[proof.passed] for proof in proofs}
    return [(bar, *found.get(bar, ("?", "not recorded"))) for bar in BARS]


def _content(item: Template, delimiter: Delimiter) -> tuple[Any, int]:
    """The template's text as HTML, and how many lines of it are not shown."""
    text = encode_segments(item.segments, delimiter).decode("utf-8", "replace")
    lines = text.splitlines()
    shown = "\n".join(lines[:_SHOWN_LINES])[:_SHOWN_BYTES]
    code = numbered(shown, language=item.language, delimiter=(delimiter.start, delimiter.end))
    return code, len(lines) - len(shown.splitlines())
