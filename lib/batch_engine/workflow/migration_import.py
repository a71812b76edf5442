"""A run of yaml-workflow taken over into our run store, so that it can be resumed here.

::

    engine = WorkflowEngine(load_workflow(Path("digest.yaml")), workspace=former.workspace)
    report = import_former_run(engine, former, {"folder": "docs"})
    engine.run(resume=True)           # goes on where yaml-workflow stopped

Nothing is run. The files of yaml-workflow are left as they are.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batch_engine.core import (
    ErrorRecord,
    ItemRef,
    ItemRow,
    SqliteRunStore,
    TaskError,
    error_record,
    item_key,
)
from batch_engine.workflow.batch_processor import BatchProcessor
from batch_engine.workflow.batch_step import PreparedBatch, prepare_batch
from batch_engine.workflow.definition import Step
from batch_engine.workflow.engine import WorkflowEngine
from batch_engine.workflow.errors import ExpressionError, TaskInputError, WorkflowError
from batch_engine.workflow.fingerprints import step_fingerprint
from batch_engine.workflow.item_work import Entry
from batch_engine.workflow.migration import FormerBatch, FormerRun, FormerStep
from batch_engine.workflow.order import in_order
from batch_engine.workflow.params import read_param, resolve_params
from batch_engine.workflow.references import references_of
from batch_engine.workflow.rendering import RunContext, error_view
from batch_engine.workflow.runs import prepare, state_folder
from batch_engine.workflow.state import SINGLE_KEY, RunRecord, StepRecord, WorkflowState

__all__ = ["ImportReport", "import_former_run"]


class _FormerError(TaskError):
    """A failure that was recorded by another program."""

    code = "task.imported"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What was taken over: steps that are done, items with a result and items that failed;
    ``left`` says of everything else why it will run again."""

    workspace: Path
    steps: tuple[str, ...] = ()
    items: int = 0
    failed: int = 0
    left: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "workspace": str(self.workspace),
            "steps": list(self.steps),
            "items": self.items,
            "failed": self.failed,
            "left": list(self.left),
        }


def import_former_run(
    engine: WorkflowEngine, former: FormerRun, params: Mapping[str, Any] | None = None
) -> ImportReport:
    """Takes ``former`` over into the engine's workspace as an interrupted run.

    Steps are taken over in the order of their flow, up to the first that has to run: one that was
    not done, that failed, or a batch with items that failed or are new. Items of a batch are
    matched by their value with its type, or by their text where only that was kept; an item that
    cannot be told for sure will run again. So are the items of later batches that do not refer to
    the results of steps that have to run. ``params`` go over those in the state, where
    yaml-workflow keeps few of them.

    Raises `WorkflowError` for the state of another workflow, for parameters that do not fit, and
    where the workspace has a run already.
    """
    workflow = engine.workflow
    if former.workflow and former.workflow != workflow.name:
        raise WorkflowError(f"the state is of {former.workflow!r}, not of {workflow.name!r}")
    values = {n: _read(engine, n, v) for n, v in former.params.items() if n in workflow.params}
    values = resolve_params(workflow.params, {**values, **(params or {})})
    flow = former.flow or workflow.default_flow
    steps = in_order(workflow.flow(flow))
    prepare(engine.workspace)
    with SqliteRunStore(state_folder(engine.workspace)) as sqlite:
        state = WorkflowState(engine.guarded(sqlite, values))
        if state.run is not None:
            raise WorkflowError(
                f"{str(engine.workspace)!r} has a run of {state.run.workflow!r} already",
                hint="go on with it (workflow run --resume), or take the state over elsewhere",
            )
        record = state.begin(
            RunRecord(
                workflow=workflow.name,
                file=str(workflow.file.absolute()) if workflow.file else "",
                flow=flow,
                params=values,
                run_number=former.run_number,
                timestamp=former.created or datetime.now(UTC).isoformat(timespec="seconds"),
                secrets=engine.secret_names,
            )
        )
        taking = _Taking(engine.context(record), state, former)
        for position, step in enumerate(steps):
            if not taking.step(step, position):
                taking.rest(steps[position + 1 :], position + 1)
                break
        state.end("interrupted", "taken over from yaml-workflow")
    return taking.report(engine.workspace)


