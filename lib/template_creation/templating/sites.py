"""Places in a syntax tree: what stands there, and whether its name is somebody else's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from tree_sitter import Node, Tree

from template_creation.syntax import leaf_kind
from template_creation.templating.arguments import is_foreign_argument, is_foreign_value
from template_creation.templating.names import FileNames
from template_creation.templating.vocabulary import BUILTIN_METHODS, FOREIGN_OWNERS, words_in

__all__ = [
    "SiteKind",
    "bind_imports",
    "identifier_leaves",
    "import_module",
    "is_foreign_site",
    "is_foreign_text",
    "node_text",
    "site_kind",
]

SiteKind = Literal["identifier", "package", "symbol", "string", "comment", "markup", "none"]

_STRINGS = words_in(
    """string_content string_fragment string_literal_content interpreted_string_literal_content
    raw_string_literal_content verbatim_string_literal raw_string_literal raw_string_content
    multiline_string_fragment heredoc_content heredoc_body string template_string
    bare_string interpolated_string_text interpreted_string_literal string_literal"""
)
_SYMBOLS = frozenset({"simple_symbol", "hash_key_symbol", "bare_symbol", "delimited_symbol"})
_IMPORTS = words_in(
    """import_statement import_from_statement future_import_statement import_declaration
    import_spec using_directive use_declaration export_statement extern_crate_declaration"""
)
_NOT_AN_IMPORT = words_in(
    """statement_block block class_body declaration_list body_statement function_body"""
)
_CHAINS = words_in(
    """attribute member_expression selector_expression field_access scoped_identifier
    member_access_expression scoped_type_identifier qualified_type nested_identifier
    scope_resolution qualified_name jsx_namespace_name nested_type_identifier"""
)
_LOADERS = frozenset(
    {b"require", b"import", b"require_relative", b"load", b"jest.mock", b"vi.mock"}
)


def site_kind(node: Node) -> SiteKind:
    """What the place of a match is to a placeholder; ``none`` stays literal."""
    if node.type == "jsx_text":
        return "markup"
    if node.type in _SYMBOLS:
        return "symbol"
    kind = leaf_kind(node)
    if kind == "identifier":
        packaged = node.type == "package_identifier" or _in_package_clause(node)
        return "package" if packaged else "identifier"
    if kind == "comment":
        return "comment"
    return "string" if kind == "string" and node.type in _STRINGS else "none"


def _in_package_clause(node: Node) -> bool:
    if node.type != "identifier":
        return False
    top = node.parent
    while top is not None and top.type == "scoped_identifier":
        top = top.parent
    if top is None or top.type not in ("package_declaration", "import_declaration"):
        return False
    name = node.text or b""
    return name.islower()


def identifier_leaves(tree: Tree) -> Iterator[Node]:
    """Every identifier, package name and symbol of the tree, in document order."""
    cursor = tree.walk()
    while True:
        node = cursor.node
        if node is not None and node.child_count == 0 and node.is_named:
            if site_kind(node) in ("identifier", "package", "symbol"):
                yield node
        elif cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def is_foreign_site(node: Node, names: FileNames) -> bool:
    """Whether the name at ``node`` belongs to somebody else although we declare the same:
    a member of an import from outside, an argument name of a call to a foreign function,
    part of an import that leaves the repository."""
    if _outside_import(node, names):
        return True
    parent = node.parent
    if parent is None:
        return False
    if is_foreign_argument(node, names):
        return True
    if parent.type == "keyword_argument" and parent.child_by_field_name("name") == node:
        return False
    if parent.type == "jsx_attribute":
        return _element_is_foreign(parent, names)
    return _member_of_foreign(node, names)


_DOCUMENT = re.compile(r"\W*(?:query|mutation|subscription|fragment)\b[^{\n]*\{")


def is_foreign_text(node: Node, names: FileNames) -> bool:
    """Whether a string speaks the language of somebody else's schema: a GraphQL document
    where no schema is served here, a value of linked data (``"@type": "Product"``), a
    standard's word for where a parameter stands."""
    parent = node.parent
    if is_foreign_value(node):
        return True
    whole = parent if parent is not None and parent.type == "template_string" else node
    if not names.names.serves_graphql and _DOCUMENT.match(node_text(whole)):
        return True
    pair = parent.parent if parent is not None and parent.type == "string" else parent
    key = pair.child_by_field_name("key") if pair is not None else None
    return key is not None and node_text(key).strip("\"'").startswith("@")


def _member_of_foreign(node: Node, names: FileNames) -> bool:
    owner = _owner(node)
    if owner is None:
        return False
    name = node_text(node)
    if name in BUILTIN_METHODS and _is_called(node):
        return True
    first = last = owner
    while first.child_count and first.type in _CHAINS:
        first = first.children[0]
    while last.child_count and last.type in _CHAINS:
        last = last.children[-1]
    if node_text(last).lower() in FOREIGN_OWNERS and not names.allows(node_text(last)):
        return True
    return site_kind(first) in ("identifier", "package") and node_text(first) in names.foreign


