"""Ruby: modules, classes, methods with their visibility, and what class macros declare."""

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
from template_creation.values.facts import Call, Import, Parameter, Raise, SymbolKind

__all__ = ["RULES"]

_QUERY = """
[(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @id
(class) @class
(module) @module
[(method) (singleton_method)] @method
(assignment left: (constant)) @constant
(call) @call
(body_statement (identifier) @visibility
  (#any-of? @visibility "private" "protected" "public" "module_function"))
(rescue (exceptions) @caught)
(call !receiver method: (identifier) @_require
  (#any-of? @_require "require" "require_relative" "load" "autoload")) @require
(call !receiver method: (identifier) @_raise (#any-of? @_raise "raise" "fail")) @raise
(call !receiver arguments: (argument_list (simple_symbol))) @macro
(call receiver: (identifier) @_table (#eq? @_table "t")) @column
(call block: (_)) @block

(class name: (constant) @decl)
(class name: (scope_resolution name: (constant) @decl))
(module name: (constant) @decl)
(module name: (scope_resolution name: (constant) @decl))
(method name: (_) @decl)
(singleton_method name: (_) @decl)
(alias name: (identifier) @decl)
(assignment left: [(identifier) (constant) (instance_variable) (class_variable)
  (global_variable)] @decl)
(operator_assignment left: [(identifier) (instance_variable) (class_variable)] @decl)
(left_assignment_list [(identifier) (instance_variable)] @decl)
(method_parameters (identifier) @decl)
(block_parameters (identifier) @decl)
(lambda_parameters (identifier) @decl)
(destructured_parameter (identifier) @decl)
(optional_parameter name: (identifier) @decl)
(splat_parameter name: (identifier) @decl)
(keyword_parameter name: (identifier) @decl)
(hash_splat_parameter name: (identifier) @decl)
(block_parameter name: (identifier) @decl)
(exception_variable (identifier) @decl)
(for pattern: (identifier) @decl)
"""

_TESTS: Final = {
    "context", "describe", "example", "feature", "fit", "it", "scenario", "specify", "test", "xit",
}  # fmt: skip
_DECLARING: Final = {
    "accepts_nested_attributes_for", "alias_attribute", "alias_method", "attr_accessor",
    "attr_reader", "attr_writer", "attribute", "belongs_to", "cattr_accessor", "class_attribute",
    "define_method", "delegate", "enum", "factory", "has_and_belongs_to_many", "has_many",
    "has_many_attached", "has_one", "has_one_attached", "helper_method", "let", "let!",
    "mattr_accessor", "namespace", "resource", "resources", "scope", "store_accessor", "subject",
    "trait",
}  # fmt: skip
"""Calls without a receiver whose leading symbols become methods, helpers or routes."""
_CONSTANTS: Final = {"constant", "scope_resolution"}


def _symbols(source: Source, captures: Captures) -> Iterator[Draft]:
    kinds: tuple[SymbolKind, ...] = ("class", "module")
    for kind in kinds:
        for node in captures.get(kind, ()):
            yield from _container(source, node, kind)
    marks = captures.get("visibility", [])
    for node in captures.get("method", ()):
        if (item := _method(source, node, marks)) is not None:
            yield item
    for node in captures.get("constant", ()):
        left = node.child_by_field_name("left")
        if left is not None:
            item = draft(source, node, name=source.text(left), kind="constant")
            item.exported = True
            yield item
    for node in captures.get("block", ()):
        if (item := _test_block(source, node)) is not None:
            yield item


def _container(source: Source, node: Node, kind: SymbolKind) -> Iterator[Draft]:
    name = node.child_by_field_name("name")
    if name is None:
        return
    superclass = node.child_by_field_name("superclass")
    item = draft(
        source,
        node,
        name=source.text(name).rpartition("::")[2],
        kind=kind,
        signature_end=(superclass or name).end_byte,
    )
    if superclass is not None:
        item.bases = (clip(source.text(superclass).lstrip("< ")),)
    item.exported = True
    item.documented = comment_above(source, item.start, b"#")
    yield item


