"""Go: types with embedded ones as bases, functions, methods under their receiver's type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tree_sitter import Node

from template_creation.syntax.source import (
    Captures,
    Draft,
    Rules,
    Source,
    clip,
    comment_above,
    draft,
    first_line,
    first_named,
    string_content,
)
from template_creation.values.facts import Call, Import, Parameter, SymbolKind

__all__ = ["RULES"]

_QUERY = """
[(identifier) (type_identifier) (field_identifier) (package_identifier) (label_name)] @id
(type_spec) @type
(type_alias) @type
(function_declaration) @function
(method_declaration) @method
(method_elem) @element
(source_file (const_declaration (const_spec) @constant))
(source_file (var_declaration (var_spec) @constant))
(source_file (var_declaration (var_spec_list (var_spec) @constant)))
(package_clause (package_identifier) @package)
(import_spec) @import
(call_expression) @call

(package_clause (package_identifier) @decl)
(type_spec name: (type_identifier) @decl)
(type_alias name: (type_identifier) @decl)
(function_declaration name: (identifier) @decl)
(method_declaration name: (field_identifier) @decl)
(method_elem name: (field_identifier) @decl)
(field_declaration name: (field_identifier) @decl)
(parameter_declaration name: (identifier) @decl)
(variadic_parameter_declaration name: (identifier) @decl)
(type_parameter_declaration name: (identifier) @decl)
(const_spec name: (identifier) @decl)
(var_spec name: (identifier) @decl)
(short_var_declaration left: (expression_list (identifier) @decl))
(range_clause left: (expression_list (identifier) @decl))
(receive_statement left: (expression_list (identifier) @decl))
(type_switch_statement alias: (expression_list (identifier) @decl))
(import_spec name: (package_identifier) @decl)
(labeled_statement label: (label_name) @decl)
"""

_TYPE_KINDS: Final[dict[str, SymbolKind]] = {"struct_type": "struct", "interface_type": "interface"}


def _symbols(source: Source, captures: Captures) -> Iterator[Draft]:
    for node in captures.get("type", ()):
        if (item := _type(source, node)) is not None:
            yield item
    for kind in ("function", "method", "element"):
        for node in captures.get(kind, ()):
            if (item := _function(source, node, kind)) is not None:
                yield item
    for node in captures.get("constant", ()):
        for name in node.children_by_field_name("name"):
            if name.type == "identifier":
                item = _specified(source, node, draft_kind="constant", name=source.text(name))
                item.parent = ""
                yield _finished(source, item)


def _type(source: Source, node: Node) -> Draft | None:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("type")
    if name is None or value is None:
        return None
    body = next((c for c in value.children if c.type in {"field_declaration_list", "{"}), None)
    kind = _TYPE_KINDS.get(value.type, "type")
    item = _specified(source, node, draft_kind=kind, name=source.text(name), body=body)
    item.bases = tuple(_embedded(source, value))
    return _finished(source, item)


def _specified(
    source: Source, node: Node, *, draft_kind: SymbolKind, name: str, body: Node | None = None
) -> Draft:
    """The draft of a specification; a lone one begins at its ``type``, ``const`` or ``var``,
    so that an excerpt is whole, and in a group the keyword is put before its signature."""
    holder = node.parent
    while holder is not None and not holder.type.endswith("_declaration"):
        holder = holder.parent
    lone = holder is not None and holder.start_point.row == node.start_point.row
    item = draft(
        source,
        node,
        name=name,
        kind=draft_kind,
        body=body,
        outer=holder if lone else None,
        signature_start=holder.start_byte if lone and holder is not None else None,
    )
    if not lone and holder is not None:
        item.signature = f"{holder.type.partition('_')[0]} {item.signature}"
    return item


def _embedded(source: Source, value: Node) -> Iterator[str]:
    for child in value.named_children:
        if child.type == "type_elem":
            yield clip(source.text(child))
        for member in child.named_children if child.type == "field_declaration_list" else ():
            embedded = member.child_by_field_name("type")
            if (
                member.type == "field_declaration"
                and member.child_by_field_name("name") is None
                and embedded is not None
            ):
                yield clip(source.text(embedded).lstrip("*"))


def _function(source: Source, node: Node, kind: str) -> Draft | None:
    name = node.child_by_field_name("name")
    if name is None:
        return None
    item = draft(
        source,
        node,
        name=source.text(name),
        kind="function" if kind == "function" else "method",
        body=node.child_by_field_name("body"),
    )
    if kind == "method":
        item.parent = _receiver(source, node)
    item.parameters = tuple(_parameters(source, node.child_by_field_name("parameters")))
    result = node.child_by_field_name("result")
    item.returns = clip(source.text(result)) if result is not None else ""
    return _finished(source, item)


def _finished(source: Source, item: Draft) -> Draft:
    item.exported = item.name[:1].isupper()
    item.documented = comment_above(source, item.start, b"//", ends=b"*/")
    return item


def _receiver(source: Source, node: Node) -> str:
    receiver = node.child_by_field_name("receiver")
    declaration = first_named(receiver)
    kind = declaration.child_by_field_name("type") if declaration is not None else None
    return source.text(kind).lstrip("*( ").partition("[")[0].rstrip(") ") if kind else ""


def _parameters(source: Source, node: Node | None) -> Iterator[Parameter]:
    for child in node.named_children if node is not None else ():
        annotation = child.child_by_field_name("type")
        text = clip(source.text(annotation)) if annotation is not None else ""
        if child.type == "variadic_parameter_declaration":
            text = f"...{text}"
        names: list[Node | None] = [*child.children_by_field_name("name")]
        for name in names or [None]:
            if child.type.endswith("parameter_declaration"):
                yield Parameter(source.text(name) if name is not None else "", text)


def _call(source: Source, node: Node) -> Call | None:
    function = node.child_by_field_name("function")
    if function is None:
        return None
    first = first_named(node.child_by_field_name("arguments"))
    callee = source.callee(function.start_byte, function.end_byte)
    argument = source.literal(first, "interpreted_string_literal", "raw_string_literal")
    return Call(callee, first_line(node), argument)


def _imports(source: Source, captures: Captures) -> Iterator[Import]:
    for node in captures.get("import", ()):
        if (path := node.child_by_field_name("path")) is not None:
            yield Import(string_content(source.text(path)), first_line(node))


def _namespace(source: Source, captures: Captures) -> str:
    nodes = captures.get("package", ())
    return source.text(nodes[0]) if nodes else ""


RULES = Rules(query=_QUERY, symbols=_symbols, call=_call, imports=_imports, namespace=_namespace)
