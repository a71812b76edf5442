"""TypeScript and TSX: what they add to `ecmascript`."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from template_creation.syntax.grammars import ecmascript
from template_creation.syntax.source import Captures, Draft, Rules, Source, clip
from template_creation.values.facts import SymbolKind

__all__ = ["RULES"]

_QUERY = (
    ecmascript.SHARED_QUERY
    + """
(type_identifier) @id
(abstract_class_declaration) @class
(interface_declaration) @interface
(type_alias_declaration) @alias
(enum_declaration) @enum
[(internal_module) (module)] @module
(method_signature) @signature
(abstract_method_signature) @signature
(function_signature) @function
(public_field_definition value: [(arrow_function) (function_expression)]) @field

(abstract_class_declaration name: (_) @decl)
(interface_declaration name: (_) @decl)
(type_alias_declaration name: (_) @decl)
(enum_declaration name: (_) @decl)
(enum_body (property_identifier) @decl)
(enum_assignment name: (property_identifier) @decl)
(internal_module name: (identifier) @decl)
(type_parameter name: (type_identifier) @decl)
(public_field_definition name: [(property_identifier) (private_property_identifier)] @decl)
(property_signature name: (property_identifier) @decl)
(method_signature name: (property_identifier) @decl)
(abstract_method_signature name: (property_identifier) @decl)
(function_signature name: (identifier) @decl)
(required_parameter pattern: (identifier) @decl)
(optional_parameter pattern: (identifier) @decl)
(index_signature name: (identifier) @decl)
"""
)

_KINDS: tuple[tuple[str, SymbolKind], ...] = (
    ("interface", "interface"),
    ("alias", "type"),
    ("enum", "enum"),
    ("module", "module"),
    ("signature", "method"),
)


def _symbols(source: Source, captures: Captures) -> Iterator[Draft]:
    yield from ecmascript.symbols(source, captures)
    given = {source.text(node) for node in captures.get("exported", ())}
    for capture, kind in _KINDS:
        for node in captures.get(capture, ()):
            name = node.child_by_field_name("name")
            if name is None or (node.parent is not None and node.parent.type == "object_type"):
                continue
            item = ecmascript.declaration(source, node, source.text(name).strip("'\""), kind)
            if kind == "interface":
                item.bases = tuple(_extends(source, node))
            elif kind == "method":
                item = ecmascript.as_function(source, node, item)
            item.exported = item.exported or (kind != "method" and item.name in given)
            yield item
    for node in captures.get("field", ()):
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is not None and value is not None:
            item = ecmascript.declaration(source, node, source.text(name), "method")
            yield ecmascript.as_function(source, value, item)


def _extends(source: Source, node: Node) -> Iterator[str]:
    for clause in node.named_children:
        if clause.type == "extends_type_clause":
            yield from (clip(source.text(child)) for child in clause.named_children)


RULES = Rules(
    query=_QUERY,
    symbols=_symbols,
    call=ecmascript.call,
    imports=ecmascript.imports,
    raises=ecmascript.raises,
    declared=ecmascript.declared,
)
