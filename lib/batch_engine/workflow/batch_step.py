"""A batch step made ready: its options evaluated, its items keyed, its work put together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from batch_engine.core import ItemRow, RunStore, StepRef, Work
from batch_engine.workflow.batch_options import BatchOptions, read_options
from batch_engine.workflow.definition import AGENT_TASK, BATCH_TASK, Step, nested_tasks
from batch_engine.workflow.errors import TaskInputError, WorkflowError
from batch_engine.workflow.expressions import compile_value
from batch_engine.workflow.item_keys import key_text, keyed
from batch_engine.workflow.item_work import BatchTaskWork, Entry, ItemWork, PreparedTask
from batch_engine.workflow.rendering import RunContext, place_of
from batch_engine.workflow.spec import BatchSpec
from batch_engine.workflow.state import StepRecord
from batch_engine.workflow.validate import BATCH_KEYS, item_name

__all__ = ["PreparedBatch", "prepare_batch"]

_CHUNK_OF_HANDLERS = 10
_PER_ITEM = ("task", "processing_task", "steps", "key", "collect")


class PreparedBatch:
    """A batch that can be run: ``entries`` (the items with their keys) and ``options``."""

    def __init__(
        self,
        run: RunContext,
        step: Step,
        batch: BatchSpec,
        given: Mapping[str, Any],
        options: BatchOptions,
    ) -> None:
        self.options = options
        self._run = run
        self._step = step
        self._batch = batch
        self._given = given
        self.entries = self._keyed()
        if _asks_ahead(run, step):
            # A run that has to wait begins no further chunk: so one chunk asks for all.
            several = given.get("chunk_size") or max(1, len(self.entries))
            self.options = replace(options, chunk_size=several, concurrency=1)

    def work(self, store: RunStore, record: StepRecord, *, again: bool) -> Work[Entry, Any]:
        """The work on a chunk of entries. ``again`` allows items to be begun that were begun
        before and have no outcome, though they are not idempotent."""
        step, batch = self._step, self._batch
        if step.spec.task != BATCH_TASK:
            retry = batch.retry or step.spec.retry
            return BatchTaskWork(
                task=step.spec.task,
                inputs={n: entry for n, entry in self._given.items() if n not in BATCH_KEYS},
                retry=retry.model_dump() if retry else {},
                **self._run.work_options(step),
            )
        collect: Any = batch.collect
        if isinstance(collect, str):
            collect = compile_value(collect, where=place_of(step, ("inputs", "collect")))
        size = self.options.chunk_size
        return ItemWork(
            tasks=self._tasks(),
            item_name=item_name(batch),
            total=len(self.entries),
            chunk_size=size if isinstance(size, int) else 0,
            collect=None if collect is True else collect,
            timeout_s=self.options.timeout_s,
            begin=None if self.options.idempotent else self._begin_once(store, record, again),
            **self._run.work_options(step),
        )

    def _tasks(self) -> tuple[PreparedTask, ...]:
        several = self._batch.steps is not None
        return tuple(
            PreparedTask(
                entry.task,
                self._run.inputs(self._step, entry.task, entry.inputs, (*path, "inputs")),
                (entry.name or "") if several else "",
            )
            for path, entry in nested_tasks(self._step)
        )

    def _keyed(self) -> list[Entry]:
        items = self._given.get("items", self._given.get("iterate_over")) or []
        if self._batch.key is None:
            return keyed(items)
        value = compile_value(self._batch.key, where=place_of(self._step, ("inputs", "key")))
        name, outer = item_name(self._batch), self._run.variables

        def key(item: Any) -> str:
            return key_text(value.render({**outer, name: item, "batch": {"item": item}}))

        try:
            return keyed(items, key)
        except WorkflowError as error:
            place = self._step.place("inputs", "key")
            raise TaskInputError(f"{place}: {error.message}", hint=error.hint) from error

    def _begin_once(
        self, store: RunStore, record: StepRecord, again: bool
    ) -> Callable[[str], bool]:
        """Notes in the store that an item is begun; says no for one that was begun by a run
        that has no outcome for it."""
        ref = StepRef(f"{record.name}:begun", record.fingerprint)
        store.begin_step(ref)

        def begin(key: str) -> bool:
            known = key in store.get_many(ref, [key])
            settled = known and key in store.get_many(record.ref, [key])
            if known and not settled and not again:
                return False
            store.put(ref, [ItemRow(key, "ok", "null")])
            return True

        return begin


def prepare_batch(run: RunContext, step: Step, batch: BatchSpec) -> PreparedBatch:
    """The batch of a step with the values that its expressions have now.

    Raises `ExpressionError` and `TaskInputError` for options that come out wrong, and for keys
    that are not unique.
    """
    inputs = {name: entry for name, entry in step.spec.inputs.items() if name not in _PER_ITEM}
    value = compile_value(inputs, where=place_of(step, ("inputs",)))
    given: dict[str, Any] = value.render(run.variables)
    known = {name: entry for name, entry in given.items() if name in BATCH_KEYS}
    items = known.get("items", known.get("iterate_over"))
    if not isinstance(items, list | tuple):
        raise TaskInputError(
            f"{step.place('inputs')}: the items are {_short(items)}, expected a list",
            hint="of a mapping: {{ mapping | dictsort }}; of lines: {{ text.splitlines() }}",
        )
    name = "items" if "items" in known else "iterate_over"
    known[name] = list(items)
    if step.spec.task != BATCH_TASK:  # a handler of chunks wants some items in them
        known.setdefault("chunk_size", _CHUNK_OF_HANDLERS)
    options = read_options(
        known, outside=_outside(run, step), processes=run.in_processes, retry=step.spec.retry
    )
    if run.in_processes and not options.idempotent:
        raise TaskInputError(
            f"{step.place('inputs', 'idempotent')}: a step that is not idempotent cannot run in "
            "processes",
            hint="run it with --executor threads",
        )
    return PreparedBatch(run, step, batch, given, options)


def _asks_ahead(run: RunContext, step: Step) -> bool:
    asks = any(entry.task == AGENT_TASK for _, entry in nested_tasks(step))
    return asks and bool(getattr(run.services.invoker, "asks_ahead", False))


def _outside(run: RunContext, step: Step) -> bool:
    tasks = [entry.task for _, entry in nested_tasks(step)] or [step.spec.task]
    handlers = [run.registry.get(task) for task in tasks]
    return any(handler is not None and handler.outside for handler in handlers)


def _short(value: Any) -> str:
    text = json.dumps(value, default=repr, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."
