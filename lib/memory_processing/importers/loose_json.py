"""JSON documents of memories, also of older schema versions: a list of records, or an object
with such a list. Each record is migrated by itself (`memory_processing.migrations`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from memory_processing.errors import TransformError
from memory_processing.importers.documents import list_items, shape_of
from memory_processing.importers.kinds import kind_of_text
from memory_processing.importers.reading import Maker, unlike
from memory_processing.importers.seam import RawRecord

__all__ = ["LISTS", "LooseJson"]

LISTS = ("memories", "records", "items", "results", "data")


class LooseJson:
    """Reads ``*.json`` of the schema versions 0 (``summary``, ``content``, ``messages``), 1
    (``text``, ``sender``, ``mood``...) and 2, also mixed; a text alone is a note."""

    name = "json"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The records in order, each with its position as ``line``; an empty list has none."""
        make = Maker(label, self.name)
        position = 0
        try:
            for position, (pointer, item) in enumerate(list_items(path, label, LISTS), start=1):
                if isinstance(item, dict):
                    yield RawRecord(source=label, line=position, format=self.name, data=item)
                elif isinstance(item, str):
                    yield make.record(position, kind=kind_of_text(item) or "note", text=item)
                else:
                    hint = 'write each record as {"text": "..."}'
                    yield make.failed(position, unlike(pointer, "an object", item, hint))
        except TransformError as error:
            if not position:
                raise
            yield make.failed(position + 1, error)
            return
        if not position and not shape_of(path, label).holds_nothing(*LISTS):
            raise TransformError(
                f"no records: expected a list, or an object with a list in {', '.join(LISTS)}",
                hint="name the format with --format if it is another one",
            )
