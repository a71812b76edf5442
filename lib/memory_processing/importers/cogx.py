"""COGX archives (Cognee eXchange 0.x): a folder of JSON lines, or one of its files.

Documents and episodes come as notes, entities with a description, facts and memories as facts,
blocks piece by piece; raw graph nodes (``nodes.jsonl``) say nothing that the others do not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from memory_processing.errors import TransformError
from memory_processing.importers.instructions import block_fields, heading_tags, pieces
from memory_processing.importers.jsonl import JsonLines
from memory_processing.importers.kinds import kind_of_label, kind_of_text
from memory_processing.importers.markdown import slug
from memory_processing.importers.reading import Maker, a_time, first_of, texts_of, unlike
from memory_processing.importers.seam import RawRecord

__all__ = ["COGX_FILES", "COGX_MANIFEST", "Cogx"]

COGX_MANIFEST = "manifest.json"
COGX_FILES = (
    "documents.jsonl",
    "episodes.jsonl",
    "entities.jsonl",
    "facts.jsonl",
    "memories.jsonl",
    "memory_blocks.jsonl",
)
_NEWEST_MAJOR = 0
OURS = "template-create"
"""The system that our own archives name."""


class Cogx:
    """Reads an archive folder; an archive of a newer major version is refused as a whole."""

    name = "cogx"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The records file by file; ``line`` is the line in its file."""
        path = Path(path)
        if not path.is_dir():
            yield from self._lines(path, label)
            return
        _check_version(path / COGX_MANIFEST)
        files = [name for name in COGX_FILES if (path / name).is_file()]
        if not files:
            raise TransformError(
                f"no COGX archive: expected {COGX_FILES[4]} or another record file in the folder",
                hint="name the folder that holds manifest.json",
            )
        for name in files:
            yield from self._lines(path / name, f"{label.rstrip('/')}/{name}")

    def _lines(self, path: Path, label: str) -> Iterator[RawRecord]:
        make = Maker(label, self.name)
        for raw in JsonLines().read(path, label=label):
            if raw.error is not None:
                yield make.failed(raw.line, raw.error)
                continue
            data = raw.data or {}
            if data.get("external_system") == OURS and data.get("kind") == "memory":
                yield make.record(raw.line, **_own(data))
                continue
            reader = _READERS.get(str(data.get("kind")))
            place = f"line {raw.line}"
            try:
                if reader is None:
                    kinds = ", ".join(_READERS)
                    hint = "export the archive again"
                    raise unlike(f"{place}.kind", f"one of {kinds}", data.get("kind"), hint)
                for fields in reader(data, place):
                    yield make.record(raw.line, **{**_common(data), **fields})
            except TransformError as error:
                yield make.failed(raw.line, error)


def _check_version(manifest: Path) -> None:
    if not manifest.is_file():
        return
    try:
        data = json.loads(manifest.read_text(encoding="utf-8-sig"))
        version = str(data.get("cogx_version", "0")) if isinstance(data, dict) else "?"
        major = int(version.split(".")[0])
    except (OSError, ValueError) as error:
        raise TransformError(
            f"the manifest cannot be read: {error}", hint="export the archive again"
        ) from error
    if major > _NEWEST_MAJOR:
        raise TransformError(
            f"the archive is COGX {version}, expected {_NEWEST_MAJOR}.x",
            hint="update the program, or export in an older version",
        )


def _common(data: Mapping[str, Any]) -> dict[str, Any]:
    scope, metadata = _object(data, "scope"), _object(data, "metadata")
    wanted = {"user": "user_id", "agent": "agent_id"}
    runs = {key: scope[key] for key in ("session_id", "run_id") if scope.get(key)}
    return {
        "id": str(data.get("external_id") or ""),
        "scope": {ours: str(scope[key]) for ours, key in wanted.items() if scope.get(key)},
        "created_at": a_time(data.get("created_at")),
        "updated_at": a_time(data.get("updated_at")),
        "sources": [str(data["external_system"])] if data.get("external_system") else [],
        "extra": {**{str(key): value for key, value in metadata.items()}, **runs},
    }


