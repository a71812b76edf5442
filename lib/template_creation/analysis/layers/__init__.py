"""The layer of each file, by evidence: at most one, and none where nothing speaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

from template_creation.analysis.layers import (
    dotnet,
    golang,
    java,
    javascript,
    python,
    ruby,
    rust,
)
from template_creation.analysis.layers.paths import broad_path, decisive_path, named_path
from template_creation.analysis.layers.signal import FileView, Signal
from template_creation.analysis.text import folder_of
from template_creation.values.analysis import Layer, LayerEvidence, PackageRoot, Technology
from template_creation.values.facts import FileFacts
from template_creation.values.layers import LAYER_TITLES
from template_creation.values.source import Codebase, SourceFile

__all__ = ["CODE_LANGUAGES", "find_layers", "layer_signal"]

_RULES: Mapping[str, ModuleType] = {
    "python": python,
    "javascript": javascript,
    "jsx": javascript,
    "typescript": javascript,
    "tsx": javascript,
    "csharp": dotnet,
    "go": golang,
    "rust": rust,
    "java": java,
    "ruby": ruby,
}
CODE_LANGUAGES = frozenset(
    {*_RULES, "kotlin", "php", "swift", "dart", "scala", "elixir", "c", "cpp", "vue", "svelte"}
)
"""Languages whose files count as source files; others are documents, data or styles."""

_Rule = Callable[[FileView], Signal | None]


def find_layers(
    codebase: Codebase,
    facts: Mapping[str, FileFacts],
    technologies: Sequence[Technology],
    roots: Sequence[PackageRoot],
) -> tuple[Layer, ...]:
    """The layers in name order with their files and the signals that placed them, the most
    frequent signal first. Generated files have no layer."""
    reach = _Reach(technologies, roots)
    placed: dict[str, list[tuple[str, Signal]]] = {}
    for file in codebase.files:
        if file.generated:
            continue
        signal = layer_signal(file, facts.get(file.path), *reach.at(file.path))
        if signal is not None:
            placed.setdefault(signal.layer, []).append((file.path, signal))
    return tuple(
        Layer(
            name,
            LAYER_TITLES[name],
            tuple(path for path, _ in entries),
            _evidence(entries),
        )
        for name, entries in sorted(placed.items())
    )


def layer_signal(
    file: SourceFile, facts: FileFacts | None, technologies: frozenset[str], root: str
) -> Signal | None:
    """Why ``file`` belongs to its layer, or ``None``: what its path leaves no doubt about,
    strong syntax evidence, its name and folders, weak syntax evidence, broad words."""
    language = file.language or ""
    is_code = language in CODE_LANGUAGES
    decided = decisive_path(file.path, is_code=is_code)
    if decided and decided.layer == "tests" and facts and _drives_browser(facts):
        return Signal("e2e", "import of a browser driver")
    if decided or not is_code:
        return decided
    if facts is not None and _is_empty(facts):
        return None
    view = FileView(file.path, facts or FileFacts(language), technologies)
    rules = _RULES.get(language)
    strong: _Rule | None = rules.strong if rules else None
    weak: _Rule | None = rules.weak if rules else None
    return (
        (strong(view) if strong else None)
        or named_path(file.path, language, technologies, root)
        or (weak(view) if weak else None)
        or broad_path(file.path, root, language)
    )


def _is_empty(facts: FileFacts) -> bool:
    """Whether a file of a language with a grammar says nothing: an empty ``__init__.py``."""
    return _has_rules(facts.language) and not (
        facts.symbols or facts.calls or facts.imports or facts.declared
    )


def _has_rules(language: str) -> bool:
    """Whether the syntax of ``language`` is read."""
    return language in _RULES


def _drives_browser(facts: FileFacts) -> bool:
    """Whether a test imports a library that drives a browser."""
    drivers = ("@playwright/test", "playwright", "cypress", "puppeteer", "selenium")
    return any(item.module.startswith(drivers) for item in facts.imports)


def _evidence(entries: Sequence[tuple[str, Signal]]) -> tuple[LayerEvidence, ...]:
    counts: dict[str, int] = {}
    examples: dict[str, str] = {}
    for path, signal in entries:
        counts[signal.label] = counts.get(signal.label, 0) + 1
        place = f"{path}:{signal.line}" if signal.line else path
        examples.setdefault(signal.label, place)
    ordered = sorted(counts, key=lambda label: (-counts[label], label))
    return tuple(LayerEvidence(label, counts[label], examples[label]) for label in ordered)


class _Reach:
    """Technology names and package root of a path, computed once per folder."""

    def __init__(self, technologies: Sequence[Technology], roots: Sequence[PackageRoot]) -> None:
        self._declared: dict[str, set[str]] = {}
        for item in technologies:
            self._declared.setdefault(folder_of(item.path), set()).add(item.name)
        self._roots = {root.path for root in roots}
        self._known: dict[str, tuple[frozenset[str], str]] = {}

    def at(self, path: str) -> tuple[frozenset[str], str]:
        """The technologies declared in the folders above ``path`` and its package root."""
        folder = folder_of(path)
        if folder not in self._known:
            names: set[str] = set(self._declared.get("", ()))
            root = ""
            current = ""
            for part in folder.split("/") if folder else ():
                current = f"{current}/{part}" if current else part
                names |= self._declared.get(current, set())
                root = current if current in self._roots else root
            self._known[folder] = (frozenset(names), root)
        return self._known[folder]
