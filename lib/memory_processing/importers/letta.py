"""Letta agent files (``.af``): the memory blocks of an agent, piece by piece.

Files that are JSON inside a JSON string are read too. Messages are conversation, not memory, and
stay out unless the format ``letta-messages`` is asked for; archival passages are not in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memory_processing.errors import TransformError
from memory_processing.importers.documents import list_items
from memory_processing.importers.instructions import block_fields, heading_tags, pieces
from memory_processing.importers.kinds import kind_of_label
from memory_processing.importers.markdown import slug
from memory_processing.importers.reading import Maker, a_time, texts_of, unlike
from memory_processing.importers.seam import RawRecord

__all__ = ["LettaFile", "LettaMessages"]

_BLOCKS = ("blocks", "core_memory")
_SPEAKERS = ("user", "assistant")


class LettaFile:
    """Reads the blocks of an ``.af`` file: each list item and paragraph of a block's value is a
    memory, tagged with the parts of the block's label. Empty blocks have none."""

    name = "letta"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The records in the order of blocks; ``line`` is the position of the record."""
        make = Maker(label, self.name)
        position = 0
        seen = False
        try:
            for pointer, item in list_items(path, label, (*_BLOCKS, "agents")):
                seen = True
                if not pointer.startswith("/agents/"):
                    for raw in _block(make, position, pointer, item):
                        position += 1
                        yield raw
                    continue
                for inner, block in _own_blocks(pointer, item):
                    for raw in _block(make, position, inner, block):
                        position += 1
                        yield raw
        except TransformError as error:
            if not seen:
                raise
            yield make.failed(position + 1, error)
            return
        if not seen:
            raise TransformError(
                "no agent file: expected an object with `agents` and `blocks`",
                hint="export the agent again, or name another --format",
            )


class LettaMessages:
    """Reads what user and assistant said in an ``.af`` file, as notes."""

    name = "letta-messages"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The messages of every agent in order; ``line`` is the position of the record."""
        make = Maker(label, self.name)
        position = 0
        for pointer, item in list_items(path, label, ("agents", "messages")):
            whole = pointer.startswith("/agents/") and isinstance(item, Mapping)
            messages = item.get("messages") or [] if whole else [item]
            for message in messages:
                if not isinstance(message, Mapping) or message.get("role") not in _SPEAKERS:
                    continue
                if text := _said(message.get("content") or message.get("text")):
                    position += 1
                    yield make.record(
                        position,
                        id=str(message.get("id") or ""),
                        kind="note",
                        text=text,
                        tags=[str(message["role"])],
                        created_at=a_time(message.get("created_at")),
                    )


def _own_blocks(pointer: str, agent: Any) -> Iterator[tuple[str, Any]]:
    """Blocks that an agent holds itself instead of naming them by id."""
    held = agent.get("memory_blocks") if isinstance(agent, Mapping) else None
    for number, block in enumerate(held or ()):
        yield f"{pointer}/memory_blocks/{number}", block


def _block(make: Maker, before: int, pointer: str, block: Any) -> Iterator[RawRecord]:
    hint = "export the agent again: its blocks are objects with a label and a value"
    if not isinstance(block, Mapping):
        yield make.failed(before + 1, unlike(pointer, "an object", block, hint))
        return
    value, name = block.get("value"), str(block.get("label") or "")
    if value in (None, ""):
        return
    if not isinstance(value, str):
        yield make.failed(before + 1, unlike(f"{pointer}/value", "a text", value, hint))
        return
    labels = [slug(part) for part in name.split("/") if part not in ("system", "")]
    tags = [*labels, *texts_of(block.get("tags"))]
    given = str(block.get("id") or name)
    number = 0
    for piece in pieces(value):
        fields = block_fields(
            piece, tags=[*tags, *heading_tags(piece)], kind=kind_of_label(name) or None
        )
        if fields:
            number += 1
            fields["extra"] = {**fields.get("extra", {}), "block": name}
            yield make.record(before + number, id=f"{given}.{number}", **fields)


def _said(content: object) -> str:
    """The text of a message: a text, or the text parts of a list."""
    if isinstance(content, str):
        return content.strip()
    if not isinstance(content, list):
        return ""
    parts = [part.get("text") for part in content if isinstance(part, Mapping)]
    return "\n".join(part for part in parts if isinstance(part, str)).strip()
