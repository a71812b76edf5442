"""The MCP memory server's file: entities with observations, and relations, as JSON lines (or as
one older JSON object with both lists)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memory_processing.errors import TransformError
from memory_processing.importers.documents import list_items
from memory_processing.importers.jsonl import JsonLines
from memory_processing.importers.kinds import kind_of_label, kind_of_text
from memory_processing.importers.reading import Maker, unlike
from memory_processing.importers.seam import RawRecord

__all__ = ["McpMemory"]

_LISTS = ("entities", "relations")
_PEOPLE = frozenset({"person", "people", "user", "developer", "human", "team"})


class McpMemory:
    """Reads ``memory.jsonl``: each observation is a memory that begins with the entity's name
    and is tagged with its type; each relation is a fact."""

    name = "mcp"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The records in the order of lines, those of one entity under its line."""
        make = Maker(label, self.name)
        if self._is_document(path, label):
            try:
                for number, (pointer, item) in enumerate(list_items(path, label, _LISTS), start=1):
                    kind = "entity" if pointer.startswith("/entities/") else "relation"
                    data = {"type": kind, **item} if isinstance(item, Mapping) else item
                    yield from _records(make, number, pointer, data)
            except TransformError as error:
                yield make.failed(None, error)
            return
        for raw in JsonLines().read(path, label=label):
            if raw.error is not None:
                yield make.failed(raw.line, raw.error)
            else:
                yield from _records(make, raw.line, f"line {raw.line}", raw.data)

    def _is_document(self, path: Path, label: str) -> bool:
        """Whether the file is one object over several lines, or one with both lists."""
        raw = next(iter(JsonLines().read(path, label=label)), None)
        if raw is None:
            return False
        return raw.error is not None or bool(set(_LISTS) & set(raw.data or ()))


def _records(make: Maker, line: int | None, place: str, item: Any) -> Iterator[RawRecord]:
    kind = item.get("type") if isinstance(item, Mapping) else None
    try:
        if kind == "entity":
            yield from _entity(make, line, place, item)
        elif kind == "relation":
            yield _relation(make, line, place, item)
        else:
            hint = "this file is not the MCP server's, or the line was edited"
            got = kind if isinstance(item, Mapping) else item
            message = unlike(place, '"type": "entity" or "relation"', got, hint)
            yield make.failed(line, message)
    except TransformError as error:
        yield make.failed(line, error)


def _entity(make: Maker, line: int | None, place: str, item: Any) -> Iterator[RawRecord]:
    name, kind = _text(item, "name", place), str(item.get("entityType") or "")
    observations = item.get("observations", [])
    if not isinstance(observations, list):
        hint = "write the observations as a list of texts"
        raise unlike(f"{place}.observations", "a list", observations, hint)
    people = [{"id": name, "name": name, "role": kind}] if kind.lower() in _PEOPLE else []
    for number, text in enumerate(observations):
        if not isinstance(text, str) or not text.strip():
            hint = "remove the observation, or write it as text"
            error = unlike(f"{place}.observations[{number}]", "a text", text, hint)
            yield make.failed(line, error)
            continue
        text = text.strip()
        said = text if text.casefold().startswith(name.casefold()) else f"{name}: {text}"
        yield make.record(
            line,
            id=f"{name}#{number + 1}",
            kind=kind_of_label(kind) or kind_of_text(text) or "fact",
            text=said,
            tags=[kind] if kind else [],
            participants=people,
        )


def _relation(make: Maker, line: int | None, place: str, item: Any) -> RawRecord:
    first, last = _text(item, "from", place), _text(item, "to", place)
    verb = _text(item, "relationType", place)
    text = f"{first} {verb.replace('_', ' ')} {last}"
    return make.record(line, kind="fact", text=text, tags=["relation"])


def _text(item: Mapping[str, Any], field: str, place: str) -> str:
    value = item.get(field)
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise unlike(f"{place}.{field}", "a text", value, f"give it a `{field}`, or remove the line")
