"""JavaScript and JSX."""

from __future__ import annotations

from template_creation.syntax.grammars import ecmascript
from template_creation.syntax.source import Rules

__all__ = ["RULES"]

_QUERY = (
    ecmascript.SHARED_QUERY
    + """
(formal_parameters (identifier) @decl)
(field_definition property: [(property_identifier) (private_property_identifier)] @decl)
"""
)

RULES = Rules(
    query=_QUERY,
    symbols=ecmascript.symbols,
    call=ecmascript.call,
    imports=ecmascript.imports,
    raises=ecmascript.raises,
    declared=ecmascript.declared,
)
