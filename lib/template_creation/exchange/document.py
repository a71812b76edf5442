"""One text of an answer read token by token: what is around agents' objects, and which are some.

A key may be a word of the format and an agent's name at once. Then it is read as the word, and
as the name only where it cannot be the word or where the keys beside it are names.
(F25-F35 of the facts.)
"""

from __future__ import annotations

from itertools import pairwise

from template_creation.exchange.frames import Frame, Held
from template_creation.exchange.lexer import Brackets, Lexer, Token
from template_creation.exchange.mend import decode_string
from template_creation.exchange.salvage import heads
from template_creation.exchange.shapes import (
    LISTS,
    WRAPPERS,
    field_of,
    is_decisive,
    is_markdown,
    is_word,
    plain_key,
)
from template_creation.exchange.taking import Taking

__all__ = ["MAX_OBJECT", "Document"]

MAX_OBJECT = 2_000_000
"""The longest agent's object, in characters."""
_BLOCK = 65_536
"""What is too long is seen at multiples of this, however the text was cut."""
_MAX_FRAMES = 24
_LONGEST_SHOWN = 400
"""So much of a key or a name is looked at, in characters."""
_MAX_TEXT_IN_TEXT = 4
_A_MAP = 2
"""So many texts under keys that are names make an object a map, whatever else they mean."""


