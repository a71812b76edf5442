"""Memories in the formats of others: Markdown for people, a COGX archive for other servers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from memory_processing.importers.cogx import OURS
from memory_processing.record import KINDS, MemoryRecord

__all__ = ["cogx_memory", "markdown_lines", "write_cogx"]

COGX_VERSION = "0.1"


def markdown_lines(records: Iterable[MemoryRecord]) -> Iterator[str]:
    """The memories as a Markdown list below a heading for each kind, with their sources. It can
    be imported again as ``instructions``, but keeps only text, kind and tags that way."""
    order = {kind: place for place, kind in enumerate(KINDS)}
    ranked = sorted(records, key=lambda item: (order[item.kind], item.text, item.id))
    yield "# Memories"
    for kind, group in groupby(ranked, key=lambda item: item.kind):
        yield ""
        yield f"## {kind.capitalize()}s"
        yield ""
        for item in group:
            text = " ".join(item.text.split())
            where = ", ".join(_places(item))
            yield f"- {text}" + (f" ({item.id}; {where})" if where else f" ({item.id})")


def _places(record: MemoryRecord) -> list[str]:
    places = (f"{one.source}:{one.line}" if one.line else one.source for one in record.provenance)
    return list(dict.fromkeys(places))[:3]


def cogx_memory(record: MemoryRecord) -> dict[str, Any]:
    """A memory as a COGX 0.1 record of kind "memory"; what COGX has no field for is kept in its
    metadata."""
    scope = {"user_id": record.scope.user, "agent_id": record.scope.agent}
    rest = record.to_json()
    for name in ("schema_version", "id", "text", "tags", "created_at", "updated_at"):
        rest.pop(name, None)
    data: dict[str, Any] = {
        "kind": "memory",
        "external_system": OURS,
        "external_id": record.id,
        "scope": {name: value for name, value in scope.items() if value},
        "metadata": rest,
        "content": record.text,
        "categories": list(record.tags),
    }
    for name in ("created_at", "updated_at"):
        if moment := getattr(record, name):
            data[name] = moment.isoformat()
    return data


def write_cogx(records: Iterable[MemoryRecord], folder: Path) -> int:
    """Writes an archive into an empty or new folder and returns how many memories it holds."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with (folder / "memories.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(json.dumps(cogx_memory(record), ensure_ascii=False) + "\n")
            count += 1
    manifest = {
        "cogx_version": COGX_VERSION,
        "source_system": OURS,
        "counts": {"memory": count},
        "notes": [],
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return count
