"""YAML as Claude Code's own reader takes it: values by the core schema of YAML 1.2, on PyYAML.

PyYAML reads YAML 1.1: ``on`` is a truth value there and a text here. Every difference below was
measured with Claude Code 2.1.197, some 400 small files in its ``init`` line (docs/installing.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

__all__ = ["UnreadableYaml", "load_core"]


class UnreadableYaml(ValueError):  # noqa: N818 - reads as what it is
    """No value comes out of the text; ``line`` is 1-based in it, 0 where none can be told."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)"
    r"|\.(?:nan|NaN|NAN)"
)
_CORE = "tag:yaml.org,2002:"
_PLAIN = "plain"
# Characters that PyYAML refuses, or takes for the end of a line, and Claude Code does not; each
# stands in the private use area while PyYAML reads.
_STRANGE = "".join(map(chr, (*range(9), 11, 12, *range(14, 32), *range(0x7F, 0xA0))))
_STRANGE += "\u2028\u2029\ufeff\ufffe\uffff"
_HIDE = {ord(char): 0xF0000 + number for number, char in enumerate(_STRANGE)}
_SHOW = {hidden: chr(char) for char, hidden in _HIDE.items()}
_COMMA = 0xF0FFF
_FIRST_COMMA = re.compile(r"^([ ]*[^\s:#'\"][^:\n'\"]*:[ \t]+),", re.MULTILINE)
_BLOCK_HEAD = re.compile(r"(?:^|[ :\-])[|>][-+0-9]*[ \t]*(?:#.*)?$")
_TAB_INDENT = re.compile(r"^[ \t]*\t[ \t]*")
_TAB_SEPARATES = re.compile(r"(?<=[:\-,\[{?])\t[ \t]*|[ \t]*\t(?=#)|[ \t]*\t[ \t]*$")


def load_core(text: str) -> dict[str, Any]:
    """The values of a mapping, keys as text; of a key that is there twice, the last.

    Raises `UnreadableYaml` where the text is no YAML; what is YAML and no mapping gives no
    values. Lists and mappings come as such, so that their shape can be told.
    """
    try:
        source = _prepared(text)
        node = yaml.compose(source, Loader=_Loader)
        if node is not None:
            _check_indent(node, source.split("\n"), -1)
        return _mapping(node, ()) if isinstance(node, MappingNode) else {}
    except yaml.MarkedYAMLError as exc:
        scanning = (exc.context or "").startswith("while scanning")
        mark = exc.context_mark if scanning and exc.context_mark else exc.problem_mark
        raise UnreadableYaml(exc.problem or "no YAML", mark.line + 1 if mark else 0) from exc
    except (yaml.YAMLError, RecursionError) as exc:
        raise UnreadableYaml(str(exc)) from exc


class _Loader(yaml.SafeLoader):
    """Finds nodes only; what a plain scalar is, `_scalar` says."""

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:
        if kind is ScalarNode and implicit[0]:
            return _PLAIN
        return str(super().resolve(kind, value, implicit))  # type: ignore[no-untyped-call]  # PyYAML's


def _prepared(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    out: list[str] = []
    margin = -1  # of the line whose block scalar this is
    for line in lines:
        if margin >= 0 and (line[: margin + 1].isspace() or not line.strip()):
            out.append(line)
            continue
        line = _TAB_INDENT.sub(lambda match: match[0].replace("\t", "  "), line)
        if not re.search(r"['\"]", line) or re.search(r":[ ]*\t", line):
            line = _TAB_SEPARATES.sub(" ", line)
        margin = len(line) - len(line.lstrip(" ")) if _BLOCK_HEAD.search(line) else -1
        out.append(line)
    prepared = "\n".join(out).translate(_HIDE)
    return _FIRST_COMMA.sub(lambda match: match[1] + chr(_COMMA), prepared)


def _shown(text: str) -> str:
    return text.translate({**_SHOW, _COMMA: ","})


def _check_indent(
    node: Node, lines: list[str], parent: int, seen: frozenset[int] = frozenset()
) -> None:
    """A quoted text or a flow collection that goes on has to be deeper than what holds it;
    PyYAML does not mind."""
    if id(node) in seen:
        return
    seen |= {id(node)}
    flow = isinstance(node, CollectionNode) and bool(node.flow_style)
    quoted = isinstance(node, ScalarNode) and node.style in ("'", '"')
    if (quoted or (flow and isinstance(node, SequenceNode))) and parent >= 0:
        for number in range(node.start_mark.line + 1, node.end_mark.line + 1):
            line = lines[number] if number < len(lines) else ""
            if line.strip() and len(line) - len(line.lstrip(" ")) <= parent:
                raise UnreadableYaml("a value goes on at the margin of its key", number + 1)
    if flow:
        return
    for child, margin in _children(node):
        _check_indent(child, lines, margin, seen)


def _children(node: Node) -> Iterator[tuple[Node, int]]:
    if isinstance(node, MappingNode):
        yield from ((value, key.start_mark.column) for key, value in node.value)
    elif isinstance(node, SequenceNode):
        yield from ((item, node.start_mark.column) for item in node.value)


def _value(node: Node, above: tuple[int, ...]) -> Any:
    if id(node) in above:
        return None
    if isinstance(node, MappingNode):
        return _mapping(node, (*above, id(node)))
    if isinstance(node, SequenceNode):
        return [_value(item, (*above, id(node))) for item in node.value]
    return _scalar(node) if isinstance(node, ScalarNode) else None


def _mapping(node: MappingNode, above: tuple[int, ...]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, value in node.value:
        name = _shown(str(key.value)) if isinstance(key, ScalarNode) else repr(key.tag)
        if name == "<<" and isinstance(key, ScalarNode) and key.style is None:
            parts = value.value if isinstance(value, SequenceNode) else [value]
            for part in parts:
                if isinstance(part, MappingNode) and id(part) not in above:
                    merged = {**_mapping(part, (*above, id(part))), **merged}
        else:
            own[name] = _value(value, above)
    return {**merged, **own}


def _scalar(node: ScalarNode) -> Any:
    text = _shown(str(node.value))
    if node.tag != _PLAIN:
        untagged = not node.tag.startswith(_CORE)
        return None if untagged and not text and node.style is None else text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.casefold() == "true"
    if _INT.fullmatch(text):
        return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
    if _FLOAT.fullmatch(text):
        return float(text.casefold().replace(".inf", "inf").replace(".nan", "nan"))
    return text
