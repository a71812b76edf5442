"""C#: types, records, members with attributes and modifiers, namespaces of both forms."""

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
(identifier) @id
(class_declaration) @class
(record_declaration) @record
(interface_declaration) @interface
(struct_declaration) @struct
(enum_declaration) @enum
(delegate_declaration) @type
(method_declaration) @method
(constructor_declaration) @method
(local_function_statement) @function
[(namespace_declaration) (file_scoped_namespace_declaration)] @namespace
(using_directive) @using
(invocation_expression) @call
[(throw_statement) (throw_expression)] @throw
(catch_declaration) @catch

(class_declaration name: (identifier) @decl)
(record_declaration name: (identifier) @decl)
(interface_declaration name: (identifier) @decl)
(struct_declaration name: (identifier) @decl)
(enum_declaration name: (identifier) @decl)
(enum_member_declaration name: (identifier) @decl)
(delegate_declaration name: (identifier) @decl)
(method_declaration name: (identifier) @decl)
(constructor_declaration name: (identifier) @decl)
(property_declaration name: (identifier) @decl)
(event_declaration name: (identifier) @decl)
(local_function_statement name: (identifier) @decl)
(variable_declarator name: (identifier) @decl)
(parameter name: (identifier) @decl)
(implicit_parameter) @decl
(type_parameter name: (identifier) @decl)
(catch_declaration name: (identifier) @decl)
(foreach_statement left: (identifier) @decl)
(declaration_expression name: (identifier) @decl)
(declaration_pattern name: (identifier) @decl)
(recursive_pattern name: (identifier) @decl)
(parenthesized_variable_designation (identifier) @decl)
(using_directive name: (identifier) @decl)
(namespace_declaration name: (identifier) @decl)
(file_scoped_namespace_declaration name: (identifier) @decl)
(namespace_declaration name: (qualified_name) @path)
(file_scoped_namespace_declaration name: (qualified_name) @path)
(from_clause name: (identifier) @decl)
(let_clause . (identifier) @decl)
(labeled_statement . (identifier) @decl)
"""

_TYPES: Final[tuple[SymbolKind, ...]] = ("class", "record", "interface", "struct", "enum", "type")
_STRINGS: Final = (
    "string_literal",
    "verbatim_string_literal",
    "raw_string_literal",
    "interpolated_string_expression",
)
_PUBLIC: Final = {"public", "internal", "protected"}


def _symbols(source: Source, captures: Captures) -> Iterator[Draft]:
    for kind in _TYPES:
        for node in captures.get(kind, ()):
            if (item := _member(source, node, kind)) is not None:
                item.bases = tuple(_bases(source, node))
                item.parameters = tuple(_parameters(source, node))
                yield item
    callables: tuple[SymbolKind, ...] = ("method", "function")
    for kind in callables:
        for node in captures.get(kind, ()):
            if (item := _member(source, node, kind)) is not None:
                returns = node.child_by_field_name("returns") or node.child_by_field_name("type")
                item.returns = clip(source.text(returns)) if returns is not None else ""
                item.parameters = tuple(_parameters(source, node))
                item.is_async = "async" in item.modifiers
                yield item


def _member(source: Source, node: Node, kind: SymbolKind) -> Draft | None:
    name = node.child_by_field_name("name")
    if name is None:
        return None
    attributes = [child for child in node.named_children if child.type == "attribute_list"]
    item = draft(
        source,
        node,
        name=source.text(name),
        kind=kind,
        body=node.child_by_field_name("body"),
        signature_start=_after(node, attributes),
    )
    item.decorators = tuple(
        clip(source.text(attribute))
        for group in attributes
        for attribute in group.named_children
        if attribute.type == "attribute"
    )
    item.modifiers = tuple(source.text(c) for c in node.named_children if c.type == "modifier")
    item.exported = "public" in item.modifiers or (
        _in_interface(node) and not _PUBLIC & set(item.modifiers)
    )
    item.documented = comment_above(source, item.start, b"///")
    return item


def _after(node: Node, attributes: list[Node]) -> int | None:
    if not attributes:
        return None
    following = attributes[-1].next_sibling
    return following.start_byte if following is not None else node.start_byte


def _in_interface(node: Node) -> bool:
    holder = node.parent.parent if node.parent is not None else None
    return holder is not None and holder.type == "interface_declaration"


def _bases(source: Source, node: Node) -> Iterator[str]:
    for child in node.named_children:
        if child.type == "base_list":
            skipped = {"comment", "argument_list"}
            yield from (clip(source.text(c)) for c in child.named_children if c.type not in skipped)


def _parameters(source: Source, node: Node) -> Iterator[Parameter]:
    found = node.child_by_field_name("parameters") or next(
        (child for child in node.named_children if child.type == "parameter_list"), None
    )
    for child in found.named_children if found is not None else ():
        name = child.child_by_field_name("name")
        annotation = child.child_by_field_name("type")
        if child.type == "parameter" and name is not None:
            text = clip(source.text(annotation)) if annotation is not None else ""
            yield Parameter(source.text(name), text)


def _call(source: Source, node: Node) -> Call | None:
    function = node.child_by_field_name("function")
    if function is None:
        return None
    argument = first_named(node.child_by_field_name("arguments"))
    value = (
        argument.named_children[-1] if argument is not None and argument.named_children else None
    )
    callee = source.callee(function.start_byte, function.end_byte)
    return Call(callee, first_line(node), source.literal(value, *_STRINGS))


def _imports(source: Source, captures: Captures) -> Iterator[Import]:
    for node in captures.get("using", ()):
        if node.named_child_count:
            path = node.named_children[-1]
            yield Import(source.text(path), first_line(node))


def _raises(source: Source, captures: Captures) -> Iterator[Raise]:
    for node in captures.get("throw", ()):
        value = first_named(node)
        if value is None:
            continue
        if value.type == "object_creation_expression":
            value = value.child_by_field_name("type")
        elif value.type == "invocation_expression":
            value = value.child_by_field_name("function")
        if value is not None:
            yield Raise(call_text(source.text(value)), first_line(node))
    for node in captures.get("catch", ()):
        if (caught := node.child_by_field_name("type")) is not None:
            yield Raise(source.text(caught), first_line(node), caught=True)


def _declared(source: Source, captures: Captures) -> Iterator[str]:
    for node in captures.get("path", ()):
        yield from source.text(node).split(".")


def _namespace(source: Source, captures: Captures) -> str:
    nodes = captures.get("namespace", ())
    name = nodes[0].child_by_field_name("name") if nodes else None
    return source.text(name) if name is not None else ""


RULES = Rules(
    query=_QUERY,
    symbols=_symbols,
    call=_call,
    imports=_imports,
    raises=_raises,
    declared=_declared,
    namespace=_namespace,
)
