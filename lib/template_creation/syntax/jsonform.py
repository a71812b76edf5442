"""Facts as compact JSON for the cache, and back; the names of a set share one string."""

from __future__ import annotations

import sys
from typing import Any, Final

from template_creation.values.facts import Call, FileFacts, Import, Parameter, Raise, Symbol

__all__ = ["facts_from_json", "facts_to_json"]

_intern: Final = sys.intern


def facts_to_json(facts: FileFacts) -> list[Any]:
    """``facts`` as nested lists for ``json.dumps``.

    Identifiers hold no white space in any language here, so each set of names is one string.

    >>> from template_creation.syntax import extract_facts
    >>> facts = extract_facts(b"x = f(1)", "python")
    >>> facts_from_json(facts_to_json(facts)) == facts
    True
    """
    return [
        facts.language,
        [_symbol_to_json(symbol) for symbol in facts.symbols],
        [[item.module, item.line, *item.names] for item in facts.imports],
        [[item.callee, item.line, item.first_argument] for item in facts.calls],
        [[item.name, item.line, int(item.caught)] for item in facts.raises],
        " ".join(facts.declared),
        " ".join(facts.declared_types),
        " ".join(facts.identifiers),
        [" ".join(name for name, _ in facts.shape), *(count for _, count in facts.shape)],
        facts.namespace,
        facts.errors,
    ]


def _symbol_to_json(symbol: Symbol) -> list[Any]:
    return [
        symbol.name,
        symbol.kind,
        symbol.line,
        symbol.end_line,
        symbol.body_line,
        symbol.signature,
        symbol.parent,
        symbol.decorators,
        symbol.bases,
        [part for item in symbol.parameters for part in (item.name, item.type)],
        symbol.returns,
        symbol.documented + 2 * symbol.is_async + 4 * symbol.exported,
        symbol.modifiers,
    ]


def facts_from_json(value: list[Any]) -> FileFacts:
    """The facts that `facts_to_json` wrote.

    Raises:
        ValueError, TypeError, IndexError: ``value`` was not written by `facts_to_json` of
            this `FACTS_VERSION`; a cache treats that as a miss.
    """
    (
        language,
        symbols,
        imports,
        calls,
        raises,
        declared,
        types,
        identifiers,
        shape,
        space,
        errors,
    ) = value
    return FileFacts(
        language=_intern(language),
        symbols=tuple([_symbol_from_json(item) for item in symbols]),
        imports=tuple(
            [Import(_intern(m), n, tuple(map(_intern, names))) for m, n, *names in imports]
        ),
        calls=tuple([Call(_intern(callee), line, first) for callee, line, first in calls]),
        raises=tuple([Raise(_intern(name), line, bool(caught)) for name, line, caught in raises]),
        declared=_names(declared),
        declared_types=_names(types),
        identifiers=_names(identifiers),
        shape=tuple(zip(_names(shape[0]), shape[1:], strict=True)),
        namespace=space,
        errors=errors,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(map(_intern, text.split(" "))) if text else ()


def _symbol_from_json(value: list[Any]) -> Symbol:
    (
        name,
        kind,
        line,
        end,
        body,
        signature,
        parent,
        decorators,
        bases,
        parameters,
        returns,
        flags,
        modifiers,
    ) = value
    return Symbol(
        _intern(name),
        _intern(kind),  # type: ignore[arg-type]  # the cache holds what we wrote
        line,
        end,
        body,
        signature,
        _intern(parent),
        tuple(decorators),
        tuple(bases),
        tuple(
            [
                Parameter(_intern(n), t)
                for n, t in zip(parameters[::2], parameters[1::2], strict=True)
            ]
        ),
        returns,
        bool(flags & 1),
        bool(flags & 2),
        bool(flags & 4),
        tuple(modifiers),
    )
