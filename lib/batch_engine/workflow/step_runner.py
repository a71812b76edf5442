"""One step in one run: skipped, taken from the store, or run and stored."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from batch_engine.core import (
    ErrorRecord,
    Listener,
    RunResult,
    error_record,
    run_batches,
)
from batch_engine.workflow.arrange import arrange
from batch_engine.workflow.batch_outcome import BatchOutcome
from batch_engine.workflow.batch_processor import BatchProcessor
from batch_engine.workflow.batch_step import PreparedBatch, prepare_batch
from batch_engine.workflow.definition import Step
from batch_engine.workflow.errors import (
    ChangedWorkflowError,
    ExpressionError,
    StepFailedError,
    TaskInputError,
)
from batch_engine.workflow.fingerprints import step_fingerprint
from batch_engine.workflow.item_work import Entry, ItemWork, PreparedTask
from batch_engine.workflow.rendering import RunContext, error_view
from batch_engine.workflow.report import StepReport
from batch_engine.workflow.retrying import retry_policy
from batch_engine.workflow.state import SINGLE_KEY, StepRecord, StepStatus, WorkflowState

__all__ = ["Changed", "Mode", "StepRunner"]

Mode = Literal["fresh", "resume", "retry"]
Changed = Literal["refuse", "rerun", "keep"]


class StepRunner:
    """Runs the steps of one run, one after the other.

    In a resumed run, from the first step on that gets a new result (``dirty``), steps without
    items run again, since what they saw is no longer so; items of batches have keys and are
    run only if they are new.
    """

    def __init__(
        self,
        run: RunContext,
        state: WorkflowState,
        *,
        mode: Mode,
        changed: Changed,
        listeners: Iterable[Listener] = (),
        dirty: bool = False,
    ) -> None:
        self._run = run
        self._state = state
        self._mode = mode
        self._changed = changed
        self._listeners = tuple(listeners)
        self.dirty = dirty

    def run(self, step: Step, position: int) -> StepReport:
        """What came of the step; it is stored."""
        started = time.monotonic()
        record = StepRecord(
            name=step.name,
            status="running",
            task=step.spec.task,
            position=position,
            started=self._state.at(),
        )
        try:
            if not self._run.wanted(step):
                return self._skip(record)
        except ExpressionError as error:
            return self._ended(step, record, None, error, started)
        before = self._state.step(step.name)
        record = replace(record, fingerprint=self._fingerprint(step, before))
        if before is not None and before.fingerprint != record.fingerprint:
            before = None
        if step.batch is None:
            return self._single(step, record, before, started)
        try:
            batch = prepare_batch(self._run, step, step.batch)
        except (ExpressionError, TaskInputError) as error:
            return self._ended(step, record, None, error, started)
        return self._batch(step, batch, record, before, started)

    # -- before -----------------------------------------------------------------------------

    def _skip(self, record: StepRecord) -> StepReport:
        reason = "its condition is not true"
        self._state.put_step(replace(record, status="skipped", reason=reason))
        return StepReport(record.name, record.task, "skipped", reason=reason)

    def _fingerprint(self, step: Step, before: StepRecord | None) -> str:
        """The step's fingerprint. Raises `ChangedWorkflowError` if there are results of another
        one, and nobody said what to do about these."""
        run = self._run
        now = step_fingerprint(step, run.variables, run.registry, run.workspace)
        if self._mode == "fresh" or before is None or not before.fingerprint:
            return now
        if before.fingerprint == now or self.dirty:
            return now
        done = self._state.counts(before).ok
        if not done:
            return now  # it has no result that could be lost
        if self._changed == "keep":
            return before.fingerprint
        if self._changed == "rerun":
            self.dirty = True
            return now
        had = f"{done} of its items have a result" if before.total is not None else "it has one"
        raise ChangedWorkflowError(
            f"{step.place()}: the step {step.name!r} is not what it was when it ran, and {had}: "
            "its inputs, what they refer to, or the code of its task changed",
            steps=(step.name,),
            hint="--changed rerun runs it again and what follows; --changed keep keeps its results",
        )

    def _reusable(self, step: Step, before: StepRecord | None) -> bool:
        """Whether what is stored stands: a result does; a failure that the run went on after
        does too, unless failures are what is to be tried again."""
        if before is None or self.dirty:
            return False
        if before.status == "completed" or (before.finished and self._mode == "resume"):
            return True
        on_error = step.spec.on_error
        went_on = on_error is not None and bool(on_error.next or on_error.action == "continue")
        return before.status == "failed" and went_on and self._mode == "resume"

    # -- a step without items ----------------------------------------------------------------

    def _single(
        self, step: Step, record: StepRecord, before: StepRecord | None, started: float
    ) -> StepReport:
        if before is not None and self._reusable(step, before):
            return self._recalled(step, before)
        if self._mode != "fresh":
            self._state.store.prune(record.ref, keep=[])
            self.dirty = True
        self._state.put_step(record)
        spec, run = step.spec, self._run
        inputs = run.inputs(step, spec.task, spec.inputs, ("inputs",))
        work = ItemWork(
            tasks=(PreparedTask(spec.task, inputs),),
            item_name="",
            timeout_s=run.option(spec.timeout, step, "timeout"),
            **run.work_options(step),
        )
        result: RunResult[Any] = run_batches(
            [Entry(SINGLE_KEY, 0, None)],
            work,
            step=record.name,
            fingerprint=record.fingerprint,
            key=_key_of,
            chunking=1,
            store=self._state.store,
            retry=retry_policy(spec.retry, spec.on_error),
            listeners=self._listeners,
        )
        failed = result.errors.get(SINGLE_KEY)
        return self._ended(step, record, result.values.get(SINGLE_KEY), failed, started)

    def _recalled(self, step: Step, before: StepRecord) -> StepReport:
        if before.status == "failed":
            error = ErrorRecord.from_json(before.error or {})
            self._see_failure(step, error)
            return StepReport(step.name, step.spec.task, "failed", error=error, reused=True)
        result = self._state.result(before)
        self._see(step, result, before.status)
        return StepReport(step.name, step.spec.task, before.status, result, reused=True)

    # -- a step with items -------------------------------------------------------------------

    def _batch(
        self,
        step: Step,
        batch: PreparedBatch,
        record: StepRecord,
        before: StepRecord | None,
        started: float,
    ) -> StepReport:
        run, store = self._run, self._state.store
        record = replace(record, total=len(batch.entries))
        processor = BatchProcessor(
            run.workspace, record.name, store=store, fingerprint=record.fingerprint
        )
        reusable = self._reusable(step, before)
        if reusable and before is not None and _all_there(batch, processor):
            record = replace(record, gone=arrange(store, record.ref, batch.entries))
            outcome = processor.recall(batch.entries, batch.options)
            return self._batch_report(step, record, before, outcome, None)
        if self._mode != "fresh":
            record = replace(record, gone=arrange(store, record.ref, batch.entries))
        self._state.put_step(record)
        # A batch that was interrupted goes on; one that failed is asked again for all that it
        # has not got.
        goes_on = before is not None and (before.status == "running" or reusable)
        retry_failed = self._mode == "retry" or not goes_on
        outcome = processor.run(
            batch.entries,
            batch.work(store, record, again=self._mode == "retry"),
            batch.options,
            retry_failed=retry_failed,
            executor=run.executor,
            listeners=self._listeners,
        )
        if not retry_failed and outcome.failed:
            arrange(store, record.ref, batch.entries)  # those that were not run had no place
        return self._batch_report(step, record, before, outcome, started)

    def _batch_report(
        self,
        step: Step,
        record: StepRecord,
        before: StepRecord | None,
        outcome: BatchOutcome,
        started: float | None,
    ) -> StepReport:
        status: StepStatus = "completed_with_errors" if outcome.failed else "completed"
        error = None
        if outcome.exceeded:
            status, error = "failed", _too_many(outcome)
        if self._mode != "fresh" and (before is None or before.shape != outcome.shape):
            self.dirty = True
        collect = step.batch is None or step.batch.collect is not False
        result = outcome.to_json(collect=collect)
        self._see(step, result, status)
        if error is not None:
            self._run.variables["steps"][step.name]["error"] = error_view(step.name, error)
        stored = error.to_json() if error else None
        self._state.put_step(
            replace(
                record, status=status, error=stored, shape=outcome.shape, ended=self._state.at()
            )
        )
        return StepReport(
            step.name,
            step.spec.task,
            status,
            result,
            error=error,
            batch=outcome,
            reused=started is None,
            elapsed_s=0.0 if started is None else time.monotonic() - started,
        )

    # -- after ------------------------------------------------------------------------------

    def _ended(
        self,
        step: Step,
        record: StepRecord,
        result: Any,
        failure: ErrorRecord | Exception | None,
        started: float,
    ) -> StepReport:
        error = failure
        if isinstance(error, Exception):
            error = error_record(error, step=step.name)
        status: StepStatus = "failed" if error else "completed"
        stored = error.to_json() if error else None
        self._state.put_step(replace(record, status=status, error=stored, ended=self._state.at()))
        if error:
            self._see_failure(step, error)
        else:
            self._see(step, result, status)
        elapsed = time.monotonic() - started
        return StepReport(step.name, step.spec.task, status, result, error, elapsed_s=elapsed)

    def _see(self, step: Step, result: Any, status: str) -> None:
        """Lets later steps see the result."""
        self._run.variables["steps"][step.name] = {"result": result, "status": status}

    def _see_failure(self, step: Step, error: ErrorRecord) -> None:
        seen = {"status": "failed", "error": error_view(step.name, error)}
        self._run.variables["steps"][step.name] = seen


def _all_there(batch: PreparedBatch, processor: BatchProcessor) -> bool:
    keys = [entry.key for entry in batch.entries]
    return len(processor.store.get_many(processor.step, keys)) == len(keys)


def _key_of(entry: Entry) -> str:
    return entry.key


def _too_many(outcome: BatchOutcome) -> ErrorRecord:
    first = outcome.failed[0].error if outcome.failed else None
    more = f"; the first: {first.code}: {first.error}" if first else ""
    stopped = ", then the batch was stopped" if outcome.stopped else ""
    done = len(outcome.processed) + len(outcome.failed)
    error = StepFailedError(f"{len(outcome.failed)} of {done} items failed{stopped}{more}")
    return error_record(error)