class Document:
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
        """More of the text, in a piece of any size."""
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
        """There is no more; what is open is given up, after what can be saved of it."""
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
        shown = self._lexer.text(span[0], min(span[1], span[0] + _LONGEST_SHOWN))
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
        outer = self._frames[-1] if self._frames else None
        if outer and not outer.is_wrapper and token.kind == "[" and is_decisive(key):
            self._is_agent(outer).see("[")
            return
        frame = Frame(token.kind, token.start, place, key)
        self._frames.append(frame)
        if len(self._frames) > _MAX_FRAMES:
            frame.is_wrapper = True
            self._enter(frame)
        elif token.kind == "{" and self._taking.name_of(key) and not is_word(key):
            frame.is_agent = True
            self._enter(frame)
        self._lexer.outside = False

    def _is_agent(self, frame: Frame) -> Brackets:
        """From here on the innermost object is an agent's, whatever is in it."""
        frame.is_agent = True
        around = self._frames[:-1]
        if around and not self._is_unsure(frame.given, around[-1]):
            self._are_around(around, is_map=bool(self._taking.name_of(frame.given)))
        return self._enter(frame)

    def _enter(self, frame: Frame) -> Brackets:
        self._inner = Brackets()
        self._inner.see(frame.kind)
        return self._inner

    def _is_unsure(self, key: str, outer: Frame) -> bool:
        """Whether ``key`` of ``outer`` may be an agent's name or else a word of the format."""
        if outer.is_map or (outer.given and plain_key(outer.given) in LISTS):
            return False
        return is_word(key) and bool(self._taking.name_of(key))

    def _are_around(self, frames: list[Frame], *, is_map: bool) -> None:
        """These are around an agent's answer, so that they are none; with ``is_map`` the keys
        of the last are agents' names."""
        for outer in frames:
            outer.is_wrapper = True
        if frames and is_map:
            frames[-1].is_map = True
            self._let_go(frames[-1])

    def _on_key(self, frame: Frame, key: str) -> None:
        """A key that only agents' objects have tells what the object is; where an agent is
        called so, the key's value does (`_open`, `_on_word`)."""
        frame.key, frame.word = key, None
        if is_decisive(key) and not frame.is_wrapper and not self._taking.name_of(key):
            self._is_agent(frame)

    def _on_text(self, frame: Frame, token: Token) -> None:
        key, place = frame.key, frame.place_inside()
        shown = self._lexer.text(token.start, token.end)
        frame.word = None
        if frame.kind == "[" or key is None:
            if not self._text_in_text(shown, place):
                frame.word = (token.start, token.end)
            return
        if is_word(key):
            if not self._on_word(frame, key, shown, place) and self._taking.name_of(key):
                self._on_either(frame, Held(decode_string(shown), place, key))
        elif (name := self._taking.name_of(key)) and self._keyed_text(
            name, decode_string(shown), place
        ):
            self._are_around([frame], is_map=True)
        frame.key = None

    def _on_word(self, frame: Frame, key: str, shown: str, place: str) -> bool:
        """Whether the text ``shown`` is what ``key`` stands for in the format."""
        field = field_of(key)
        is_content = field == "enhanced_content" and not frame.is_wrapper
        frame.has_content |= is_content
        if (is_content or plain_key(key) in WRAPPERS) and self._text_in_text(shown, place):
            frame.is_wrapper = True
            return True
        is_agent = not frame.is_wrapper and (
            (field == "agent_name" and bool(self._taking.name_of(_beginning(shown))))
            or (is_decisive(key) and not is_markdown(decode_string(shown)))
        )
        if is_agent:
            self._is_agent(frame)
        return is_agent

    def _on_either(self, frame: Frame, held: Held) -> None:
        """A text under a key that is a word of the format, which means nothing here, and an
        agent's name: it is that agent's where the keys around it are names."""
        if frame.is_map:
            self._give(held)
        elif is_markdown(held.text):
            frame.held.append(held)

    def _let_go(self, frame: Frame) -> None:
        """What was held back in ``frame`` is the agents' whose names are the keys."""
        held, frame.held = frame.held, []
        for item in held:
            if item.is_object or frame.is_map or not frame.is_wrapper:
                self._give(item)

    def _give(self, held: Held) -> None:
        if held.is_object:
            self._judge(held.text, held.place, held.key)
        else:
            self._keyed_text(self._taking.name_of(held.key), held.text, held.place)

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
        is_item = bool(self._frames) and self._frames[-1].holds_agents and not frame.has_agents
        is_whole = frame.kind == "{" and not frame.is_wrapper and len(frame.held) < _A_MAP
        if is_whole and (frame.has_content or is_item):
            self._take(frame, token.end)
        else:
            self._let_go(frame)
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
        if self._frames and self._is_unsure(frame.given, self._frames[-1]):
            self._frames[-1].held.append(Held(text, frame.place, frame.given, is_object=True))
        elif self._judge(text, frame.place, frame.given):
            self._are_around(self._frames, is_map=bool(self._taking.name_of(frame.given)))
        else:
            for outer in self._frames:
                outer.has_agents = True

    def _judge(self, text: str, place: str, given: str) -> bool:
        """Whether the object ``text`` is for an agent and says anything; it is taken or
        refused."""
        hollow = self._taking.hollow
        problem = self._taking.take(text, place, given)
        if problem:
            self._taking.unreadable(text, place, given, problem)
            self._save(text, place)
        return self._taking.hollow == hollow

    def _keyed_text(self, name: str, text: str, place: str) -> bool:
        """Whether ``text`` is the answer for ``name``, whose key it has: its Markdown, or its
        object as text."""
        if text.lstrip().startswith("{") and not self._taking.take(text.strip(), place, name):
            return True
        if is_markdown(text):
            self._taking.accept({"enhanced_content": text}, place, name, "")
            return True
        self._taking.no_text(name, place, text)
        return False

    def _text_in_text(self, shown: str, place: str, *, cut: bool = False) -> bool:
        """Whether the string ``shown`` held agents; they are taken."""
        if self._level >= _MAX_TEXT_IN_TEXT or "{" not in shown:
            return False
        before = self._taking.seen
        inside = Document(self._taking, place, self._level + 1)
        inside.feed(decode_string(shown))
        inside.finish(cut=cut)
        return self._taking.seen > before

    # -- what was not closed ----------------------------------------------------------------------

    def _abandon(self, end: int, rule: str, *, cut: bool) -> None:
        """What is open is given up, after what can be saved of it."""
        string = self._lexer.open_string
        if not self._frames and string is None:
            return
        agent = next((frame for frame in self._frames if frame.is_agent), None)
        text = self._lexer.text(agent.start if agent else self._needed(), end)
        frames, self._frames, self._inner = self._frames, [], None
        self._lexer.give_up()
        if not self._saves:
            return
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
            inside = Document(self._taking, f"{place}+{start}", self._level, saves=False)
            inside.feed(part if part[0] == "{" else "{" + part)
            inside.finish(cut=True)
        return self._taking.seen > before


def _beginning(shown: str) -> str:
    """What the string ``shown`` says, as far as a name goes."""
    return decode_string(shown[:_LONGEST_SHOWN])
