"""The code to measure, grouped by layer and language family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from template_creation.values.analysis import Layer, Site
from template_creation.values.facts import FileFacts, Symbol
from template_creation.values.source import Codebase

__all__ = ["FAMILIES", "Group", "groups_of", "of_layer", "signature_site", "whole_site"]

FAMILIES: Mapping[str, str] = {
    "python": "python",
    "javascript": "javascript",
    "jsx": "javascript",
    "typescript": "typescript",
    "tsx": "typescript",
    "csharp": "csharp",
    "go": "go",
    "rust": "rust",
    "java": "java",
    "ruby": "ruby",
}
"""Language of a file to the language that a convention names."""


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one layer in one language family, in path order; ``layer`` is empty for the
    whole codebase. ``lines`` holds the number of lines of each file."""

    layer: str
    title: str
    language: str
    files: tuple[tuple[str, FileFacts], ...]
    lines: Mapping[str, int]

    def symbols(self, *kinds: str) -> Iterator[tuple[str, Symbol]]:
        """Path and symbol of each declaration of the kinds."""
        for path, facts in self.files:
            for symbol in facts.symbols:
                if symbol.kind in kinds:
                    yield path, symbol

    def functions(self) -> Iterator[tuple[str, Symbol]]:
        """Functions and methods, without those inside other functions."""
        for path, facts in self.files:
            inner = {item.name for item in facts.symbols if item.kind in {"function", "test"}}
            inner.discard("")
            for symbol in facts.symbols:
                if symbol.kind == "method" or (
                    symbol.kind == "function" and symbol.parent not in inner
                ):
                    yield path, symbol

    def types(self) -> Iterator[tuple[str, Symbol]]:
        """Declared types that are not inside others."""
        for path, symbol in self.symbols("class", "interface", "struct", "enum", "record", "type"):
            if not symbol.parent:
                yield path, symbol


def signature_site(path: str, symbol: Symbol) -> Site:
    """The lines from the first decorator to the end of the signature. Where the body stands on
    the signature's own line, below a decorator, that line belongs to it."""
    end = symbol.body_line - 1
    by_indent = path.endswith((".py", ".rb"))
    if symbol.body_line == symbol.end_line and (symbol.decorators or not by_indent):
        end = symbol.body_line
    return Site(path, symbol.line, max(symbol.line, min(end, symbol.end_line)))


def whole_site(path: str, symbol: Symbol) -> Site:
    """All lines of a declaration."""
    return Site(path, symbol.line, symbol.end_line)


def groups_of(
    codebase: Codebase, facts: Mapping[str, FileFacts], layers: Sequence[Layer]
) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """The groups per layer and language, and the groups of the whole codebase per language.
    Generated files and files with syntax errors all over are not measured."""
    layer_of = {path: layer for layer in layers for path in layer.files}
    per_layer: dict[tuple[str, str], list[tuple[str, FileFacts]]] = {}
    whole: dict[str, list[tuple[str, FileFacts]]] = {}
    lines = {file.path: file.lines for file in codebase.files}
    for file in codebase.files:
        found = facts.get(file.path)
        if found is None or file.generated or found.errors > 20 or found.language not in FAMILIES:
            continue
        family = FAMILIES[found.language]
        layer = layer_of.get(file.path)
        if not layer or layer.name not in {"docs", "scripts", "ci", "infra"}:
            whole.setdefault(family, []).append((file.path, found))
        if layer:
            per_layer.setdefault((layer.name, family), []).append((file.path, found))
    titles = {layer.name: layer.title for layer in layers}
    return (
        tuple(
            Group(name, titles[name], family, tuple(files), lines)
            for (name, family), files in sorted(per_layer.items())
        ),
        tuple(
            Group("", "", family, tuple(files), lines) for family, files in sorted(whole.items())
        ),
    )


def of_layer(group: Group) -> str:
    """`` of the api layer``, or nothing for the whole codebase."""
    return f" of the {group.layer} layer" if group.layer else ""
