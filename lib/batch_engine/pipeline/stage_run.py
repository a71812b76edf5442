"""Stages run on the items of a chunk: in a row, side by side, in chunks of their own.

What a stage raises is the failure of the items that it was given; a pause, a store's error and
an interrupt pass through.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batch_engine.core import (
    ChunkContext,
    ContractError,
    Pause,
    StageCompleted,
    StageStarted,
    StoreError,
    chunks_by_count,
    classify,
)
from batch_engine.core.plan import encode_json
from batch_engine.pipeline.agent import Agent, Batch, StageContext
from batch_engine.pipeline.answers import (
    branches_merged,
    check_declared_fields,
    fields_merged,
    matched,
)
from batch_engine.pipeline.early import (
    IN_BRANCH,
    EarlyResults,
    completer,
    matched_with_early,
    with_early,
)
from batch_engine.pipeline.errors import MergeConflictError
from batch_engine.pipeline.flow import Chain, Chunked, Flow, Parallel
from batch_engine.pipeline.items import Elements, ItemResult
from batch_engine.pipeline.reducers import FieldMerge
from batch_engine.pipeline.switches import batching_is_on

if TYPE_CHECKING:
    from batch_engine.pipeline.body import ScopeBody

__all__ = ["FIELDS", "StageRun"]

FIELDS = object()
"""Where in a chunk's memo the fields of earlier attempts are."""

Passed = tuple[Elements, dict[int, Exception]]
"""The items after a part of the scope, and why others failed in it, by source."""


