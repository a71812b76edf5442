"""How many tests, endpoints, types, functions and methods a file declares.

Counted with the grammars alone, by rules of our own, so that a count of the product is never
checked by the code that made it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import tree_sitter_c_sharp
import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_ruby
import tree_sitter_rust
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser

_GRAMMARS = {
    "python": tree_sitter_python.language,
    "javascript": tree_sitter_javascript.language,
    "jsx": tree_sitter_javascript.language,
    "typescript": tree_sitter_typescript.language_typescript,
    "tsx": tree_sitter_typescript.language_tsx,
    "csharp": tree_sitter_c_sharp.language,
    "go": tree_sitter_go.language,
    "rust": tree_sitter_rust.language,
    "java": tree_sitter_java.language,
    "ruby": tree_sitter_ruby.language,
}
_TYPES = {
    "class_definition": "class",
    "class_declaration": "class",
    "abstract_class_declaration": "class",
    "class": "class",
    "interface_declaration": "interface",
    "struct_declaration": "struct",
    "struct_item": "struct",
    "record_declaration": "record",
    "enum_declaration": "enum",
    "enum_item": "enum",
    "trait_item": "trait",
    "type_alias_declaration": "type",
    "type_item": "type",
    "type_alias_statement": "type",
    "module": "module",
    "mod_item": "module",
}
_ROUTINES = {
    "function_definition",
    "function_declaration",
    "generator_function_declaration",
    "function_item",
    "function_signature_item",
    "method_definition",
    "method_declaration",
    "constructor_declaration",
    "method",
    "singleton_method",
    "method_elem",
    "method_signature",
    "abstract_method_signature",
}
_ALWAYS_METHODS = {
    "method_definition",
    "method_declaration",
    "constructor_declaration",
    "method",
    "singleton_method",
    "method_elem",
    "method_signature",
    "abstract_method_signature",
}
_ARROWS = {"arrow_function", "function_expression"}
_VERBS = "get|post|put|patch|delete|head|options"
_ENDPOINTS = {
    "python": rf"^\s*@[\w.]+\.(?:{_VERBS}|websocket|route|api_route)\(",
    "java": r"^[ \t]+@(?:Get|Post|Put|Patch|Delete|Request)Mapping\b",
    "csharp": r"^\s*\[Http(?:Get|Post|Put|Patch|Delete)\b|\bMap(?:Get|Post|Put|Patch|Delete)\(",
    "rust": r"^\s*#\[(?:get|post|put|patch|delete)\(\"",
    "go": r"\.(?:Get|Post|Put|Patch|Delete|GET|POST|PUT|PATCH|DELETE|Handle|HandleFunc)\(\s*\"/",
}
_JS_ENDPOINT = rf"\b(?:\w*[aA]pp|\w*[rR]outer|http|rest)\.(?:{_VERBS})\(\s*[`'\"]"
_JS_TEST = r"(?:^|[^\w.])(?:test|it)(?:\.(?:only|skip|each\([^)]*\)))?\(\s*[`'\"]"
_TESTS = {
    "python": r"^\s*(?:async )?def test_",
    "go": r"^func Test\w*\(",
    "ruby": r"^\s*(?:it|specify|scenario|test)\b[ (]",
    "java": r"^\s*@(?:Test|ParameterizedTest)\b",
    "csharp": r"^\s*\[(?:Test|Fact|Theory|TestCase|TestMethod)\b",
    "rust": r"^\s*#\[(?:\w+::)?test\b",
}


def count_declarations(text: str, language: str) -> Counter[str] | None:
    """How many of each kind, ``None`` for a language without a grammar.

    Kinds: class, interface, struct, record, enum, trait, type, module, function, method, test,
    endpoint; ``inner class`` and so on inside a module. Types inside types do not count.

    >>> count_declarations("class A:\\n    def f(self): ...\\n", "python")["method"]
    1
    """
    if language not in _GRAMMARS:
        return None
    tree = Parser(Language(_GRAMMARS[language]())).parse(text.encode())
    found: Counter[str] = Counter(kind for kind in map(_kind, _walk(tree.root_node)) if kind)
    is_script = language in ("javascript", "jsx", "typescript", "tsx")
    for kind, table, script in (("endpoint", _ENDPOINTS, _JS_ENDPOINT), ("test", _TESTS, _JS_TEST)):
        pattern = script if is_script else table.get(language)
        if pattern:
            found[kind] = len(re.findall(pattern, text, re.MULTILINE))
    return found


def _walk(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(current.named_children)


def _kind(node: Node) -> str:
    if node.parent is None:
        return ""
    if node.type in ("type_spec", "type_alias"):
        value = node.child_by_field_name("type")
        kinds = {"struct_type": "struct", "interface_type": "interface"}
        return kinds.get(value.type, "type") if value is not None else ""
    if node.type in _TYPES:
        named = node.child_by_field_name("name") is not None
        where = {"": "", "module": "inner "}.get(_owner(node))
        return f"{where}{_TYPES[node.type]}" if named and where is not None else ""
    if node.type == "variable_declarator":
        value = node.child_by_field_name("value")
        return "function" if value is not None and value.type in _ARROWS and _at_top(node) else ""
    if node.type not in _ROUTINES:
        return ""
    if node.type in _ALWAYS_METHODS:
        return "method"
    return "method" if _owner(node) in ("class", "trait", "impl") else "function"


def _at_top(node: Node) -> bool:
    holder = node.parent.parent if node.parent is not None else None
    return holder is not None and holder.type in ("program", "export_statement")


def _owner(node: Node) -> str:
    """What a routine stands in directly: a class, an ``impl``, another routine or nothing."""
    holder = node.parent
    while holder is not None:
        if holder.type == "impl_item":
            return "impl"
        if holder.type in _TYPES and holder.parent is not None:
            return _TYPES[holder.type]
        if holder.type in _ROUTINES:
            return "routine"
        holder = holder.parent
    return ""
