"""Which declarations an agent shows: different forms, from its own templates first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from template_creation.values.request import AgentRequest, CatalogEntry, CatalogSymbol

__all__ = ["Excerpt", "choose_examples", "http_route"]

SHORTEST = 5
LONGEST = 60
"""An excerpt has 5 to 60 lines of code; of a longer file the first are shown."""

SLIGHT = 8
"""Shorter declarations come last: they show a name more than a form."""

WHOLE_FILE = 60
"""A file of so few lines is shown whole: a thing to copy, not a part of one."""

OVERHEAD = 8
"""Lines around an excerpt: heading, caption, fences, blank lines, the mark of a cut."""

SLACK = 5
"""So far may the last excerpt go beyond the room."""

_ROUTE = re.compile(
    r"[@\[]\s*(?:[\w.]+\.)?(?:Http)?(get|post|put|patch|delete)(?:Mapping)?\b"
    r"(?:\(\s*(?:value\s*=\s*|path\s*=\s*)?[{]?\s*[\"']([^\"']*)[\"'])?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A declaration that may be shown: ``id`` to cite, its ``cost`` in lines of the file."""

    id: str
    template: CatalogEntry
    symbol: CatalogSymbol | None
    cost: int

    @property
    def form(self) -> tuple[str, str]:
        """What it shows an example of; two of one form are near-duplicates."""
        if self.symbol is None:
            return ("file", self.template.category)
        route = http_route(self.symbol)
        if route:
            return ("route", route[0])
        verbs = self._verbs()
        return (self.symbol.kind, verbs[0] if verbs else self.symbol.kind)

    @property
    def words(self) -> frozenset[str]:
        """All that its name says beside the subject of its file, and the route's verb."""
        if self.symbol is None:
            return frozenset({"file"})
        route = http_route(self.symbol)
        verbs = self._verbs()
        return frozenset([*verbs, route[0]] if route else verbs or [self.symbol.kind])

    def _verbs(self) -> list[str]:
        words = _words(self.symbol.name) if self.symbol else []
        subject = {
            word
            for part in _words(self.template.name)
            for word in (part, f"{part}s", part.removesuffix("s"))
        }
        return [word for word in words if word not in subject and word not in _EMPTY]


def http_route(symbol: CatalogSymbol) -> tuple[str, str] | None:
    """The verb and path that a declaration's marks route to it, if they do.

    >>> http_route(CatalogSymbol(id="T1.s1", name="f", kind="function", lines="1-9",
    ...     signature="def f()", marks=('@router.get("/items")',)))
    ('GET', '/items')
    """
    for mark in symbol.marks:
        if match := _ROUTE.match(mark):
            return match[1].upper(), match[2] or ""
    return None


@dataclass(frozen=True, slots=True)
class _Pass:
    """One round of choosing: among own templates only or all, how different an excerpt has to
    be from those chosen, and how many agents may show it."""

    own_only: bool
    unlike: Literal["form", "form of this file", "words"]
    most: int


_PASSES = (
    _Pass(True, "form", 1),
    _Pass(True, "form of this file", 1),
    _Pass(True, "words", 1),
    _Pass(False, "form of this file", 1),
    _Pass(False, "words", 2),
)


