"""Python: classes, functions, module-level names, decorators, docstrings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from template_creation.syntax.source import (
    Captures,
    Draft,
    Rules,
    Source,
    clip,
    draft,
    first_line,
    first_named,
)
from template_creation.values.facts import Call, Import, Parameter, Raise

__all__ = ["RULES"]

_QUERY = """
(identifier) @id
(class_definition) @class
(function_definition) @function
(type_alias_statement) @alias
(module (expression_statement (assignment left: (identifier)) @constant))
(module (if_statement consequence: (block
  (expression_statement (assignment left: (identifier)) @constant))))
(call) @call
(import_statement) @import
(import_from_statement) @import_from
(future_import_statement) @import_from
(raise_statement) @raise
(except_clause) @except

(class_definition name: (identifier) @decl)
(function_definition name: (identifier) @decl)
(type_alias_statement left: (type (identifier) @decl))
(function_definition type_parameters: (type_parameter (type (identifier) @decl)))
(class_definition type_parameters: (type_parameter (type (identifier) @decl)))
(parameters (identifier) @decl)
(lambda_parameters (identifier) @decl)
(typed_parameter . (identifier) @decl)
(default_parameter name: (identifier) @decl)
(typed_default_parameter name: (identifier) @decl)
(list_splat_pattern (identifier) @decl)
(dictionary_splat_pattern (identifier) @decl)
(assignment left: (identifier) @decl)
(assignment left: (attribute object: (identifier) @self attribute: (identifier) @decl)
  (#any-of? @self "self" "cls"))
(pattern_list (identifier) @decl)
(tuple_pattern (identifier) @decl)
(list_pattern (identifier) @decl)
(for_statement left: (identifier) @decl)
(for_in_clause left: (identifier) @decl)
(named_expression name: (identifier) @decl)
(as_pattern_target (identifier) @decl)
(as_pattern_target (tuple (identifier) @decl))
(aliased_import alias: (identifier) @decl)
(case_pattern (dotted_name . (identifier) @decl .))
(keyword_pattern (dotted_name . (identifier) @decl .))
(splat_pattern (identifier) @decl)
"""

_ENUM_BASES = ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "TextChoices", "IntegerChoices")


def _symbols(source: Source, captures: Captures) -> Iterator[Draft]:
    for node in captures.get("class", ()):
        if (item := _class(source, node)) is not None:
            yield item
    for node in captures.get("function", ()):
        if (item := _function(source, node)) is not None:
            yield item
    for node in captures.get("alias", ()):
        if (left := node.child_by_field_name("left")) is not None:
            item = draft(source, node, name=source.text(left).partition("[")[0], kind="type")
            item.exported = not item.name.startswith("_")
            yield item
    for node in captures.get("constant", ()):
        yield _constant(source, node)


def _class(source: Source, node: Node) -> Draft | None:
    name = node.child_by_field_name("name")
    if name is None:
        return None
    body = node.child_by_field_name("body")
    outer, decorators = _decorators(source, node)
    superclasses = node.child_by_field_name("superclasses")
    bases = (
        tuple(clip(source.text(n)) for n in superclasses.named_children if n.type != "comment")
        if superclasses
        else ()
    )
    is_enum = any(base.rpartition(".")[2] in _ENUM_BASES for base in bases)
    item = draft(
        source,
        node,
        name=source.text(name),
        kind="enum" if is_enum else "class",
        outer=outer,
        signature_end=_colon(node),
    )
    item.decorators = decorators
    item.bases = bases
    item.documented = _has_docstring(body)
    item.exported = not item.name.startswith("_")
    return item


def _function(source: Source, node: Node) -> Draft | None:
    name = node.child_by_field_name("name")
    if name is None:
        return None
    body = node.child_by_field_name("body")
    outer, decorators = _decorators(source, node)
    item = draft(
        source,
        node,
        name=source.text(name),
        kind="function",
        outer=outer,
        signature_end=_colon(node),
    )
    item.decorators = decorators
    item.parameters = tuple(_parameters(source, node.child_by_field_name("parameters")))
    returns = node.child_by_field_name("return_type")
    item.returns = clip(source.text(returns)) if returns is not None else ""
    item.documented = _has_docstring(body)
    item.is_async = source.data.startswith(b"async", node.start_byte)
    item.exported = not item.name.startswith("_") or item.name.endswith("__")
    return item


def _colon(node: Node) -> int | None:
    """Behind the colon: a comment may follow it before the body begins."""
    return next((child.end_byte for child in node.children if child.type == ":"), None)


def _constant(source: Source, node: Node) -> Draft:
    left = node.child_by_field_name("left")
    annotation = node.child_by_field_name("type")
    name = source.text(left) if left is not None else ""
    is_alias = annotation is not None and source.text(annotation).endswith("TypeAlias")
    item = draft(source, node, name=name, kind="type" if is_alias else "constant")
    item.returns = clip(source.text(annotation)) if annotation is not None else ""
    item.exported = not name.startswith("_")
    return item


def _decorators(source: Source, node: Node) -> tuple[Node | None, tuple[str, ...]]:
    parent = node.parent
    if parent is None or parent.type != "decorated_definition":
        return None, ()
    found = [child for child in parent.named_children if child.type == "decorator"]
    return parent, tuple(clip(source.text(child).lstrip("@ ")) for child in found)


def _has_docstring(body: Node | None) -> bool:
    first = next((n for n in body.named_children if n.type != "comment"), None) if body else None
    if first is None or first.type != "expression_statement":
        return False
    inner = first_named(first)
    return inner is not None and inner.type in {"string", "concatenated_string"}


def _parameters(source: Source, node: Node | None) -> Iterator[Parameter]:
    for child in node.named_children if node is not None else ():
        kind = child.type
        if kind == "identifier":
            yield Parameter(source.text(child))
        elif kind in {"list_splat_pattern", "dictionary_splat_pattern"}:
            yield Parameter(source.text(child).lstrip("*"))
        elif kind in {"typed_parameter", "default_parameter", "typed_default_parameter"}:
            name = child.child_by_field_name("name") or first_named(child)
            annotation = child.child_by_field_name("type")
            if name is not None:
                yield Parameter(
                    source.text(name).lstrip("*"),
                    clip(source.text(annotation)) if annotation is not None else "",
                )


def _call(source: Source, node: Node) -> Call | None:
    function = node.child_by_field_name("function")
    if function is None:
        return None
    first = first_named(node.child_by_field_name("arguments"))
    callee = source.callee(function.start_byte, function.end_byte)
    return Call(callee, first_line(node), source.literal(first, "string"))


def _imports(source: Source, captures: Captures) -> Iterable[Import]:
    for node in captures.get("import", ()):
        for name in node.children_by_field_name("name"):
            target = name.child_by_field_name("name") if name.type == "aliased_import" else name
            if target is not None:
                yield Import(source.text(target), first_line(node))
    for node in captures.get("import_from", ()):
        module = node.child_by_field_name("module_name")
        names = [
            name.child_by_field_name("name") or name for name in node.children_by_field_name("name")
        ]
        if any(child.type == "wildcard_import" for child in node.named_children):
            found: tuple[str, ...] = ("*",)
        else:
            found = tuple(source.text(name) for name in names)
        text = source.text(module) if module is not None else "__future__"
        yield Import(text, first_line(node), found)


def _raises(source: Source, captures: Captures) -> Iterable[Raise]:
    for node in captures.get("raise", ()):
        value = first_named(node)
        if value is None:
            continue
        if value.type == "call":
            value = value.child_by_field_name("function") or value
        if value.type in {"identifier", "attribute"}:
            yield Raise(source.text(value), first_line(node))
    for node in captures.get("except", ()):
        for name in _caught(node):
            yield Raise(source.text(name), first_line(node), caught=True)


def _caught(node: Node) -> Iterator[Node]:
    pending = [child for child in node.named_children if child.type not in {"block", "comment"}]
    while pending:
        value = pending.pop(0)
        if value.type in {"identifier", "attribute"}:
            yield value
        elif value.type == "as_pattern":
            pending[:0] = value.named_children[:1]
        elif value.type in {"tuple", "parenthesized_expression", "expression_list"}:
            pending[:0] = value.named_children


RULES = Rules(query=_QUERY, symbols=_symbols, call=_call, imports=_imports, raises=_raises)