def _owner(node: Node) -> Node | None:
    """What the member at ``node`` is taken from: ``a.b`` of ``c`` in ``a.b.c``."""
    parent = node.parent
    if parent is None:
        return None
    if parent.type in _CHAINS or (parent.type == "call" and _is_method(parent, node)):
        first = parent.children[0]
        return first if first != node else None
    if parent.type == "method_invocation":
        return parent.child_by_field_name("object") if _is_method(parent, node) else None
    return None


def _is_method(call: Node, node: Node) -> bool:
    return node in (call.child_by_field_name("method"), call.child_by_field_name("name"))


def _is_called(node: Node) -> bool:
    parent = node.parent
    if parent is None or parent.parent is None or parent.type not in _CHAINS:
        return parent is not None and parent.type in ("call", "method_invocation")
    call = parent.parent
    return call.child_by_field_name("function") == parent


def _element_is_foreign(attribute: Node, names: FileNames) -> bool:
    element = attribute.parent
    tag = element.child_by_field_name("name") if element is not None else None
    if tag is None:
        return False
    name = node_text(tag).split(".")[0]
    return name[:1].islower() or not names.allows(name)


def _outside_import(node: Node, names: FileNames) -> bool:
    module = import_module(node)
    return module is not None and not names.resolves(module)


def import_module(node: Node) -> str | None:
    """The module text of the import statement around ``node``; ``None`` outside of one."""
    top: Node | None = node
    while top is not None and top.type not in _IMPORTS:
        if top.type in _NOT_AN_IMPORT:
            return _loaded_module(node)
        top = top.parent
    if top is None:
        return _loaded_module(node)
    if top.type == "export_statement":
        source = top.child_by_field_name("source")
        return node_text(source) if source is not None else None
    for field in ("module_name", "source", "path", "argument"):
        found = top.child_by_field_name(field)
        if found is not None:
            return node_text(found)
    if top.type == "import_statement" and top.child_by_field_name("name") is not None:
        inner: Node | None = node
        while inner is not None and inner.type not in ("dotted_name", "import_statement"):
            inner = inner.parent
        return node_text(inner) if inner is not None and inner.type == "dotted_name" else None
    paths = ("scoped_identifier", "identifier", "qualified_name", "alias_qualified_name")
    named = [child for child in top.named_children if child.type in paths]
    return node_text(named[-1]) if named else None


def _loaded_module(node: Node) -> str | None:
    """The string of a call that loads a module: ``require("x")``, ``import("x")``."""
    literal = node if node.type == "string" else node.parent
    arguments = literal.parent if literal is not None else None
    call = arguments.parent if arguments is not None else None
    if call is None or literal is None or call.type not in ("call", "call_expression"):
        return None
    function = call.child_by_field_name("function") or call.child_by_field_name("method")
    if function is None or (function.text or b"") not in _LOADERS:
        return None
    return node_text(literal)


def bind_imports(tree: Tree, names: FileNames) -> FileNames:
    """``names`` with what the imports of the file really bind: aliases, whole modules and
    default imports, as own or foreign by where they come from."""
    own, foreign = set(names.own), set(names.foreign)
    for statement in tree.root_node.named_children:
        if statement.type not in _IMPORTS or statement.type == "export_statement":
            continue
        for node in _renamed_names(statement):
            foreign.discard(node_text(node))
        for node in _bound_names(statement):
            module = import_module(node)
            inside = module is not None and names.resolves(module)
            (own if inside else foreign).add(node_text(node))
    return replace(names, own=frozenset(own - foreign), foreign=frozenset(foreign))


_HOLDERS = words_in(
    """import_clause namespace_import named_imports scoped_use_list use_list import_spec_list
    import_spec import_specifier aliased_import use_as_clause"""
)


def _bound_names(statement: Node) -> Iterator[Node]:
    """The names that an import statement binds by an alias, as a whole or as a default."""
    stack = list(statement.named_children)
    while stack:
        node = stack.pop()
        alias = node.child_by_field_name("alias")
        if alias is not None:
            yield alias
        elif node.type == "import_spec" and (name := node.child_by_field_name("name")) is not None:
            yield name
        elif node.type in ("import_clause", "namespace_import"):
            yield from (child for child in node.named_children if child.type == "identifier")
        if node.type in _HOLDERS:
            stack += node.named_children


def _renamed_names(statement: Node) -> Iterator[Node]:
    """Names of a module that the file knows by an alias only."""
    stack = list(statement.named_children)
    while stack:
        node = stack.pop()
        alias = node.child_by_field_name("alias")
        name = node.child_by_field_name("name") or node.child_by_field_name("path")
        if alias is not None and name is not None and node_text(alias) != node_text(name):
            yield name
        if node.type in _HOLDERS:
            stack += node.named_children


def node_text(node: Node) -> str:
    """The text of a node."""
    return (node.text or b"").decode("utf-8", "replace")