def _read(engine: WorkflowEngine, name: str, value: Any) -> Any:
    """A stored parameter as what it is declared to be: there all from a command line are texts."""
    return (
        read_param(name, engine.workflow.params[name], value) if isinstance(value, str) else value
    )


@dataclass(slots=True)
class _Taking:
    """One run on its way into the store."""

    run: RunContext
    state: WorkflowState
    former: FormerRun
    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    items: int = 0
    failed: int = 0

    def step(self, step: Step, position: int, *, last: bool = False) -> bool:
        """Takes one step over; False if it has to run, and so has all that follows. Of the
        ``last`` ones, which follow such a step, only items are taken."""
        now = self.state.at()
        record = StepRecord(
            name=step.name, status="completed", task=step.spec.task, position=position,
            started=now, ended=now,
        )  # fmt: skip
        try:
            if not self.run.wanted(step):
                if last:
                    return False
                self.state.put_step(
                    replace(record, status="skipped", reason="its condition is not true")
                )
                return True
            former = self.former.steps.get(step.name)
            if former is not None and former.status == "skipped":
                return self._leave(step, "it was skipped there and is not here")
            if former is None and step.name not in self.former.batches:
                return self._leave(step, "it was not done")
            run = self.run
            made = step_fingerprint(step, run.variables, run.registry, run.workspace)
            record = replace(record, fingerprint=made)
            if step.batch is not None:
                prepared = prepare_batch(run, step, step.batch)
                return self._batch(step, prepared, record, former, last=last)
        except (ExpressionError, TaskInputError) as error:
            return self._leave(step, error.message)
        return self._single(step, record, former)

    def rest(self, steps: list[Step], first: int) -> None:
        """What follows a step that has to run: it has to run too, but for the items of batches
        that have nothing to do with the results of such steps."""
        for position, step in enumerate(steps, first):
            entry = self.former.steps.get(step.name)
            if step.name not in self.former.batches and (not entry or entry.status != "completed"):
                continue
            if step.batch is not None and not self._waits(step):
                self.step(step, position, last=True)
            else:
                self._leave(step, "it comes after a step that runs again")

    def _waits(self, step: Step) -> bool:
        """Whether a step refers to results that are not there."""
        known = self.run.variables["steps"]
        seen = references_of([step.spec.inputs, step.spec.condition])
        return any(path[0] == "steps" and path[1:2] != () and path[1] not in known
                   for path, _ in seen)  # fmt: skip

    def report(self, workspace: Path) -> ImportReport:
        return ImportReport(
            workspace=workspace,
            steps=tuple(self.done),
            items=self.items,
            failed=self.failed,
            left=tuple(self.left),
        )

    def _leave(self, step: Step, reason: str) -> bool:
        self.left.append(f"{step.name}: {reason}")
        return False

    # -- a step without items ----------------------------------------------------------------

    def _single(self, step: Step, record: StepRecord, former: FormerStep | None) -> bool:
        if former is None:
            return self._leave(step, "it was not done")
        if former.status == "failed":
            error = _failure(former.error or "failed", step=step.name)
            on_error = step.spec.on_error
            went_on = on_error is not None and on_error.action == "continue" and not on_error.next
            self.state.put_step(replace(record, status="failed", error=error.to_json()))
            if not went_on:
                return self._leave(step, "it failed")
            seen = {"status": "failed", "error": error_view(step.name, error)}
            self.run.variables["error"] = seen["error"]
        else:
            self._put(record, [ItemRow(SINGLE_KEY, "ok", json.dumps(former.result), None, 1, 0)])
            self.state.put_step(record)
            seen = {"status": "completed", "result": former.result}
        self.run.variables["steps"][step.name] = seen
        self.done.append(step.name)
        return True

    # -- a step with items -------------------------------------------------------------------

    def _batch(
        self,
        step: Step,
        batch: PreparedBatch,
        record: StepRecord,
        former: FormerStep | None,
        *,
        last: bool,
    ) -> bool:
        entries = batch.entries
        rows, unsure = (
            _rows_of_result(entries, former.result, step.name)
            if former is not None and isinstance(former.result, Mapping)
            else _rows_of_texts(entries, self.former.batches.get(step.name), step.name)
        )
        self._put(record, rows)
        failed = sum(row.status == "failed" for row in rows)
        self.items += len(rows) - failed
        self.failed += failed
        record = replace(record, total=len(entries))
        if last or failed or len(rows) < len(entries):
            self.state.put_step(replace(record, status="running"))
            told = [f"{failed} of its items failed"] if failed else []
            missing = len(entries) - len(rows)
            told += [f"{missing} of its items have no result"] if missing else []
            told += [f"{unsure} of these cannot be told apart by their text"] if unsure else []
            told = told or ["its items are done, and it comes after a step that runs again"]
            return self._leave(step, ", ".join(told))
        processor = BatchProcessor(
            self.run.workspace, step.name, store=self.state.store, fingerprint=record.fingerprint
        )
        outcome = processor.recall(entries, batch.options)
        collect = step.batch is None or step.batch.collect is not False
        self.state.put_step(replace(record, shape=outcome.shape))
        seen = {"status": "completed", "result": outcome.to_json(collect=collect)}
        self.run.variables["steps"][step.name] = seen
        self.done.append(step.name)
        return True

    def _put(self, record: StepRecord, rows: list[ItemRow]) -> None:
        self.state.store.begin_step(record.ref)
        self.state.store.put(record.ref, rows)
        self.state.store.finish_step(record.ref)  # what failed elsewhere can be tried anew here


