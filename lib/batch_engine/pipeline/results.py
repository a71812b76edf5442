"""What a pipeline gives back: after each chunk, per scope, and at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from batch_engine.core import ConfigurationError, ErrorRecord, ListenerFailure

__all__ = ["BatchReport", "BatchResult", "PipelineCounts", "PipelineResult", "ScopeReport"]


@dataclass(frozen=True, slots=True)
class PipelineCounts:
    """How many items of a scope: worked on and fine, loaded (from the store or by
    ``load_existing``), failed, dropped (filtered out), the same as an earlier one."""

    ok: int = 0
    loaded: int = 0
    failed: int = 0
    dropped: int = 0
    duplicates: int = 0

    @property
    def total(self) -> int:
        """All items accounted for."""
        return self.ok + self.loaded + self.failed + self.dropped + self.duplicates

    def __add__(self, other: PipelineCounts) -> PipelineCounts:
        return PipelineCounts(
            self.ok + other.ok,
            self.loaded + other.loaded,
            self.failed + other.failed,
            self.dropped + other.dropped,
            self.duplicates + other.duplicates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """One chunk without its items: number, counts, attempts, seconds, errors by item key."""

    scope: str
    number: int
    total: int | None
    counts: PipelineCounts
    attempt: int
    elapsed_s: float
    errors: Mapping[str, ErrorRecord] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether no item failed."""
        return not self.counts.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult(BatchReport):
    """One chunk as `Pipeline.stream` hands it out: stored, with items, results and fields.

    ``results`` are in input order; ``fields`` are those that the chunk's stages wrote, and
    ``warnings`` tell of values of one field that differed within the chunk.
    """

    items: tuple[Any, ...]
    results: list[Any]
    fields: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def report(self) -> BatchReport:
        """The chunk without its items and results."""
        return BatchReport(
            scope=self.scope,
            number=self.number,
            total=self.total,
            counts=self.counts,
            attempt=self.attempt,
            elapsed_s=self.elapsed_s,
            errors=self.errors,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeReport:
    """What a scope did. ``batches`` holds the chunks in which items failed, at most 1,000 of
    them; ``errors`` the error of each failed item, of these chunks; ``stopped`` says why the
    rest of the list was not reached (empty: all of it was). With a store, ``StepRef(name,
    fingerprint)`` is where the results are."""

    name: str
    field: str
    counts: PipelineCounts
    batch_count: int
    failed_batches: tuple[BatchReport, ...]
    stopped: str
    elapsed_s: float
    fingerprint: str = ""

    @property
    def errors(self) -> dict[str, ErrorRecord]:
        """The error of each failed item, by key."""
        return {key: record for batch in self.failed_batches
                for key, record in batch.errors.items()}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PipelineResult(Mapping[str, Any]):
    """The context at the end (``result["companies"]``), and how it came about.

    With failed items it is partial: the lists hold what succeeded, in input order. ``warnings``
    tell of values that differed between chunks; ``hook_failures`` and ``listener_failures`` of
    what hooks, ``skip_if``, ``load_existing`` and listeners raised: the first 100 per scope (of
    listeners: and kind of event) of ``hook_failure_count`` and ``listener_failure_count``.
    """

    context: Mapping[str, Any]
    scopes: tuple[ScopeReport, ...]
    run_id: str
    elapsed_s: float
    stopped: str = ""
    warnings: tuple[str, ...] = ()
    hook_failures: tuple[ListenerFailure, ...] = ()
    listener_failures: tuple[ListenerFailure, ...] = ()
    hook_failure_count: int = 0
    listener_failure_count: int = 0
    _again: Callable[[Mapping[str, Any]], PipelineResult] | None = field(default=None, repr=False)

    def __getitem__(self, name: str) -> Any:
        """The value of a field."""
        return self.context[name]

    def __iter__(self) -> Any:
        """The names of the fields."""
        return iter(self.context)

    def __len__(self) -> int:
        """How many fields there are."""
        return len(self.context)

    @property
    def ok(self) -> bool:
        """Whether every item of every scope has a result."""
        return not self.stopped and not any(scope.counts.failed for scope in self.scopes)

    @property
    def partial(self) -> bool:
        """Whether something is missing; `retry_failed` asks for it again."""
        return not self.ok

    @property
    def errors(self) -> dict[str, ErrorRecord]:
        """The error of each failed item, by key, of all scopes."""
        return {key: record for scope in self.scopes for key, record in scope.errors.items()}

    @property
    def failed_batches(self) -> tuple[BatchReport, ...]:
        """The chunks in which items failed, of all scopes."""
        return tuple(batch for scope in self.scopes for batch in scope.failed_batches)

    def retry_failed(self, **options: Any) -> PipelineResult:
        """Runs what failed or was not reached, and then everything that follows from it; what
        succeeded is not run again, with or without a store. ``options`` as for `Pipeline.run`,
        instead of those of the first run, which else stay (its store, if that is still open, its
        executor and retry policy; not its hooks and listeners). Without failures it returns this
        very result; the result of a stream raises `ConfigurationError`, it keeps nothing."""
        if self.ok:
            return self
        if self._again is None:
            raise ConfigurationError(
                "the results of a stream are not kept, so what succeeded is not known",
                hint="use run(), or run the pipeline again with its store",
            )
        return self._again(options)
