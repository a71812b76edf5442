"""Placeholders in code: which occurrences of a name are replaced, and in which case style.

The leaf of the syntax tree decides (facts section 6): identifiers that the repository
declares, comments and strings are eligible; keywords, punctuation, names of other libraries,
style classes and addresses stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tree_sitter import Node, Tree

from template_creation.templating.forms import Hit, forms_of, outside_project
from template_creation.templating.names import FileNames
from template_creation.templating.paths import PathStyles
from template_creation.templating.prose import default_case, text_case, token_around
from template_creation.templating.segments import merge
from template_creation.templating.sites import (
    SiteKind,
    bind_imports,
    import_module,
    is_foreign_site,
    is_foreign_text,
    node_text,
    site_kind,
)
from template_creation.templating.vocabulary import CSS_TOKENS
from template_creation.templating.words import placeholder_for
from template_creation.values.template import CaseStyle, Segment, Term

__all__ = ["Choice", "choose", "to_segments"]

_STYLE_ATTRIBUTES = re.compile(rb"(?i)^(class|classname|classnames|style|tw)$")
_URL = re.compile(rb"(?i)\b(?:https?|wss?|ssh|git)://[^\s\"'`<>)\]]+|\bwww\.[^\s\"'`<>)\]]+")
_LOCAL_URL = re.compile(rb"(?i)^\w+://(?:localhost|127\.|0\.0\.0\.0|testserver|\{|\$|%)")


@dataclass(frozen=True, slots=True)
class Choice:
    """A replacement: the bytes of ``hit`` become the term in this case style. ``text`` is the
    whole identifier around it, empty in strings and comments."""

    hit: Hit
    case: CaseStyle
    kind: SiteKind
    text: str


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
    names = bind_imports(tree, names)
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
        if choice is not None and not _is_refused(choice.text, names, refused):
            chosen.append(choice)
            taken = hit.end
    return tuple(chosen)


def _is_refused(text: str, names: FileNames, refused: Collection[str]) -> bool:
    return text in refused or any(part in refused for part in names.lookup_parts(text))


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
        text = node_text(node)
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
    if kind == "string" and (_is_style(data, node, hit) or is_foreign_text(node, names)):
        return None
    if kind == "string" and len(hit.term.words) == 1:
        named = _path_case(data, node, hit, names, styles)
        if named is not None:
            return Choice(hit, named, kind, "")
    return Choice(hit, text_case(data, node, hit, kind, names.language), kind, "")


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
    near, far = token_around(data, node, hit)
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
    rest = data[node.start_byte : hit.start].lstrip(b"_@$:")
    rest += data[hit.end : node.end_byte].rstrip(b"_:?!=")
    if b"_" in rest:
        return "snake"
    if re.search(rb"[A-Z]", rest):
        return "camel"
    return default_case(language)


def _import_case(
    data: bytes, node: Node, hit: Hit, names: FileNames, styles: PathStyles
) -> CaseStyle:
    """The case of a term in an import path: what the file that it names would be called."""
    before, after = token_around(data, node, hit)
    extension = names.path.rpartition(".")[2]
    is_last = b"/" not in data[hit.end : node.end_byte]
    folder = not is_last or names.language == "go"
    return styles.case(hit, before, after, extension, folder=folder)


def _is_style(data: bytes, node: Node, hit: Hit) -> bool:
    before, after = token_around(data, node, hit)
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
