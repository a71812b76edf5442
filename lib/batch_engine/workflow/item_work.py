"""The work on a batch's items: inputs evaluated for each item, its tasks called, its result kept.

In a chunk of several, each result is stored as soon as it is there (`ChunkContext.complete`); what
failed is stored with the chunk. All of this can be sent to worker processes: it holds texts and
values, and compiles and looks up what it needs where it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from batch_engine.core import ChunkContext, ItemFailure, Pause, StoreError
from batch_engine.workflow.errors import AbandonedError, InterruptedItemError, Stopped
from batch_engine.workflow.expressions import Value
from batch_engine.workflow.plain import plain
from batch_engine.workflow.task import (
    Services,
    TaskCall,
    TaskHandler,
    TaskRegistry,
    load_task_module,
)
from batch_engine.workflow.tasks import builtin_registry

__all__ = ["BatchTaskWork", "Entry", "ItemWork", "PreparedTask", "call_task"]


_OURS = f"{__name__.rpartition('.')[0]}."


class Entry(NamedTuple):
    """An item with its key and its place in the list (from 0)."""

    key: str
    position: int
    value: Any

    def __repr__(self) -> str:
        """The item's, for error records."""
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class PreparedTask:
    """A task and its inputs, ready to be evaluated; ``name`` is set for one of several."""

    task: str
    inputs: Value
    name: str = ""


@dataclass(kw_only=True)
class _Work:
    """What both kinds of work share."""

    step: str
    variables: Mapping[str, Any]
    workspace: Path
    services: Services
    timeout_s: float | None = None
    modules: tuple[str, ...] = ()
    registry: TaskRegistry | None = None

    def find(self, task: str) -> TaskHandler:
        """The handler; in a worker process after loading the modules that register it."""
        if self.registry is None:
            for module in self.modules:
                load_task_module(module)
            self.registry = builtin_registry()
        return self.registry.find(task)

    def __getstate__(self) -> dict[str, Any]:
        state = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {**state, "registry": None, "variables": dict(self.variables)}


@dataclass(kw_only=True)
class ItemWork(_Work):
    """Runs ``tasks`` for each item on its own; several see each other's results in ``steps``.

    A step without items has one entry and no ``item_name``.

    ``collect`` is what is kept of a result (None: all of it, False: nothing). ``begin`` is
    called before an item's first attempt and says whether that may be made.
    """

    tasks: tuple[PreparedTask, ...]
    item_name: str = "item"
    total: int = 0
    chunk_size: int = 1
    collect: Value | bool | None = None
    begin: Callable[[str], bool] | None = field(default=None)

    def __call__(self, items: list[Entry], context: ChunkContext[Entry, Any]) -> Mapping[str, Any]:
        """What failed, by key, and the results that are not stored yet."""
        answer: dict[str, Any] = {}
        pause: Pause | None = None
        handlers = [self.find(task.task) for task in self.tasks]
        for entry in items:
            self.services.check_stop()
            try:
                if self.begin is not None and context.attempt == 1 and not self.begin(entry.key):
                    raise InterruptedItemError(
                        "the item was begun by a run that died, and is not idempotent",
                        hint="see whether it took effect; 'workflow retry' runs it again",
                    )
                result = self._one(entry, handlers, context)
                if len(items) == 1:
                    answer[entry.key] = result
                else:
                    context.complete(entry, result)
            except (Stopped, StoreError):
                raise
            except Pause as waiting:
                # The others of the chunk can still ask, so that all is answered in one go.
                pause = waiting
            except Exception as error:  # noqa: BLE001 - the edge of an item; it is recorded
                answer[entry.key] = ItemFailure(_without_our_frames(error))
        if pause is not None:
            raise pause
        return answer

    def _one(
        self, entry: Entry, handlers: list[TaskHandler], context: ChunkContext[Entry, Any]
    ) -> Any:
        variables = self._variables(entry, context)
        results: dict[str, Any] = {}
        result: Any = None
        for task, handler in zip(self.tasks, handlers, strict=True):
            inputs = task.inputs.render(variables)
            name = self.item_name
            if name and name not in inputs and handler.accepts(name):
                inputs = {**inputs, name: entry.value}
            call = TaskCall(
                task=task.task,
                step=self.step,
                inputs=inputs,
                variables=variables,
                workspace=self.workspace,
                services=self.services,
                key=entry.key,
                attempt=context.attempt,
                timeout_s=self.timeout_s,
            )
            result = call_task(handler, call)
            if task.name:
                results[task.name] = result
                steps = {**variables["steps"], task.name: {"result": result}}
                variables = {**variables, "steps": steps}
        return self._kept(results or result, variables)

    def _kept(self, result: Any, variables: Mapping[str, Any]) -> Any:
        if self.collect is None:
            return result
        if isinstance(self.collect, Value):
            return plain(self.collect.render({**variables, "result": result}))
        return None

    def _variables(self, entry: Entry, context: ChunkContext[Entry, Any]) -> dict[str, Any]:
        outer = self.variables
        if not self.item_name:
            return dict(outer)
        return {
            **outer,
            self.item_name: entry.value,
            "args": {**outer.get("args", {}), self.item_name: entry.value},
            "batch": {
                "item": entry.value,
                "key": entry.key,
                "index": entry.position,
                "total": self.total,
                "chunk_index": context.number - 1,
                "chunk_size": self.chunk_size,
                "attempt": context.attempt,
            },
        }