def _rows_of_result(
    entries: list[Entry], result: Mapping[str, Any], step: str
) -> tuple[list[ItemRow], int]:
    """Rows by the values in the result of a batch step of 0.9.6, which keep their types."""
    waiting: dict[str, list[Entry]] = defaultdict(list)
    for entry in reversed(entries):
        waiting[item_key(entry.value)].append(entry)
    rows = []
    processed, results = result.get("processed") or [], result.get("results") or []
    for item, value in zip(processed, results, strict=False):
        if found := waiting[item_key(item)]:
            entry = found.pop()
            rows.append(ItemRow(entry.key, "ok", json.dumps(value), None, 1, entry.position))
    for failure in result.get("failed") or []:
        if isinstance(failure, Mapping) and (found := waiting[item_key(failure.get("item"))]):
            rows.append(_failed_row(found.pop(), str(failure.get("error", "")), step))
    return rows, 0


def _rows_of_texts(
    entries: list[Entry], batch: FormerBatch | None, step: str
) -> tuple[list[ItemRow], int]:
    """Rows by the texts of items: results are None, since none were kept. Items of different
    types with one text were one item there, and are not taken for done."""
    if batch is None:
        return [], 0
    kinds: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        kinds[str(entry.value)].add(item_key(entry.value))
    known = {*batch.processed, *batch.failed}
    times = Counter(str(entry.value) for entry in entries)
    unsure = sum(n for text, n in times.items() if len(kinds[text]) > 1 and text in known)
    rows = []
    for entry in entries:
        text = str(entry.value)
        if len(kinds[text]) > 1:
            continue
        if text in batch.failed:
            rows.append(_failed_row(entry, batch.failed[text], step))
        elif text in batch.processed:
            rows.append(ItemRow(entry.key, "ok", "null", None, 1, entry.position))
    return rows, unsure


def _failed_row(entry: Entry, message: str, step: str) -> ItemRow:
    item = ItemRef(key=entry.key, index=entry.position, preview=repr(entry.value)[:200])
    error = _failure(message or "failed", step=step, item=item)
    return ItemRow(entry.key, "failed", None, json.dumps(error.to_json()), 1, entry.position)


def _failure(message: str, *, step: str, item: ItemRef | None = None) -> ErrorRecord:
    return error_record(_FormerError(message), step=step, item=item)
