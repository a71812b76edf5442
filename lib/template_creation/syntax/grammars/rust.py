"""Rust: items with their attributes, functions inside ``impl`` and trait blocks as methods."""

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
)
from template_creation.values.facts import Call, Import, Parameter, Raise, SymbolKind

__all__ = ["RULES"]

_QUERY = """
[(identifier) (type_identifier) (field_identifier) (shorthand_field_identifier)] @id
(struct_item) @struct
(union_item) @struct
(enum_item) @enum
(trait_item) @trait
(type_item) @type
(mod_item) @module
(impl_item) @impl
(const_item) @constant
(static_item) @constant
[(function_item) (function_signature_item)] @function
(use_declaration) @use
(call_expression) @call
(macro_invocation) @call
(call_expression function: (identifier) @_err (#eq? @_err "Err")) @failure

(struct_item name: (type_identifier) @decl)
(union_item name: (type_identifier) @decl)
(enum_item name: (type_identifier) @decl)
(enum_variant name: (identifier) @decl)
(trait_item name: (type_identifier) @decl)
(type_item name: (type_identifier) @decl)
(associated_type name: (type_identifier) @decl)
(mod_item name: (identifier) @decl)
(const_item name: (identifier) @decl)
(static_item name: (identifier) @decl)
(function_item name: (identifier) @decl)
(function_signature_item name: (identifier) @decl)
(macro_definition name: (identifier) @decl)
(field_declaration name: (field_identifier) @decl)
(type_parameter name: (type_identifier) @decl)
(const_parameter name: (identifier) @decl)
(parameter pattern: (identifier) @decl)
(closure_parameters (identifier) @decl)
(let_declaration pattern: (identifier) @decl)
(let_condition pattern: (identifier) @decl)
(for_expression pattern: (identifier) @decl)
(tuple_pattern (identifier) @decl)
(slice_pattern (identifier) @decl)
(mut_pattern (identifier) @decl)
(ref_pattern (identifier) @decl)
(reference_pattern (identifier) @decl)
(captured_pattern . (identifier) @decl)
(tuple_struct_pattern type: (_) (identifier) @bound)
(field_pattern name: (shorthand_field_identifier) @decl)
(field_pattern pattern: (identifier) @decl)
(match_pattern (identifier) @bound)
(use_as_clause alias: (identifier) @decl)
"""

_KINDS: Final[tuple[SymbolKind, ...]] = ("struct", "enum", "trait", "type", "module", "function")
_CONSTANT_HOLDERS: Final = {"source_file", "declaration_list"}


def _symbols(source: Source, captures: Captures) -> Iterator[Draft]:
    for kind in _KINDS:
        for node in captures.get(kind, ()):
            if (item := _item(source, node, kind)) is not None:
                yield item
    for node in captures.get("constant", ()):
        if node.parent is not None and node.parent.type in _CONSTANT_HOLDERS:
            item = _item(source, node, "constant")
            if item is not None:
                yield item
    for node in captures.get("impl", ()):
        target = node.child_by_field_name("type")
        if target is not None:
            name = source.text(target).partition("<")[0].rpartition("::")[2]
            yield draft(source, node, name=name.lstrip("&* "), kind=None)


def _item(source: Source, node: Node, kind: SymbolKind) -> Draft | None:
    name = node.child_by_field_name("name")
    if name is None:
        return None
    attributes, outer = _attributes(source, node)
    item = draft(
        source,
        node,
        name=source.text(name),
        kind=kind,
        body=node.child_by_field_name("body"),
        outer=outer,
    )
    item.decorators = attributes
    item.modifiers = tuple(_modifiers(source, node))
    trait_impl = _implements_trait(node)
    item.exported = trait_impl or any(text.startswith("pub") for text in item.modifiers)
    item.is_async = "async" in item.modifiers
    item.documented = comment_above(source, item.start, b"///", b"/**", ends=b"*/") or any(
        text.startswith("doc") for text in attributes
    )
    if kind == "function":
        item.parameters = tuple(_parameters(source, node))
        returns = node.child_by_field_name("return_type")
        item.returns = clip(source.text(returns)) if returns is not None else ""
    if kind == "trait" and (bounds := node.child_by_field_name("bounds")) is not None:
        item.bases = tuple(clip(source.text(child)) for child in bounds.named_children)
    return item


