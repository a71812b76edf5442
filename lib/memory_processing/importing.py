"""The import of memories from sources into a store: the one function that others call."""

from __future__ import annotations

from collections.abc import Iterable

from batch_engine.core import Listener
from memory_processing.config import BatchProcessingConfig, LiveConfig
from memory_processing.importers.seam import Source
from memory_processing.report import ImportReport
from memory_processing.stores.protocol import MemoryStore

__all__ = ["import_memories"]


def import_memories(
    sources: Iterable[Source],
    store: MemoryStore,
    config: BatchProcessingConfig | LiveConfig | None = None,
    *,
    listeners: Iterable[Listener] = (),
) -> ImportReport:
    """Reads all sources into the store, in batches, and says what came of each record."""
    raise NotImplementedError
