"""Memory records: import in batches, validation, deduplication, merging, transactions.

    from pathlib import Path
    from memory_processing import FileSource, JsonLines, import_memories, open_store

    with open_store("memories.sqlite3") as store:
        report = import_memories([FileSource(Path("lessons.jsonl"), JsonLines())], store)
        print(report.text())
        for pair in open_pairs(store):          # alike, and not safe to merge
            print(pair.first.text, pair.second.text, pair.reasons)

A memory is what a team or an assistant learned. Exact duplicates are skipped, safe near ones
merged (`unmerge` takes it back), all others go to the review list. What is stored depends on the
records and the settings alone, never on batches, order or restarts. Guarantees: ``docs/memory.md``.
"""

from memory_processing.config import AdaptiveSize, BatchProcessingConfig, LiveConfig
from memory_processing.emotion import EmotionalContext, Relationship, Theme
from memory_processing.errors import (
    CATEGORIES,
    HINTS,
    ConnectionLostError,
    DuplicateMemoryError,
    InvalidMemoryError,
    MemoryStoreError,
    RolledBackError,
    TransformError,
    UnresolvedDuplicateError,
)
from memory_processing.failpoints import MEMORY_FAILPOINTS
from memory_processing.guards import reasons_against
from memory_processing.importers import (
    FileSource,
    Importer,
    JsonLines,
    RawRecord,
    RecordSource,
    Source,
)
from memory_processing.importing import import_memories, preview_memories
from memory_processing.migrations import Migration, migrate
from memory_processing.monitor import Monitor, figures_table
from memory_processing.planted import Planted, plant
from memory_processing.processor import (
    BatchProcessor,
    adaptive_processor,
    all_or_nothing_processor,
    deduplicating_processor,
    storing_processor,
)
from memory_processing.quality import DataQuality
from memory_processing.record import (
    KINDS,
    SCHEMA_VERSION,
    MemoryRecord,
    Participant,
    Provenance,
    Scope,
)
from memory_processing.report import ImportCounts, ImportReport, ReportedError
from memory_processing.review import (
    OpenPair,
    decide,
    export_memories,
    open_pairs,
    resolve_id,
    unmerge,
)
from memory_processing.stats import StoreStats, store_stats
from memory_processing.stores import MemoryStore, SqliteMemoryStore, open_store
from memory_processing.validation import Issue, ValidationResult, validate_memory

__all__ = [
    "CATEGORIES",
    "HINTS",
    "KINDS",
    "MEMORY_FAILPOINTS",
    "SCHEMA_VERSION",
    "AdaptiveSize",
    "BatchProcessingConfig",
    "BatchProcessor",
    "ConnectionLostError",
    "DataQuality",
    "DuplicateMemoryError",
    "EmotionalContext",
    "FileSource",
    "ImportCounts",
    "ImportReport",
    "Importer",
    "InvalidMemoryError",
    "Issue",
    "JsonLines",
    "LiveConfig",
    "MemoryRecord",
    "MemoryStore",
    "MemoryStoreError",
    "Migration",
    "Monitor",
    "OpenPair",
    "Participant",
    "Planted",
    "Provenance",
    "RawRecord",
    "RecordSource",
    "Relationship",
    "ReportedError",
    "RolledBackError",
    "Scope",
    "Source",
    "SqliteMemoryStore",
    "StoreStats",
    "Theme",
    "TransformError",
    "UnresolvedDuplicateError",
    "ValidationResult",
    "adaptive_processor",
    "all_or_nothing_processor",
    "decide",
    "deduplicating_processor",
    "export_memories",
    "figures_table",
    "import_memories",
    "migrate",
    "open_pairs",
    "open_store",
    "plant",
    "preview_memories",
    "reasons_against",
    "resolve_id",
    "store_stats",
    "storing_processor",
    "unmerge",
    "validate_memory",
]
