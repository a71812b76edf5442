"""Agents out of an answer, each as its object closes; whatever was not taken, with the reason.

A complete object is one whose own closing brace was seen: a half one is dropped, never
completed. Places are JSON paths. (DESIGN section 5; F25-F35 of the facts.)
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

from template_creation.exchange.frames import Frame
from template_creation.exchange.lexer import Brackets, Lexer, Token
from template_creation.exchange.mend import decode_string
from template_creation.exchange.salvage import heads
from template_creation.exchange.shapes import WRAPPERS, field_of, plain_key
from template_creation.exchange.taking import Taking
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

__all__ = ["MAX_ANSWER", "MAX_OBJECT", "AnswerReader", "read_answer"]

MAX_ANSWER = 32_000_000
"""The longest answer that is read, in characters."""
MAX_OBJECT = 2_000_000
"""The longest agent's object, in characters."""
_BLOCK = 65_536
"""What is too long is seen at multiples of this, however the text was cut."""
_MAX_FRAMES = 24
_MAX_TEXT_IN_TEXT = 4
_DECISIVE = frozenset(
    {"enhanced_content", "templates", "practices", "examples", "constraints", "short_because"}
)
_AMBIGUOUS = frozenset({"content", "markdown", "body"})
"""Keys that envelopes have too: they make an agent's object only where it is named."""


def read_answer(payload: object, expected: Sequence[str]) -> list[AnsweredAgent | Issue]:
    """Every agent of ``expected`` that ``payload`` answers for, then what was not taken.

    ``payload`` is text (bare JSON, in a fence, in prose, encoded more than once), an object, a
    list of its items or an envelope around it. Never raises for what it says.

    >>> read_answer('Sure: {"agents": [{"name": "API.md", "content": "# Api"}]}', ["api"])[0].name
    'api'
    """
    reader = AnswerReader(expected)
    if isinstance(payload, bytes | bytearray):
        payload = bytes(payload).decode("utf-8-sig", "replace")
    if not isinstance(payload, str):
        try:
            payload = json.dumps(payload, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError) as exc:
            message = f"the answer is no JSON: {exc}"
            return [Issue("answer-json", "$", message[:200], "answer with one JSON object")]
    return [*reader.feed(payload), *reader.finish()]


class AnswerReader:
    """Reads an answer while it arrives.

    ``feed`` takes text in pieces of any size and gives each agent of ``expected`` as its object
    closes; ``finish`` gives what could still be saved, and an `Issue` for everything that was
    not taken. The outcome does not depend on how the text was cut into pieces.

    >>> reader = AnswerReader(["api", "db"])
    >>> reader.feed('{"enhancements": [{"agent_name": "api", "enhanced_content": "# A')
    []
    >>> [item.name for item in reader.feed('pi"}, {"agent_name": "db", "enhanc')]
    ['api']
    >>> [item.rule for item in reader.finish(cut=True)]
    ['answer-cut']
    """

    def __init__(self, expected: Sequence[str]) -> None:
        self._taking = Taking(expected)
        self._document = _Document(self._taking, "$", 0)
        self._length = 0

    def feed(self, text: str) -> list[AnsweredAgent]:
        """The agents whose objects ``text`` completes."""
        room = MAX_ANSWER - self._length
        self._length += len(text)
        if room <= 0:
            return []
        self._taking.keep(text[:room])
        self._document.feed(text[:room])
        return self._taking.handed_over()

    def finish(self, *, cut: bool = False) -> list[AnsweredAgent | Issue]:
        """What is left to take, then what was refused; ``cut`` says that the answer is known
        to end too early."""
        self._document.finish(cut=cut)
        if self._length > MAX_ANSWER:
            message = f"the answer has more than {MAX_ANSWER} characters; the rest was not read"
            self._taking.refuse("answer-too-long", "$", message, "answer for fewer agents")
        return self._taking.rest()


