"""English sentences for extracted facts; each names something of the codebase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from template_creation.bridges.selection import Excerpt, http_route
from template_creation.values.request import (
    AgentRequest,
    CatalogEntry,
    CatalogSymbol,
)

__all__ = ["counted", "example_title", "is_plural", "joined", "short_names", "why"]


LINE = 150
"""About how long a line of prose may be."""


def joined(words: Sequence[str], last: str = "and") -> str:
    """``words`` as English.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def counted(number: int, singular: str, plural: str = "") -> str:
    """``number`` with its noun.

    >>> counted(1, "file"), counted(4, "file")
    ('1 file', '4 files')
    """
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def is_plural(work: str) -> bool:
    """Whether a verb after ``work`` is in the plural.

    >>> is_plural("API endpoints"), is_plural("data access"), is_plural("pages and routes")
    (True, False, True)
    """
    return " and " in work or (work.endswith("s") and not work.endswith("ss"))


def short_names(entries: Sequence[CatalogEntry]) -> dict[str, str]:
    """What to call each entry's source, by id: its file name, or its whole path where another
    has the same name."""
    names = Counter(item.source.rpartition("/")[2] for item in entries)
    return {
        item.id: name if names[name := item.source.rpartition("/")[2]] == 1 else item.source
        for item in entries
    }


def why(agent: AgentRequest, entry: CatalogEntry, place: int) -> str:
    """Why ``entry`` is the agent's template number ``place`` (0 is the first): what it shows,
    by the names of its declarations."""
    if not agent.layers:
        lead = "Start here" if place == 0 else "See also"
    elif entry.category in agent.layers:
        lead = "Start here" if place == 0 else "Also of your layer"
    elif entry.category in ("tests", "e2e") and {"tests", "e2e"} & set(agent.layers):
        lead = "Other tests"
    elif entry.category in ("tests", "e2e"):
        lead = "The tests that go with this work"
    elif {"tests", "e2e"} & set(agent.layers):
        lead = "Code under test"
    else:
        lead = "Next to this work"
    purpose = (
        f" {entry.purpose[0].upper()}{entry.purpose[1:].rstrip('.')}." if entry.purpose else ""
    )
    room = LINE - len(lead) - len(purpose)
    shown = "" if _named_in(entry) else _declared(entry.symbols, room)
    return f"{lead}.{purpose} {shown}".rstrip()


def _named_in(entry: CatalogEntry) -> bool:
    """Whether the purpose already names what there is."""
    return all(symbol.name in entry.purpose for symbol in entry.symbols)


def _declared(symbols: Sequence[CatalogSymbol], room: int) -> str:
    """The names of the declarations, as many as fit into ``room`` characters, at most five."""
    routes = [(item, http_route(item)) for item in symbols]
    routed = [f"`{item.name}` ({route[0]})" for item, route in routes if route]
    names = list(dict.fromkeys(routed or [f"`{item.name}`" for item in symbols]))
    for count in range(min(5, len(names)), 0, -1):
        rest = len(names) - count
        told = [*names[:count], "others"] if rest else names
        said = f"It declares {joined(told)}."
        if len(said) <= room and (count > 1 or not rest):
            return said
    return ""


def example_title(item: Excerpt) -> str:
    """A heading that says what the excerpt is an example of."""
    symbol = item.symbol
    if symbol is None:
        return f"`{item.template.name}`"
    route = http_route(symbol)
    if route:
        verb, path = route
        return f"{verb} `{path}`: `{symbol.name}`" if path else f"{verb}: `{symbol.name}`"
    kind = "test" if symbol.name.lower().startswith("test_") else symbol.kind
    return f"{kind.capitalize()} `{symbol.name}`"
