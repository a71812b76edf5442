"""A template: literal bytes and placeholders, with the proofs that it renders back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "CaseStyle",
    "Delimiter",
    "Grade",
    "Placeholder",
    "Proof",
    "Segment",
    "Template",
    "TemplateSet",
    "TemplateSymbol",
    "Term",
]

CaseStyle = Literal[
    "pascal", "camel", "snake", "kebab", "scream", "flat", "title", "words", "sentence"
]

Grade = Literal["pattern", "shape", "example"]


@dataclass(frozen=True, slots=True)
class Term:
    """A name that templates replace: ``key`` is ``entity`` or ``project``, ``words`` are its
    lower-case words in the singular (``("todo", "item")``)."""

    key: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One form of a term. ``name`` is what stands between the delimiters, itself written in
    the case and number that it stands for: ``EntityName``, ``entity_names``, ``ENTITY_NAME``."""

    name: str
    term: str
    number: Literal["singular", "plural"]
    case: CaseStyle


Segment = bytes | Placeholder


@dataclass(frozen=True, slots=True)
class Delimiter:
    """The marks around a placeholder; one pair for a whole package."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The outcome of one bar, B1 to B8 of the facts. ``passed`` is ``None`` for a bar that
    only measures or that cannot be applied, and ``detail`` says which and why."""

    bar: str
    passed: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class TemplateSymbol:
    """A declaration inside a template that an agent may cite: ``id`` is ``T3.s2``; lines are
    those of the original file, which the template shares."""

    id: str
    name: str
    kind: str
    line: int
    end_line: int
    signature: str


@dataclass(frozen=True)
class Template:
    """A template file of the package.

    ``path`` is inside the package (``templates/...template``), ``source`` is the original's
    path in the codebase. ``segments`` make the content, ``path_segments`` make ``source``.
    ``original`` maps each term key to its original words. ``support`` is the number of sibling
    files compared, ``similarity`` the median line similarity of rendering this template for
    each sibling (0..1), ``None`` without siblings. ``verified`` is ``full`` (syntax-aware),
    ``text-only`` (no grammar) or ``verbatim`` (no placeholder in the content).
    """

    id: str
    path: str
    source: str
    layer: str
    role: str
    language: str
    purpose: str
    segments: tuple[Segment, ...] = field(repr=False)
    path_segments: tuple[Segment, ...] = field(repr=False)
    original: tuple[Term, ...]
    grade: Grade
    support: int
    similarity: float | None
    siblings: tuple[str, ...]
    proofs: tuple[Proof, ...]
    symbols: tuple[TemplateSymbol, ...]
    technologies: tuple[str, ...]
    sha256: str
    lines: int
    verified: Literal["full", "text-only", "verbatim"]
    leaks: tuple[str, ...] = ()

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """The different placeholders of content and path, by name."""
        found = {
            segment.name: segment
            for segment in (*self.segments, *self.path_segments)
            if isinstance(segment, Placeholder)
        }
        return tuple(found[name] for name in sorted(found))


@dataclass(frozen=True)
class TemplateSet:
    """The templates of a package, in the order of their ids. (Seed 002, phase 1.)

    >>> len(TemplateSet(()))
    0
    """

    templates: tuple[Template, ...]
    delimiter: Delimiter = Delimiter("{{", "}}")

    def __iter__(self) -> Iterator[Template]:
        return iter(self.templates)

    def __len__(self) -> int:
        return len(self.templates)

    @property
    def total_count(self) -> int:
        """The number of templates, by the seed's name."""
        return len(self.templates)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that have a template, sorted."""
        return tuple(sorted({template.layer for template in self.templates}))

    def in_layers(self, layers: Iterable[str]) -> tuple[Template, ...]:
        """The templates of any of these layers, in order."""
        wanted = set(layers)
        return tuple(template for template in self.templates if template.layer in wanted)

    def get(self, template_id: str) -> Template | None:
        """The template with this id, or ``None``."""
        return next((item for item in self.templates if item.id == template_id), None)
