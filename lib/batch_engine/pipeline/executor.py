"""One scope in one run: its list cut into chunks, run by the core, handed out chunk by chunk."""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from batch_engine.core import (
    BatchStream,
    ByCount,
    Chunker,
    ChunkResult,
    ChunkStarted,
    ErrorRecord,
    Event,
    Listener,
    ListenerFailure,
    Outcome,
    item_key,
    stream_batches,
)
from batch_engine.core.failpoints import failpoint
from batch_engine.pipeline.account import FieldAccount
from batch_engine.pipeline.agent import only_list
from batch_engine.pipeline.body import ScopeBody
from batch_engine.pipeline.errors import DefinitionError
from batch_engine.pipeline.fingerprints import scope_fingerprint
from batch_engine.pipeline.hooks import BatchProgressContext, HookRunner
from batch_engine.pipeline.items import DumpResult, Handed, ItemResult, LoadResult, result_of
from batch_engine.pipeline.options import hooks_of
from batch_engine.pipeline.reducers import FieldMerge
from batch_engine.pipeline.results import BatchResult, PipelineCounts
from batch_engine.pipeline.scope import BatchingScope
from batch_engine.pipeline.settings import RunSettings
from batch_engine.pipeline.source import KnownKeys, Remembering, Unread
from batch_engine.pipeline.switches import batching_is_on

__all__ = ["PipelineBatchExecutor"]

logger = logging.getLogger("batch_engine.pipeline")

_CALLBACKS = ("skip_if", "load_existing")
_key, _value, _attempts = map(attrgetter, ("key", "value", "attempts"))


