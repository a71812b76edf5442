"""`BatchProcessor`: a store, a configuration and listeners under one name, and ready-made ones.

The functions below it are the whole surface for a program that has records in memory::

    with open_store("memories.sqlite3") as store:
        report = deduplicating_processor(store).process(records, label="chat export")
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batch_engine.core import Listener
from memory_processing.config import AdaptiveSize, BatchProcessingConfig, LiveConfig
from memory_processing.importers.seam import RecordSource, Source
from memory_processing.importing import import_memories, preview_memories
from memory_processing.record import MemoryRecord
from memory_processing.report import ImportReport
from memory_processing.stores.protocol import MemoryStore
from memory_processing.validation import ValidationResult, validate_memory

__all__ = [
    "BatchProcessor",
    "adaptive_processor",
    "all_or_nothing_processor",
    "deduplicating_processor",
    "storing_processor",
]


class BatchProcessor:
    """Imports into one store under one configuration, which can be changed at run time.

    >>> processor = BatchProcessor(store, batch_size=500)
    >>> processor.process([{"text": "Use tabs in Makefiles."}]).counts.successful
    1
    """

    def __init__(
        self,
        store: MemoryStore,
        config: BatchProcessingConfig | None = None,
        *,
        listeners: Iterable[Listener] = (),
        **settings: Any,
    ) -> None:
        self._store = store
        self._live = LiveConfig((config or BatchProcessingConfig()).updated(**settings))
        self._listeners = tuple(listeners)

    @property
    def config(self) -> BatchProcessingConfig:
        """The configuration of this moment."""
        return self._live.current

    def change(self, **settings: Any) -> None:
        """See `LiveConfig.change`; works while `process` runs in another thread."""
        self._live.change(**settings)

    def process(
        self, records: Iterable[Mapping[str, Any] | MemoryRecord], *, label: str = "records"
    ) -> ImportReport:
        """Stores records that the program has; see `import_memories`."""
        return self.process_sources([RecordSource(records, label=label)])

    def process_sources(self, sources: Iterable[Source], *, dry_run: bool = False) -> ImportReport:
        """Stores the records of sources; see `import_memories`."""
        return import_memories(
            sources, self._store, self._live, listeners=self._listeners, dry_run=dry_run
        )

    def preview(self, sources: Iterable[Source]) -> ImportReport:
        """See `preview_memories`: nothing is written."""
        return preview_memories(sources, self.config, listeners=self._listeners)

    def validate(self, record: Mapping[str, Any]) -> ValidationResult:
        """See `validate_memory`."""
        return validate_memory(record)


def deduplicating_processor(store: MemoryStore, **settings: Any) -> BatchProcessor:
    """The common case: exact duplicates are skipped, safe near ones merged, others reviewed."""
    return BatchProcessor(store, BatchProcessingConfig(mode="memory+dedup"), **settings)


def storing_processor(store: MemoryStore, **settings: Any) -> BatchProcessor:
    """Mode "memory": every record is stored; content that is known is a database error."""
    return BatchProcessor(store, BatchProcessingConfig(mode="memory"), **settings)


def all_or_nothing_processor(store: MemoryStore, **settings: Any) -> BatchProcessor:
    """One transaction for the whole input, which is validated first; one bad record and nothing
    is stored."""
    config = BatchProcessingConfig(rollback="run", continue_on_error=False, validate_first=True)
    return BatchProcessor(store, config, **settings)


def adaptive_processor(
    store: MemoryStore, *, target_ms: int | None = None, **settings: Any
) -> BatchProcessor:
    """Batches that aim at ``target_ms`` each: 250 by default, 500 on a database server."""
    target = target_ms or (250 if store.name == "sqlite" else 500)
    config = BatchProcessingConfig(batch_size=AdaptiveSize(target_ms=target))
    return BatchProcessor(store, config, **settings)
