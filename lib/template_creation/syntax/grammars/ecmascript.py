"""JavaScript and TypeScript, with or without JSX: what both grammars share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tree_sitter import Node

from template_creation.syntax.source import (
    Captures,
    Draft,
    Source,
    call_text,
    clip,
    comment_above,
    draft,
    first_line,
    first_named,
    string_content,
)
from template_creation.values.facts import Call, Import, Parameter, Raise, SymbolKind

__all__ = [
    "SHARED_QUERY",
    "as_function",
    "call",
    "declaration",
    "declared",
    "imports",
    "raises",
    "symbols",
]

SHARED_QUERY: Final = """
[(identifier) (property_identifier) (shorthand_property_identifier)
 (shorthand_property_identifier_pattern) (private_property_identifier)
 (statement_identifier)] @id

[(function_declaration) (generator_function_declaration)] @function
(class_declaration) @class
(method_definition) @method
(program (lexical_declaration) @top)
(program (variable_declaration) @top)
(program (export_statement declaration: (lexical_declaration) @top))
(program (export_statement declaration: (variable_declaration) @top))
(export_statement value: [(arrow_function) (function_expression) (class)] @default)
(call_expression) @call
(import_statement) @import
(export_statement source: (string)) @reexport
(call_expression function: (identifier) @_require (#eq? @_require "require")) @require
(throw_statement) @throw
(export_statement !source (export_clause (export_specifier name: (identifier) @exported)))
(export_statement value: (identifier) @exported)
(assignment_expression left: (member_expression) @_module right: [
  (identifier) @exported (object (shorthand_property_identifier) @exported)]
  (#eq? @_module "module.exports"))

(function_declaration name: (_) @decl)
(generator_function_declaration name: (_) @decl)
(function_expression name: (_) @decl)
(class_declaration name: (_) @decl)
(method_definition name: [(property_identifier) (private_property_identifier)] @decl)
(variable_declarator name: (identifier) @decl)
(shorthand_property_identifier_pattern) @decl
(pair_pattern value: (identifier) @decl)
(array_pattern (identifier) @decl)
(rest_pattern (identifier) @decl)
(assignment_pattern left: (identifier) @decl)
(arrow_function parameter: (identifier) @decl)
(catch_clause parameter: (identifier) @decl)
(for_in_statement left: (identifier) @decl)
(import_specifier alias: (identifier) @decl)
(export_specifier alias: (identifier) @decl)
(pair key: (property_identifier) @decl value: [(arrow_function) (function_expression)])
(labeled_statement label: (statement_identifier) @decl)
"""
"""Patterns that both grammars know; imported names are not declarations, aliases are."""

_FUNCTIONS: Final = {"arrow_function", "function_expression", "generator_function"}
_TESTS: Final = {
    "bench", "context", "describe", "feature", "fdescribe", "fit", "it", "scenario", "specify",
    "suite", "test", "xdescribe", "xit", "xtest",
}  # fmt: skip
_MODIFIERS: Final = {"abstract", "static", "readonly", "async", "get", "set", "declare", "override"}
_LOCAL_MODULES: Final = (".", "/", "@/", "~/", "#", "$", "src/")


def symbols(source: Source, captures: Captures) -> Iterator[Draft]:
    """Functions, classes, methods, top-level constants, default exports and test blocks.

    A name that ``export { x }``, ``export default x`` or ``module.exports`` gives away is
    exported wherever it is declared.
    """
    given = {source.text(node) for node in captures.get("exported", ())}
    for item in _symbols(source, captures):
        item.exported = item.exported or (
            item.kind not in {"method", "test"} and item.name in given
        )
        yield item


def _symbols(source: Source, captures: Captures) -> Iterator[Draft]:
    for node in captures.get("function", ()):
        if (item := _named(source, node, "function")) is not None:
            yield as_function(source, node, item)
    for node in captures.get("class", ()):
        if (item := _named(source, node, "class")) is not None:
            item.bases = tuple(_bases(source, node))
            yield item
    for node in captures.get("method", ()):
        if node.parent is not None and node.parent.type == "object":
            continue
        if (item := _named(source, node, "method")) is not None:
            yield as_function(source, node, item)
    for node in captures.get("top", ()):
        yield from _top_level(source, node)
    for node in captures.get("default", ()):
        yield _default_export(source, node)
    for node in captures.get("call", ()):
        if (item := _test_block(source, node)) is not None:
            yield item


def _named(source: Source, node: Node, kind: SymbolKind) -> Draft | None:
    name = node.child_by_field_name("name")
    return declaration(source, node, source.text(name), kind) if name is not None else None


def declaration(source: Source, node: Node, name: str, kind: SymbolKind) -> Draft:
    """The draft of a declaration that may stand in an export and carry decorators."""
    parent = node.parent
    exported = parent is not None and parent.type == "export_statement"
    holder = parent if exported and parent is not None else node
    decorators, outer = _decorators(source, holder, node)
    item = draft(
        source,
        node,
        name=name,
        kind=kind,
        body=node.child_by_field_name("body"),
        outer=outer,
        signature_start=_signature_start(holder),
    )
    item.decorators = decorators
    item.exported = exported or (kind == "method" and not name.startswith(("#", "_")))
    item.modifiers = tuple(_modifiers(source, holder, node))
    item.documented = comment_above(source, item.start, b"///", ends=b"*/")
    return item


def _signature_start(holder: Node) -> int:
    """Where the declaration begins after decorators that stand inside it."""
    for child in holder.children:
        if child.type not in {"decorator", "comment"}:
            return child.start_byte
    return holder.start_byte


def _decorators(source: Source, holder: Node, node: Node) -> tuple[tuple[str, ...], Node]:
    found = [c for c in holder.children if c.type == "decorator"]
    if holder is not node:
        found += [c for c in node.children if c.type == "decorator"]
    outer = holder
    previous = holder.prev_named_sibling
    while previous is not None and previous.type == "decorator":
        found.insert(0, previous)
        outer = previous
        previous = previous.prev_named_sibling
    return tuple(clip(source.text(c).lstrip("@ ")) for c in found), outer


def _modifiers(source: Source, holder: Node, node: Node) -> Iterator[str]:
    if holder.id != node.id and any(child.type == "default" for child in holder.children):
        yield "default"
    for child in node.children:
        if child.type in _MODIFIERS or child.type == "accessibility_modifier":
            yield source.text(child)
    if node.type == "abstract_class_declaration":
        return


def as_function(source: Source, node: Node, item: Draft) -> Draft:
    """``item`` with the parameters, return type and asynchrony of the function at ``node``."""
    parameters = node.child_by_field_name("parameters")
    single = node.child_by_field_name("parameter")
    if single is not None:
        item.parameters = (Parameter(source.text(single)),)
    else:
        item.parameters = tuple(_parameters(source, parameters))
    returns = node.child_by_field_name("return_type")
    item.returns = _annotation(source, returns)
    item.is_async = any(child.type == "async" for child in node.children)
    if "private" in item.modifiers or "protected" in item.modifiers:
        item.exported = False
    return item


def _annotation(source: Source, node: Node | None) -> str:
    return clip(source.text(node).lstrip(": ")) if node is not None else ""


def _parameters(source: Source, node: Node | None) -> Iterator[Parameter]:
    for child in node.named_children if node is not None else ():
        if child.type in {"comment", "decorator"}:
            continue
        if child.type in {"required_parameter", "optional_parameter"}:
            name = child.child_by_field_name("pattern")
            annotation = _annotation(source, child.child_by_field_name("type"))
        else:
            name, annotation = child, ""
        if name is not None and name.type == "assignment_pattern":
            name = name.child_by_field_name("left") or name
        if name is not None:
            yield Parameter(clip(source.text(name)).removeprefix("..."), annotation)


def _bases(source: Source, node: Node) -> Iterator[str]:
    for heritage in node.children:
        if heritage.type != "class_heritage":
            continue
        clauses = [c for c in heritage.named_children if c.type.endswith("_clause")]
        if not clauses:
            yield clip(source.text(heritage).removeprefix("extends").strip())
        for clause in clauses:
            if clause.type == "extends_clause":
                yield clip(source.text(clause).removeprefix("extends").strip())
            else:
                yield from (clip(source.text(c)) for c in clause.named_children)


def _top_level(source: Source, node: Node) -> Iterator[Draft]:
    """Each name that a top-level ``const``/``let``/``var`` binds: a function if its value is
    one, else a constant."""
    for declarator in node.named_children:
        name = declarator.child_by_field_name("name")
        if declarator.type != "variable_declarator" or name is None or name.type != "identifier":
            continue
        value = _unwrapped(declarator.child_by_field_name("value"))
        is_function = value is not None and value.type in _FUNCTIONS
        item = declaration(
            source, node, source.text(name), "function" if is_function else "constant"
        )
        if value is not None and is_function:
            inner = value.child_by_field_name("body")
            shaped = draft(
                source,
                node,
                name=item.name,
                kind="function",
                body=inner,
                signature_start=_signature_start(node.parent)
                if item.exported and node.parent is not None
                else None,
            )
            item.signature, item.body_line = shaped.signature, shaped.body_line
            item = as_function(source, value, item)
        else:
            item.returns = _annotation(source, declarator.child_by_field_name("type"))
        yield item


def _unwrapped(value: Node | None) -> Node | None:
    """The function inside ``memo(...)``, ``forwardRef(...)`` or ``x as T``, else the value."""
    while value is not None and value.type in {"as_expression", "satisfies_expression"}:
        value = first_named(value)
    if value is not None and value.type == "call_expression":
        arguments = value.child_by_field_name("arguments")
        function = value.child_by_field_name("function")
        first = first_named(arguments)
        if first is not None and first.type in _FUNCTIONS and function is not None:
            name = (function.text or b"").rpartition(b".")[2].partition(b"<")[0]
            if name in {b"memo", b"forwardRef", b"observer", b"cache", b"useCallback"}:
                return first
    return value


def _default_export(source: Source, node: Node) -> Draft:
    kind: SymbolKind = "class" if node.type == "class" else "function"
    named = node.child_by_field_name("name")
    item = declaration(source, node, source.text(named) if named is not None else "default", kind)
    if kind == "class":
        item.bases = tuple(_bases(source, node))
        return item
    return as_function(source, node, item)


def _test_block(source: Source, node: Node) -> Draft | None:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None or arguments.named_child_count < 2:
        return None
    callee = source.callee(function.start_byte, function.end_byte)
    if callee.partition(".")[0].partition("(")[0] not in _TESTS:
        return None
    title = first_named(arguments)
    block = next((c for c in arguments.named_children if c.type in _FUNCTIONS), None)
    if title is None or block is None or title.type not in {"string", "template_string"}:
        return None
    item = draft(
        source,
        node,
        name=source.literal(title, "string", "template_string"),
        kind="test",
        body=block.child_by_field_name("body"),
    )
    item.is_async = any(child.type == "async" for child in block.children)
    return item


def call(source: Source, node: Node) -> Call | None:
    """The call at ``node``."""
    function = node.child_by_field_name("function")
    if function is None:
        return None
    first = first_named(node.child_by_field_name("arguments"))
    callee = source.callee(function.start_byte, function.end_byte)
    return Call(callee, first_line(node), source.literal(first, "string", "template_string"))


def imports(source: Source, captures: Captures) -> Iterable[Import]:
    """``import``, re-exporting ``export ... from`` and top-level ``require``."""
    for node in captures.get("import", ()):
        if (path := node.child_by_field_name("source")) is None:
            require = next(
                (c for c in node.named_children if c.type == "import_require_clause"), None
            )
            path = require.child_by_field_name("source") if require is not None else None
        if path is not None:
            yield Import(string_content(source.text(path)), first_line(node), _taken(source, node))
    for node in captures.get("reexport", ()):
        if (path := node.child_by_field_name("source")) is not None:
            names = tuple(
                source.text(name)
                for clause in node.named_children
                if clause.type == "export_clause"
                for specifier in clause.named_children
                if (name := specifier.child_by_field_name("name")) is not None
            )
            yield Import(string_content(source.text(path)), first_line(node), names or ("*",))
    for node in captures.get("require", ()):
        found = call(source, node)
        if found is not None and found.first_argument:
            yield Import(found.first_argument, found.line)


def _taken(source: Source, node: Node) -> tuple[str, ...]:
    """Names an import takes: ``default`` for a default import, ``*`` for the namespace."""
    names: list[str] = []
    for clause in node.named_children:
        for child in clause.named_children if clause.type == "import_clause" else ():
            if child.type == "identifier":
                names.append("default")
            elif child.type == "namespace_import":
                names.append("*")
            else:
                specifiers = (s.child_by_field_name("name") for s in child.named_children)
                names += [source.text(name) for name in specifiers if name is not None]
    return tuple(names)


def declared(source: Source, captures: Captures) -> Iterator[str]:
    """Local names of default and namespace imports from the codebase's own modules: the
    author chose them, while those of other packages belong to their documentation."""
    for node in captures.get("import", ()):
        path = node.child_by_field_name("source")
        if path is None or not string_content(source.text(path)).startswith(_LOCAL_MODULES):
            continue
        for clause in node.named_children:
            for child in clause.named_children if clause.type == "import_clause" else ():
                if child.type == "identifier":
                    yield source.text(child)
                elif child.type == "namespace_import" and first_named(child) is not None:
                    yield source.text(child.named_children[0])


def raises(source: Source, captures: Captures) -> Iterator[Raise]:
    """``throw new X(...)`` and ``throw x(...)``; a ``catch`` names no type."""
    for node in captures.get("throw", ()):
        value = first_named(node)
        if value is not None and value.type == "new_expression":
            value = value.child_by_field_name("constructor")
        elif value is not None and value.type == "call_expression":
            value = value.child_by_field_name("function")
        if value is not None and value.type in {"identifier", "member_expression"}:
            yield Raise(call_text(source.text(value)), first_line(node))
