"""Reading records from files: the seam for formats, our own format, and those of others."""

from memory_processing.importers.formats import FORMATS, Format, detect_format, source_for
from memory_processing.importers.jsonl import JsonLines
from memory_processing.importers.seam import FileSource, Importer, RawRecord, RecordSource, Source

__all__ = [
    "FORMATS",
    "FileSource",
    "Format",
    "Importer",
    "JsonLines",
    "RawRecord",
    "RecordSource",
    "Source",
    "detect_format",
    "source_for",
]
