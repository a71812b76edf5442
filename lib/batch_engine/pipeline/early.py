"""Results of single items, stored while the last stage of a scope still works on its chunk.

A result completed early is the scope's own: it is stored as it will be read back, so only the
stage whose results are the scope's can hand one over. The fields that earlier stages wrote for
the chunk travel with the first of them, so that a crash does not lose those either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from batch_engine.core import ContractError, ItemFailure, MissingResultError
from batch_engine.pipeline.agent import Agent
from batch_engine.pipeline.answers import matched
from batch_engine.pipeline.flow import Chunked, Flow
from batch_engine.pipeline.items import Element, Elements
from batch_engine.pipeline.options import ScopeOptions

__all__ = ["EarlyResults", "completer", "matched_with_early", "refusal_of", "with_early"]

IN_BRANCH = "what branches give is joined before it is a result"


def refusal_of(node: Flow, options: ScopeOptions, *, last: bool) -> str:
    """Why no item can be completed early in this part of a scope; empty if it can be."""
    agent = node.agent if isinstance(node, Chunked) else node
    if not last:
        return "the scope's results come from a later stage"
    if options.persist_each_batch is not None:
        return "persist_each_batch gets the results before they are stored"
    if isinstance(agent, Agent) and agent.shape != "map":
        return f"a stage of shape {agent.shape!r} gives no result for each item"
    return ""


@dataclass(slots=True)
class EarlyResults:
    """What was completed early in one call: results by source; ``carrier`` is the source whose
    result took the chunk's fields along."""

    store: Callable[[int, Any, bool], None]
    done: dict[int, Any] = field(default_factory=dict)
    carrier: int | None = None
    lock: Lock = field(default_factory=Lock)

    def add(self, source: int, key: str, result: Any) -> None:
        """Stores the result of the item at ``source``; `ContractError` if it has one."""
        with self.lock:
            if source in self.done:
                raise ContractError(f"{key!r} was completed before")
            self.store(source, result, self.carrier is None)
            self.done[source] = result


def completer(
    agent: Agent, live: Elements, early: EarlyResults, refusal: str
) -> Callable[[Any, Any, str | None], None]:
    """What `Batch.complete` calls in a stage that was given ``live``; ``refusal`` says why the
    stage cannot complete anything, if it cannot."""
    index: list[_Index] = []

    def complete(item: Any, result: Any, key: str | None) -> None:
        if refusal:
            raise ContractError(
                f"stage {agent.label!r} cannot complete items early: {refusal}",
                hint="return the results; only the last stage of a scope can complete items",
            )
        if isinstance(result, ItemFailure | Exception):
            raise ContractError(
                f"stage {agent.label!r} completed an item with {result!r}",
                hint="return an ItemFailure for what failed; complete() is for results",
            )
        if not index:
            index.append(_Index(agent, live))
        element = index[0].find(item, key)
        early.add(element.source, element.key, result)

    return complete


class _Index:
    """The items of one call of a stage, found by key, by identity, or else by equality."""

    def __init__(self, agent: Agent, live: Elements) -> None:
        self._agent = agent
        self._live = live
        self._by_key = {element.key: element for element in live}
        self._of_source = Counter(element.source for element in live)
        self._by_id: dict[int, list[Element]] = {}
        for element in live:
            self._by_id.setdefault(id(element.value), []).append(element)

    def find(self, item: Any, key: str | None) -> Element:
        if key is not None:
            same = [self._by_key[key]] if key in self._by_key else []
        else:
            same = self._by_id.get(id(item), []) or [e for e in self._live if e.value == item]
        what = f"the key {key!r}" if key is not None else "the item"
        if not same:
            raise ContractError(f"{what} is not one of this call of stage {self._agent.label!r}")
        if len(same) > 1:
            raise ContractError(
                f"{len(same)} items of this call of stage {self._agent.label!r} are alike",
                hint="say which one: complete(item, result, key=context.batch.keys[...])",
            )
        if self._of_source[same[0].source] > 1:
            raise ContractError(
                f"{same[0].key!r} is one of several items that a flat_map made of one",
                hint="return the results of such items; they are stored together",
            )
        return same[0]


def matched_with_early(
    agent: Agent, answer: object, live: Elements, field: str, done: Mapping[int, Any]
) -> tuple[Elements, dict[int, Exception], dict[str, Any]]:
    """As `matched`, where some of ``live`` are ``done``: the answer is for the others, or for
    all; then what it says of those that are done has to be what they were completed with."""
    others = live.without(done)
    fields: dict[str, Any] = {}
    if isinstance(answer, Mapping):
        fields = {name: value for name, value in answer.items() if name != field}
        answer = answer.get(field)
    if answer is None:
        answer = [_missing(agent, element) for element in others]
    elif isinstance(answer, Mapping):
        told = [element for element in live if element.source in done and element.key in answer]
        _check_same(agent, [(e, answer[e.key]) for e in told], done)
        ours = {element.key for element in told}
        answer = {key: value for key, value in answer.items() if key not in ours}
    elif isinstance(answer, list | tuple) and len(answer) == len(live):
        pairs = list(zip(live, answer, strict=True))
        _check_same(agent, [pair for pair in pairs if pair[0].source in done], done)
        answer = [value for element, value in pairs if element.source not in done]
    elif isinstance(answer, list | tuple) and len(answer) != len(others):
        raise ContractError(
            f"stage {agent.label!r} returned {len(answer)} entries for {len(live)} items, of "
            f"which {len(live) - len(others)} were completed early",
            hint=f"return one entry for each of the other {len(others)}, or one for all",
        )
    after, failures, _ = matched(agent, {field: answer}, others, field)
    return with_early(after, live, done), failures, fields


def with_early(after: Elements, live: Elements, done: Mapping[int, Any]) -> Elements:
    """The items after a stage with those that were completed in it, in their order."""
    early = [element.now(done[element.source]) for element in live if element.source in done]
    return after.joined(Elements.of(early))


def _check_same(agent: Agent, told: Sequence[tuple[Element, Any]], done: Mapping[int, Any]) -> None:
    for element, value in told:
        completed = done[element.source]
        if value is not None and value is not completed and value != completed:
            raise ContractError(
                f"stage {agent.label!r} completed {element.key!r} with one result and returned "
                "another",
                hint="return the same result, None in its place, or the other items only",
            )


def _missing(agent: Agent, element: Element) -> ItemFailure:
    return ItemFailure(
        MissingResultError(
            f"stage {agent.label!r} completed other items and gave nothing for {element.key!r}"
        )
    )
