"""Placeholders in code: which occurrences of a name are replaced, and in which case style.

The leaf of the syntax tree decides (facts section 6): identifiers that the repository
declares, comments and strings are eligible; keywords, punctuation, names of other libraries,
style classes and addresses stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tree_sitter import Node, Tree

from template_creation.syntax import leaf_kind
from template_creation.templating.forms import Hit, forms_of, outside_project
from template_creation.templating.names import FileNames
from template_creation.templating.paths import PathStyles
from template_creation.templating.segments import merge
from template_creation.templating.vocabulary import (
    BUILTIN_METHODS,
    CSS_TOKENS,
    FOREIGN_OWNERS,
    words_in,
)
from template_creation.templating.words import placeholder_for
from template_creation.values.template import CaseStyle, Segment, Term

__all__ = [
    "Choice",
    "SiteKind",
    "choose",
    "identifier_leaves",
    "is_foreign_site",
    "site_kind",
    "to_segments",
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
_STYLE_ATTRIBUTES = re.compile(rb"(?i)^(class|classname|classnames|style|tw)$")
_URL = re.compile(rb"(?i)\b(?:https?|wss?|ssh|git)://[^\s\"'`<>)\]]+|\bwww\.[^\s\"'`<>)\]]+")
_LOCAL_URL = re.compile(rb"(?i)^\w+://(?:localhost|127\.|0\.0\.0\.0|testserver|\{|\$|%)")
_SNAKE_LANGUAGES = frozenset({"python", "ruby", "rust"})
_TOKEN = rb"A-Za-z0-9_-"


@dataclass(frozen=True, slots=True)
class Choice:
    """A replacement: the bytes of ``hit`` become the term in this case style. ``text`` is the
    whole identifier around it, empty in strings and comments."""

    hit: Hit
    case: CaseStyle
    kind: SiteKind
    text: str


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
    if parent.type == "keyword_argument" and parent.child_by_field_name("name") == node:
        return _calls_foreign(parent, names)
    if parent.type == "jsx_attribute":
        return _element_is_foreign(parent, names)
    return _member_of_foreign(node, names)


def _member_of_foreign(node: Node, names: FileNames) -> bool:
    owner = _owner(node)
    if owner is None:
        return False
    name = _text(node)
    if name in BUILTIN_METHODS and _is_called(node):
        return True
    first = last = owner
    while first.child_count and first.type in _CHAINS:
        first = first.children[0]
    while last.child_count and last.type in _CHAINS:
        last = last.children[-1]
    if _text(last).lower() in FOREIGN_OWNERS and not names.allows(_text(last)):
        return True
    return site_kind(first) in ("identifier", "package") and _text(first) in names.foreign


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


def _calls_foreign(argument: Node, names: FileNames) -> bool:
    call = argument.parent.parent if argument.parent is not None else None
    function = call.child_by_field_name("function") if call is not None else None
    while function is not None and function.child_count:
        function = function.children[0]
    return function is not None and _text(function) in names.foreign


def _element_is_foreign(attribute: Node, names: FileNames) -> bool:
    element = attribute.parent
    tag = element.child_by_field_name("name") if element is not None else None
    if tag is None:
        return False
    name = _text(tag).split(".")[0]
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
        return _text(source) if source is not None else None
    for field in ("module_name", "source", "path", "argument"):
        found = top.child_by_field_name(field)
        if found is not None:
            return _text(found)
    if top.type == "import_statement" and top.child_by_field_name("name") is not None:
        inner: Node | None = node
        while inner is not None and inner.type not in ("dotted_name", "import_statement"):
            inner = inner.parent
        return _text(inner) if inner is not None and inner.type == "dotted_name" else None
    paths = ("scoped_identifier", "identifier", "qualified_name", "alias_qualified_name")
    named = [child for child in top.named_children if child.type in paths]
    return _text(named[-1]) if named else None


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
    return _text(literal)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def choose(
    data: bytes,
    tree: Tree,
    terms: Sequence[Term],
    names: FileNames,
    styles: PathStyles,
    *,
    refused: Collection[str] = (),
    refused_offsets: Collection[int] = (),
) -> tuple[Choice, ...]:
    """The replacements in ``data``, in order and without overlaps.

    ``refused`` are identifiers, ``refused_offsets`` places, that an earlier proof turned down.
    """
    urls = [match.span() for match in _URL.finditer(data) if not _LOCAL_URL.match(match.group())]
    chosen: list[Choice] = []
    taken = -1
    found = (hit for term in terms for hit in forms_of(term).hits(data))
    hits = outside_project(found, data, terms)
    for hit in hits:
        if hit.start < taken or hit.start in refused_offsets:
            continue
        node = tree.root_node.descendant_for_byte_range(hit.start, hit.end)
        if node is None:
            continue
        choice = _decide(data, node, hit, names, styles, urls)
        if choice is not None and choice.text not in refused:
            chosen.append(choice)
            taken = hit.end
    return tuple(chosen)


def _decide(
    data: bytes,
    node: Node,
    hit: Hit,
    names: FileNames,
    styles: PathStyles,
    urls: Sequence[tuple[int, int]],
) -> Choice | None:
    kind = site_kind(node)
    if kind == "none":
        return None
    if kind in ("identifier", "package", "symbol"):
        text = _text(node)
        if kind == "package" or import_module(node) is not None:
            if is_foreign_site(node, names):
                return None
        elif not names.allows(text) or is_foreign_site(node, names):
            return None
        flat = kind == "package" or text in names.packages
        case = _identifier_case(data, node, hit, names.language, flat=flat)
        return Choice(hit, case, kind, text) if case else None
    if any(start <= hit.start < end for start, end in urls):
        return None
    module = import_module(node) if kind == "string" else None
    if module is not None:
        if not names.resolves(module):
            return None
        return Choice(hit, _import_case(data, node, hit, names, styles), kind, "")
    if kind == "string" and _is_style(data, node, hit):
        return None
    if kind == "string" and len(hit.term.words) == 1:
        named = _path_case(data, node, hit, names, styles)
        if named is not None:
            return Choice(hit, named, kind, "")
    return Choice(hit, _text_case(data, node, hit, kind, names.language), kind, "")


def _path_case(
    data: bytes, node: Node, hit: Hit, names: FileNames, styles: PathStyles
) -> CaseStyle | None:
    """The case in a string that names a file of the repository (``owners/ownerForm``)."""
    before = re.search(rb"[\w./-]*$", data[node.start_byte : hit.start])
    after = re.match(rb"[\w./-]*", data[hit.end : node.end_byte])
    left, right = (before.group() if before else b""), (after.group() if after else b"")
    path = (left + data[hit.start : hit.end] + right).decode("ascii", "replace")
    extension = names.names.extension_of(path)
    if extension is None:
        return None
    near, far = _token(data, node, hit)
    return styles.case(hit, near, far, extension, folder=b"/" in right)


def _identifier_case(
    data: bytes, node: Node, hit: Hit, language: str, *, flat: bool
) -> CaseStyle | None:
    if len(hit.term.words) > 1:
        allowed = [
            case for case in hit.cases if case in ("pascal", "camel", "snake", "scream", "flat")
        ]
        return allowed[0] if allowed else None
    written = data[hit.start : hit.end]
    if written.isupper() and len(written) > 1:
        return "scream"
    if written[:1].isupper():
        return "pascal"
    if flat:
        return "flat"
    rest = (data[node.start_byte : hit.start] + data[hit.end : node.end_byte]).strip(b"_@$:?!=")
    if b"_" in rest or (rest and _adjoins(data, hit, b"_")):
        return "snake"
    if re.search(rb"[A-Z]", rest):
        return "camel"
    return "snake" if language in _SNAKE_LANGUAGES else "camel"


def _adjoins(data: bytes, hit: Hit, mark: bytes) -> bool:
    return data[hit.start - 1 : hit.start] == mark or data[hit.end : hit.end + 1] == mark


def _import_case(
    data: bytes, node: Node, hit: Hit, names: FileNames, styles: PathStyles
) -> CaseStyle:
    """The case of a term in an import path: what the file that it names would be called."""
    before, after = _token(data, node, hit)
    extension = names.path.rpartition(".")[2]
    is_last = b"/" not in data[hit.end : node.end_byte]
    folder = not is_last or names.language == "go"
    return styles.case(hit, before, after, extension, folder=folder)


def _text_case(data: bytes, node: Node, hit: Hit, kind: SiteKind, language: str) -> CaseStyle:
    if len(hit.term.words) > 1:
        return hit.cases[0]
    written = data[hit.start : hit.end]
    if written.isupper() and len(written) > 1:
        return "scream"
    before, after = _token(data, node, hit)
    left = data[max(node.start_byte, hit.start - 1) : hit.start]
    right = data[hit.end : min(node.end_byte, hit.end + 1)]
    alone = not before and not after
    if written[:1].isupper():
        return _capital_case(data, node, hit, kind) if alone else "pascal"
    rest = before + after
    if b"_" in rest:
        return "snake"
    if b"-" in rest:
        return "kebab"
    if re.search(rb"[A-Z]", rest):
        return "camel"
    if kind in ("comment", "markup") or (
        alone and (left in (b" ", b"\n") or right in (b" ", b"\n"))
    ):
        return "words" if b"/" not in left + right and b"." not in left else _default(language)
    if left == b"/" or right == b"/":
        return "kebab"
    return _default(language)


def _is_raised(node: Node) -> bool:
    """Whether the text is part of an error that is raised: words for a person."""
    top: Node | None = node
    for _ in range(6):
        if top is None or top.type in ("block", "statement_block"):
            return False
        if top.type in ("raise_statement", "throw_statement", "throw_expression"):
            return True
        top = top.parent
    return False


def _default(language: str) -> CaseStyle:
    return "snake" if language in _SNAKE_LANGUAGES else "camel"


def _capital_case(data: bytes, node: Node, hit: Hit, kind: SiteKind) -> CaseStyle:
    """``Item`` on its own: a type's name, a heading or the first word of a sentence."""
    before = data[node.start_byte : hit.start].rstrip(b" ")
    after = data[hit.end : node.end_byte]
    spaced_before = data[hit.start - 1 : hit.start] == b" " and bool(before)
    next_word = re.match(rb" +([A-Za-z])", after)
    last_word = re.search(rb"([A-Za-z])[a-z]*$", before) if spaced_before else None
    if last_word is not None:
        if last_word.group(1).isupper():
            return "title"
        return "pascal" if kind == "comment" else "title" if kind == "markup" else "pascal"
    if next_word is not None:
        return "title" if next_word.group(1).isupper() else "sentence"
    return "title" if kind == "markup" else "pascal"


