"""Which differences in writing say nothing: the capital at a start, emphasis, white space.

Letter case is part of a word: "US" is not "us", "Go" not "go", "5 MB" not "5 Mb". Only two kinds of
capitals are known to say nothing, and nothing else is folded: that of the first word of a
sentence, and those of a few words that people write large to be heard ("NEVER", "MUST").
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["normalise", "plain_case"]

_CODE = re.compile(r"(`+[^`]+`+|^(?:[ ]{4}|\t).*$)", re.MULTILINE)
"""Code spans, and the indented lines of Markdown's code blocks."""
_SPACE = re.compile(r"\s+")
_CLOSING = frozenset("_)]}\"'`")
_ENDS = r"(?=$|[\s,;:!?)\]\"”»*]|\.(?:\s|$))"
_LETTERS = r"[^\W\d_]++(?:['’-][^\W\d_]++)*+"
_FIRST = re.compile(rf"\A[\s\"'“„«¡¿(\[*_>#-]*({_LETTERS}){_ENDS}")
_NEXT = re.compile(rf"(?<=\w\w\w)[.!?][\"'”»)]*\s+[\"'“„«¡¿(]*({_LETTERS}){_ENDS}")
_EMPHASISED = re.compile(
    r"(?<![\w./:@-])(?:always|avoid|do(?=\s+not\b)|don['’]t|every|keine?|must|never|nicht|not|nunca"
    r"|jamais|only|recommended|required|shall|should)(?![\w/:@-]|\.\w)",
    re.IGNORECASE,
)
"""No word that is also a name or an acronym: neither MAY, ALL, NO nor DO are among them."""


def normalise(text: str) -> str:
    """The text without what carries no meaning: composed or decomposed characters, runs of white
    space outside of code, one full stop at the end, and what `plain_case` takes away.

    >>> normalise("  Use tabs,\\n NEVER spaces. ")
    'use tabs, never spaces'
    >>> normalise("Ship to the US") == normalise("Ship to the us")
    False
    >>> normalise("Indent by `  `") == normalise("Indent by `    `")
    False
    """
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    if not _may_hold_code(composed):
        return _without_stop(plain_case(" ".join(composed.split())))
    parts = _CODE.split(plain_case(composed.strip()))
    parts[::2] = [_SPACE.sub(" ", part) for part in parts[::2]]
    return _without_stop("".join(parts))


def plain_case(text: str) -> str:
    """The text without capitals that say nothing; code is left as it is.

    >>> plain_case("Use Go. Tests MUST pass; ask IT.")
    'use Go. Tests must pass; ask IT.'
    >>> plain_case("Never spaces. Use `NOT` in queries, NOT in code")
    'never spaces. use `NOT` in queries, not in code'
    """
    if text.islower():
        return text
    code = [match.span() for match in _CODE.finditer(text)] if _may_hold_code(text) else []

    def lowered(match: re.Match[str]) -> str:
        whole, word = match[0], match[match.lastindex or 0]
        if any(start <= match.end() - 1 < end for start, end in code):
            return whole
        if match.lastindex and (
            word[1:] != word[1:].lower() or (word not in "Aa" and not word[1:])
        ):
            return whole  # an acronym, a name such as gRPC, a letter that stands for something
        return whole[: -len(word)] + word.lower()

    text = _FIRST.sub(lowered, text, count=1)
    return _EMPHASISED.sub(lowered, _NEXT.sub(lowered, text))


def _may_hold_code(text: str) -> bool:
    return "`" in text or "\n" in text


def _without_stop(plain: str) -> str:
    ends = len(plain) > 1 and plain[-1] == "." and (plain[-2].isalnum() or plain[-2] in _CLOSING)
    return plain[:-1] if ends else plain
