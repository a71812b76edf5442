"""The stages of a scope as the work on one chunk: items in, for each item its outcome.

Each item carries its source through the stages, so that a failure, a filter or a flat_map is
the matter of one source item. What failed at a stage waits there for the next attempt
(`ChunkContext.memo`): stages that were through are not run, or paid, twice. The order is skip,
load, stages, persist; then the core stores and announces the chunk.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from batch_engine.core import (
    ChunkContext,
    ContractError,
    ItemFailure,
    Pause,
    StageCompleted,
    StageStarted,
    StoreError,
    TaskError,
    chunks_by_count,
)
from batch_engine.core.failpoints import failpoint
from batch_engine.pipeline.agent import Agent, Batch, StageContext
from batch_engine.pipeline.answers import Element, branches_merged, fields_merged, matched
from batch_engine.pipeline.answers import elements as elements_of
from batch_engine.pipeline.early import (
    IN_BRANCH,
    EarlyResults,
    completer,
    matched_with_early,
    refusal_of,
    with_early,
)
from batch_engine.pipeline.errors import MergeConflictError
from batch_engine.pipeline.flow import Chain, Chunked, Flow, Parallel
from batch_engine.pipeline.options import ScopeOptions
from batch_engine.pipeline.reducers import FieldMerge

__all__ = ["ItemResult", "ScopeBody"]

_FIELDS = object()
_BEGUN = object()


class ItemResult(NamedTuple):
    """What came of one source item: the items that it became (none: it was filtered out),
    whether they were loaded (``load_existing``), and, with the first result of a chunk, the
    fields that the chunk's stages wrote beside the items. ``also`` names, by field, the items
    that the field was written for and that failed later on: when they are run again, what is
    then written for them must not count a second time."""

    outputs: tuple[Any, ...]
    loaded: bool = False
    fields: Mapping[str, Any] | None = None
    also: Mapping[str, Sequence[str]] | None = None


@dataclass(slots=True)
class ScopeBody:
    """The work function of a scope; can be sent to worker processes if its agents can.

    ``base`` holds the context's fields without the scope's own.
    """

    scope: str
    field: str
    flow: Flow
    options: ScopeOptions
    base: Mapping[str, Any]
    total: int | None
    report: Callable[[str, str, Exception], None] | None = None

    def __getstate__(self) -> tuple[Any, ...]:
        """Without what belongs to the caller's process: ``report``, the hooks, the chunker."""
        options = replace(
            self.options,
            chunk_size=1,
            key=None,
            dump=None,
            load=None,
            on_batch_start=None,
            on_batch_complete=None,
            on_batch_error=None,
        )
        return (self.scope, self.field, self.flow, options, self.base, self.total)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """See `__getstate__`."""
        self.scope, self.field, self.flow, self.options, self.base, self.total = state
        self.report = None

    def __call__(
        self, items: list[Any], context: ChunkContext[Any, ItemResult]
    ) -> list[ItemResult | ItemFailure]:
        """One attempt at a chunk."""
        return _Attempt(self, items, context).answer()


