"""What the requests for the agents of one package are made of, in more or less detail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from template_creation.agents.catalog import (
    LONGEST_LINE,
    MAX_SYMBOLS,
    build_catalog,
    shortened,
    with_bodies,
)
from template_creation.agents.context import EnhancementContext
from template_creation.agents.currents import without_quotes
from template_creation.agents.plans import LeftOut
from template_creation.agents.relevance import Relevant, relevant_facts
from template_creation.agents.request import build_request
from template_creation.exchange.prompt import Contract
from template_creation.values.agent import AgentSpec
from template_creation.values.request import BatchRequest, CatalogEntry

__all__ = ["OUTLINES", "Detail", "Material"]

OUTLINES = ((MAX_SYMBOLS, MAX_SYMBOLS), (8, 5), (6, 3), (4, 1), (2, 0), (0, 0))
"""Declarations listed for a template that an agent of the request lists, and for another."""


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a request holds: a step of `OUTLINES`, the templates whose text it has, and
    whether the agents' current texts keep the code that templates hold too."""

    step: int = 0
    texts: tuple[str, ...] = ()
    quotes: bool = True

    @property
    def name(self) -> str:
        """For people.

        >>> Detail(texts=("T1", "T4")).name
        'outlines, and the text of 2 templates'
        """
        if self.texts:
            return f"outlines, and the text of {len(self.texts)} template" + (
                "s" if len(self.texts) > 1 else ""
            )
        if self.step == 0:
            return "outlines"
        listed, other = OUTLINES[self.step]
        return f"shorter outlines: {listed} declarations of a listed template, {other} of another"


@dataclass(frozen=True)
class Material:
    """The facts of a package and of its agents; what is costly to find is found once."""

    context: EnhancementContext
    contract: Contract
    current: Mapping[str, str]
    problems: Mapping[str, Sequence[str]]
    instructions: str | None

    def request(self, specs: Sequence[AgentSpec], detail: Detail) -> BatchRequest:
        """The request for ``specs`` in this detail; every template is in it."""
        listed, other = OUTLINES[detail.step]
        ranked = set(self.ranked(specs))
        most = {item.id: listed if item.id in ranked else other for item in self._catalog}
        current = self.current
        if not detail.quotes:
            current = {name: text for name, (text, _) in self._unquoted.items()}
        return build_request(
            self.context,
            specs,
            current=current if self.contract == "markdown" else None,
            problems=self.problems,
            catalog=with_bodies(shortened(self._catalog, most), detail.texts, self.context),
            relevant=self._relevant,
            instructions=self.instructions,
        )

    def ranked(self, specs: Sequence[AgentSpec]) -> list[str]:
        """The templates that these agents list: what is first for many comes first."""
        points: dict[str, float] = {}
        for spec in specs:
            for place, key in enumerate(spec.templates, 1):
                if key in self._places:
                    points[key] = points.get(key, 0.0) + 1 / place
        return sorted(points, key=lambda key: (-points[key], self._places[key]))

    def quoted(self, specs: Sequence[AgentSpec]) -> bool:
        """Whether the current texts of these agents hold code that templates hold too."""
        return any(self._unquoted.get(spec.name, ("", 0))[1] for spec in specs)

    def left_out(
        self,
        specs: Sequence[AgentSpec],
        request: BatchRequest,
        detail: Detail,
        cost_of_text: Callable[[str], int],
    ) -> Iterator[LeftOut]:
        """What a model might have liked to see: texts that agents list, declarations, quotes."""
        for key in self.ranked(specs):
            if key in detail.texts:
                continue
            cost = cost_of_text(key)
            long = f"it has a line of more than {LONGEST_LINE} characters"
            yield LeftOut("text", key, cost, "no room" if cost else long)
        full = {item.id: item.more_symbols for item in self._catalog}
        for entry in request.template_catalog:
            if full[entry.id]:
                most = f"at most {MAX_SYMBOLS} are listed"
                yield LeftOut("declarations", entry.id, full[entry.id], most)
            if entry.more_symbols > full[entry.id]:
                more = entry.more_symbols - full[entry.id]
                yield LeftOut("declarations", entry.id, more, "no room")
        for spec in specs if not detail.quotes else ():
            _, lines = self._unquoted.get(spec.name, ("", 0))
            if lines:
                yield LeftOut("quotes", spec.name, lines, "no room; templates hold these lines")

    @cached_property
    def _catalog(self) -> tuple[CatalogEntry, ...]:
        return build_catalog(self.context)

    @cached_property
    def _relevant(self) -> dict[str, Relevant]:
        return relevant_facts(self.context)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {item.id: place for place, item in enumerate(self.context.templates)}

    @cached_property
    def _unquoted(self) -> dict[str, tuple[str, int]]:
        """The current texts without quotes, and how many lines those were; by agent name."""
        if self.contract != "markdown":
            return {}
        return {name: without_quotes(text, self.context) for name, text in self.current.items()}
