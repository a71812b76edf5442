"""The templates as a request lists them: what each is, what in it can be cited, its text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from template_creation.agents.context import EnhancementContext
from template_creation.agents.excerpts import LONGEST, excerpt_lines
from template_creation.values.request import CatalogEntry, CatalogSymbol
from template_creation.values.template import Template, TemplateSymbol

__all__ = ["MAX_SYMBOLS", "body_of", "build_catalog", "shortened", "with_bodies"]

MAX_SYMBOLS = 10
LONGEST_SIGNATURE = 160
LONGEST_MARK = 80
LONGEST_LINE = 1_500
"""Readers of long files cut longer lines off, so a text with one is not sent."""

_MARKS = ("@", "[", "#[")


def build_catalog(context: EnhancementContext) -> tuple[CatalogEntry, ...]:
    """Every template, compact: what it is, where it is from, and up to `MAX_SYMBOLS`
    declarations that can be cited; without texts."""
    return tuple(_entry(item, context) for item in context.templates)


def shortened(catalog: Sequence[CatalogEntry], most: Mapping[str, int]) -> tuple[CatalogEntry, ...]:
    """``catalog`` with at most ``most`` declarations for each template id, the longest ones,
    in their order; those left out are counted. A template that is not in ``most`` keeps all."""
    return tuple(_cut_to(item, most.get(item.id, len(item.symbols))) for item in catalog)


def with_bodies(
    catalog: Sequence[CatalogEntry], ids: Collection[str], context: EnhancementContext
) -> tuple[CatalogEntry, ...]:
    """``catalog`` with the text of the originals of these templates."""
    return tuple(
        item.model_copy(update={"body": body_of(item.id, context)}) if item.id in ids else item
        for item in catalog
    )


def body_of(template_id: str, context: EnhancementContext) -> str:
    """The text of the original; empty where one of its lines is too long to be sent."""
    lines = context.original_lines(context.template_by_id[template_id])
    if any(len(line) > LONGEST_LINE for line in lines):
        return ""
    return "\n".join(lines)


def _entry(template: Template, context: EnhancementContext) -> CatalogEntry:
    symbols = _outline(template, context)
    whole = CatalogEntry(
        id=template.id,
        name=template.source.rpartition("/")[2],
        category=template.layer,
        path=template.path,
        source=template.source,
        purpose=template.purpose,
        technologies=template.technologies,
        grade=template.grade,
        support=template.support,
        lines=template.lines,
        symbols=symbols,
    )
    return _cut_to(whole, MAX_SYMBOLS)


def _cut_to(entry: CatalogEntry, most: int) -> CatalogEntry:
    if len(entry.symbols) <= most:
        return entry
    longest = sorted(entry.symbols, key=lambda item: (-_length(item), _first(item)))[:most]
    kept = {item.id for item in longest}
    return entry.model_copy(
        update={
            "symbols": tuple(item for item in entry.symbols if item.id in kept),
            "more_symbols": entry.more_symbols + len(entry.symbols) - len(kept),
        }
    )


def _first(symbol: CatalogSymbol) -> int:
    return int(symbol.lines.partition("-")[0])


def _length(symbol: CatalogSymbol) -> int:
    return int(symbol.lines.partition("-")[2]) - _first(symbol)


def _outline(template: Template, context: EnhancementContext) -> tuple[CatalogSymbol, ...]:
    """Declarations with the lines that an excerpt of them shows: whole ones that fit, else
    their parts; of long types the head with the fields, of long functions the first
    statements."""
    kept: list[TemplateSymbol] = []
    for symbol in sorted(template.symbols, key=lambda item: (item.line, -item.end_line)):
        inside = any(one.line <= symbol.line and symbol.end_line <= one.end_line for one in kept)
        length = symbol.end_line - symbol.line + 1
        has_parts = any(
            symbol.line < part.line and part.end_line <= symbol.end_line
            for part in template.symbols
        )
        if inside:
            continue
        if length <= LONGEST:
            kept.append(symbol)
            continue
        shown = excerpt_lines(symbol.id, context)
        is_head = all(
            part.line > shown.end
            for part in template.symbols
            if symbol.line < part.line and part.end_line <= symbol.end_line
        )
        if is_head or not has_parts:
            kept.append(replace(symbol, end_line=shown.end))
    lines = context.original_lines(template)
    return tuple(
        CatalogSymbol(
            id=item.id,
            name=item.name,
            kind=item.kind,
            lines=f"{item.line}-{item.end_line}",
            signature=_short(" ".join(item.signature.split()), LONGEST_SIGNATURE),
            marks=_marks(item, lines),
        )
        for item in kept
    )


def _marks(symbol: TemplateSymbol, lines: Sequence[str]) -> tuple[str, ...]:
    """The decorators or attributes that a declaration begins with, as written."""
    found = []
    for line in lines[symbol.line - 1 : symbol.end_line]:
        text = line.strip()
        if not text.startswith(_MARKS):
            break
        found.append(_short(text, LONGEST_MARK))
    return tuple(found[:2])


def _short(text: str, most: int) -> str:
    """``text``, cut off with an ellipsis where it is longer than ``most``."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