@dataclass(slots=True)
class StageRun:
    """The stages of a scope in one attempt at a chunk. ``written`` are the fields that they wrote
    beside the items, ``covered`` says for which sources, ``warnings`` what was odd about them."""

    body: ScopeBody
    context: ChunkContext[Any, ItemResult]
    early: EarlyResults
    refusal: str = IN_BRANCH
    inherited: Mapping[str, Any] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)
    covered: dict[str, set[int]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def apply(self, node: Flow, live: Elements) -> Passed:
        """Runs one part of the scope."""
        if isinstance(node, Agent):
            return self._run(node, live)
        if isinstance(node, Chain):
            return self._in_a_row(node, live)
        if isinstance(node, Parallel):
            return self._side_by_side(node, live)
        assert isinstance(node, Chunked)  # nothing else gets past the definition's checks
        return self._in_chunks(node, live)

    def _in_a_row(self, chain: Chain, live: Elements) -> Passed:
        failures: dict[int, Exception] = {}
        for part in chain.parts:
            if live:
                live, new = self.apply(part, live)
                failures |= new
                if failures:
                    live = live.without(failures)
        return live, failures

    def _in_chunks(self, node: Chunked, live: Elements) -> Passed:
        after = Elements.of(())
        failures: dict[int, Exception] = {}
        merge = FieldMerge(self.body.options.reduce)
        size = node.size if batching_is_on() else max(len(live), 1)
        for chunk in chunks_by_count(live, size):
            part = self._part()
            part.early, part.refusal = self.early, self.refusal
            some, new = part._run(node.agent, Elements.of(chunk.items))
            merge.add(part.written)
            self._take_over(part)
            after = Elements.of((*after, *some))
            failures |= new
        self.written.update(merge.fields)
        self.warnings += merge.warnings
        return after, failures

    def _take_over(self, part: StageRun) -> None:
        self.warnings += part.warnings
        for name, sources in part.covered.items():
            self.covered.setdefault(name, set()).update(sources)

    def _part(self) -> StageRun:
        """For a branch or a part of the chunk: it sees what was written, and writes apart."""
        seen = {**self.inherited, **self.written}
        return StageRun(self.body, self.context, self.early, inherited=seen)

    def _side_by_side(self, node: Parallel, live: Elements) -> Passed:
        parts = [self._part() for _ in node.branches]
        with ThreadPoolExecutor(len(node.branches), thread_name_prefix="branch") as threads:
            futures = [
                threads.submit(part.apply, branch, live)
                for part, branch in zip(parts, node.branches, strict=True)
            ]
            results = [future.result() for future in futures]
        failures: dict[int, Exception] = {}
        for _, new in reversed(results):
            failures |= new  # the leftmost branch has the word
        labels = [branch.label for branch in node.branches]
        after, conflicts = branches_merged(live, [some for some, _ in results], labels, failures)
        try:
            written = fields_merged([part.written for part in parts], labels, self.body.options)
            self.written.update(written)
            for part in parts:
                self._take_over(part)
        except MergeConflictError as error:
            return Elements.of(()), dict.fromkeys(live.sources, error)
        return after, {**conflicts, **failures}

    # -- one stage --------------------------------------------------------------------------

    def _run(self, agent: Agent, live: Elements) -> Passed:
        body, context, done = self.body, self.context, self.early.done
        items = list(live.values)  # the stage may do with it as it likes
        batch = Batch(
            scope=body.scope,
            number=context.number,
            total=body.total,
            attempt=context.attempt,
            items=items,
            keys=live.keys,
            previous=context.previous,
            _complete=completer(agent, live, self.early, self.refusal),
        )
        begun = self._announce(agent, len(live))
        try:
            answer = agent.run(StageContext(self._fields(items), stage=agent.label, batch=batch))
            after, failures, written = (
                matched_with_early(agent, answer, live, body.field, done)
                if done
                else matched(agent, answer, live, body.field)
            )
            if written:
                self._check_written(agent, written)
                self._write(written)
                for name in written:
                    self.covered.setdefault(name, set()).update(live.sources)
        except (Pause, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a chunk; recorded for each item
            after = with_early(Elements.of(()), live, done)
            failures = {source: error for source in live.sources if source not in done}
        self._announce_end(agent, len(after), failures, begun)
        return after, failures

    def _check_written(self, agent: Agent, written: Mapping[str, Any]) -> None:
        """`ContractError` for a field that is not declared, or could not be stored."""
        check_declared_fields(agent, written)
        for name, value in written.items() if self.body.stored else ():
            try:
                encode_json(value)
            except Exception as error:
                raise ContractError(
                    f"stage {agent.label!r} wrote the field {name!r}, which cannot be stored: "
                    f"{error}",
                    hint="write JSON values, or put it into the items and say dump= and load=",
                ) from error

    def _write(self, written: Mapping[str, Any]) -> None:
        """Fields that a stage wrote: a declared reducer joins those of two stages in a row, too;
        else the later one replaces them."""
        merge = FieldMerge(self.body.options.reduce)
        for name, value in written.items():
            if name in self.written and name in self.body.options.reduce:
                merge.add({name: self.written[name]})
            merge.add({name: value})
        self.written.update(merge.fields)

    def _fields(self, items: list[Any]) -> dict[str, Any]:
        """What the stage can read: later writers stand above earlier ones."""
        fields = dict(self.body.base)
        fields.update(self.context.memo.get(FIELDS, ()))
        fields.update(self.inherited)
        fields.update(self.written)
        fields[self.body.field] = items
        return fields

    def _announce(self, agent: Agent, size: int) -> float:
        context = self.context
        if not context.listening:
            return 0.0
        context.tell(
            StageStarted(
                step=context.step,
                number=context.number,
                stage=agent.label,
                size=size,
                attempt=context.attempt,
            )
        )
        return time.perf_counter()

    def _announce_end(
        self, agent: Agent, size: int, failures: Mapping[int, Exception], begun: float
    ) -> None:
        context = self.context
        if context.listening:
            first = next(iter(failures.values()), None)
            context.tell(
                StageCompleted(
                    step=context.step,
                    number=context.number,
                    stage=agent.label,
                    size=size,
                    failed=len(failures),
                    elapsed_s=time.perf_counter() - begun,
                    attempt=context.attempt,
                    error=classify(first).code if first is not None else "",
                )
            )
