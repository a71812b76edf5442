"""When two records are the same: canonical text, content hash, contribution hash.

The content hash is over kind, scope and normalised text. Confidence, times, tags and sources are
not in it: the same fact from another source, or with another confidence, is the same memory.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

from memory_processing.record import MemoryRecord, Provenance

__all__ = [
    "content_hash",
    "contribution_hash",
    "group_key",
    "memory_id",
    "normalise",
    "with_provenance",
]

_NOT_CONTRIBUTED = frozenset({"id", "provenance"})
_CLOSING = frozenset("_)]}\"'`")
_OPTION = re.compile(r"(?<![\w-])-")
_CODE = re.compile(r"(`[^`]+`|(?<![\w-])--?[A-Za-z][\w-]*|(?<![^\s`])[^\s`/\\_]*+[/\\_][^\s`]*)")


def normalise(text: str) -> str:
    """The text without what carries no meaning: letter case of words, composed or decomposed
    characters, runs of white space, one full stop at the end. Operators, units, signs and quotes
    stay, and the letter case of code: code spans, options, paths and names with ``_``.

    >>> normalise("  Use TABS\\nin Makefiles. ")
    'use tabs in makefiles'
    >>> normalise("Use C++") == normalise("Use C")
    False
    >>> normalise("Call ls -X in /Etc")
    'call ls -X in /Etc'
    """
    if not _may_hold_code(text):
        return _without_stop(" ".join(_folded(text).split()))
    parts = _CODE.split(text if text.isascii() else unicodedata.normalize("NFC", text))
    parts[::2] = [_folded(part) for part in parts[::2]]
    return _without_stop(" ".join("".join(parts).split()))


def _may_hold_code(text: str) -> bool:
    """Whether it is worth a closer look: most sentences are done several times faster without."""
    return any(sign in text for sign in "`/\\_") or ("-" in text and bool(_OPTION.search(text)))


def _without_stop(plain: str) -> str:
    ends = len(plain) > 1 and plain[-1] == "." and (plain[-2].isalnum() or plain[-2] in _CLOSING)
    return plain[:-1] if ends else plain


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


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