def _method(source: Source, node: Node, marks: list[Node]) -> Draft | None:
    name = node.child_by_field_name("name")
    if name is None:
        return None
    parameters = node.child_by_field_name("parameters")
    item = draft(
        source,
        node,
        name=source.text(name),
        kind="method" if _inside_container(node) else "function",
        signature_end=(parameters or name).end_byte,
    )
    item.parameters = tuple(_parameters(source, parameters))
    visibility = _visibility(source, node, marks)
    static = ("static",) if node.type == "singleton_method" else ()
    item.modifiers = static + ((visibility,) if visibility != "public" else ())
    item.exported = visibility not in {"private", "protected"}
    item.documented = comment_above(source, item.start, b"#")
    return item


def _inside_container(node: Node) -> bool:
    holder = node.parent
    while holder is not None and holder.type not in {"class", "module", "singleton_class"}:
        holder = holder.parent
    return holder is not None


def _visibility(source: Source, node: Node, marks: list[Node]) -> str:
    holder = node.parent
    if holder is not None and holder.type == "argument_list" and holder.parent is not None:
        wrapper = holder.parent.child_by_field_name("method")
        text = source.text(wrapper) if wrapper is not None else ""
        return text if text in {"private", "protected", "module_function"} else "public"
    if node.type == "singleton_method":
        return "public"
    found = "public"
    for mark in marks:
        if mark.start_byte > node.start_byte:
            break
        if mark.parent == holder:
            found = source.text(mark)
    return found


def _parameters(source: Source, node: Node | None) -> Iterator[Parameter]:
    for child in node.named_children if node is not None else ():
        name = child.child_by_field_name("name")
        if child.type == "identifier":
            yield Parameter(source.text(child))
        elif name is not None:
            yield Parameter(source.text(name))


def _test_block(source: Source, node: Node) -> Draft | None:
    block = node.child_by_field_name("block")
    method = node.child_by_field_name("method")
    if block is None or method is None or source.text(method) not in _TESTS:
        return None
    receiver = node.child_by_field_name("receiver")
    if receiver is not None and source.text(receiver) != "RSpec":
        return None
    title = first_named(node.child_by_field_name("arguments"))
    text = source.text(title) if title is not None else source.text(method)
    return draft(source, node, name=string_content(text), kind="test", body=block)


def _call(source: Source, node: Node) -> Call | None:
    method = node.child_by_field_name("method")
    if method is None:
        return None
    first = first_named(node.child_by_field_name("arguments"))
    callee = source.callee(node.start_byte, method.end_byte)
    return Call(callee, first_line(node), source.literal(first, "string", "simple_symbol"))


def _imports(source: Source, captures: Captures) -> Iterator[Import]:
    for node in captures.get("require", ()):
        found = _call(source, node)
        if found is not None and found.first_argument:
            yield Import(found.first_argument, found.line)


def _raises(source: Source, captures: Captures) -> Iterator[Raise]:
    for node in captures.get("raise", ()):
        value = first_named(node.child_by_field_name("arguments"))
        if value is not None and value.type == "call":
            value = value.child_by_field_name("receiver")
        if value is not None and value.type in _CONSTANTS:
            yield Raise(source.text(value), first_line(node))
    for node in captures.get("caught", ()):
        for child in node.named_children:
            if child.type in _CONSTANTS:
                yield Raise(source.text(child), first_line(child), caught=True)


def _declared(source: Source, captures: Captures) -> Iterator[str]:
    """Methods, columns and helpers that class macros and table blocks declare by symbol."""
    for node in captures.get("macro", ()):
        method = node.child_by_field_name("method")
        if method is not None and source.text(method) in _DECLARING:
            yield from _names(source, node, "simple_symbol")
    for node in captures.get("column", ()):
        yield from _names(source, node, "simple_symbol", "string")


def _names(source: Source, node: Node, *kinds: str) -> Iterator[str]:
    arguments = node.child_by_field_name("arguments")
    for child in arguments.named_children if arguments is not None else ():
        if name := source.literal(child, *kinds):
            yield name


RULES = Rules(
    query=_QUERY,
    symbols=_symbols,
    call=_call,
    imports=_imports,
    raises=_raises,
    declared=_declared,
)
