"""Memory records: import in batches, validation, deduplication, merging, transactions."""

from memory_processing.config import AdaptiveSize, BatchProcessingConfig, LiveConfig
from memory_processing.importers import FileSource, Importer, JsonLines, RawRecord, RecordSource
from memory_processing.importing import import_memories
from memory_processing.record import KINDS, SCHEMA_VERSION, MemoryRecord
from memory_processing.report import ImportCounts, ImportReport, ReportedError
from memory_processing.validation import Issue, ValidationResult, validate_memory

__all__ = [
    "KINDS",
    "SCHEMA_VERSION",
    "AdaptiveSize",
    "BatchProcessingConfig",
    "FileSource",
    "ImportCounts",
    "ImportReport",
    "Importer",
    "Issue",
    "JsonLines",
    "LiveConfig",
    "MemoryRecord",
    "RawRecord",
    "RecordSource",
    "ReportedError",
    "ValidationResult",
    "import_memories",
    "validate_memory",
]
