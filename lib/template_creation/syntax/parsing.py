"""Bytes to syntax trees: one grammar per language, imported when first asked for.

Single-grammar wheels, because the bundled pack downloads its grammars at run time
(facts/codebase-to-template, section 1).
"""

from __future__ import annotations

import importlib
import time
from functools import cache
from typing import Final

from tree_sitter import Language, Parser, Tree

from template_creation.values.languages import GRAMMAR_LANGUAGES

__all__ = ["MAX_PARSE_BYTES", "grammar", "parse"]

MAX_PARSE_BYTES: Final = 1_000_000
"""Files above this size are not parsed: a parser's time must stay bounded. The scan leaves
out far smaller ones (`scan.MAX_FILE_BYTES`); this is the last guard."""

_FREE_STEPS: Final = 500
_STEPS_PER_BYTE: Final = 0.06
"""How often a parser may report progress before it is stopped: three times what the densest
of 3,000 real files needs. A count first, so that the same bytes end the same way."""
_MAX_CPU_S: Final = 2.0
"""The CPU time of one parse, where single steps become slow; 200 kB of code take 0.05 s."""
_CHUNK_BYTES: Final = 4_096

_MODULES: Final = {
    "csharp": ("tree_sitter_c_sharp", "language"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "jsx": ("tree_sitter_javascript", "language"),
    "python": ("tree_sitter_python", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
}


@cache
def grammar(language: str) -> Language | None:
    """The grammar of ``language``, or ``None`` if we have none; loaded once per process.

    >>> grammar("cobol") is None
    True
    """
    if language not in GRAMMAR_LANGUAGES:
        return None
    module, function = _MODULES[language]
    return Language(getattr(importlib.import_module(module), function)())


@cache
def _parser(language: str) -> Parser | None:
    found = grammar(language)
    return Parser(found) if found is not None else None


def parse(data: bytes, language: str) -> Tree | None:
    """The syntax tree of ``data``, or ``None``: no grammar, more than `MAX_PARSE_BYTES`, or
    text that keeps the parser busy beyond all measure (``a<a<a<...`` in C# never ends).

    A byte order mark is skipped by the grammar and offsets stay those of ``data``. Text with
    syntax errors gives a tree with error nodes, never an exception.

    >>> parse(b"x = 1\\n", "python").root_node.type
    'module'
    """
    parser = _parser(language)
    if parser is None or len(data) > MAX_PARSE_BYTES:
        return None
    steps = 0
    limit = _FREE_STEPS + _STEPS_PER_BYTE * len(data)
    deadline = time.thread_time() + _MAX_CPU_S

    def read(offset: int, _point: object) -> bytes:
        return data[offset : offset + _CHUNK_BYTES] if offset else data

    def is_enough(_offset: int, _has_error: bool) -> bool:
        nonlocal steps
        steps += 1
        return steps > limit or time.thread_time() > deadline

    try:
        return parser.parse(read, progress_callback=is_enough)
    except ValueError:  # stopped; the parser must forget where it was
        parser.reset()
        return None