@dataclass(slots=True)
class PipelineBatchExecutor:
    """Runs one scope. ``keep=True`` remembers results (``done``, by key), so that an item which
    occurs again is not run again, and what failed can be retried; without it memory is that of
    a chunk. ``first_keys`` are those of the first run over the same list (its ``keys``).

    >>> (scope,) = BatchingScopeManager().detect_scopes(batched(Score(), chunk_size=100))
    >>> for batch in PipelineBatchExecutor(scope).stream({"companies": companies}):
    ...     print(batch.number, batch.results)
    """

    scope: BatchingScope
    settings: RunSettings = field(default_factory=RunSettings)
    keep: bool = True
    known: Mapping[str, ItemResult] = field(default_factory=dict)
    first_keys: Sequence[str] = ()
    keys: list[str] = field(default_factory=list)
    counts: PipelineCounts = field(default_factory=PipelineCounts)
    stopped: str = ""
    field_name: str = ""
    fingerprint: str = ""
    listener_failures: tuple[ListenerFailure, ...] = ()
    listener_failure_count: int = 0
    _done: dict[str, Any] = field(default_factory=dict)
    _account: FieldAccount = field(default_factory=FieldAccount)
    _hooks: HookRunner = field(init=False)
    _cut: Remembering = field(init=False)

    def __post_init__(self) -> None:
        """Hooks of the agents, then the scope's, then the pipeline's."""
        own = [hook for agent in self.scope.scope_agents for hook in agent.batching_hooks()]
        given = list(hooks_of(self.scope.options).items())
        self._hooks = HookRunner([*own, *given, *self.settings.hooks])

    @property
    def done(self) -> dict[str, ItemResult]:
        """The results so far by key, if they are kept."""
        return {key: result_of(kept) for key, kept in self._done.items()}

    @property
    def warnings(self) -> list[str]:
        """What is to be said of fields that came out of the store and are not exact."""
        return self._account.warnings(whole=not self.stopped)

    @property
    def hook_failures(self) -> tuple[ListenerFailure, ...]:
        """What hooks, ``skip_if`` and ``load_existing`` raised (the first 100)."""
        return tuple(self._hooks.failures)

    @property
    def hook_failure_count(self) -> int:
        """How often they did."""
        return self._hooks.failure_count

    def stream(self, context: Mapping[str, Any]) -> Iterator[BatchResult]:
        """The chunks in input order, each when it is stored and the hooks were told.

        Raises `DefinitionError` if the scope's field is missing, no list, or not clear.
        """
        scope, settings = self.scope, self.settings
        self.field_name = self._field_in(context)
        source = context[self.field_name]
        base = {name: value for name, value in context.items() if name != self.field_name}
        self._cut = Remembering(self._chunker(), keep=self.keep and isinstance(source, Iterator))
        total = _batches_of(self._cut.chunker, source)
        options = scope.options
        if settings.store is not None:
            self.fingerprint = scope_fingerprint(
                scope, context, self.field_name, settings.fingerprint
            )
        logger.debug("scope %r over %r: %s batches", scope.name, self.field_name, total)
        with stream_batches(
            source,
            ScopeBody(
                scope.name,
                self.field_name,
                scope.body,
                options,
                base,
                total,
                stored=settings.store is not None,
            ),
            step=scope.name,
            key=self._key(),
            chunking=self._cut,
            store=settings.store,
            fingerprint=self.fingerprint,
            retry=options.retry or settings.retry,
            on_error=settings.on_error,
            max_failures=settings.max_failures,
            listeners=[*settings.listeners, *self._start_listener(total)],
            dump=DumpResult(options.dump),
            load=LoadResult(options.load),
            known=self.known,
            distinct=self.keep,
            max_workers=settings.max_workers,
            executor=settings.executor,
            clock=settings.clock,
            sleep=settings.sleep,
            random=settings.random,
            now=settings.now,
        ) as chunks:
            try:
                yield from self._handed_out(chunks, total)
            finally:
                self._sort_failures(chunks)

    def _handed_out(self, chunks: BatchStream[Handed], total: int | None) -> Iterator[BatchResult]:
        for chunk in chunks:
            batch = self._batch(chunk, total)
            self.counts += batch.counts
            self.stopped = chunks.stopped
            self._tell(batch)
            del chunk  # nor is the last one kept while the next one is worked on
            yield batch
            del batch
        self.stopped = chunks.stopped

    def _sort_failures(self, chunks: BatchStream[Handed]) -> None:
        """What ``skip_if`` and ``load_existing`` raised belongs to the hooks' failures."""
        failures, counts = chunks.listener_failures, chunks.listener_failure_counts
        of_callbacks = sum(counts.get(name, 0) for name in _CALLBACKS)
        self._hooks.keep([one for one in failures if one.event in _CALLBACKS], of_callbacks)
        self.listener_failures = tuple(one for one in failures if one.event not in _CALLBACKS)
        self.listener_failure_count = sum(counts.values()) - of_callbacks

    def unread(self, source: Any) -> Any:
        """The list again, for another run: what was read of a lazy source, then its rest."""
        return Unread(self._cut.seen, source) if isinstance(source, Iterator) else source

    # -- before -----------------------------------------------------------------------------

    def _field_in(self, context: Mapping[str, Any]) -> str:
        scope, stage = self.scope, self.scope.trigger_agent.label
        name = scope.field or only_list(context, stage)
        if name not in context:
            raise DefinitionError(
                "there is no such field in the context",
                stage=stage,
                field=name,
                fix=f"use one of {', '.join(sorted(context)) or 'none'}",
            )
        value = context[name]
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
            raise DefinitionError(
                f"it is {type(value).__name__}, not a list",
                stage=stage,
                field=name,
                fix="give a list, a tuple, or an iterator for a lazy source",
            )
        return name

    def _key(self) -> Callable[[Any], str]:
        key = self.scope.options.key or item_key
        return KnownKeys(key, self.first_keys) if self.first_keys else key

    def _chunker(self) -> Chunker[Any]:
        size = self.scope.chunk_size
        if not batching_is_on():
            return ByCount(sys.maxsize)
        return ByCount(size) if isinstance(size, int) else size

    def _start_listener(self, total: int | None) -> list[Listener]:
        if not self._hooks.listens_to("on_batch_start"):
            return []

        def started(event: Event) -> None:
            if isinstance(event, ChunkStarted):
                items = self._cut.items.get(event.number, ())
                self._hooks.call(
                    "on_batch_start",
                    BatchProgressContext(
                        run_id=self.settings.run_id,
                        scope=self.scope.name,
                        number=event.number,
                        total=total,
                        size=event.size,
                        _items=items,
                    ),
                )

        return [started]

    # -- after ------------------------------------------------------------------------------

    def _batch(self, chunk: ChunkResult[Handed], total: int | None) -> BatchResult:
        merge = FieldMerge(self.scope.options.reduce)
        plain = _is_plain(chunk)
        outcomes = [] if plain else _in_full(chunk.outcomes)
        with_fields = [o for o in outcomes if o.value is not None and o.value.fields]
        if with_fields or chunk.summary.counts.loaded:
            self._account.add(outcomes)
        warnings: list[str] = []
        for outcome in with_fields:
            merge.add(self._account.uncounted(outcome.key, outcomes))
            warnings += getattr(outcome.value, "warnings", ())
        return BatchResult(
            scope=self.scope.name,
            number=chunk.number,
            total=total,
            counts=_counted(chunk, outcomes),
            attempt=max(map(_attempts, chunk.outcomes), default=0) or 1,
            elapsed_s=chunk.summary.elapsed_s,
            errors=_errors_of(chunk),
            items=self._cut.items.pop(chunk.number, ()),
            results=self._results(chunk, outcomes),
            fields=merge.fields,
            warnings=tuple(warnings + merge.warnings),
        )

    def _results(
        self, chunk: ChunkResult[Handed], in_full: Sequence[Outcome[ItemResult]]
    ) -> list[Any]:
        """What became of the items, in input order; items that occur again have the results of
        the first."""
        results: list[Any] = list(map(_value, chunk.outcomes))
        named: Iterable[tuple[str, Any]] = zip(map(_key, chunk.outcomes), results, strict=True)
        if in_full:
            known_ones = [(o.key, o.value) for o in in_full if o.value is not None]
            named, results = known_ones, [output for _, value in known_ones for output in value]
        known = self._done if self.keep else {}
        if self.keep:
            self.keys.extend(chunk.keys)
            known.update(named)
        if len(chunk.outcomes) == len(chunk.keys):
            return results
        known.update(named)  # if that was not done
        again = [result_of(known[key]) for key in chunk.keys if key in known]
        return list(itertools.chain.from_iterable(again))

    def _tell(self, batch: BatchResult) -> None:
        failpoint("before_hook")
        if self._hooks:
            self._tell_hooks(batch)
        failpoint("after_hook")

    def _tell_hooks(self, batch: BatchResult) -> None:
        error: ErrorRecord | None = next(iter(batch.errors.values()), None)
        event = BatchProgressContext(
            run_id=self.settings.run_id,
            scope=batch.scope,
            number=batch.number,
            total=batch.total,
            size=len(batch.items),
            attempt=batch.attempt,
            elapsed_s=batch.elapsed_s,
            error=error,
            errors=MappingProxyType(batch.errors),
            _items=batch.items,
            _results=batch.results,
        )
        if error is not None:
            self._hooks.call("on_batch_error", event)
        if error is None or batch.counts.failed < batch.counts.total - batch.counts.duplicates:
            self._hooks.call("on_batch_complete", event)


