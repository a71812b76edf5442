"""YAML text to plain values, each with its place: YAML 1.2 scalars, nothing guessed, no bombs.

Built from the parser's events (the C parser where there is one), because neither PyYAML's
constructors nor its node graph say everything: duplicate keys are refused, ``no`` and ``12:30``
stay texts, and what aliases expand to is counted before anyone walks through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from batch_engine.workflow.errors import InvalidWorkflowError, Place, Problem

__all__ = ["Document", "Node", "parse_yaml", "read_yaml"]

MAX_BYTES = 5_000_000
MAX_DEPTH = 64
MAX_VALUES = 500_000
_MAX_WARNINGS = 20

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_SPECIAL = re.compile(r"([-+]?)\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
_YAML_1_1 = re.compile(r"(yes|no|on|off)\Z|[0-9]+(:[0-5]?[0-9])+\Z", re.IGNORECASE)


@dataclass(slots=True)
class Node:
    """A value, where it stands, and the nodes of its entries; ``keys`` has the places of a
    mapping's keys. ``size`` counts all values in it, as often as aliases repeat them."""

    value: Any
    place: Place
    entries: dict[str, Node] | list[Node] | None = None
    keys: dict[str, Place] = field(default_factory=dict)
    size: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its value, its nodes, and the warnings about how it is written."""

    file: str
    root: Node
    warnings: tuple[Problem, ...] = ()

    @property
    def value(self) -> Any:
        """The whole as plain values."""
        return self.root.value

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Place:
        """Where the value at ``path`` stands (its key, with ``key``); of a path that is not in
        the file, the place of the nearest thing around it. A number counts in a mapping too."""
        node, place = self.root, self.root.place
        for part in path:
            entries = node.entries
            if isinstance(entries, dict):
                name = _nth(entries, part) if isinstance(part, int) else part
                if name not in entries:
                    break
                place = node.keys[name] if key else entries[name].place
                node = entries[name]
            elif isinstance(entries, list) and isinstance(part, int) and part < len(entries):
                node = entries[part]
                place = node.place
            else:
                break
        return place


def read_yaml(path: Path, *, shown_as: str = "") -> Document:
    """The document in the file at ``path``. Raises `InvalidWorkflowError` with every reason."""
    name = shown_as or str(path)
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _invalid(Place(name, 1, 1), f"is not UTF-8 text: {error.reason}") from error
    except OSError as error:
        problem = Problem(problem=f"cannot read {name!r}: {error.strerror or error}")
        raise InvalidWorkflowError([problem]) from error
    return parse_yaml(text, file=name)


def parse_yaml(text: str, *, file: str = "<text>") -> Document:
    """The one document in ``text``; an empty text is None. Raises `InvalidWorkflowError`.

    >>> parse_yaml("zip: 012\\nanswer: no").value
    {'zip': 12, 'answer': 'no'}
    """
    if len(text) > MAX_BYTES:
        raise _invalid(Place(file, 1, 1), f"the file is larger than {MAX_BYTES:,} characters")
    builder = _Builder(file)
    loader = _Loader(text)
    try:
        root = builder.document(_events(loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = builder.place(mark) if mark else Place(file, 1, 1)
        said = " ".join(part for part in (error.context, error.problem) if part)
        hint = _syntax_hint(said, _line(text, mark)[mark.column :] if mark else "")
        raise _invalid(place, f"this is no YAML: {said}", hint) from error
    except yaml.YAMLError as error:
        raise _invalid(Place(file, 1, 1), f"this is no YAML: {error}") from error
    finally:
        loader.dispose()
    return Document(file, root, tuple(builder.warnings))


def _events(loader: Any) -> Iterator[Any]:
    while loader.check_event():
        yield loader.get_event()


class _Builder:
    """Turns one document's events into nodes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.warnings: list[Problem] = []
        self._anchors: dict[str, Node | None] = {}  # None: begun, not ended

    def place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1)

    def document(self, events: Iterator[Any]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent | yaml.StreamStartEvent):
                continue
            if isinstance(event, yaml.DocumentEndEvent | yaml.StreamEndEvent):
                continue
            if root is not None:
                raise _invalid(self.place(event.start_mark), "a second document begins here")
            root = self.node(event, events, 1)
        return root or Node(None, Place(self.file, 1, 1))

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        place = self.place(event.start_mark)
        if depth > MAX_DEPTH:
            raise _invalid(place, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event.anchor or "", place)
        anchor = event.anchor
        if anchor:
            self._anchors[anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self.scalar(event, place), place)
        elif isinstance(event, yaml.SequenceStartEvent):
            self.check_tag(event, "seq", place)
            node = self.sequence(events, place, depth)
        else:
            self.check_tag(event, "map", place)
            node = self.mapping(events, place, depth)
        if node.size > MAX_VALUES:
            raise _invalid(place, f"holds more than {MAX_VALUES:,} values, aliases written out")
        if anchor:
            self._anchors[anchor] = node
        return node

    def alias(self, anchor: str, place: Place) -> Node:
        if anchor not in self._anchors:
            raise _invalid(place, f"no anchor &{anchor} stands before this alias")
        target = self._anchors[anchor]
        if target is None:
            raise _invalid(place, f"the alias *{anchor} is inside of its own anchor")
        return target

    def sequence(self, events: Iterator[Any], place: Place, depth: int) -> Node:
        entries: list[Node] = []
        size = 1
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            entries.append(self.node(event, events, depth + 1))
            size += entries[-1].size
            if size > MAX_VALUES:
                break
        return Node([entry.value for entry in entries], place, entries, size=size)

    def mapping(self, events: Iterator[Any], place: Place, depth: int) -> Node:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        merged: list[Node] = []
        size = 1
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key_place = self.place(event.start_mark)
            merge = _is_merge(event)
            key = self.key(event, key_place)
            value = self.node(next(events), events, depth + 1)
            size += value.size + 1
            if merge:
                merged += self.mergeable(value, key_place)
            elif key in entries:
                raise _invalid(
                    key_place, f"the key {key!r} stands here twice, first at {keys[key]}"
                )
            else:
                entries[key], keys[key] = value, key_place
            if size > MAX_VALUES:
                break
        for node in merged:
            assert isinstance(node.entries, dict)
            for key, value in node.entries.items():
                if key not in entries:
                    entries[key], keys[key] = value, node.keys[key]
        values = {key: entry.value for key, entry in entries.items()}
        return Node(values, place, entries, keys, size)

    def mergeable(self, value: Node, place: Place) -> list[Node]:
        nodes = value.entries if isinstance(value.entries, list) else [value]
        if not all(isinstance(node.entries, dict) for node in nodes):
            raise _invalid(place, "<< takes a mapping, or a list of mappings")
        return list(nodes)

    def key(self, event: Any, place: Place) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _invalid(place, "a key has to be a text", _QUOTE_HINT)
        value = self.scalar(event, place, is_key=True)
        if not isinstance(value, str):
            raise _invalid(
                place,
                f"the key {event.value!r} is a {_kind(value)}, and keys have to be texts",
                f"quote it: '{event.value}'",
            )
        return value

    def check_tag(self, event: Any, allowed: str, place: Place) -> None:
        if event.tag not in (None, "!", _TAG + allowed):
            raise _invalid(place, f"the tag {event.tag!r} is not known here")

    def scalar(self, event: Any, place: Place, *, is_key: bool = False) -> Any:
        text: str = event.value
        tag = event.tag
        if tag in ("!", _TAG + "str") or (tag is None and not event.implicit[0]):
            return text
        if tag is not None and not tag.startswith(_TAG):
            raise _invalid(place, f"the tag {tag!r} is not known here")
        value = _plain(text)
        if tag is not None:
            wanted = tag.removeprefix(_TAG)
            if wanted == "float" and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
            if wanted not in _KINDS or _KINDS[wanted] is not type(value):
                raise _invalid(place, f"{text!r} is no value for the tag {tag!r}")
        elif not is_key:
            self.note_changes(text, value, place)
        return value

    def note_changes(self, text: str, value: Any, place: Place) -> None:
        """Warns where a reader may expect another value than YAML 1.2 gives."""
        if len(self.warnings) >= _MAX_WARNINGS:
            return
        if type(value) in (int, float) and _loses(text) and str(value) != text:
            self.warnings.append(
                Problem(
                    problem=f"{text} is read as the number {value}",
                    place=place,
                    hint=f"quote it to keep the text: '{text}'",
                    severity="warning",
                )
            )
        elif isinstance(value, str) and _YAML_1_1.match(text):
            self.warnings.append(
                Problem(
                    problem=f"{text} is the text {text!r} here, as YAML 1.2 has it",
                    place=place,
                    hint=f"quote it to say so ('{text}'), or write true or false",
                    severity="warning",
                )
            )


