"""The text of a memory as it may be shown: short, on one line, harmless, and not a secret.

What is said here goes into a prompt and into agent files, which assistants obey. So a memory that
gives orders to a model, or holds a key, is left out as a whole, with the reason.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from template_creation.analysis import addresses_a_model
from template_creation.scan import find_secrets

if TYPE_CHECKING:
    from memory_processing import MemoryRecord

__all__ = ["LONGEST_TEXT", "Unusable", "source_of", "usable_text"]

LONGEST_TEXT = 270
"""Characters; with id, kind and source a memory stays below 120 tokens (facts, section 7)."""

_LONGEST_SOURCE = 60
_FEWEST_WORDS = 3
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_LEAD = re.compile(r"^(?:[#>*+-]+\s+|\d+[.)]\s+)+")
_CODE = re.compile(r"(`+[^`]*`+)")
_MACHINE = re.compile(r"(?<![\w./])(?:/(?:home|Users|root|tmp|var)/|~/|[A-Za-z]:[\\/])[^\s`'\")]*")
_TEMPLATES = re.compile(r"(?<![\w/.-])(?:\.{1,2}/)*templates/\S")
_RUNS = re.compile(r"<\s*/?\s*(?:script|iframe|object|embed|style|link|meta|form|svg)\b|<!--", re.I)
_READS = re.compile(r"!`|(?<![\w`])@(?:/|~/|\.{1,2}/)\S")
"""What assistants run (``!`command` ``) or read in (``@/a/file``) where they meet it."""
_SENTENCE = re.compile(r"\S.*?(?:(?<!e\.g)(?<!i\.e)[.!?](?=\s|$)|$)")
_TELLING = re.compile(r"(?:Prevention|Lesson|Rule|Fix):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A memory that is not shown, and why; ``reason`` holds nothing of its text."""

    record: str
    reason: str


def usable_text(record: MemoryRecord) -> str | Unusable:
    """The text to quote, at most `LONGEST_TEXT` characters, or why there is none.

    Of a long one the sentences that say what to do are kept first, then those from the start on,
    in their order; ``…`` stands for what is left out. Links lose their targets and paths of one
    machine their folders.
    """
    if "superseded" in record.tags:
        return Unusable(record.id, "it does not hold any more")
    if find_secrets(record.text.encode("utf-8", "surrogateescape")):
        return Unusable(record.id, "it holds a secret")
    text = _plain(record.text)
    if addresses_a_model(text):
        return Unusable(record.id, "it gives orders to a model")
    if _RUNS.search(text) or _READS.search(" ".join(record.text.split())):
        return Unusable(record.id, "it holds markup that may run or hide")
    if _TEMPLATES.search(text):
        return Unusable(record.id, "it names a path below templates/, which may be another's")
    if len(text.split()) < _FEWEST_WORDS:
        return Unusable(record.id, "it says too little")
    return _shortened(text)


def source_of(record: MemoryRecord) -> str:
    """Where the memory comes from, ``lessons.md:3``: without folders of a machine."""
    for one in record.provenance:
        name = _plain(one.source).replace("\\", "/").replace("`", "")
        if name.startswith(("/", "~")) or re.match(r"[A-Za-z]:/", name) or ".." in name:
            name = name.rpartition("/")[2]
        name = re.sub(r"[\"()\s]+", " ", name).strip()[-_LONGEST_SOURCE:]
        return f"{name}:{one.line}" if one.line else name
    return ""


def _plain(text: str) -> str:
    """On one line, composed, without what is not seen, link targets and machine paths."""
    seen = "".join(
        " " if unicodedata.category(char) in _HIDDEN else char
        for char in unicodedata.normalize("NFC", text)
    )
    seen = _LINK.sub(r"\1", seen)
    seen = _LEAD.sub("", " ".join(seen.split()))
    seen = _MACHINE.sub(lambda match: re.split(r"[/\\]", match[0].rstrip("/\\"))[-1], seen)
    if seen.count("`") % 2:
        seen = seen.replace("`", "")
    parts = _CODE.split(seen)
    parts[::2] = [re.sub(r"(?<!\\)<(?=[!/?a-zA-Z])", r"\\<", part) for part in parts[::2]]
    return "".join(parts)


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    sentences = [match[0].strip() for match in _SENTENCE.finditer(text)]
    chosen: set[int] = set()
    room = LONGEST_TEXT - 2
    order = sorted(range(len(sentences)), key=lambda n: (not _TELLING.match(sentences[n]), n))
    for number in order:
        if len(sentences[number]) + 1 > room:
            break
        chosen.add(number)
        room -= len(sentences[number]) + 1
    if not chosen:
        cut = text[: LONGEST_TEXT - 1].rpartition(" ")[0] or text[: LONGEST_TEXT - 1]
        return (cut.replace("`", "") if cut.count("`") % 2 else cut).rstrip(",;: ") + "…"
    kept = " ".join(sentences[number] for number in sorted(chosen))
    return f"{kept} …"
