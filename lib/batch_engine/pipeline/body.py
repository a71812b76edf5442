"""The stages of a scope as the work on one chunk: items in, for each item its outcome.

Each item carries its source through the stages, so that a failure, a filter or a flat_map is
the matter of one source item. What failed at a stage waits there for the next attempt
(`ChunkContext.memo`): stages that were through are not run, or paid, twice. The order is skip,
load, stages, persist; then the core stores and announces the chunk.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from batch_engine.core import ChunkContext, ItemFailure, Pause, StoreError
from batch_engine.core.failpoints import failpoint
from batch_engine.core.plan import encode_json
from batch_engine.pipeline.early import EarlyResults, refusal_of
from batch_engine.pipeline.existing import without_existing
from batch_engine.pipeline.flow import Chain, Flow
from batch_engine.pipeline.hooks import callback_failure
from batch_engine.pipeline.items import Element, Elements, Handed, ItemResult, plain_results
from batch_engine.pipeline.options import ScopeOptions
from batch_engine.pipeline.reducers import FieldMerge
from batch_engine.pipeline.stage_run import FIELDS, StageRun

__all__ = ["ScopeBody"]

# Keys in a chunk's memo, beside those of the items.
_BEGUN = object()
_UNSENT = object()


@dataclass(slots=True)
class ScopeBody:
    """The work function of a scope; can be sent to worker processes if its agents can.

    ``base`` holds the context's fields without the scope's own; ``stored`` says whether results
    and fields have to be storable.
    """

    scope: str
    field: str
    flow: Flow
    options: ScopeOptions
    base: Mapping[str, Any]
    total: int | None
    stored: bool = False

    def __getstate__(self) -> tuple[Any, ...]:
        """Without what belongs to the caller's process: the hooks, the chunker."""
        options = replace(
            self.options,
            chunk_size=1,
            key=None,
            load=None,
            on_batch_start=None,
            on_batch_complete=None,
            on_batch_error=None,
        )
        return (self.scope, self.field, self.flow, options, self.base, self.total, self.stored)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """See `__getstate__`."""
        (
            self.scope,
            self.field,
            self.flow,
            self.options,
            self.base,
            self.total,
            self.stored,
        ) = state

    def __call__(
        self, items: list[Any], context: ChunkContext[Any, ItemResult]
    ) -> Sequence[Handed | ItemFailure]:
        """One attempt at a chunk."""
        return _Attempt(self, items, context).answer()