@dataclass(kw_only=True)
class BatchTaskWork(_Work):
    """Hands whole chunks to a handler made by `create_batch_task_handler`."""

    task: str
    inputs: Mapping[str, Any]
    retry: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, items: list[Entry], context: ChunkContext[Entry, Any]) -> Any:
        """The handler's answer for the chunk."""
        self.services.check_stop()
        handler = self.find(self.task)
        step = {
            **self.inputs,
            "name": self.step,
            "task": self.task,
            "retry": dict(self.retry),
            "items": [entry.value for entry in items],
        }
        chunk = {
            "keys": list(context.keys),
            "attempt": context.attempt,
            "number": context.number,
            "previous": dict(context.previous),
        }
        variables = {**self.variables, "engine": self.services.engine, "chunk": chunk}
        return _plain_answer(handler.run(step, variables, self.workspace))


def _without_our_frames(error: Exception) -> Exception:
    """The error with a traceback that begins where the task's own code does (or with the last
    line of ours): what stands above is the same for every item, and would be stored with each."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        if not str(trace.tb_frame.f_globals.get("__name__", "")).startswith(_OURS):
            break
        trace = trace.tb_next
    return error.with_traceback(trace)


def _plain_answer(answer: Any) -> Any:
    if isinstance(answer, Mapping):
        return {key: _plain_result(value) for key, value in answer.items()}
    if isinstance(answer, list | tuple):
        return [_plain_result(value) for value in answer]
    return answer


def _plain_result(value: Any) -> Any:
    if isinstance(value, ItemFailure):
        return value
    if isinstance(value, Exception):
        return ItemFailure(value)
    return plain(value)


def call_task(handler: TaskHandler, call: TaskCall) -> Any:
    """What the task gives, as plain values. One that cannot end itself in time is left alone
    when its time is over: `AbandonedError`."""
    if call.timeout_s is None or handler.timed:
        return plain(handler.run(call))
    return plain(_within(call.timeout_s, handler, call))


def _within(seconds: float, handler: TaskHandler, call: TaskCall) -> Any:
    done = Event()
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((handler.run(call), None))
        except BaseException as error:  # noqa: BLE001 - raised below, in the caller's thread
            outcome.append((None, error))
        done.set()

    Thread(target=run, name=f"task {call.task}", daemon=True).start()
    if not done.wait(seconds):
        raise AbandonedError(
            f"the task {call.task!r} took longer than {seconds:g} s and was left alone",
            hint="Python code cannot be stopped from outside; run it by python_script or shell",
        )
    result, error = outcome[0]
    if error is not None:
        raise error
    return result
