"""When two records are the same: canonical text, content hash, contribution hash.

The content hash is over kind, scope and normalised text. Confidence, times, tags and sources are
not in it: the same fact from another source, or with another confidence, is the same memory.
"""

from __future__ import annotations

from hashlib import sha256

from memory_processing.record import MemoryRecord, Provenance
from memory_processing.writing import normalise

__all__ = [
    "content_hash",
    "contribution_hash",
    "group_key",
    "memory_id",
    "with_provenance",
]

_NOT_CONTRIBUTED = frozenset({"id", "provenance"})


def group_key(record: MemoryRecord) -> str:
    """Kind and scope as one text; duplicates are looked for within equal keys only."""
    return f"{record.kind}\x1f{record.scope.key}"


def content_hash(record: MemoryRecord) -> str:
    """64 hex digits: equal for records that say the same (kind, scope, normalised text).

    >>> a = MemoryRecord(text="Use tabs.", confidence=0.1)
    >>> content_hash(a) == content_hash(MemoryRecord(text="use  tabs", confidence=0.9))
    True
    """
    return hash_of(group_key(record), record.text)


def hash_of(group: str, text: str) -> str:
    """`content_hash` from its two parts."""
    named = f"{group}\x1e{normalise(text)}"
    return sha256(named.encode("utf-8", "surrogatepass")).hexdigest()


def memory_id(content: str) -> str:
    """The name that a store gives to the memory of this content hash: ``m-`` and 16 digits.

    >>> memory_id("ab" * 32)
    'm-abababababababab'
    """
    return f"m-{content[:16]}"


def contribution_hash(record: MemoryRecord) -> str:
    """32 hex digits over all of a record but its lines in sources, which move with every edit."""
    origins = [(one.source, one.record_id, one.format) for one in record.provenance]
    named = f"{record.to_text(leave_out=_NOT_CONTRIBUTED)}\x1e{sorted(origins)!r}"
    return sha256(named.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def with_provenance(
    record: MemoryRecord, content: str, *, source: str, line: int | None, form: str
) -> MemoryRecord:
    """The record as the store keeps it: where it came from, its own id kept there, its name
    taken from its content."""
    own = memory_id(content)
    update: dict[str, object] = {"id": own}
    if not record.provenance:
        given = record.id if record.id != own else ""
        update["provenance"] = (Provenance(source=source, line=line, record_id=given, format=form),)
    return record.model_copy(update=update)
