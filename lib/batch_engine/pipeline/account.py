"""Fields beside the items, counted once however often parts of their chunk are run.

A chunk's fields are stored with one of its results. What they say of a single item cannot be
told, so that they are exact only as long as the chunk stays together; otherwise it is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from batch_engine.core import Outcome
from batch_engine.pipeline.items import ItemResult

__all__ = ["FieldAccount"]

Outcomes = Sequence[Outcome[ItemResult]]


@dataclass(slots=True)
class FieldAccount:
    """The account of one scope in one run."""

    _counted: set[tuple[str, str]] = field(default_factory=set)
    _expected: dict[str, int] = field(default_factory=dict)
    _found: dict[str, int] = field(default_factory=dict)
    _mixed: set[str] = field(default_factory=set)

    def add(self, outcomes: Outcomes) -> None:
        """Takes note of a chunk: for which items fields were counted before, and which results
        of an earlier run are there."""
        for outcome in outcomes:
            result = outcome.value
            if result is None:
                continue
            for name, failed in (result.also or {}).items():
                self._counted.update((name, key) for key in failed)
            if outcome.status == "loaded" and result.carrier:
                self._found[result.carrier] = self._found.get(result.carrier, 0) + 1
                if result.fields:
                    self._expected[outcome.key] = result.covered

    def uncounted(self, carrier: str, outcomes: Outcomes) -> dict[str, Any]:
        """The fields that came with a result, without those that were written for all of its
        items before."""
        by_key = {outcome.key: outcome.value for outcome in outcomes if outcome.value is not None}
        fields: Mapping[str, Any] = by_key[carrier].fields or {}
        covered = {carrier, *_named(carrier, by_key.items())}
        kept = {}
        for name, value in fields.items():
            again = {key for key in covered if (name, key) in self._counted}
            if again and again != covered:
                self._mixed.add(name)
            if again != covered:
                kept[name] = value
        return kept

    def warnings(self, *, whole: bool) -> list[str]:
        """What is to be said in the end; ``whole`` if all of the list was reached."""
        said = [
            f"{name!r} counts some items twice: they were run again together with others"
            for name in sorted(self._mixed)
        ]
        lost = [key for key in self._found if key not in self._expected]
        more = [key for key, count in self._expected.items() if self._found[key] < count]
        if whole and lost:
            said.append(
                f"fields of {len(lost)} stored chunk(s) are missing: the item that they were "
                f"stored with is not in the list any more, the first is {lost[0]!r}"
            )
        if whole and more:
            said.append(
                f"fields of {len(more)} stored chunk(s) still count items that are not in the "
                f"list any more, the first is that of {more[0]!r}"
            )
        return said


def _named(carrier: str, results: Iterable[tuple[str, ItemResult]]) -> list[str]:
    return [key for key, result in results if result.carrier == carrier]
