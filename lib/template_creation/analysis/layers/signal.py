"""A signal: why one file belongs to a layer."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from template_creation.values.facts import FileFacts, Symbol

__all__ = ["FileView", "Signal", "bare", "last_word", "word_in"]

TYPES = frozenset({"class", "interface", "struct", "enum", "record", "type", "trait"})


@dataclass(frozen=True, slots=True)
class Signal:
    """``label`` says what was seen, without anything special to this one file; ``line`` is 0
    for evidence of the path itself."""

    layer: str
    label: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class FileView:
    """What the rules of a language see: path, facts, and the technologies in reach (names of
    those declared in a manifest of the same folder or one above)."""

    path: str
    facts: FileFacts
    technologies: Collection[str]

    @property
    def stem(self) -> str:
        """File name up to the first dot."""
        return self.path.rpartition("/")[2].partition(".")[0]

    def imports(self, *prefixes: str) -> bool:
        """Whether a module with one of these prefixes is imported."""
        return any(
            item.module == prefix
            or item.module.startswith((f"{prefix}.", f"{prefix}/", f"{prefix}::"))
            for item in self.facts.imports
            for prefix in prefixes
        )

    def types(self) -> list[Symbol]:
        """The declared types in order."""
        return [symbol for symbol in self.facts.symbols if symbol.kind in TYPES]

    def functions(self) -> list[Symbol]:
        """Functions and methods in order."""
        return [symbol for symbol in self.facts.symbols if symbol.kind in {"function", "method"}]

    def base(self, pattern: str) -> tuple[Symbol, str] | None:
        """The first type with a base that matches ``pattern`` whole, and the base's name."""
        wanted = re.compile(pattern)
        for symbol in self.types():
            for text in symbol.bases:
                name = bare(text)
                if wanted.fullmatch(name):
                    return symbol, name
        return None

    def decorator(self, pattern: str) -> tuple[Symbol, str] | None:
        """The first declaration with a decorator whose callee matches ``pattern`` whole."""
        wanted = re.compile(pattern)
        for symbol in self.facts.symbols:
            for text in symbol.decorators:
                name = callee_of(text)
                if wanted.fullmatch(name):
                    return symbol, name
        return None

    def call(self, pattern: str) -> tuple[int, str] | None:
        """The first call whose callee matches ``pattern`` whole, as line and callee."""
        wanted = re.compile(pattern)
        for call in self.facts.calls:
            if wanted.fullmatch(call.callee):
                return call.line, call.callee
        return None

    def mostly_named(self, pattern: str) -> Symbol | None:
        """The first type if at least half of the top-level types are named by ``pattern``."""
        wanted = re.compile(pattern)
        types = [symbol for symbol in self.types() if not symbol.parent]
        fitting = [symbol for symbol in types if wanted.fullmatch(symbol.name)]
        return fitting[0] if fitting and len(fitting) * 2 >= len(types) else None


def callee_of(text: str) -> str:
    """The name of a decorator without its arguments: ``router.get("/")`` -> ``router.get``."""
    return re.split(r"[(<\s]", text.strip().strip("[]#"), maxsplit=1)[0]


def bare(text: str) -> str:
    """A base's own name without generics, arguments and module: ``a.b.Base[T]`` -> ``Base``."""
    name = re.split(r"[(\[<{\s]", text.strip(), maxsplit=1)[0]
    return re.split(r"\.|::", name)[-1].lstrip("*&")


def last_word(name: str) -> str:
    """The last word of a name in any case style, lower-case."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    words = re.findall(r"[A-Za-z0-9]+", spaced)
    return words[-1].lower() if words else ""


def word_in(path: str, *words: str) -> bool:
    """Whether a folder of ``path`` has one of these names (any letter case)."""
    folders = {part.lower() for part in path.split("/")[:-1]}
    return bool(folders & set(words))
