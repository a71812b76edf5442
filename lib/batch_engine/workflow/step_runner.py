"""One step in one run: skipped, taken from the store, or run and stored."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from batch_engine.core import (
    ErrorRecord,
    ItemRow,
    RunResult,
    StepRef,
    error_record,
    run_batches,
)
from batch_engine.workflow.batch_options import BatchOptions, read_options
from batch_engine.workflow.batch_processor import BatchOutcome, BatchProcessor, key_text, keyed
from batch_engine.workflow.definition import BATCH_TASK, Step, nested_tasks
from batch_engine.workflow.errors import (
    ChangedWorkflowError,
    ExpressionError,
    StepFailedError,
    TaskInputError,
    WorkflowError,
)
from batch_engine.workflow.expressions import Mode as TextMode
from batch_engine.workflow.expressions import Text, Value, compile_value, has_expressions
from batch_engine.workflow.fingerprints import step_fingerprint
from batch_engine.workflow.item_work import (
    BatchTaskWork,
    Entry,
    ItemWork,
    PreparedTask,
)
from batch_engine.workflow.report import StepReport
from batch_engine.workflow.retrying import retry_policy
from batch_engine.workflow.spec import BatchSpec
from batch_engine.workflow.state import SINGLE_KEY, StepRecord, StepStatus, WorkflowState
from batch_engine.workflow.validate import BATCH_KEYS, item_name

if TYPE_CHECKING:
    from batch_engine.workflow.engine import WorkflowEngine

__all__ = ["Changed", "Mode", "StepRunner", "error_view"]

Mode = Literal["fresh", "resume", "retry"]
Changed = Literal["refuse", "rerun", "keep"]


class _ErrorView(dict[str, Any]):
    """``error`` in expressions: a mapping whose text is its message."""

    def __str__(self) -> str:
        return str(self["message"])


def error_view(step: str, record: ErrorRecord | None) -> dict[str, Any]:
    """What expressions see of a failed step: step, message, code, category."""
    if record is None:
        return _ErrorView(step=step, message="")
    return _ErrorView(
        step=step, message=record.error, code=record.code, category=str(record.category)
    )


class StepRunner:
    """Runs the steps of one run, one after the other.

    ``variables`` are the namespaces of expressions; results are added to its ``steps``. From the
    first step on that gets a new result in a resumed run (``dirty``), steps without items run
    again, since what they saw is no longer so.
    """

    def __init__(
        self,
        engine: WorkflowEngine,
        state: WorkflowState,
        variables: dict[str, Any],
        mode: Mode,
        changed: Changed,
    ) -> None:
        self._engine = engine
        self._state = state
        self.variables = variables
        self._mode = mode
        self._changed = changed
        self._dirty = False

    def run(self, step: Step, position: int) -> StepReport:
        """What came of the step; it is stored."""
        before = self._state.step(step.name)
        started = time.monotonic()
        try:
            if not self._wanted(step):
                return self._skip(step, position)
        except ExpressionError as error:
            record = StepRecord(name=step.name, status="failed", task=step.spec.task)
            return self._ended(step, replace(record, position=position), None, error, started)
        record = StepRecord(
            name=step.name,
            status="running",
            task=step.spec.task,
            fingerprint=self._fingerprint(step, before),
            position=position,
            started=self._state.at(),
        )
        fresh = before is None or before.fingerprint != record.fingerprint
        if step.batch is not None:
            return self._batch(step, step.batch, record, None if fresh else before, started)
        return self._single(step, record, None if fresh else before, started)

    def render_message(self, step: Step, text: str) -> str:
        """A message of the step; one that cannot be rendered is shown as it is written."""
        try:
            return str(Text(text, "text", str(step.place("on_error"))).render(self.variables))
        except ExpressionError as error:
            return f"{text} ({error.message})"

    # -- before -----------------------------------------------------------------------------

    def _wanted(self, step: Step) -> bool:
        """Whether the condition holds. Raises `ExpressionError` for one that is no truth value."""
        condition = step.spec.condition
        if condition is None or isinstance(condition, bool):
            return condition is not False
        if not has_expressions(condition):
            return condition.strip().lower() == "true"
        where = str(step.place("condition"))
        value = Text(condition, "typed", where).render(self.variables)
        if isinstance(value, str) and value.strip().lower() in ("true", "false", ""):
            return value.strip().lower() == "true"
        if value is None or isinstance(value, bool):
            return bool(value)
        raise ExpressionError(
            f"{where}: the condition gives {value!r}, expected true or false",
            hint="compare it: {{ ... == ... }}, {{ ... > 0 }}, {{ ... is defined }}",
        )

    def _skip(self, step: Step, position: int) -> StepReport:
        reason = "its condition is not true"
        self._state.put_step(
            StepRecord(
                name=step.name,
                status="skipped",
                task=step.spec.task,
                reason=reason,
                position=position,
            )
        )
        return StepReport(step.name, step.spec.task, "skipped", reason=reason)

    def _fingerprint(self, step: Step, before: StepRecord | None) -> str:
        """The step's fingerprint. Raises `ChangedWorkflowError` if there are results of another
        one, and nobody said what to do about these."""
        now = step_fingerprint(step, self.variables, self._engine.registry, self._engine.workspace)
        if self._mode == "fresh" or before is None or not before.fingerprint:
            return now
        if before.fingerprint == now or self._dirty:
            return now
        if not (before.finished or self._state.counts(before).ok):
            return now  # it has no result that could be lost
        if self._changed == "keep":
            return before.fingerprint
        if self._changed == "rerun":
            self._dirty = True
            return now
        counts = self._state.counts(before)
        had = f"{counts.ok} items are" if before.total is not None else "it is"
        raise ChangedWorkflowError(
            f"{step.place()}: the step {step.name!r} is not what it was when it ran "
            f"({had} done): its inputs, what they refer to, or the code of its task changed",
            steps=(step.name,),
            hint="--changed rerun runs it again and what follows; --changed keep keeps its results",
        )

    # -- a step without items ----------------------------------------------------------------

    def _single(
        self, step: Step, record: StepRecord, before: StepRecord | None, started: float
    ) -> StepReport:
        if before is not None and not self._dirty and self._reusable(step, before):
            return self._recalled(step, before)
        if self._mode != "fresh":
            self._state.store.prune(record.ref, keep=[])
            self._dirty = True
        self._state.put_step(record)
        spec = step.spec
        timeout = self._rendered(spec.timeout, step, "timeout")
        work = ItemWork(
            tasks=(
                PreparedTask(spec.task, self._inputs(step, spec.task, spec.inputs, ("inputs",))),
            ),
            item_name="",
            timeout_s=timeout,
            **self._shared(step),
        )
        result: RunResult[Any] = run_batches(
            [Entry(SINGLE_KEY, 0, None)],
            work,
            step=record.name,
            fingerprint=record.fingerprint,
            key=_single_key,
            chunking=1,
            store=self._state.store,
            retry=retry_policy(spec.retry, spec.on_error),
            listeners=self._engine.listeners,
        )
        failed = result.errors.get(SINGLE_KEY)
        return self._ended(step, record, result.values.get(SINGLE_KEY), failed, started)

    def _reusable(self, step: Step, before: StepRecord) -> bool:
        """Whether what is stored stands: a result does; a failure that the run went on after
        does too, unless failures are what is to be tried again."""
        if before.finished:
            return True
        on_error = step.spec.on_error
        went_on = on_error is not None and bool(on_error.next or on_error.action == "continue")
        return before.status == "failed" and went_on and self._mode == "resume"

    def _recalled(self, step: Step, before: StepRecord) -> StepReport:
        if before.status == "failed":
            error = ErrorRecord.from_json(before.error or {})
            self._remember_failure(step, error)
            return StepReport(step.name, step.spec.task, "failed", error=error, reused=True)
        result = self._state.result(before)
        self._remember(step, result, before.status)
        return StepReport(step.name, step.spec.task, before.status, result, reused=True)

    # -- a step with items -------------------------------------------------------------------

    def _batch(
        self,
        step: Step,
        batch: BatchSpec,
        record: StepRecord,
        before: StepRecord | None,
        started: float,
    ) -> StepReport:
        engine = self._engine
        try:
            options, given = self._options(step)
            entries = self._entries(step, batch, given)
        except (ExpressionError, TaskInputError) as error:
            return self._ended(step, record, None, error, started)
        processor = BatchProcessor(
            engine.workspace, record.name, store=self._state.store, fingerprint=record.fingerprint
        )
        record = replace(record, total=len(entries))
        finished = before is not None and before.finished
        if (
            finished
            and self._mode == "resume"
            and not self._dirty
            and self._all_there(entries, processor)
        ):
            outcome = processor.recall(entries, options)
            assert before is not None
            return self._batch_report(step, before, outcome, reused=True)
        self._state.put_step(record)
        work = self._work(step, batch, given, options, entries, record)
        # An interrupted batch goes on; one that failed is asked again for all it has not got.
        interrupted = before is not None and before.status == "running"
        outcome = processor.run(
            entries,
            work,
            options,
            retry_failed=not (self._mode == "resume" and (interrupted or finished)),
            executor=engine.executor,
            listeners=engine.listeners,
        )
        if self._mode != "fresh" and outcome.loaded < len(outcome.processed):
            self._dirty = True
        return self._batch_report(step, record, outcome, started=started)

    def _all_there(self, entries: list[Entry], processor: BatchProcessor) -> bool:
        counts = self._state.store.counts(processor.step)
        if counts.ok + counts.failed < len(entries):
            return False
        keys = [entry.key for entry in entries]
        return len(self._state.store.get_many(processor.step, keys)) == len(keys)

    def _options(self, step: Step) -> tuple[BatchOptions, dict[str, Any]]:
        """The evaluated options of the batch, and what else a handler of whole batches gets."""
        inputs = dict(step.spec.inputs)
        nested = {"task", "processing_task", "steps", "key", "collect"}
        inner = {name: inputs.pop(name) for name in nested & set(inputs)}
        if step.spec.task != BATCH_TASK:
            inputs |= {name: inner[name] for name in ("steps",) if name in inner}
        value = compile_value(inputs, where=self._where(step, ("inputs",)))
        given: dict[str, Any] = value.render(self.variables)
        known = {name: entry for name, entry in given.items() if name in BATCH_KEYS}
        items = known.get("items", known.get("iterate_over"))
        if not isinstance(items, list | tuple):
            raise TaskInputError(
                f"{step.place('inputs')}: the items are {_short(items)}, expected a list",
                hint="of a mapping: {{ mapping | dictsort }}; of lines: {{ text.splitlines() }}",
            )
        outside = self._runs_outside(step)
        processes = self._engine.executor not in (None, "threads")
        options = read_options(known, outside=outside, processes=processes, retry=step.spec.retry)
        return options, given

    def _runs_outside(self, step: Step) -> bool:
        tasks = [entry.task for _, entry in nested_tasks(step)] or [step.spec.task]
        handlers = [self._engine.registry.get(task) for task in tasks]
        return any(handler is not None and handler.outside for handler in handlers)

    def _entries(self, step: Step, batch: BatchSpec, given: Mapping[str, Any]) -> list[Entry]:
        items = given.get("items", given.get("iterate_over")) or []
        if batch.key is None:
            return keyed(items)
        value = compile_value(batch.key, where=self._where(step, ("inputs", "key")))
        name = item_name(batch)

        def key(item: Any) -> str:
            return key_text(value.render({**self.variables, name: item, "batch": {"item": item}}))

        return keyed(items, key)

    def _work(
        self,
        step: Step,
        batch: BatchSpec,
        given: Mapping[str, Any],
        options: BatchOptions,
        entries: list[Entry],
        record: StepRecord,
    ) -> Any:
        if step.spec.task != BATCH_TASK:
            own = {name: value for name, value in given.items() if name not in BATCH_KEYS}
            retry = batch.retry or step.spec.retry
            return BatchTaskWork(
                task=step.spec.task,
                inputs=own,
                retry=retry.model_dump() if retry else {},
                **self._shared(step),
            )
        tasks = tuple(
            PreparedTask(
                entry.task,
                self._inputs(step, entry.task, entry.inputs, (*path, "inputs")),
                (entry.name or "") if batch.steps is not None else "",
            )
            for path, entry in nested_tasks(step)
        )
        collect: Any = batch.collect
        if isinstance(collect, str):
            collect = compile_value(collect, where=self._where(step, ("inputs", "collect")))
        size = options.chunk_size
        return ItemWork(
            tasks=tasks,
            item_name=item_name(batch),
            total=len(entries),
            chunk_size=size if isinstance(size, int) else 0,
            collect=None if collect is True else collect,
            timeout_s=options.timeout_s,
            begin=None if options.idempotent else self._begin_once(record),
            **self._shared(step),
        )

    def _begin_once(self, record: StepRecord) -> Any:
        """Notes in the store that an item is begun; says no for one that was begun by a run
        that has no outcome for it."""
        if self._engine.executor not in (None, "threads"):
            raise WorkflowError(
                f"the step {record.name!r} is not idempotent, so it cannot run in processes",
                hint="run it with --executor threads",
            )
        store, ref = self._state.store, StepRef(f"{record.name}:begun", record.fingerprint)
        store.begin_step(ref)
        again = self._mode == "retry"

        def begin(key: str) -> bool:
            known = key in store.get_many(ref, [key])
            settled = known and key in store.get_many(record.ref, [key])
            if known and not settled and not again:
                return False
            store.put(ref, [ItemRow(key, "ok", "null")])
            return True

        return begin

    def _batch_report(
        self,
        step: Step,
        record: StepRecord,
        outcome: BatchOutcome,
        *,
        started: float | None = None,
        reused: bool = False,
    ) -> StepReport:
        status: StepStatus = "completed_with_errors" if outcome.failed else "completed"
        error = None
        if outcome.exceeded:
            status, error = "failed", _too_many(outcome)
        collect = step.batch is None or step.batch.collect is not False
        result = outcome.to_json(collect=collect)
        report = StepReport(
            step.name,
            step.spec.task,
            status,
            result,
            error=error,
            batch=outcome,
            reused=reused,
            elapsed_s=0.0 if started is None else time.monotonic() - started,
        )
        self._remember(step, result, status)
        if error is not None:
            self.variables["steps"][step.name]["error"] = error_view(step.name, error)
        stored = error.to_json() if error else None
        self._state.put_step(
            replace(
                record,
                status=status,
                error=stored,
                total=outcome.total,
                ended=record.ended if reused else self._state.at(),
            )
        )
        return report

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
            self._remember_failure(step, error)
        else:
            self._remember(step, result, status)
        elapsed = time.monotonic() - started
        return StepReport(step.name, step.spec.task, status, result, error, elapsed_s=elapsed)

    def _remember(self, step: Step, result: Any, status: str) -> None:
        self.variables["steps"][step.name] = {"result": result, "status": status}

    def _remember_failure(self, step: Step, error: ErrorRecord) -> None:
        self.variables["steps"][step.name] = {
            "status": "failed",
            "error": error_view(step.name, error),
        }

    # -- expressions ------------------------------------------------------------------------

    def _shared(self, step: Step) -> dict[str, Any]:
        engine = self._engine
        return {
            "step": step.name,
            "variables": self.variables,
            "workspace": engine.workspace,
            "services": engine.services,
            "modules": engine.modules,
            "registry": engine.registry,
        }

    def _inputs(
        self, step: Step, task: str, inputs: Mapping[str, Any], path: tuple[str | int, ...]
    ) -> Value:
        handler = self._engine.registry.find(task)

        def mode(inner: tuple[str | int, ...]) -> TextMode:
            if len(inner) != 1 and not (inner[:1] == ("command",) and len(inner) == 2):
                return "typed"
            chosen = handler.mode(str(inner[0]))
            # A list of arguments needs no quoting; only a line for the shell does.
            return "typed" if chosen == "shell" and isinstance(inner[-1], int) else chosen

        return compile_value(dict(inputs), mode=mode, where=self._where(step, path))

    def _where(self, step: Step, path: tuple[str | int, ...]) -> Any:
        return lambda inner: str(step.place(*path, *inner))

    def _rendered(self, value: Any, step: Step, name: str) -> Any:
        if not has_expressions(value):
            return value
        return Text(value, "typed", str(step.place(name))).render(self.variables)


def _single_key(entry: Entry) -> str:
    return entry.key


def _too_many(outcome: BatchOutcome) -> ErrorRecord:
    first = outcome.failed[0].error if outcome.failed else None
    more = f"; the first: {first.code}: {first.error}" if first else ""
    stopped = ", then the batch was stopped" if outcome.stopped else ""
    done = len(outcome.processed) + len(outcome.failed)
    error = StepFailedError(f"{len(outcome.failed)} of {done} items failed{stopped}{more}")
    return error_record(error)


def _short(value: Any) -> str:
    text = json.dumps(value, default=repr, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