class _Document:
    """The reading of one text, which may be inside another; what it finds goes to ``taking``."""

    def __init__(self, taking: Taking, place: str, level: int, *, saves: bool = True) -> None:
        self._taking, self._place, self._level = taking, place, level
        self._saves = saves
        self._lexer = Lexer()
        self._frames: list[Frame] = []
        self._inner: Brackets | None = None
        self._roots = 0
        self._length = 0

    def feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            step = _BLOCK - self._length % _BLOCK
            part = text[at : at + step]
            at += len(part)
            self._length += len(part)
            self._lexer.add(part)
            self._read(final=False)
            if self._length % _BLOCK == 0 and self._length - self._needed() > MAX_OBJECT:
                self._abandon(self._lexer.position, "answer-too-long", cut=False)
            self._lexer.forget(self._needed())

    def finish(self, *, cut: bool) -> None:
        self._read(final=True)
        self._abandon(self._lexer.position, "answer-cut", cut=cut)

    def _read(self, *, final: bool) -> None:
        for token in self._lexer.tokens(final=final):
            if token.kind == "fence":
                self._abandon(token.start, "answer-cut", cut=False)
            elif self._inner is not None:
                self._in_object(self._inner, token)
            elif self._frames:
                self._in_frame(self._frames[-1], token)
            else:
                self._at_root(token)

    def _needed(self) -> int:
        """The offset from which the text may still be wanted."""
        position = self._lexer.position
        starts = [frame.start for frame in self._frames if not frame.is_wrapper][:1]
        words = [frame.word[0] for frame in self._frames[-1:] if frame.word]
        string = self._lexer.open_string
        return min([position, *starts, *words, *([] if string is None else [string])])

    # -- outside of any agent's object --------------------------------------------------------

    def _at_root(self, token: Token) -> None:
        if token.kind == "string":
            self._text_in_text(self._lexer.text(token.start, token.end), self._place)
        elif token.kind in ("{", "["):
            self._roots += 1
            more = f"({self._roots})" if self._roots > 1 else ""
            self._open(token, f"{self._place}{more}", "")

    def _in_frame(self, frame: Frame, token: Token) -> None:
        kind = token.kind
        if kind in ("{", "["):
            self._open(token, frame.place_inside(), frame.key or "")
            frame.word = None
        elif kind in ("}", "]"):
            self._close(token)
        elif kind == ":" and frame.kind == "{" and frame.word:
            self._on_key(frame, self._said(frame.word))
        elif kind == ",":
            self._end_of_item(frame)
        elif kind == "string" and (frame.kind == "[" or frame.key is not None):
            self._on_text(frame, token)
        elif frame.word and frame.word[1] == token.start and kind == "word":
            frame.word = (frame.word[0], token.end)
        else:
            frame.word = (token.start, token.end)

    def _said(self, span: tuple[int, int]) -> str:
        shown = self._lexer.text(span[0], min(span[1], span[0] + 400))
        return decode_string(shown) if shown[0] in "\"'\u201c\u201d\u2018" else shown

    def _end_of_item(self, frame: Frame) -> None:
        if frame.kind == "[":
            self._no_object(frame)
        frame.close_item()

    def _no_object(self, frame: Frame) -> None:
        if frame.word and frame.holds_agents:
            shown = self._lexer.text(frame.word[0], min(frame.word[1], frame.word[0] + 40))
            self._taking.refuse(
                "answer-item",
                frame.place_inside(),
                f"an agent's answer is {shown!r}",
                "one object for each agent",
            )
        frame.word = None

    def _open(self, token: Token, place: str, key: str) -> None:
        frame = Frame(token.kind, token.start, place, key)
        self._frames.append(frame)
        if len(self._frames) > _MAX_FRAMES:
            frame.is_wrapper = True
            self._enter(frame)
        elif token.kind == "{" and self._taking.name_of(key):
            self._is_agent(frame)
        self._lexer.outside = False

    def _is_agent(self, frame: Frame) -> None:
        """From here on the object is an agent's, whatever is in it."""
        frame.is_agent = True
        for outer in self._frames[:-1]:
            outer.is_wrapper = True
        self._enter(frame)

    def _enter(self, frame: Frame) -> None:
        self._inner = Brackets()
        self._inner.see(frame.kind)

    def _on_key(self, frame: Frame, key: str) -> None:
        frame.key, frame.word = key, None
        field = field_of(key)
        if plain_key(key) in WRAPPERS or frame.is_wrapper:
            return
        if field in _DECISIVE and plain_key(key) not in _AMBIGUOUS:
            self._is_agent(frame)

    def _on_text(self, frame: Frame, token: Token) -> None:
        key, place = frame.key, frame.place_inside()
        shown = self._lexer.text(token.start, token.end)
        frame.word = None
        if frame.kind == "[" or key is None:
            if not self._text_in_text(shown, place):
                frame.word = (token.start, token.end)
            return
        field = field_of(key)
        if name := self._taking.name_of(key):
            self._keyed_text(name, shown, place)
            frame.is_wrapper = True
        elif field == "agent_name" and not frame.is_wrapper:
            frame.has_name = True
            if self._taking.name_of(self._said((token.start, token.end))):
                self._is_agent(frame)
        elif field == "enhanced_content" and not frame.is_wrapper:
            frame.has_content = True
            if self._taking.name_of(frame.given):
                self._is_agent(frame)
            elif self._text_in_text(shown, place):
                frame.is_wrapper = True
        elif plain_key(key) in WRAPPERS and self._text_in_text(shown, place):
            frame.is_wrapper = True
        frame.key = None

    def _close(self, token: Token) -> None:
        """The bracket that was opened last with this one closes, and all inside it."""
        opening = "{" if token.kind == "}" else "["
        if not any(frame.kind == opening for frame in self._frames):
            return
        while True:
            frame = self._frames.pop()
            if frame.kind == "[":
                self._no_object(frame)
            if frame.kind == opening:
                break
        is_item = bool(self._frames) and self._frames[-1].holds_agents
        if frame.kind == "{" and not frame.is_wrapper and (frame.has_content or is_item):
            self._take(frame, token.end)
        if not self._frames:
            self._lexer.outside = True
        elif self._frames[-1].kind == "{":
            self._frames[-1].key = None

    # -- inside ---------------------------------------------------------------------------------

    def _in_object(self, inner: Brackets, token: Token) -> None:
        inner.see(token.kind)
        if inner.depth:
            return
        self._inner = None
        frame = self._frames.pop()
        if frame.is_agent:
            self._take(frame, token.end)
        if not self._frames:
            self._lexer.outside = True
        elif self._frames[-1].kind == "{":
            self._frames[-1].key = None

    def _take(self, frame: Frame, end: int) -> None:
        text = self._lexer.text(frame.start, end)
        problem = self._taking.take(text, frame.place, frame.given)
        if problem:
            self._taking.unreadable(text, frame.place, frame.given, problem)
            self._save(text, frame.place)

    def _keyed_text(self, name: str, shown: str, place: str) -> None:
        text = decode_string(shown)
        if text.lstrip().startswith("{"):
            problem = self._taking.take(text.strip(), place, name)
            if not problem:
                return
        self._taking.accept({"enhanced_content": text}, place, name, "")

    def _text_in_text(self, shown: str, place: str, *, cut: bool = False) -> bool:
        """Whether the string ``shown`` held agents; they are taken."""
        if self._level >= _MAX_TEXT_IN_TEXT or "{" not in shown:
            return False
        before = self._taking.seen
        inside = _Document(self._taking, place, self._level + 1)
        inside.feed(decode_string(shown))
        inside.finish(cut=cut)
        return self._taking.seen > before

    # -- what was not closed ----------------------------------------------------------------------

    def _abandon(self, end: int, rule: str, *, cut: bool) -> None:
        """What is open is given up, after what can be saved of it."""
        string = self._lexer.open_string
        if not self._frames and string is None:
            return
        text = self._lexer.text(self._needed(), end)
        frames, self._frames, self._inner = self._frames, [], None
        self._lexer.give_up()
        if not self._saves:
            return
        agent = next((frame for frame in frames if frame.is_agent), None)
        place = agent.place if agent else frames[-1].place_inside() if frames else self._place
        saved = self._save(text, place)
        if not agent and string is not None:
            saved |= self._text_in_text(self._lexer.text(string, end), place, cut=True)
        if agent or cut or not saved:
            self._taking.half(rule, text, place, agent.given if agent else "")

    def _save(self, text: str, place: str) -> bool:
        """Whether there were agents whose objects begin and end inside of ``text``, behind its
        first character; they are taken."""
        found = heads(text, self._taking.expected)
        before = self._taking.seen
        for start, end in pairwise([*found, len(text)]):
            part = text[start:end]
            inside = _Document(self._taking, f"{place}+{start}", self._level, saves=False)
            inside.feed(part if part[0] == "{" else "{" + part)
            inside.finish(cut=True)
        return self._taking.seen > before
