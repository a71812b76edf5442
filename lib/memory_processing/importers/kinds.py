"""Which kind of memory a sentence is, by its modality and by the words around it.

Rules, not a model: what must or must not be done is a constraint, what should be a preference,
and what stands under "Lessons" is a lesson. What shows no kind is left to the caller.
"""

from __future__ import annotations

import re

from memory_processing.record import Kind

__all__ = ["kind_of_label", "kind_of_text"]

_MUST = re.compile(
    r"\b(?:must|always|never|shall|required to|mandatory|forbidden|prohibited|not allowed)\b"
    r"|\b(?:mustn't|may not)\b",
    re.IGNORECASE,
)
_MUST_LEAD = re.compile(
    r"(?:never|do not|don't|avoid|no|only|ensure|make sure|be sure to)\b(?! need)", re.IGNORECASE
)
_PREFER = re.compile(r"\b(?:should|shouldn't|prefers?|preferred|likes?|would rather)\b", re.I)
_PREFER_LEAD = re.compile(r"(?:prefer|favou?r|try to|instead of)\b", re.IGNORECASE)
_DECIDED = re.compile(r"\b(?:we|team|they)\s+(?:have\s+)?(?:decided|chose|agreed)\b", re.IGNORECASE)
_LEARNED = re.compile(r"\b(?:lesson|learned|learnt|turned out|in hindsight)\b", re.IGNORECASE)
_FAILED = re.compile(
    r"\b(?:failed|fails|broke|breaks|crashed|crashes|outage|incident|regression)\b"
    r"|\blost (?:data|hours)\b",
    re.IGNORECASE,
)
_IMPERATIVE = re.compile(
    r"(?:add|annotate|call|check|commit|create|declare|define|document|export|extract|follow|"
    r"format|group|handle|implement|import|include|inject|keep|leave|limit|mark|mirror|mock|move|"
    r"name|omit|pass|pin|place|put|raise|register|remove|return|reuse|run|separate|set|split|"
    r"store|test|treat|update|use|validate|wrap|write)\b(?!:)",
    re.IGNORECASE,
)
_KIND_WORDS: tuple[tuple[str, Kind], ...] = (
    (
        r"anti patterns?|failures?|failed|mistakes?|incidents?|known (?:bugs?|issues?)",
        "failure",
    ),
    (r"lessons?|learnings?|learned|learnt|gotchas?|pitfalls?|corrections?|hindsight", "lesson"),
    (r"decisions?|adrs?|architecture decisions?|decided", "decision"),
    (r"preferences?|prefers?|style|tastes?", "preference"),
    (r"constraints?|rules?|boundaries|conventions?|policy|policies|never|do not", "constraint"),
    (r"outcomes?|results?|achievements?", "outcome"),
    (r"facts?|human|profile|about", "fact"),
)
_LABELS = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), kind) for words, kind in _KIND_WORDS
)
_DRESS = re.compile(r"^(?:[*_`\"'(\s]|\[[ xX]\])+")
_LABEL_LEAD = re.compile(r"^(?:note(?: that)?|important|please|warning|rule)[:,!]?\s+", re.I)


def kind_of_label(label: str) -> Kind | None:
    """The kind that a heading, a category or a block's label names, or none.

    >>> kind_of_label("architecture_decisions"), kind_of_label("Setup")
    ('decision', None)
    """
    words = re.sub(r"[\W_]+", " ", label)
    for pattern, kind in _LABELS:
        if pattern.search(words):
            return kind
    return None


def kind_of_text(text: str) -> Kind | None:
    """The kind that a sentence shows by itself, or none.

    >>> kind_of_text("Never commit secrets."), kind_of_text("The API runs on port 8000.")
    ('constraint', None)
    """
    lead = _LABEL_LEAD.sub("", _DRESS.sub("", text))
    after_label = re.sub(r"^[^:.]{1,40}:(?:\*\*)?\s+", "", lead)
    if _DECIDED.search(text):
        return "decision"
    if _LEARNED.search(text):
        return "lesson"
    for part in (lead, after_label):
        if _MUST_LEAD.match(part):
            return "constraint"
        if _PREFER_LEAD.match(part):
            return "preference"
    if _MUST.search(text):
        return "constraint"
    if _PREFER.search(text):
        return "preference"
    if _IMPERATIVE.match(lead) or _IMPERATIVE.match(after_label):
        return "preference"
    return "failure" if _FAILED.search(text) else None
