"""The rules of each grammar: a query, and how its captures become symbols and calls."""

from __future__ import annotations

from functools import cache

from template_creation.syntax.source import Rules

__all__ = ["rules_of"]


@cache
def rules_of(language: str) -> Rules:
    """The rules of ``language``; each module is imported when first asked for.

    Raises:
        KeyError: no rules for ``language``.
    """
    match language:
        case "python":
            from template_creation.syntax.grammars import python

            return python.RULES
        case "javascript" | "jsx":
            from template_creation.syntax.grammars import javascript

            return javascript.RULES
        case "typescript" | "tsx":
            from template_creation.syntax.grammars import typescript

            return typescript.RULES
        case "csharp":
            from template_creation.syntax.grammars import csharp

            return csharp.RULES
        case "go":
            from template_creation.syntax.grammars import golang

            return golang.RULES
        case "java":
            from template_creation.syntax.grammars import java

            return java.RULES
        case "ruby":
            from template_creation.syntax.grammars import ruby

            return ruby.RULES
        case "rust":
            from template_creation.syntax.grammars import rust

            return rust.RULES
    raise KeyError(language)
