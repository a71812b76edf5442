"""The case of a term in text: comments, docstrings, messages, labels, queries, lone strings.

A one-word original does not show its style there (``item`` may become ``order line``,
``order_line``, ``order-line`` or ``orderLine``), so the context decides: words in prose, with
the original's capital at the start of a sentence; the style of the token around it; that of a
table in a query; that of the path beside it in the same call.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from template_creation.templating.forms import Hit
from template_creation.templating.sites import SiteKind, node_text
from template_creation.values.template import CaseStyle

__all__ = ["default_case", "text_case", "token_around"]

_SNAKE_LANGUAGES = frozenset({"python", "ruby", "rust"})
_TOKEN = rb"A-Za-z0-9_-"
_WORDS = re.compile(rb"[A-Za-z][,;:]?[ \n]+[(\"'`]?[A-Za-z]")
_QUERY = re.compile(
    rb"\b(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|JOIN|WHERE|(?:CREATE|ALTER|DROP)\s+"
    rb"(?:UNIQUE\s+)?(?:TABLE|INDEX))\b"
    rb"|^\s*(?:select\s.*\bfrom\b|insert\s+into\b|update\s+\S+\s+set\b|delete\s+from\b"
    rb"|with\s+\w+\s+as\b|create\s+(?:table|index)\b)",
    re.DOTALL,
)
_STARTS = re.compile(rb"(?:^|[.!?:]|[.!?][\"')]|\n[ \t]*(?:[-*#/]*|\d+\.))[ \t\n]*$")
_LABELS = re.compile(
    r"(?i)(?:^|[-_a-z])(?:alt|caption|description|heading|header|label|legend|message|placeholder"
    r"|subtitle|summary|text|title|tooltip)$"
)
_CODE_LINE = re.compile(
    rb"[ \t]*(?:#|//|\*)?[ \t]*(?:from\s+[\w.]+\s+import\b|import\s+[\w.]+[ \t]*$"
    rb"|import\s.*\bfrom\s|use\s+[\w:]+;|require\b|>>> |\.\.\. |\$ )"
)
_ARTICLES = frozenset({b"a", b"an", b"any", b"each", b"every", b"no", b"the", b"this"})
_MARKS = b"#/*!-<> \t\"'`"
_PATH_PIECE = r"/{word}(?=[/\"'`?{{]|$)"


def text_case(data: bytes, node: Node, hit: Hit, kind: SiteKind, language: str) -> CaseStyle:
    """The case of ``hit`` in the text at ``node``."""
    if len(hit.term.words) > 1:
        return hit.cases[0]
    written = data[hit.start : hit.end]
    if written.isupper() and len(written) > 1:
        return "scream"
    before, after = token_around(data, node, hit)
    alone = not before and not after
    prose = kind in ("comment", "markup") or _is_prose(node)
    if alone and kind == "string" and _is_label(node):
        return "title" if written[:1].isupper() else "words"
    if written[:1].isupper():
        return _capital_case(data, node, hit, kind, prose=prose) if alone else "pascal"
    rest = before + after
    if b"_" in rest:
        return "snake"
    if b"-" in rest:
        return "kebab"
    if re.search(rb"[A-Z]", rest):
        return "camel"
    if kind == "string" and _QUERY.search(node.text or b""):
        return "snake"
    left = data[max(node.start_byte, hit.start - 1) : hit.start]
    right = data[hit.end : min(node.end_byte, hit.end + 1)]
    path = left == b"/" or right == b"/"
    if prose or (alone and kind == "string" and _is_raised(node)):
        if _CODE_LINE.match(_line(data, hit)):
            return default_case(language)
        member = data[hit.end : hit.end + 2]
        code = (
            path
            or re.match(rb"\.\w", member)
            or left in (b".", b"`", b"$", b"{", b"@", b"=")
            or right in (b"(", b"=", b"[")
        )
        if hit.term.key == "project" and not code:
            return "kebab"  # a lower-case name of a project is a name still, and no noun
        return default_case(language) if code else "words"
    if path or (alone and _beside_path(node, written)):
        return "kebab"
    return default_case(language)


def _line(data: bytes, hit: Hit) -> bytes:
    start = data.rfind(b"\n", 0, hit.start) + 1
    end = data.find(b"\n", hit.end)
    return data[start : end if end >= 0 else len(data)]


def _is_label(node: Node) -> bool:
    """Whether a lone string is shown to a person by the name that it is given."""
    whole = node.parent
    holder = whole.parent if whole is not None and not _is_prose(whole) else None
    if holder is None or (holder.type == "pair" and node.type != "string_fragment"):
        return False  # a dictionary of Python is data more often than a text to show
    key = holder.child_by_field_name("key") or holder.child_by_field_name("name")
    if holder.type == "jsx_attribute" and holder.named_children:
        key = holder.named_children[0]
    return key is not None and _LABELS.search(node_text(key).strip("\"'")) is not None


def _is_prose(node: Node) -> bool:
    return _WORDS.search(node.text or b"") is not None


def default_case(language: str) -> CaseStyle:
    """The case of variables in ``language``."""
    return "snake" if language in _SNAKE_LANGUAGES else "camel"


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


def _beside_path(node: Node, word: bytes) -> bool:
    """Whether the same call names the word as a piece of a path, too: the label of what is
    served there (``prefix="/items", tags=["items"]``)."""
    top = node.parent
    for _ in range(5):
        if top is None or top.type in ("block", "statement_block"):
            return False
        if top.type in ("argument_list", "arguments"):
            return (
                re.search(_PATH_PIECE.format(word=re.escape(word.decode())), node_text(top))
                is not None
            )
        top = top.parent
    return False


def _capital_case(data: bytes, node: Node, hit: Hit, kind: SiteKind, *, prose: bool) -> CaseStyle:
    """``Item`` on its own: a type's name, a heading or the first word of a sentence."""
    before = data[node.start_byte : hit.start]
    bare = before.lstrip(_MARKS) if kind == "comment" else before
    next_word = re.match(rb" +([A-Za-z])", data[hit.end : node.end_byte])
    quoted = before.endswith((b"`", b".", b"<", b"@", b"#", b":"))
    if prose and not quoted and _STARTS.search(bare):
        if next_word is not None and next_word.group(1).isupper():
            return "title"
        return "title" if kind == "markup" and next_word is None else "sentence"
    last_word = re.search(rb"([A-Za-z]+) +$", before)
    if last_word is not None:
        word = last_word.group(1)
        heading = (word[:1].isupper() and word.lower() not in _ARTICLES) or kind == "markup"
        return "title" if heading else "pascal"
    return "title" if kind == "markup" else "pascal"


def token_around(data: bytes, node: Node, hit: Hit) -> tuple[bytes, bytes]:
    """What stands directly before and after the match, within the same word of the text."""
    before = re.search(rb"[%b]*$" % _TOKEN, data[node.start_byte : hit.start])
    after = re.match(rb"[%b]*" % _TOKEN, data[hit.end : node.end_byte])
    return (before.group() if before else b""), (after.group() if after else b"")
