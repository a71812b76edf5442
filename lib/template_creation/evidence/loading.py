"""Memories from where a user keeps them: a store, or files in any format that can be imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batch_engine.core import EngineError
from template_creation.errors import BadInput

if TYPE_CHECKING:  # imported where memories are read: most runs read none
    from memory_processing import FileSource, MemoryRecord

__all__ = ["LoadedMemories", "load_memories"]

_SQLITE = b"SQLite format 3\x00"
_WARNED = 5


@dataclass(frozen=True, slots=True)
class LoadedMemories:
    """The records, by id and without duplicates, and what could not be read."""

    records: tuple[MemoryRecord, ...] = ()
    warnings: tuple[str, ...] = ()


def load_memories(places: Sequence[str | Path]) -> LoadedMemories:
    """The memories at ``places``: paths of stores, ``postgresql://`` addresses, or files and
    folders that are read and deduplicated in memory, as an import would do it.

    Nothing is written. Raises `BadInput` where there is nothing, or nothing that can be read.
    """
    records: dict[str, MemoryRecord] = {}
    warnings: list[str] = []
    sources: list[FileSource] = []
    for place in places:
        if _is_store(place):
            found = _stored(place)
        else:
            sources.append(_source(Path(place)))
            continue
        records.update((record.id, record) for record in found)
    if sources:
        found, warnings = _imported(sources)
        records.update((record.id, record) for record in found)
    if places and not records:
        shown = ", ".join(str(place) for place in places)
        raise BadInput(
            f"there are no memories in {shown!r}" + "".join(f"; {text}" for text in warnings[:1]),
            hint="`template-create memory validate PATH` says what is read and what is wrong",
        )
    return LoadedMemories(tuple(records[name] for name in sorted(records)), tuple(warnings))


def _is_store(place: str | Path) -> bool:
    if str(place).startswith(("postgresql://", "postgres://")):
        return True
    try:
        with Path(place).open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def _stored(place: str | Path) -> list[MemoryRecord]:
    from memory_processing import export_memories, open_store

    try:
        with open_store(place, read_only=True) as store:
            return list(export_memories(store))
    except EngineError as error:
        raise BadInput(f"the memories cannot be read: {error.message}", hint=error.hint) from error


def _source(path: Path) -> FileSource:
    if not path.exists():
        raise BadInput(f"no such memories: {str(path)!r}", hint="check --memories")
    from memory_processing.importers import source_for

    try:
        return source_for(path, label=path.name or path.as_posix())
    except EngineError as error:
        raise BadInput(error.message, hint=error.hint) from error


def _imported(sources: Sequence[FileSource]) -> tuple[list[MemoryRecord], list[str]]:
    from memory_processing import (
        BatchProcessingConfig,
        SqliteMemoryStore,
        export_memories,
        import_memories,
    )

    config = BatchProcessingConfig(log_progress=False)
    with SqliteMemoryStore(":memory:") as store:
        report = import_memories(sources, store, config)
        found = list(export_memories(store))
    warnings = [f"{one.place}: {one.record.error}" for one in report.errors[:_WARNED]]
    if (more := report.counts.failed - len(warnings)) > 0:
        warnings.append(f"{more} more memories could not be read")
    return found, warnings