def _token(data: bytes, node: Node, hit: Hit) -> tuple[bytes, bytes]:
    """What stands directly before and after the match, within the same word of the text."""
    before = re.search(rb"[%b]*$" % _TOKEN, data[node.start_byte : hit.start])
    after = re.match(rb"[%b]*" % _TOKEN, data[hit.end : node.end_byte])
    return (before.group() if before else b""), (after.group() if after else b"")


def _is_style(data: bytes, node: Node, hit: Hit) -> bool:
    before, after = _token(data, node, hit)
    token = (before + data[hit.start : hit.end] + after).decode("ascii", "replace")
    if token.rpartition(":")[2] in CSS_TOKENS:
        return True
    top: Node | None = node.parent
    while top is not None and top.type != "jsx_attribute":
        if top.type in ("statement_block", "jsx_element", "jsx_self_closing_element", "program"):
            return False
        top = top.parent
    if top is None or not top.named_children:
        return False
    return bool(_STYLE_ATTRIBUTES.match(top.named_children[0].text or b""))


def to_segments(data: bytes, choices: Sequence[Choice]) -> tuple[Segment, ...]:
    """``data`` with the chosen places as placeholders."""
    segments: list[Segment] = []
    position = 0
    for choice in choices:
        hit = choice.hit
        segments.append(data[position : hit.start])
        segments.append(placeholder_for(hit.term.key, hit.number, choice.case))
        position = hit.end
    segments.append(data[position:])
    return merge(segments)
