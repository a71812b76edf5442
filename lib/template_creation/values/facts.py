"""What one file says about itself, by its syntax tree; cached by content hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Call", "FileFacts", "Import", "Parameter", "Raise", "Symbol", "SymbolKind"]

SymbolKind = Literal[
    "class",
    "interface",
    "struct",
    "enum",
    "record",
    "type",
    "trait",
    "module",
    "function",
    "method",
    "constant",
    "test",
]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function; ``type`` is the annotation's text or empty."""

    name: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declaration. Lines are 1-based and inclusive and begin at the first decorator, so
    that an excerpt of ``line..end_line`` is whole. ``body_line`` is the first line after the
    signature. ``parent`` is the enclosing declaration's name or empty. ``decorators`` and
    ``bases`` hold the source text without ``@``, at most 120 characters each (C# and Java:
    attributes and annotations; Rust: attributes and derives; Go: embedded types as bases;
    a Go method's receiver type and a Rust impl's type as ``parent``)."""

    name: str
    kind: SymbolKind
    line: int
    end_line: int
    body_line: int
    signature: str
    parent: str = ""
    decorators: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    documented: bool = False
    is_async: bool = False
    exported: bool = False
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """An import as written: ``module`` is the text of the module or path, ``names`` what is
    taken from it (empty for the whole module)."""

    module: str
    line: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Raise:
    """An exception type raised, thrown or caught at a line; ``caught`` tells which."""

    name: str
    line: int
    caught: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call: the callee's text without arguments (``router.get``), whitespace removed, at
    most 80 characters; ``first_argument`` is its literal text if it is a string."""

    callee: str
    line: int
    first_argument: str = ""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Facts of one file of a known language.

    ``declared`` holds every name that the file declares: types, functions, variables,
    parameters, fields, import aliases and names (sorted, unique). ``identifiers`` holds every
    identifier used, declared or not (sorted, unique). ``declared_types`` is the subset of type
    declarations. ``errors`` counts syntax error nodes. ``shape`` is the bag of named node
    types down to depth 4, as (type, count), sorted.
    """

    language: str
    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    calls: tuple[Call, ...] = ()
    raises: tuple[Raise, ...] = ()
    declared: tuple[str, ...] = ()
    declared_types: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    shape: tuple[tuple[str, int], ...] = ()
    namespace: str = ""
    errors: int = 0
