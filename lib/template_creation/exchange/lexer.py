"""Tokens out of text that should be JSON and may not be, piece by piece as it arrives.

Tolerant where answers of models go wrong: prose and fences around, comments, single and
typographic quotes, bare words, raw line ends in strings. What a token is never depends on how
the text was cut into pieces, and no character is looked at more than a fixed number of times.
(facts/llm-api.md sections 7 and 8.)
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal, NamedTuple

__all__ = ["Brackets", "Lexer", "Token", "complete_tokens"]

Kind = Literal["{", "}", "[", "]", ":", ",", "string", "word", "comment", "fence"]


class Token(NamedTuple):
    """``kind`` with the offsets ``start`` and ``end`` in the whole text; strings with quotes."""

    kind: Kind
    start: int
    end: int


_CLOSING = {'"': '"', "'": "'", "\u201c": "\u201d", "\u201d": "\u201d", "\u2018": "\u2019"}
_SPACE = re.compile("[\\s\ufeff\u200b]+")
_WORD = re.compile("[^\\s\ufeff\u200b{}\\[\\]:,\"'\u201c\u201d\u2018\u2019/#`]+")
_STOPS = {quote: re.compile(f"[{quote}\\\\]") for quote in set(_CLOSING.values())}
_START = re.compile('[{\\["]')
_OBJECT = re.compile("\\{[\\s\ufeff\u200b]*(?:[\"'\u201c\u2018}]|//|/\\*|[A-Za-z_][\\w-]*\\s*:)")
_LIST = re.compile('\\[[\\s\ufeff\u200b]*(?:[{\\[\\]"\u201c]|//|/\\*)')
_ENCODED = re.compile(r'"(?:\\+["nrt]|\s)*[{\[](?:\\+[nrt]|\s|[{\[])*\\+"')
_AHEAD = {"{": 64, "[": 64, '"': 256}
"""How far is looked ahead, outside of any value, to tell JSON from prose."""


class Lexer:
    """Text in by `add`, tokens out by `tokens`.

    While ``outside`` is true, everything up to what looks like the start of JSON is prose and
    is passed over; whoever reads the tokens sets it.
    """

    def __init__(self) -> None:
        self.outside = True
        self._buffer = ""
        self._at = 0
        self._offset = 0
        self._pieces: list[str] = []
        self._starts: list[int] = []
        self._end = 0
        self._open = ""
        self._began = 0
        self._last = ""
        self._is_blank = True

    @property
    def position(self) -> int:
        """The offset up to which the text was read."""
        return self._offset + self._at

    @property
    def open_string(self) -> int | None:
        """Where a string began that has not ended yet."""
        return self._began if self._open in _STOPS else None

    def give_up(self) -> None:
        """Forgets the string or comment that is open: what follows is outside of any value."""
        self._open = ""
        self.outside = True

    def add(self, text: str) -> None:
        """More text."""
        if not text:
            return
        self._buffer = self._buffer[self._at :] + text
        self._offset += self._at
        self._at = 0
        self._pieces.append(text)
        self._starts.append(self._end)
        self._end += len(text)

    def text(self, start: int, end: int | None = None) -> str:
        """The text between two offsets; `forget` must not have passed ``start``."""
        end = self._end if end is None else end
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, max(start, end - 1))
        joined = "".join(self._pieces[first:last])
        begin = self._starts[first] if self._starts else 0
        return joined[start - begin : end - begin]

    def forget(self, before: int) -> None:
        """Frees what stands before an offset."""
        first = bisect_right(self._starts, min(before, self._offset)) - 1
        if first > 0:
            del self._pieces[:first], self._starts[:first]

    def tokens(self, *, final: bool = False) -> Iterator[Token]:
        """The tokens up to where more text is needed; with ``final`` there is no more."""
        while self._at < len(self._buffer):
            token = self._outside(final) if self.outside and not self._open else self._inside(final)
            if token is None:
                return
            if token.kind != "comment":
                yield token

    def _token(self, kind: Kind, length: int, *, start: int | None = None) -> Token:
        begin = self.position if start is None else start
        self._at += length
        self._last = kind
        return Token(kind, begin, self.position)

    def _outside(self, final: bool) -> Token | None:
        found = _START.search(self._buffer, self._at)
        stop = found.start() if found else len(self._buffer)
        if self._is_blank:
            space = _SPACE.match(self._buffer, self._at)
            self._is_blank = (space.end() if space else self._at) >= stop
        self._at = stop
        if found is None:
            return None
        mark = found[0]
        ahead = self._at + _AHEAD[mark]
        if ahead > len(self._buffer) and not final:
            return None
        shown = self._buffer[self._at : ahead]
        is_first, self._is_blank = self._is_blank, False
        if mark == '"' and (is_first or _ENCODED.match(shown)):
            self._begin('"')
            return self._string()
        if (mark == "{" and _OBJECT.match(shown)) or (mark == "[" and _LIST.match(shown)):
            return self._token(mark, 1)  # type: ignore[arg-type]  # one of the literals
        return self._token("comment", 1)

    def _inside(self, final: bool) -> Token | None:
        if self._open:
            return self._string() if self._open in _STOPS else self._comment()
        buffer, at = self._buffer, self._at
        space = _SPACE.match(buffer, at)
        if space:
            self._at = space.end()
            self._last = self._last if self._last != "word" else "space"
            return self._inside(final) if self._at < len(buffer) else None
        char = buffer[at]
        if char in "{}[]:,":
            return self._token(char, 1)  # type: ignore[arg-type]  # one of the literals
        if self._opens_string(char):
            self._begin(_CLOSING[char])
            return self._string()
        if char in "/`":
            enough = 2 if char == "/" else 3
            if at + enough > len(buffer) and not final:
                return None
            if char == "/" and buffer[at : at + 2] in ("//", "/*"):
                self._open, self._began = buffer[at : at + 2], self.position
                self._at += 2
                return self._comment()
            if buffer[at : at + 3] == "```":
                return self._token("fence", 3)
        elif char == "#" and self._last != "word":
            self._open, self._began = "//", self.position
            return self._comment()
        word = _WORD.match(buffer, at)
        return self._token("word", word.end() - at if word else 1)

    def _opens_string(self, char: str) -> bool:
        if char not in _CLOSING:
            return False
        if char == '"' or char in "\u201c\u201d":
            return self._last != "word"
        return self._last in ("{", "[", ",", ":")

    def _begin(self, quote: str) -> None:
        self._open, self._began = quote, self.position
        self._at += 1

    def _string(self) -> Token | None:
        buffer, quote = self._buffer, self._open
        stop = _STOPS[quote]
        while True:
            found = stop.search(buffer, self._at)
            if found is None:
                self._at = len(buffer)
                return None
            self._at = found.start()
            if found[0] == "\\":
                if self._at + 2 > len(buffer):
                    return None
                self._at += 2
                continue
            if quote in "'\u2019":
                if self._at + 2 > len(buffer):
                    return None
                if buffer[self._at + 1].isalnum():
                    self._at += 1
                    continue
            self._open = ""
            return self._token("string", 1, start=self._began)

    def _comment(self) -> Token | None:
        end = "\n" if self._open == "//" else "*/"
        found = self._buffer.find(end, self._at)
        if found < 0:
            held = len(end) - 1
            self._at = max(self._at, len(self._buffer) - held)
            return None
        last = self._last
        self._open = ""
        token = self._token("comment", found + len(end) - self._at, start=self._began)
        self._last = last
        return token


class Brackets:
    """Which brackets are open, where some may be missing or too many.

    A closing bracket closes what was opened last with it, and all that is still open inside;
    one that nothing was opened for is passed over.

    >>> brackets = Brackets()
    >>> for kind in "{[{]": brackets.see(kind)
    >>> brackets.depth
    1
    """

    def __init__(self) -> None:
        self.deepest = 0
        self._open = bytearray()
        self._counts = {"{": 0, "[": 0}

    @property
    def depth(self) -> int:
        """How many are open."""
        return len(self._open)

    def see(self, kind: str) -> None:
        """One more bracket; other tokens are none."""
        if kind in self._counts:
            self._open.append(ord(kind))
            self._counts[kind] += 1
            self.deepest = max(self.deepest, len(self._open))
        elif kind in "}]":
            opening = "{" if kind == "}" else "["
            while self._counts[opening]:
                popped = chr(self._open.pop())
                self._counts[popped] -= 1
                if popped == opening:
                    return


def complete_tokens(text: str) -> list[Token]:
    """All tokens of a whole value, comments left out."""
    lexer = Lexer()
    lexer.outside = False
    lexer.add(text)
    return list(lexer.tokens(final=True))