@dataclass(slots=True)
class _Attempt:
    body: ScopeBody
    items: list[Any]
    context: ChunkContext[Any, ItemResult]
    _failed: dict[int, Exception] = field(default_factory=dict)
    _ready: Elements = field(default_factory=lambda: Elements.of(()))
    _early: EarlyResults = field(init=False)
    _stages: StageRun = field(init=False)

    def __post_init__(self) -> None:
        self._early = EarlyResults(self._store_early)
        self._stages = StageRun(self.body, self.context, self._early)

    def answer(self) -> Sequence[Handed | ItemFailure]:
        """The stages' answer for each item."""
        memo, flow = self.context.memo, self.body.flow
        begins: dict[int, int] = {}
        if _BEGUN in memo:
            waiting, begins = self._resumed()
        else:
            memo[_BEGUN] = True
            waiting = self._first()
        sources = waiting.sources
        nodes = flow.parts if isinstance(flow, Chain) else (flow,)
        for number, node in enumerate(nodes):
            later = {source for source, begin in begins.items() if begin > number}
            live = waiting.without(later) if later else waiting
            self._stages.refusal = refusal_of(
                node, self.body.options, last=number == len(nodes) - 1
            )
            after = self._through(node, live, number) if live else live
            waiting = after.joined(waiting.within(later)) if later else after
        if waiting.sources is sources and self._is_plain(sources):
            return plain_results(waiting.values)
        done_of: dict[int, list[Element]] = {}
        for element in (*self._ready, *waiting):
            done_of.setdefault(element.source, []).append(element)
        self._persist(done_of, len(nodes))
        return self._outcomes(done_of)

    def _is_plain(self, sources: Sequence[int]) -> bool:
        """Whether every item became one item, and there is nothing else to do or to tell."""
        return (
            len(sources) == len(self.items)
            and not (self._ready or self._failed or self._stages.written)
            and self.body.options.persist_each_batch is None
            and _UNSENT not in self.context.memo
        )

    # -- before the stages ------------------------------------------------------------------

    def _first(self) -> Elements:
        """The chunk's items, but for those with a result that exists."""
        items = Elements(range(len(self.items)), self.context.keys, self.items)
        rest, self._ready, self._failed = without_existing(items, self.body.options, self._tell)
        return rest

    def _tell(self, name: str, error: Exception) -> None:
        """Notes what a callback raised that must not cost a result."""
        self.context.note(callback_failure(f"{self.body.scope}.{name}", name, error))

    def _resumed(self) -> tuple[Elements, dict[int, int]]:
        """The chunk's items, those that failed before at the stage where they failed; and the
        number of that stage by source."""
        waiting: list[Element] = []
        ready: list[Element] = []
        begins: dict[int, int] = {}
        for source, (key, item) in enumerate(zip(self.context.keys, self.items, strict=True)):
            kept = self.context.memo.get(key)
            if kept is None:
                waiting.append(Element(source, key, item))
            else:
                begins[source], was_loaded, before = kept
                elements = [Element(source, name, value) for name, value in before]
                (ready if was_loaded else waiting).extend(elements)
        self._ready = Elements.of(ready)
        return Elements.of(waiting), begins

    # -- stages -----------------------------------------------------------------------------

    def _through(self, node: Flow, live: Elements, number: int) -> Elements:
        """What becomes of ``live`` in one part of the scope; failures are noted for the next
        attempt."""
        failpoint("before_stage")
        after, failures = self._stages.apply(node, live)
        failpoint("after_stage")
        if not failures:
            return after
        self._fail(failures, live, number)
        return after.without(failures)

    def _fail(
        self, failures: Mapping[int, Exception], before: Iterable[Element], number: int
    ) -> None:
        self._failed.update(failures)
        memo, keys, loaded = self.context.memo, self.context.keys, set(self._ready.sources)
        memo.setdefault(FIELDS, {}).update(self._stages.written)
        kept: dict[int, list[tuple[str, Any]]] = {source: [] for source in failures}
        for element in before:
            if element.source in kept:
                kept[element.source].append((element.key, element.value))
        for source, elements in kept.items():
            memo[keys[source]] = (number, source in loaded, elements)

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
        loaded = set(self._ready.sources)
        fields = self._all_written()
        carrier = self._carrier(done_of) if fields else None
        name = "" if carrier is None else self.context.keys[carrier]
        for source in range(len(self.items)):
            failure = self._failed.get(source)
            if failure is not None:
                answer.append(ItemFailure(failure))
                continue
            outputs = tuple(e.value for e in done_of.get(source, ()))
            result = ItemResult(outputs)
            if name or source in loaded:
                result = result.told(loaded=source in loaded, carrier=name)
            if source == carrier:
                covered = len(self.items) - len(self._failed) - len(self._early.done)
                result = result.told(
                    fields=fields,
                    also=self._also(self._failed),
                    covered=covered + (source in self._early.done),
                    warnings=list(dict.fromkeys(self._stages.warnings)),
                )
                if source in self._early.done:
                    self.context.complete_key(self.context.keys[source], result, amend=True)
            answer.append(result)
        self.context.memo.pop(_UNSENT, None)
        if fields and carrier is None:  # no result to travel with: the next attempt has them
            self.context.memo[_UNSENT] = fields
        return answer

    # -- fields beside the items ------------------------------------------------------------

    def _carrier(self, done_of: Mapping[int, Sequence[Element]]) -> int | None:
        """The source whose result takes the chunk's fields along: that of an early result which
        did so already, else the first that is still to be stored and can be, else the first."""
        early = self._early
        if early.carrier is not None:
            return early.carrier
        fine = [source for source in range(len(self.items)) if source not in self._failed]
        waiting = (source for source in fine if source not in early.done)
        storable = (s for s in waiting if self._can_be_stored(done_of.get(s, ())))
        return next(storable, next(iter(fine), None))

    def _can_be_stored(self, elements: Sequence[Element]) -> bool:
        dump = self.body.options.dump
        try:
            for element in elements if self.body.stored else ():
                encode_json(dump(element.value) if dump else element.value)
        except Exception:  # noqa: BLE001 - comes again where the result is stored, as its failure
            return False
        return True

    def _store_early(self, source: int, value: Any, may_carry: bool) -> None:
        """Stores one result; with the first go the fields of the chunk, since the stages that
        wrote them will run again after a crash, for the others."""
        fields = self._all_written() if may_carry else {}
        result = ItemResult((value,))
        if fields:
            others = set(range(len(self.items))) - {source}
            result = result.told(fields=fields, also=self._also(others))
        self.context.complete_key(self.context.keys[source], result)
        if fields:
            self._early.carrier = source

    def _also(self, those: Container[int]) -> dict[str, list[str]] | None:
        """By field, which of those items it was written for."""
        keys = self.context.keys
        also = {
            name: [keys[source] for source in sorted(sources) if source in those]
            for name, sources in sorted(self._stages.covered.items())
        }
        return {name: failed for name, failed in also.items() if failed} or None

    def _all_written(self) -> dict[str, Any]:
        merge = FieldMerge(self.body.options.reduce)
        merge.add(self.context.memo.get(_UNSENT, {}))
        merge.add(self._stages.written)
        self._stages.warnings += merge.warnings
        return merge.fields