def _implements_trait(node: Node) -> bool:
    holder = node.parent.parent if node.parent is not None else None
    if holder is None:
        return False
    if holder.type == "trait_item":
        return True
    return holder.type == "impl_item" and holder.child_by_field_name("trait") is not None


def _attributes(source: Source, node: Node) -> tuple[tuple[str, ...], Node]:
    found: list[str] = []
    outer = node
    previous = node.prev_named_sibling
    while previous is not None and previous.type in {"attribute_item", "line_comment"}:
        if previous.type == "attribute_item":
            found.insert(0, clip(source.text(previous).removeprefix("#[").removesuffix("]")))
            outer = previous
        elif source.text(previous).startswith("///"):
            break
        previous = previous.prev_named_sibling
    return tuple(found), outer


def _modifiers(source: Source, node: Node) -> Iterator[str]:
    for child in node.named_children:
        if child.type == "visibility_modifier":
            yield "".join(source.text(child).split())
        elif child.type == "function_modifiers":
            yield from source.text(child).split()


def _parameters(source: Source, node: Node) -> Iterator[Parameter]:
    found = node.child_by_field_name("parameters")
    for child in found.named_children if found is not None else ():
        if child.type == "self_parameter":
            yield Parameter("self", clip(source.text(child)))
        elif child.type == "parameter":
            pattern = child.child_by_field_name("pattern")
            annotation = child.child_by_field_name("type")
            if pattern is not None:
                text = clip(source.text(annotation)) if annotation is not None else ""
                yield Parameter(clip(source.text(pattern)), text)


def _call(source: Source, node: Node) -> Call | None:
    if node.type == "macro_invocation":
        function = node.child_by_field_name("macro")
        arguments = next((c for c in node.named_children if c.type == "token_tree"), None)
        mark = "!"
    else:
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        mark = ""
    if function is None:
        return None
    argument = source.literal(first_named(arguments), "string_literal", "raw_string_literal")
    callee = source.callee(function.start_byte, function.end_byte)
    return Call(callee + mark, first_line(node), argument)


def _imports(source: Source, captures: Captures) -> Iterator[Import]:
    for node in captures.get("use", ()):
        argument = node.child_by_field_name("argument")
        if argument is not None:
            yield from _used(source, argument, "", first_line(node))


def _raises(source: Source, captures: Captures) -> Iterator[Raise]:
    """``Err(Error::NotFound)`` names what goes wrong, as a throw does elsewhere."""
    for node in captures.get("failure", ()):
        value = first_named(node.child_by_field_name("arguments"))
        if value is not None and value.type == "call_expression":
            value = value.child_by_field_name("function")
        elif value is not None and value.type == "struct_expression":
            value = value.child_by_field_name("name")
        if value is not None and value.type in {"scoped_identifier", "scoped_type_identifier"}:
            yield Raise(source.callee(value.start_byte, value.end_byte), first_line(node))


def _declared(source: Source, captures: Captures) -> Iterator[str]:
    """Names that a pattern binds; ``None`` and other constants in one begin with a capital."""
    names = (source.text(node) for node in captures.get("bound", ()))
    return (name for name in names if not name[:1].isupper())


def _used(source: Source, node: Node, prefix: str, line: int) -> Iterator[Import]:
    """One `Import` per path of a ``use`` tree, groups opened."""
    if node.type == "scoped_use_list":
        path = node.child_by_field_name("path")
        listed = node.child_by_field_name("list")
        inner = f"{prefix}{source.text(path)}::" if path is not None else prefix
        for child in listed.named_children if listed is not None else ():
            yield from _used(source, child, inner, line)
        return
    if node.type == "use_list":
        for child in node.named_children:
            yield from _used(source, child, prefix, line)
        return
    if node.type == "use_as_clause":
        node = node.child_by_field_name("path") or node
    text = prefix + "".join(source.text(node).split())
    module, _, name = text.rpartition("::")
    yield Import(module, line, (name,)) if module else Import(name, line)


RULES = Rules(
    query=_QUERY,
    symbols=_symbols,
    call=_call,
    imports=_imports,
    raises=_raises,
    declared=_declared,
)
