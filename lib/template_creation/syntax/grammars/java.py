"""Java: types, records, annotations, methods and constructors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from template_creation.syntax.source import (
    Captures,
    Draft,
    Rules,
    Source,
    call_text,
    clip,
    comment_above,
    draft,
    first_line,
    first_named,
)
from template_creation.values.facts import Call, Import, Parameter, Raise, SymbolKind

__all__ = ["RULES"]

_QUERY = """
[(identifier) (type_identifier)] @id
(class_declaration) @class
(record_declaration) @record
[(interface_declaration) (annotation_type_declaration)] @interface
(enum_declaration) @enum
[(method_declaration) (constructor_declaration) (compact_constructor_declaration)] @method
(package_declaration) @package
(import_declaration) @import
(method_invocation) @call
(throw_statement) @throw
(catch_formal_parameter (catch_type) @catch)

(class_declaration name: (identifier) @decl)
(record_declaration name: (identifier) @decl)
(interface_declaration name: (identifier) @decl)
(annotation_type_declaration name: (identifier) @decl)
(annotation_type_element_declaration name: (identifier) @decl)
(enum_declaration name: (identifier) @decl)
(enum_constant name: (identifier) @decl)
(method_declaration name: (identifier) @decl)
(constructor_declaration name: (identifier) @decl)
(variable_declarator name: (identifier) @decl)
(formal_parameter name: (identifier) @decl)
(catch_formal_parameter name: (identifier) @decl)
(resource name: (identifier) @decl)
(enhanced_for_statement name: (identifier) @decl)
(lambda_expression parameters: (identifier) @decl)
(inferred_parameters (identifier) @decl)
(instanceof_expression name: (identifier) @decl)
(type_pattern (identifier) @decl)
(record_pattern_component (identifier) @decl)
(type_parameter (type_identifier) @decl)
(labeled_statement . (identifier) @decl)
"""

_TYPES: Final[tuple[SymbolKind, ...]] = ("class", "record", "interface", "enum")


def _symbols(source: Source, captures: Captures) -> Iterator[Draft]:
    for kind in _TYPES:
        for node in captures.get(kind, ()):
            if (item := _member(source, node, kind)) is not None:
                item.bases = tuple(_bases(source, node))
                item.parameters = tuple(_parameters(source, node))
                yield item
    for node in captures.get("method", ()):
        if (item := _member(source, node, "method")) is not None:
            returns = node.child_by_field_name("type")
            item.returns = clip(source.text(returns)) if returns is not None else ""
            item.parameters = tuple(_parameters(source, node))
            yield item


def _member(source: Source, node: Node, kind: SymbolKind) -> Draft | None:
    name = node.child_by_field_name("name")
    if name is None:
        return None
    modifiers = next((c for c in node.named_children if c.type == "modifiers"), None)
    annotations = (
        [c for c in modifiers.named_children if c.type.endswith("annotation")] if modifiers else []
    )
    item = draft(
        source,
        node,
        name=source.text(name),
        kind=kind,
        body=node.child_by_field_name("body"),
        signature_start=_after(node, annotations),
    )
    item.decorators = tuple(clip(source.text(c).lstrip("@ ")) for c in annotations)
    item.modifiers = (
        tuple(source.text(c) for c in modifiers.children if not c.is_named) if modifiers else ()
    )
    item.exported = "public" in item.modifiers or _in_interface(node)
    item.documented = comment_above(source, item.start, b"///", ends=b"*/")
    return item


def _after(node: Node, annotations: list[Node]) -> int | None:
    """Where the signature begins: behind leading annotations."""
    if not annotations or annotations[0].start_byte != node.start_byte:
        return None
    last = annotations[-1]
    following = last.next_sibling or (last.parent.next_sibling if last.parent else None)
    return following.start_byte if following is not None else node.start_byte


def _in_interface(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "interface_body"


def _bases(source: Source, node: Node) -> Iterator[str]:
    for child in node.named_children:
        if child.type == "superclass":
            yield from (clip(source.text(c)) for c in child.named_children)
        elif child.type in {"super_interfaces", "extends_interfaces"}:
            for listed in child.named_children:
                yield from (clip(source.text(c)) for c in listed.named_children)


def _parameters(source: Source, node: Node) -> Iterator[Parameter]:
    found = node.child_by_field_name("parameters")
    for child in found.named_children if found is not None else ():
        name = child.child_by_field_name("name")
        annotation = child.child_by_field_name("type")
        text = clip(source.text(annotation)) if annotation is not None else ""
        if child.type == "spread_parameter":
            kinds = [c for c in child.named_children if c.type != "modifiers"]
            text = f"{clip(source.text(kinds[0]))}..." if kinds else ""
            name = kinds[-1] if kinds else None
        if name is not None and child.type in {"formal_parameter", "spread_parameter"}:
            yield Parameter(source.text(name), text)


def _call(source: Source, node: Node) -> Call | None:
    arguments = node.child_by_field_name("arguments")
    if arguments is None:
        return None
    argument = source.literal(first_named(arguments), "string_literal")
    callee = source.callee(node.start_byte, arguments.start_byte)
    return Call(callee, first_line(node), argument)


def _imports(source: Source, captures: Captures) -> Iterator[Import]:
    for node in captures.get("import", ()):
        path = next((c for c in node.named_children if c.type.endswith("identifier")), None)
        if path is not None:
            module, _, name = source.text(path).rpartition(".")
            if any(c.type == "asterisk" for c in node.named_children):
                module, name = source.text(path), "*"
            yield Import(module, first_line(node), (name,))


def _raises(source: Source, captures: Captures) -> Iterator[Raise]:
    for node in captures.get("throw", ()):
        value = first_named(node)
        if value is not None and value.type == "object_creation_expression":
            value = value.child_by_field_name("type")
        if value is not None:
            yield Raise(call_text(source.text(value)), first_line(node))
    for node in captures.get("catch", ()):
        for caught in node.named_children:
            yield Raise(source.text(caught), first_line(node), caught=True)


def _package(source: Source, captures: Captures) -> str:
    nodes = captures.get("package", ())
    named = [c for c in nodes[0].named_children if c.type.endswith("identifier")] if nodes else []
    return source.text(named[0]) if named else ""


def _declared(source: Source, captures: Captures) -> Iterator[str]:
    return (part for part in _package(source, captures).split(".") if part)


RULES = Rules(
    query=_QUERY,
    symbols=_symbols,
    call=_call,
    imports=_imports,
    raises=_raises,
    declared=_declared,
    namespace=_package,
)