def _own(data: Mapping[str, Any]) -> dict[str, Any]:
    """A record that we exported ourselves, as it was."""
    kept = {str(key): value for key, value in _object(data, "metadata").items()}
    given = {"id": "external_id", "text": "content", "tags": "categories"}
    kept |= {ours: data.get(theirs) for ours, theirs in given.items()}
    return {**kept, **{name: a_time(data.get(name)) for name in ("created_at", "updated_at")}}


def _object(data: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = data.get(field)
    return value if isinstance(value, Mapping) else {}


def _text(data: Mapping[str, Any], field: str, place: str) -> str:
    value = data.get(field)
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise unlike(f"{place}.{field}", "a text", value, f"give it a `{field}`, or remove the line")


def _memory(data: Mapping[str, Any], place: str) -> Iterator[dict[str, Any]]:
    text, tags = _text(data, "content", place), texts_of(data.get("categories"))
    named = (kind for tag in tags if (kind := kind_of_label(tag)))
    yield {
        "kind": next(named, None) or kind_of_text(text) or "fact",
        "text": text,
        "tags": list(tags),
    }


def _fact(data: Mapping[str, Any], place: str) -> Iterator[dict[str, Any]]:
    text = first_of(data, "fact_text")
    if not isinstance(text, str):
        parts = (_text(data, name, place) for name in ("subject_ref", "predicate", "object_ref"))
        text = " ".join(part.replace("_", " ") for part in parts)
    over = a_time(data.get("invalid_at"))
    confidence = data.get("confidence")
    yield {
        "kind": "fact",
        "text": text,
        "tags": ["superseded"] if over else [],
        "confidence": confidence,
        "updated_at": over or a_time(data.get("updated_at")),
    }


def _entity(data: Mapping[str, Any], place: str) -> Iterator[dict[str, Any]]:
    name, kind = _text(data, "name", place), str(data.get("entity_type") or "")
    described = first_of(data, "description")
    if isinstance(described, str):  # a name alone is nothing to remember
        label = f"{name} ({kind})" if kind else name
        tags = [slug(kind)] if kind else []
        yield {"kind": "fact", "text": f"{label}: {described.strip()}", "tags": tags}


def _document(data: Mapping[str, Any], place: str) -> Iterator[dict[str, Any]]:
    text, title = _text(data, "content", place), first_of(data, "title")
    yield {"kind": "note", "text": text, "tags": [slug(title)] if isinstance(title, str) else []}


def _episode(data: Mapping[str, Any], place: str) -> Iterator[dict[str, Any]]:
    turns = data.get("turns")
    said = [
        f"{turn.get('role', '?')}: {turn['content'].strip()}"
        for turn in (turns if isinstance(turns, list) else [])
        if isinstance(turn, Mapping) and isinstance(turn.get("content"), str)
    ]
    if not said:
        raise unlike(f"{place}.turns", "turns with a content", turns, "remove the line")
    yield {"kind": "note", "text": "\n".join(said)}


def _memory_block(data: Mapping[str, Any], place: str) -> Iterator[dict[str, Any]]:
    label = str(data.get("label") or "")
    for number, piece in enumerate(pieces(_text(data, "value", place)), start=1):
        tags = [slug(label), *heading_tags(piece)]
        if fields := block_fields(piece, tags=tags, kind=kind_of_label(label)):
            yield {**fields, "id": f"{data.get('external_id') or label}.{number}"}


_READERS: dict[str, Callable[[Mapping[str, Any], str], Iterator[dict[str, Any]]]] = {
    "document": _document,
    "episode": _episode,
    "entity": _entity,
    "fact": _fact,
    "memory": _memory,
    "memory_block": _memory_block,
}