_QUOTE_HINT = 'a value that begins with {{ has to be quoted: "{{ ... }}"'
_KINDS: dict[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}


def _plain(text: str) -> Any:
    """The value of an unquoted scalar by the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.match(text) and len(text) <= 4_000:
        return int(text, 0 if text[:2] in ("0x", "0o") else 10)
    if _FLOAT.match(text):
        return float(text)
    if _SPECIAL.match(text):
        return float(text.replace(".", "", 1))
    return text


def _loses(text: str) -> bool:
    """Whether a number written so says more than the number: leading or trailing zeros."""
    digits = text.lstrip("+-")
    leading = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    return leading or (bool(_FLOAT.match(text)) and "." in text and text.endswith("0"))


def _is_merge(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.value == "<<" and bool(event.implicit[0])


def _nth(entries: dict[str, Node], number: int) -> str:
    names = list(entries)
    return names[number] if number < len(names) else ""


def _kind(value: object) -> str:
    names = {bool: "truth value", int: "number", float: "number", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def _line(text: str, mark: yaml.Mark) -> str:
    lines = text.split("\n")
    return lines[mark.line] if mark.line < len(lines) else ""


def _syntax_hint(said: str, rest: str) -> str:
    if rest.startswith("\t"):
        return "YAML is indented with spaces, never with tabs"
    if "mapping values are not allowed" in said:
        return "a text with ': ' in it has to be quoted"
    if "flow mapping" in said or "flow node" in said or "flow sequence" in said:
        return f"a bracket or a brace is not closed; {_QUOTE_HINT}"
    return ""


def _invalid(place: Place, problem: str, hint: str = "") -> InvalidWorkflowError:
    return InvalidWorkflowError([Problem(problem=problem, place=place, hint=hint)])
