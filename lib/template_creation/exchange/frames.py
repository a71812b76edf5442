"""The brackets around agents' objects, while an answer is read."""

from __future__ import annotations

from typing import NamedTuple

from template_creation.exchange.shapes import LISTS, plain_key

__all__ = ["Frame", "Held"]


class Held(NamedTuple):
    """The text of an object or of a string, where it stands, and its key."""

    text: str
    place: str
    key: str
    is_object: bool = False


class Frame:
    """An open bracket outside of any agent's object, and what is known of it so far.

    ``given`` is the key that it has in its parent; ``is_wrapper`` says that it is surely no
    agent's object, ``holds_agents`` that it is a list where agents' objects belong; ``key`` is
    the key whose value comes next, ``word`` where a text stands that may become one.

    ``is_map`` says that its keys are agents' names. Until that is known, what stands under a key
    that is an agent's name and a word of the format too is ``held`` back.
    ``has_agents`` says that an agent was answered for inside, though with nothing.
    """

    def __init__(self, kind: str, start: int, place: str, given: str) -> None:
        self.kind, self.start, self.place, self.given = kind, start, place, given
        self.is_wrapper = kind == "["
        self.holds_agents = kind == "[" and plain_key(given) in LISTS
        self.is_agent = False
        self.has_content = self.has_agents = False
        self.is_map = False
        self.held: list[Held] = []
        self.key: str | None = None
        self.word: tuple[int, int] | None = None
        self.index = 0

    def close_item(self) -> None:
        """A comma was read."""
        self.index += 1
        self.key = self.word = None

    def place_inside(self) -> str:
        """Where the value stands that is read now."""
        if self.kind == "[":
            return f"{self.place}[{self.index}]"
        return f"{self.place}.{(self.key or '?')[:80]}"
