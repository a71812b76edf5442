"""What was learned as a sentence that says what to do, with the memory's own words."""

from __future__ import annotations

import re

from template_creation.values.request import MemoryFact

__all__ = ["instructs", "statement"]

_SENTENCE = re.compile(r"\S.*?(?:(?<!e\.g)(?<!i\.e)[.!?](?=\s|$)|$)")
_REMEDIES = tuple(
    re.compile(rf"{word}:\s*(.+)") for word in ("Prevention", "Lesson", "Rule", "Fix")
)
_LONGEST = 200


def instructs(item: MemoryFact) -> bool:
    """Whether it says what to do; facts and notes are only told to a model.

    >>> instructs(MemoryFact(id="M1", kind="fact", text="Orders go to the queue."))
    False
    """
    return item.kind not in ("fact", "note")


def statement(item: MemoryFact) -> str:
    """One or two sentences for an agent: its words where they are an instruction, else with
    what to make of them. The whole text follows as evidence.

    >>> statement(MemoryFact(id="M1", kind="failure", hurt=True,
    ...     text="Migrations ran twice. Fix: take a lock."))
    'Do not repeat this: "Migrations ran twice." Take a lock.'
    """
    sentences = [found[0].strip() for found in _SENTENCE.finditer(item.text.rstrip("… "))]
    first = _ended(sentences[0]) if sentences else ""
    match item.kind:
        case "failure":
            remedies = (form.match(text) for form in _REMEDIES for text in sentences)
            remedy = next((found[1] for found in remedies if found), "")
            return f'Do not repeat this: "{first}" {_sentence(remedy)}'.strip()
        case "decision":
            return f'Keep to what was decided: "{_ended(_subject(first))}"'
        case "outcome":
            return f'Do it as it worked before: "{first}"'
        case _:
            whole = _ended(" ".join(sentences))
            return whole if len(whole) <= _LONGEST else first


def _subject(sentence: str) -> str:
    """``Use SQLite: We keep ...`` is about ``Use SQLite``."""
    head, colon, _ = sentence.partition(": ")
    return head if colon and len(head.split()) > 2 else sentence


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{_ended(text)[1:]}" if text else ""


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text.rstrip(',;:')}."