def choose_examples(
    agents: Sequence[AgentRequest],
    catalog: Mapping[str, CatalogEntry],
    room: Mapping[str, int],
    *,
    fill: int = 0,
) -> dict[str, list[Excerpt]]:
    """The excerpts of each agent: about ``room[name]`` lines, none shown by two agents.

    First every agent takes from the templates of its own layers, so that nobody loses its own
    best example. What other layers offer only fills an agent up to the least length, ``fill``
    lines below ``room``, also what another agent shows; where that does not get it there, it is
    left out: code of others makes a short agent no better. One that would have no example shows
    the best there is.
    """
    shown: Counter[str] = Counter()
    chosen: dict[str, list[Excerpt]] = {agent.name: [] for agent in agents}
    for step in _PASSES:
        for agent in agents:
            entries = [catalog[key] for key in agent.templates if key in catalog]
            if step.own_only:
                entries = [item for item in entries if item.category in agent.layers]
            enough = room[agent.name] - (0 if step.own_only else fill)
            _fill(chosen[agent.name], entries, room[agent.name], enough, shown, step)
    for agent in agents:
        mine = chosen[agent.name]
        if sum(item.cost for item in mine) + SLACK < room[agent.name] - fill:
            own = [item for item in mine if item.template.category in agent.layers]
            chosen[agent.name] = own or mine
    for agent in agents:
        if not chosen[agent.name]:  # better one that others show than none
            entries = [catalog[key] for key in agent.templates if key in catalog]
            last = _Pass(False, "words", len(agents))
            _fill(chosen[agent.name], entries, room[agent.name], 1, shown, last)
        place = {key: number for number, key in enumerate(agent.templates)}
        chosen[agent.name].sort(key=lambda item: (place[item.template.id], _line(item)))
    return chosen


def _fill(
    mine: list[Excerpt],
    entries: Sequence[CatalogEntry],
    room: int,
    enough: int,
    shown: Counter[str],
    step: _Pass,
) -> None:
    """Adds excerpts that fit into ``room``, one of each template in turn, until there are
    ``enough`` lines."""
    queues = [list(_excerpts(entry)) for entry in entries]
    while any(queues):
        for queue in queues:
            spent = sum(item.cost for item in mine)
            if spent >= enough:
                return
            taken = {_likeness(item, step) for item in mine}
            item = next(
                (
                    one
                    for one in queue
                    if shown[one.id] < step.most
                    and one not in mine
                    and _likeness(one, step) not in taken
                    and spent + one.cost <= room + SLACK
                ),
                None,
            )
            if item is None:
                queue.clear()
                continue
            queue.remove(item)
            shown[item.id] += 1
            mine.append(item)


def _likeness(item: Excerpt, step: _Pass) -> tuple[object, ...]:
    """What two excerpts must not have in common in this round."""
    if step.unlike == "form":
        return item.form
    if step.unlike == "form of this file":
        return (*item.form, item.template.id)
    return (item.words, item.template.id)


def _excerpts(entry: CatalogEntry) -> Iterator[Excerpt]:
    """What ``entry`` can show: the whole file if it is small and mostly declarations, else
    its declarations, those first that need no cut."""
    if _shows_whole(entry):
        yield Excerpt(entry.id, entry, None, entry.lines + OVERHEAD)
        return
    found = []
    routed = any(http_route(symbol) for symbol in entry.symbols)
    for symbol in entry.symbols:
        length = _length(symbol)
        if length >= SHORTEST:
            cost = length + OVERHEAD
            slight = length < SLIGHT or symbol.kind in ("type", "constant", "interface")
            plain = routed and http_route(symbol) is None
            item = Excerpt(symbol.id, entry, symbol, cost)
            found.append((slight, plain, item))
    if not found and entry.lines:
        yield Excerpt(entry.id, entry, None, min(entry.lines, LONGEST) + OVERHEAD)
    yield from (item for *_, item in sorted(found, key=lambda entry: entry[:2]))


def _shows_whole(entry: CatalogEntry) -> bool:
    """Not where a licence or a table of imports would fill the excerpt."""
    declared = sum(_length(symbol) for symbol in entry.symbols)
    return entry.lines <= WHOLE_FILE and declared * 2 >= entry.lines


def _length(symbol: CatalogSymbol) -> int:
    first, last = (int(part) for part in symbol.lines.split("-"))
    return last - first + 1


def _line(item: Excerpt) -> int:
    return int(item.symbol.lines.split("-")[0]) if item.symbol else 0


_EMPTY = frozenset(["test", "tests", "it", "should", "handle", "on", "the", "a", "async"])


def _words(name: str) -> list[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word.lower() for word in re.findall(r"[A-Za-z]+", spaced)]