@dataclass(slots=True)
class _Attempt:
    body: ScopeBody
    items: list[Any]
    context: ChunkContext[Any, ItemResult]
    _failed: dict[int, Exception] = field(default_factory=dict)
    _loaded: set[int] = field(default_factory=set)
    _inherited: Mapping[str, Any] = field(default_factory=dict)
    _written: dict[str, Any] = field(default_factory=dict)
    _covered: dict[str, set[int]] = field(default_factory=dict)
    _early: EarlyResults = field(init=False)
    _refusal: str = IN_BRANCH

    def __post_init__(self) -> None:
        self._early = EarlyResults(self._store_early)

    def answer(self) -> list[ItemResult | ItemFailure]:
        first = _BEGUN not in self.context.memo
        self.context.memo[_BEGUN] = True
        elements, begins = self._resumed(first=first)
        if first:
            elements = self._skipped_and_loaded(elements)
        flow = self.body.flow
        nodes = flow.parts if isinstance(flow, Chain) else (flow,)
        ready: list[Element] = []
        waiting = elements
        if self._loaded:
            ready = [e for e in elements if e.source in self._loaded]
            waiting = [e for e in elements if e.source not in self._loaded]
        done_of: dict[int, list[Element]] = {}
        for number, node in enumerate(nodes):
            live, later = waiting, []
            if begins:
                live = [e for e in waiting if begins.get(e.source, 0) <= number]
                later = [e for e in waiting if begins.get(e.source, 0) > number]
            self._refusal = refusal_of(node, self.body.options, last=number == len(nodes) - 1)
            waiting = self._through(node, live, number) if live else []
            if later:
                waiting = sorted((*later, *waiting), key=lambda e: e.source)
        if self._is_plain(ready, waiting):
            return [ItemResult((element[2],)) for element in waiting]
        for element in (*ready, *waiting):
            done_of.setdefault(element.source, []).append(element)
        self._persist(done_of, len(nodes))
        return self._outcomes(done_of)

    def _is_plain(self, ready: list[Element], waiting: list[Element]) -> bool:
        """Whether every item became one item, and there is nothing else to do or to tell."""
        return (
            not (ready or self._failed or self._written)
            and self.body.options.persist_each_batch is None
            and ("", _FIELDS) not in self.context.memo
            and len(waiting) == len(self.items)
            and all(element[0] == source for source, element in enumerate(waiting))
        )

    def _resumed(self, *, first: bool) -> tuple[list[Element], dict[int, int]]:
        """The chunk's items, those that failed before at the stage where they failed."""
        elements: list[Element] = []
        begins: dict[int, int] = {}
        if first:
            return elements_of(itertools.count(), self.context.keys, self.items), begins
        for source, (key, item) in enumerate(zip(self.context.keys, self.items, strict=True)):
            kept = self.context.memo.get(key)
            if kept is None:
                elements.append(Element(source, key, item))
            else:
                begins[source], was_loaded, before = kept
                elements.extend(Element(source, name, value) for name, value in before)
                if was_loaded:
                    self._loaded.add(source)
        return elements, begins

    # -- skip and load ----------------------------------------------------------------------

    def _skipped_and_loaded(self, elements: list[Element]) -> list[Element]:
        skip_if = self.body.options.skip_if
        if skip_if is None:
            return elements
        skipped = [e for e in elements if self._guarded("skip_if", skip_if, e.value)]
        found = self._existing(skipped)
        policy = self.body.options.on_missing
        kept: list[Element] = []
        for element in elements:
            if element not in skipped:
                kept.append(element)
            elif found.get(element.key) is not None:
                self._loaded.add(element.source)
                kept.append(element.now(found[element.key]))
            elif policy == "process":
                kept.append(element)
            elif policy == "error":
                self._failed[element.source] = TaskError(
                    "skip_if says that it was done before, and load_existing has no result",
                    hint="say on_missing='process' to do it again",
                )
        return kept

    def _existing(self, skipped: list[Element]) -> Mapping[str, Any]:
        load = self.body.options.load_existing
        if load is None or not skipped:
            return {}
        found = self._guarded("load_existing", load, [e.value for e in skipped])
        if isinstance(found, Mapping):
            return found
        if isinstance(found, list | tuple) and len(found) == len(skipped):
            return {e.key: value for e, value in zip(skipped, found, strict=True)}
        if found is not None:
            problem = ContractError(f"load_existing gave no result for each of {len(skipped)}")
            self._tell_of("load_existing", problem)
        return {}

    def _guarded(self, name: str, function: Callable[[Any], Any], value: Any) -> Any:
        """What the function says; None, and a note in the report, if it raises: the item is then
        simply worked on."""
        try:
            return function(value)
        except (Pause, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - never costs a result; is recorded
            self._tell_of(name, error)
            return None

    def _tell_of(self, name: str, error: Exception) -> None:
        if self.body.report is not None:
            self.body.report(f"{self.body.scope}.{name}", name, error)

    # -- stages -----------------------------------------------------------------------------

    def _through(self, node: Flow, live: list[Element], number: int) -> list[Element]:
        """What becomes of ``live`` in one part of the scope; failures are noted for the next
        attempt."""
        failpoint("before_stage")
        after, failures = self._apply(node, live)
        failpoint("after_stage")
        if not failures:
            return after
        self._fail(failures, live, number)
        return [e for e in after if e.source not in failures]

    def _fail(
        self, failures: Mapping[int, Exception], before: Iterable[Element], number: int
    ) -> None:
        self._failed.update(failures)
        memo, keys = self.context.memo, self.context.keys
        memo.setdefault(_FIELDS, {}).update(self._written)
        for source in failures:
            kept = [(e.key, e.value) for e in before if e.source == source]
            memo[keys[source]] = (number, source in self._loaded, kept)

    def _apply(self, node: Flow, live: list[Element]) -> tuple[list[Element], dict[int, Exception]]:
        if isinstance(node, Chain):
            return self._in_a_row(node, live)
        if isinstance(node, Parallel):
            return self._side_by_side(node, live)
        if isinstance(node, Chunked):
            return self._in_chunks(node, live)
        assert isinstance(node, Agent)  # nothing else gets past the definition's checks
        return self._run(node, live)

    def _in_a_row(
        self, chain: Chain, live: list[Element]
    ) -> tuple[list[Element], dict[int, Exception]]:
        failures: dict[int, Exception] = {}
        for part in chain.parts:
            if live:
                live, new = self._apply(part, live)
                failures |= new
                live = [e for e in live if e.source not in failures]
        return live, failures

    def _in_chunks(
        self, node: Chunked, live: list[Element]
    ) -> tuple[list[Element], dict[int, Exception]]:
        after: list[Element] = []
        failures: dict[int, Exception] = {}
        merge = FieldMerge(self.body.options.reduce)
        for chunk in chunks_by_count(live, node.size):
            part = self._part()
            part._early, part._refusal = self._early, self._refusal
            some, new = part._run(node.agent, list(chunk.items))
            merge.add(part._written)
            self._cover(part)
            after += some
            failures |= new
        self._written.update(merge.fields)
        return after, failures

    def _cover(self, part: _Attempt) -> None:
        for name, sources in part._covered.items():
            self._covered.setdefault(name, set()).update(sources)

    def _part(self) -> _Attempt:
        """For a branch or a part of the chunk: it sees what was written, and writes apart."""
        seen = {**self._inherited, **self._written}
        return _Attempt(self.body, self.items, self.context, _inherited=seen)

    def _side_by_side(
        self, node: Parallel, live: list[Element]
    ) -> tuple[list[Element], dict[int, Exception]]:
        parts = [self._part() for _ in node.branches]
        with ThreadPoolExecutor(len(node.branches), thread_name_prefix="branch") as threads:
            futures = [
                threads.submit(part._apply, branch, live)
                for part, branch in zip(parts, node.branches, strict=True)
            ]
            results = [future.result() for future in futures]
        failures: dict[int, Exception] = {}
        for _, new in reversed(results):
            failures |= new  # the leftmost branch has the word
        labels = [branch.label for branch in node.branches]
        after, conflicts = branches_merged(live, [some for some, _ in results], labels, failures)
        try:
            written = fields_merged([part._written for part in parts], labels, self.body.options)
            self._written.update(written)
            for part in parts:
                self._cover(part)
        except MergeConflictError as error:
            return [], {e.source: error for e in live}
        return after, {**conflicts, **failures}

    def _run(self, agent: Agent, live: list[Element]) -> tuple[list[Element], dict[int, Exception]]:
        body, context = self.body, self.context
        values = [e.value for e in live]
        batch = Batch(
            scope=body.scope,
            number=context.number,
            total=body.total,
            attempt=context.attempt,
            items=values,
            keys=[e.key for e in live],
            previous=context.previous,
            _complete=completer(agent, live, self._early, self._refusal),
        )
        fields = {
            **body.base,
            **context.memo.get(_FIELDS, {}),
            **self._inherited,
            **self._written,
            body.field: values,
        }
        begun = self._announce(agent, len(live))
        try:
            answer = agent.run(StageContext(fields, stage=agent.label, batch=batch))
            done = self._early.done
            after, failures, written = (
                matched_with_early(agent, answer, live, body.field, done)
                if done
                else matched(agent, answer, live, body.field)
            )
            self._written.update(written)
            for name in written:
                self._covered.setdefault(name, set()).update(e.source for e in live)
        except (Pause, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - the edge of a chunk; recorded for each item
            done = self._early.done
            after = with_early((), live, done)
            failures = {e.source: error for e in live if e.source not in done}
        self._announce_end(agent, len(after), len(failures), begun)
        return after, failures

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

    def _announce_end(self, agent: Agent, size: int, failed: int, begun: float) -> None:
        context = self.context
        if context.listening:
            context.tell(
                StageCompleted(
                    step=context.step,
                    number=context.number,
                    stage=agent.label,
                    size=size,
                    failed=failed,
                    elapsed_s=time.perf_counter() - begun,
                    attempt=context.attempt,
                )
            )

    # -- persist and answer -----------------------------------------------------------------

    def _persist(self, done_of: Mapping[int, list[Element]], number: int) -> None:
        persist = self.body.options.persist_each_batch
        elements = [e for source in sorted(done_of) for e in done_of[source]]
        if persist is None or not elements:
            return
        try:
            persist([e.value for e in elements])
        except (Pause, StoreError):
            raise
        except Exception as error:  # noqa: BLE001 - the results wait for the next attempt
            self._fail({e.source: error for e in elements}, elements, number)

    def _outcomes(self, done_of: Mapping[int, Sequence[Element]]) -> list[ItemResult | ItemFailure]:
        answer: list[ItemResult | ItemFailure] = []
        fields = self._all_written()
        carrier = self._carrier() if fields else None
        for source in range(len(self.items)):
            failure = self._failed.get(source)
            if failure is not None:
                answer.append(ItemFailure(failure))
                continue
            outputs = tuple(e.value for e in done_of.get(source, ()))
            result = ItemResult(outputs, source in self._loaded)
            if source == carrier:
                result = result._replace(fields=fields, also=self._also(self._failed))
                if source in self._early.done:
                    self.context.complete_key(self.context.keys[source], result, amend=True)
            answer.append(result)
        self.context.memo.pop(("", _FIELDS), None)
        if fields and carrier is None:  # no result to travel with: the next attempt has them
            self.context.memo["", _FIELDS] = fields
        return answer

    def _carrier(self) -> int | None:
        """The source whose result takes the chunk's fields along: that of an early result which
        did so already, else the first that is still to be stored, else the first."""
        early = self._early
        if early.carrier is not None:
            return early.carrier
        fine = [source for source in range(len(self.items)) if source not in self._failed]
        return next((source for source in fine if source not in early.done), next(iter(fine), None))

    def _store_early(self, source: int, value: Any, may_carry: bool) -> None:
        """Stores one result; with the first go the fields of the chunk, since the stages that
        wrote them will run again after a crash, for the others."""
        fields = self._all_written() if may_carry else {}
        result = ItemResult((value,))
        if fields:
            others = set(range(len(self.items))) - {source}
            result = result._replace(fields=fields, also=self._also(others))
        self.context.complete_key(self.context.keys[source], result)
        if fields:
            self._early.carrier = source

    def _also(self, those: Container[int]) -> dict[str, list[str]] | None:
        """By field, which of those items it was written for."""
        keys = self.context.keys
        also = {
            name: [keys[source] for source in sorted(sources) if source in those]
            for name, sources in sorted(self._covered.items())
        }
        return {name: failed for name, failed in also.items() if failed} or None

    def _all_written(self) -> dict[str, Any]:
        merge = FieldMerge(self.body.options.reduce)
        merge.add(self.context.memo.get(("", _FIELDS), {}))
        merge.add(self._written)
        return merge.fields