def _errors_of(chunk: ChunkResult[Handed]) -> dict[str, ErrorRecord]:
    if not chunk.summary.counts.failed:
        return {}
    return {o.key: o.error for o in chunk.outcomes if o.error is not None}


def _is_plain(chunk: ChunkResult[Handed]) -> bool:
    """Whether every item was run now and became one item, without anything to tell beside: as
    it mostly is. By kinds, since a look at every result is dear."""
    counts = chunk.summary.counts
    if counts.loaded or counts.failed:
        return False
    kinds = set(map(type, map(_value, chunk.outcomes)))
    return not any(issubclass(kind, ItemResult) for kind in kinds)


def _in_full(outcomes: Iterable[Outcome[Handed]]) -> list[Outcome[ItemResult]]:
    return [
        outcome
        if outcome.value is None or isinstance(outcome.value, ItemResult)
        else outcome._replace(value=result_of(outcome.value))
        for outcome in outcomes
    ]


def _counted(chunk: ChunkResult[Handed], in_full: Sequence[Outcome[ItemResult]]) -> PipelineCounts:
    counts = chunk.summary.counts
    if not in_full:
        return PipelineCounts(ok=counts.ok, duplicates=counts.duplicates)
    done = [(o.status, o.value) for o in in_full if o.value is not None]
    loaded = sum(status == "loaded" or value.loaded for status, value in done)
    dropped = sum(status != "loaded" and not value.loaded and not value for status, value in done)
    ok = len(done) - loaded - dropped
    return PipelineCounts(ok, loaded, counts.failed, dropped, counts.duplicates)


def _batches_of(chunker: Chunker[Any], source: object) -> int | None:
    if isinstance(chunker, ByCount) and isinstance(source, Sized):
        return -(-len(source) // chunker.size)
    return None
