"""Pipelines of stages, with scopes that run chunk by chunk: durable, resumable, streaming.

A stage reads fields of the context and returns the fields it writes. In a scope it gets a chunk
of the scope's list and returns one entry per item::

    from batch_engine.core import SqliteRunStore
    from batch_engine.pipeline import Agent, Pipeline, batched

    class Score(Agent):
        def run(self, context):
            return [{**row, "score": len(row["text"])} for row in context["rows"]]

    class Report(Agent):
        def run(self, context):
            return {"best": max(context["rows"], key=lambda row: row["score"])}

    pipeline = Pipeline(batched(Score(), chunk_size=100, over="rows") >> Report())
    with SqliteRunStore(directory) as store:
        result = pipeline.run({"rows": rows}, store=store)
    result["best"]             # a field; result.partial, result.errors, result.retry_failed()

The same scope by decorators: ``@triggers_batching(chunk_size=100, over="rows")`` on its first
agent, ``@ends_batching`` on the agent that gets the merged results. ``pipeline.stream(...)``
hands out each chunk as soon as it is stored. Guide: ``docs/pipelines.md``; what is promised:
``docs/engine.md``.
"""

from batch_engine.pipeline.agent import Agent, Batch, Shape, StageContext
from batch_engine.pipeline.declare import (
    ends_batching,
    on_batch_complete,
    on_batch_error,
    on_batch_start,
    triggers_batching,
)
from batch_engine.pipeline.errors import DefinitionError, MergeConflictError
from batch_engine.pipeline.executor import PipelineBatchExecutor
from batch_engine.pipeline.failpoints import PIPELINE_FAILPOINTS
from batch_engine.pipeline.flow import Batched, Chain, Chunked, Flow, Parallel, batched
from batch_engine.pipeline.functions import filtered, flat_mapped, mapped, stage
from batch_engine.pipeline.hooks import BatchProgressContext
from batch_engine.pipeline.manager import BatchingScopeManager
from batch_engine.pipeline.options import ScopeOptions
from batch_engine.pipeline.pipeline import Pipeline, PipelineStream
from batch_engine.pipeline.reducers import REDUCERS, Reducer, deep_merge
from batch_engine.pipeline.results import (
    BatchReport,
    BatchResult,
    PipelineCounts,
    PipelineResult,
    ScopeReport,
)
from batch_engine.pipeline.scope import BatchingScope
from batch_engine.pipeline.settings import RunSettings
from batch_engine.pipeline.switches import BATCHING_VARIABLE, DEBUG_VARIABLE

__all__ = [
    "BATCHING_VARIABLE",
    "DEBUG_VARIABLE",
    "PIPELINE_FAILPOINTS",
    "REDUCERS",
    "Agent",
    "Batch",
    "BatchProgressContext",
    "BatchReport",
    "BatchResult",
    "Batched",
    "BatchingScope",
    "BatchingScopeManager",
    "Chain",
    "Chunked",
    "DefinitionError",
    "Flow",
    "MergeConflictError",
    "Parallel",
    "Pipeline",
    "PipelineBatchExecutor",
    "PipelineCounts",
    "PipelineResult",
    "PipelineStream",
    "Reducer",
    "RunSettings",
    "ScopeOptions",
    "ScopeReport",
    "Shape",
    "StageContext",
    "batched",
    "deep_merge",
    "ends_batching",
    "filtered",
    "flat_mapped",
    "mapped",
    "on_batch_complete",
    "on_batch_error",
    "on_batch_start",
    "stage",
    "triggers_batching",
]
