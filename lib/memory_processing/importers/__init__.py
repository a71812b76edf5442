"""Reading records from files: the seam for formats, and our own format."""

from memory_processing.importers.jsonl import JsonLines
from memory_processing.importers.seam import FileSource, Importer, RawRecord, RecordSource, Source

__all__ = ["FileSource", "Importer", "JsonLines", "RawRecord", "RecordSource", "Source"]
