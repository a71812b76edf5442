"""The seam to foreign formats: an importer reads one kind of source, record by record.

An importer never writes, never keeps more than it needs for the next record, and turns what it
cannot read into a `RawRecord` with an error: one bad line costs one record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from batch_engine.core import ConfigurationError, EngineError, canonical_json
from memory_processing.errors import TransformError

__all__ = ["FileSource", "Importer", "RawRecord", "RecordSource", "Source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """One record as a source holds it: ``data`` in any known schema version, or the ``error``
    that kept it from being read. ``source`` is the source's label, ``line`` counts from 1 (the
    position of the record where a format has no lines), ``format`` is the importer's name."""

    source: str
    line: int | None = None
    format: str = ""
    data: Mapping[str, Any] | None = None
    error: EngineError | None = None
    text: str | bytes | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        """Where it stands, for messages: ``notes.jsonl:12``."""
        return self.source if self.line is None else f"{self.source}:{self.line}"

    @property
    def digest(self) -> bytes:
        """16 bytes that change when the record does; a resumed run compares them."""
        raw = self.text
        if raw is None:
            raw = _canonical(self.data) if self.data is not None else str(self.error)
        data = raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass")
        return blake2b(data, digest_size=16).digest()


def _canonical(data: Mapping[str, Any]) -> str:
    try:
        return canonical_json(data)
    except ConfigurationError:  # values that are no JSON: validation will name them
        return repr(data)


class Importer(Protocol):
    """Reads one format. ``name`` is what users and provenance call it.

    An error of the whole file (missing, not this format at all) is raised; an error of one
    record is a `RawRecord` with ``error``.
    """

    @property
    def name(self) -> str:
        """The format's name: lower-case, stable."""
        ...

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The records of a file or folder, in their order, one at a time."""
        ...


@runtime_checkable
class Source(Protocol):
    """Records to import; can be read more than once, with the same result."""

    @property
    def label(self) -> str:
        """The name in provenance, messages and the journal."""
        ...

    def read(self) -> Iterator[RawRecord]:
        """All records, from the start."""
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file or folder with the importer for it. ``label`` (the path as given) is what is stored
    as provenance: give a short, stable one if the path depends on the machine."""

    path: Path
    importer: Importer
    label: str = ""

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", Path(self.path).as_posix())

    def read(self) -> Iterator[RawRecord]:
        """See `Importer.read`."""
        return self.importer.read(self.path, label=self.label)


class RecordSource:
    """Records that the program has already, as mappings or `MemoryRecord` values.

    >>> source = RecordSource([{"text": "Use tabs."}], label="notes")
    """

    def __init__(self, records: Iterable[Any], *, label: str = "records") -> None:
        self.label = label
        self._records = records if isinstance(records, list | tuple) else list(records)

    def read(self) -> Iterator[RawRecord]:
        """The records with their positions as lines."""
        for number, record in enumerate(self._records, start=1):
            data = record.to_json() if hasattr(record, "to_json") else record
            if isinstance(data, Mapping):
                yield RawRecord(source=self.label, line=number, format="records", data=data)
                continue
            error = TransformError(
                f"the record is {type(data).__name__}, expected a mapping",
                hint='give each record as a mapping, as {"text": "..."}',
            )
            yield RawRecord(source=self.label, line=number, format="records", error=error)
