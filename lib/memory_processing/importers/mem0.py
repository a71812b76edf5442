"""mem0 exports: JSON in its two shapes (a list; an object with ``results`` or ``memories``),
JSON lines, and the Markdown export with a block of fields before each memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memory_processing.errors import TransformError
from memory_processing.importers.documents import list_items, shape_of
from memory_processing.importers.jsonl import JsonLines
from memory_processing.importers.kinds import kind_of_label, kind_of_text
from memory_processing.importers.reading import (
    Maker,
    a_time,
    first_of,
    numbered_lines,
    texts_of,
    unlike,
)
from memory_processing.importers.seam import RawRecord
from memory_processing.record import Kind

__all__ = ["MEM0_TEXTS", "Mem0"]

MEM0_TEXTS = ("memory", "text", "content", "data")
_LISTS = ("results", "memories", "relations")
_FIELD = re.compile(r"^([A-Za-z_][\w ]*?)\s*:\s*(.*?)\s*$")
_KNOWN = frozenset(
    {"id", "memory", "text", "content", "data", "hash", "metadata", "created_at", "updated_at"}
    | {"user_id", "agent_id", "categories", "category", "tags", "type", "kind", "files", "score"}
    | {"project", "repo", "app_id"}
)


class Mem0:
    """Reads the exports of mem0: users and agents become the scope, categories the tags; graph
    relations become facts."""

    name = "mem0"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The records in order. ``line`` is a line in Markdown and JSON lines, else a position."""
        suffix = Path(path).suffix.lower()
        if suffix in (".md", ".markdown", ".txt"):
            yield from self._markdown(path, label)
        elif suffix in (".jsonl", ".ndjson"):
            for raw in JsonLines().read(path, label=label):
                yield self._item(Maker(label, self.name), raw.line, f"line {raw.line}", raw)
        else:
            yield from self._json(path, label)

    def _json(self, path: Path, label: str) -> Iterator[RawRecord]:
        make = Maker(label, self.name)
        position = 0
        try:
            for position, (pointer, item) in enumerate(list_items(path, label, _LISTS), start=1):
                if pointer.startswith("/relations/"):
                    yield _relation(make, position, pointer, item)
                else:
                    yield self._item(make, position, pointer, item)
        except TransformError as error:
            if not position:
                raise
            yield make.failed(position + 1, error)
            return
        if not position and not shape_of(path, label).holds_nothing(*_LISTS):
            raise TransformError(
                "no memories: expected a list, or an object with `results` or `memories`",
                hint="export the memories again, or name another --format",
            )

    def _item(self, make: Maker, line: int | None, place: str, item: object) -> RawRecord:
        if isinstance(item, RawRecord):
            if item.error is not None:
                return make.failed(line, item.error)
            item = item.data
        if not isinstance(item, Mapping):
            return make.failed(line, unlike(place, "an object", item, "remove the entry"))
        text = first_of(item, *MEM0_TEXTS)
        if isinstance(text, Mapping):  # {"data": {"memory": ...}}, as the message log has it
            text = first_of(text, *MEM0_TEXTS)
        if not isinstance(text, str):
            expected = f"a text in {', '.join(MEM0_TEXTS)}"
            hint = "remove the entry: it has no text to remember"
            return make.failed(line, unlike(place, expected, text, hint))
        return make.record(line, **_fields(item, text))

    def _markdown(self, path: Path, label: str) -> Iterator[RawRecord]:
        make = Maker(label, self.name)
        number = 0
        for number, fields, text in _blocks(path, label):
            if not text:
                hint = "write the memory below its fields, or remove the block"
                yield make.failed(number, unlike(f"line {number}", "a memory", None, hint))
            else:
                yield make.record(number, **_fields(fields, text))
        if not number:
            raise TransformError(
                "no memories: expected blocks between `---` lines with an `id:` field",
                hint="for other Markdown use --format instructions or lessons",
            )


def _fields(item: Mapping[str, Any], text: str) -> dict[str, Any]:
    metadata = item.get("metadata")
    more: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    tags = texts_of(first_of(item, "categories") or first_of(more, "categories", "tags"))
    label = first_of(item, "type") or first_of(more, "type", "category", "kind") or ""
    scope = {
        "project": first_of(more, "project", "repo") or first_of(item, "app_id"),
        "agent": first_of(item, "agent_id"),
        "user": first_of(item, "user_id"),
        "files": list(texts_of(first_of(item, "files") or more.get("files"))),
    }
    confidence = _share(first_of(item, "confidence") or more.get("confidence"))
    taken = _KNOWN if confidence is None else _KNOWN | {"confidence"}
    return {
        "id": str(item.get("id") or ""),
        "kind": _kind(text, str(label), tags),
        "text": text,
        "tags": list(
            dict.fromkeys((*tags, *([label] if isinstance(label, str) and label else [])))
        ),
        "scope": {key: value for key, value in scope.items() if value},
        "confidence": confidence,
        "created_at": a_time(first_of(item, "created_at")),
        "updated_at": a_time(first_of(item, "updated_at")),
        "extra": {
            str(key): value
            for key, value in (*more.items(), *item.items())
            if key not in taken and value not in (None, "", [], {})
        },
    }


def _kind(text: str, label: str, tags: tuple[str, ...]) -> Kind:
    for name in (label, *tags):
        if name and (kind := kind_of_label(name)):
            return kind
    return kind_of_text(text) or "fact"


def _share(value: object) -> float | None:
    """A confidence from 0 to 1; one on another scale stays in ``extra`` and is not guessed."""
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except ValueError:
        return None
    return number if number is not None and 0 <= number <= 1 else None


def _relation(make: Maker, position: int, pointer: str, item: object) -> RawRecord:
    names = ("source", "relationship", "destination")
    if isinstance(item, Mapping):
        parts = [first_of(item, "source"), first_of(item, "relationship", "relation")]
        parts.append(first_of(item, "destination", "target"))
        if all(isinstance(part, str) for part in parts):
            text = " ".join(str(part).replace("_", " ") for part in parts)
            return make.record(position, kind="fact", text=text, tags=["relation"])
    hint = "remove the relation, or complete it"
    return make.failed(position, unlike(pointer, f"texts in {', '.join(names)}", item, hint))


def _blocks(path: Path, label: str) -> Iterator[tuple[int, dict[str, Any], str]]:
    """Line of the fields, fields, text. A ``---`` starts a block only if ``id:`` stands in the
    fields below it: rules inside a memory stay part of it."""
    fields: dict[str, Any] = {}
    text: list[str] = []
    start = 0
    held: list[str] | None = None  # the lines since a `---` that may start a block
    held_from = 0
    for number, line in numbered_lines(path, label):
        if line.strip() == "---":
            if held is not None and (found := _head(held)):
                if start:
                    yield start, fields, "\n".join(text).strip()
                start, fields, text, held = held_from, found, [], None
                continue
            if held is not None:
                text += ["---", *held]
            held, held_from = [], number
        elif held is not None:
            held.append(line)
        else:
            text.append(line)
    if held is not None:
        text += ["---", *held]
    if start:
        yield start, fields, "\n".join(text).strip()


def _head(lines: list[str]) -> dict[str, Any]:
    found = {match[1].strip().lower(): match[2] for line in lines if (match := _FIELD.match(line))}
    fields: dict[str, Any] = dict(found)
    for name, value in found.items():
        if value[:1] in '["' and value[-1:] in '"]':
            try:
                fields[name] = json.loads(value)
            except ValueError:
                continue
    return fields if fields.get("id") else {}
