"""Durable batches: run a work function over items in chunks, and never do finished work twice.

A run without a store lives in memory::

    from batch_engine.core import each, run_batches

    result = run_batches(paths, each(read_facts), step="facts", key=str)
    result.values            # {key: result}, input order; failed items are not in it
    result.errors            # {key: ErrorRecord}
    result.counts            # Counts(ok=..., loaded=..., failed=..., duplicates=...)

With a store, finished items are loaded, not run, the next time; also after ``kill -9``::

    from batch_engine.core import Progress, RetryPolicy, SqliteRunStore, fingerprint

    progress = Progress()
    with SqliteRunStore(directory) as store:
        result = run_batches(
            files, each(extract), step="facts", key=lambda file: file.sha256,
            fingerprint=fingerprint("facts", FACTS_VERSION), store=store, chunking=64,
            dump=facts_to_json, load=facts_from_json, listeners=[progress],
        )
        store.prune(StepRef("facts", fingerprint("facts", FACTS_VERSION)), keep=result.outcomes)
    progress.snapshot()      # done, total, rate_per_s, eta_s, batches

Work gets the whole chunk, so one request can serve many items; it can hand over items while the
rest is still coming, and on a further attempt it is told why each item failed::

    def ask(agents, context):                      # context: ChunkContext
        reasons = context.previous                 # {key: ErrorRecord} from attempt 2 on
        for agent, answer in stream(agents, reasons):
            problem = check(answer)
            if not problem:
                context.complete(agent, answer)    # stored now, before the next one arrives
        return {}                                  # what is not completed is a MissingResultError

    run_batches(agents, ask, step="enhance", key=lambda agent: agent.name, store=store,
                chunking=ByWeight(12_000, token_weight), retry=RetryPolicy(max_attempts=3))

Raise a subclass of `Pause` from work to wait for something outside: it passes through, and what
was finished is stored. Errors: `EngineError` and its tree. Guarantees: ``docs/engine.md``.
"""

from batch_engine.core.adaptive import Adaptive, Adjustment
from batch_engine.core.chunks import (
    ByCount,
    ByWeight,
    Chunk,
    Chunker,
    chunks_by_count,
    chunks_by_weight,
)
from batch_engine.core.classification import Classification, classify
from batch_engine.core.errors import (
    AuthError,
    BudgetError,
    ConfigurationError,
    ContractError,
    DatabaseBusyError,
    DatabaseError,
    DeduplicationError,
    EngineError,
    ErrorCategory,
    FieldProblem,
    ItemValidationError,
    MissingResultError,
    NetworkError,
    Pause,
    RateLimitError,
    RejectedResultError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreReadOnlyError,
    StoreVersionError,
    TaskError,
    TransientError,
    WorkerLostError,
    WorkError,
    WorkTimeoutError,
)
from batch_engine.core.events import (
    ChunkCompleted,
    ChunkFailed,
    ChunkStarted,
    Counts,
    Emitter,
    Event,
    ItemCompleted,
    ItemFailed,
    ItemsLoaded,
    Listener,
    ListenerFailure,
    RetryScheduled,
    RunCompleted,
    RunStarted,
    StageCompleted,
    StageStarted,
    StepCompleted,
    StepFailed,
    StepStarted,
)
from batch_engine.core.exchange import STATE_VERSION, export_state, import_state
from batch_engine.core.failpoints import FAILPOINT_VARIABLE, FAILPOINTS
from batch_engine.core.history import PastChunk, PastEvent, PastProcess, read_history
from batch_engine.core.keys import canonical_json, fingerprint, item_key
from batch_engine.core.listeners import (
    JsonLinesListener,
    LoggingListener,
    ProgressDisplay,
    RichProgressListener,
    event_to_json,
)
from batch_engine.core.pools import ExecutorChoice
from batch_engine.core.progress import Progress, ProgressSnapshot
from batch_engine.core.record_schema import error_record_schema
from batch_engine.core.records import CauseLink, ErrorRecord, ItemRef, RetryInfo, error_record
from batch_engine.core.remote import ChunkSpec, run_chunk
from batch_engine.core.resources import ResourceSample, sample_resources
from batch_engine.core.results import BatchSummary, ChunkResult, Outcome, RunResult
from batch_engine.core.retry import NO_RETRY, RetryDecision, RetryPolicy, RetryRule
from batch_engine.core.runner import BatchStream, run_batches, stream_batches
from batch_engine.core.sqlite_store import SqliteRunStore
from batch_engine.core.store import (
    AttemptRow,
    BatchRow,
    ItemRow,
    MemoryRunStore,
    RunStore,
    StepCounts,
    StepRef,
)
from batch_engine.core.tracing import TracingListener
from batch_engine.core.work import ChunkContext, ItemFailure, Work, each

__all__ = [
    "FAILPOINTS",
    "FAILPOINT_VARIABLE",
    "NO_RETRY",
    "STATE_VERSION",
    "Adaptive",
    "Adjustment",
    "AttemptRow",
    "AuthError",
    "BatchRow",
    "BatchStream",
    "BatchSummary",
    "BudgetError",
    "ByCount",
    "ByWeight",
    "CauseLink",
    "Chunk",
    "ChunkCompleted",
    "ChunkContext",
    "ChunkFailed",
    "ChunkResult",
    "ChunkSpec",
    "ChunkStarted",
    "Chunker",
    "Classification",
    "ConfigurationError",
    "ContractError",
    "Counts",
    "DatabaseBusyError",
    "DatabaseError",
    "DeduplicationError",
    "Emitter",
    "EngineError",
    "ErrorCategory",
    "ErrorRecord",
    "Event",
    "ExecutorChoice",
    "FieldProblem",
    "ItemCompleted",
    "ItemFailed",
    "ItemFailure",
    "ItemRef",
    "ItemRow",
    "ItemValidationError",
    "ItemsLoaded",
    "JsonLinesListener",
    "Listener",
    "ListenerFailure",
    "LoggingListener",
    "MemoryRunStore",
    "MissingResultError",
    "NetworkError",
    "Outcome",
    "PastChunk",
    "PastEvent",
    "PastProcess",
    "Pause",
    "Progress",
    "ProgressDisplay",
    "ProgressSnapshot",
    "RateLimitError",
    "RejectedResultError",
    "ResourceSample",
    "RetryDecision",
    "RetryInfo",
    "RetryPolicy",
    "RetryRule",
    "RetryScheduled",
    "RichProgressListener",
    "RunCompleted",
    "RunResult",
    "RunStarted",
    "RunStore",
    "SqliteRunStore",
    "StageCompleted",
    "StageStarted",
    "StepCompleted",
    "StepCounts",
    "StepFailed",
    "StepRef",
    "StepStarted",
    "StoreCorruptError",
    "StoreError",
    "StoreFullError",
    "StoreLockedError",
    "StoreReadOnlyError",
    "StoreVersionError",
    "TaskError",
    "TracingListener",
    "TransientError",
    "Work",
    "WorkError",
    "WorkTimeoutError",
    "WorkerLostError",
    "canonical_json",
    "chunks_by_count",
    "chunks_by_weight",
    "classify",
    "each",
    "error_record",
    "error_record_schema",
    "event_to_json",
    "export_state",
    "fingerprint",
    "import_state",
    "item_key",
    "read_history",
    "run_batches",
    "run_chunk",
    "sample_resources",
    "stream_batches",
]
