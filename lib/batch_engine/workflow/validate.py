"""What a model cannot see: tasks and their inputs, names that refer to each other, expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from batch_engine.workflow.definition import BATCH_TASK, Step, Workflow, is_batch, nested_tasks
from batch_engine.workflow.errors import ParameterError, Problem, WorkflowError, closest
from batch_engine.workflow.expressions import check_syntax, has_expressions
from batch_engine.workflow.input_types import expected_type
from batch_engine.workflow.models import shown
from batch_engine.workflow.order import in_order, is_graph
from batch_engine.workflow.params import check_param
from batch_engine.workflow.reader import Document
from batch_engine.workflow.references import references_of
from batch_engine.workflow.spec import BatchSpec, StepSpec
from batch_engine.workflow.task import TaskHandler, TaskRegistry

__all__ = ["check_workflow"]

_SURELY = 0.75
_STEP_KEYS = [entry.alias or name for name, entry in StepSpec.model_fields.items()]
BATCH_KEYS = [entry.alias or name for name, entry in BatchSpec.model_fields.items()]
_NOT_APPLIED = {
    "timeout": "give the steps a timeout",
    "max_workers": "steps run one by one, unless some have 'depends_on'",
}


def check_workflow(
    workflow: Workflow, document: Document, registry: TaskRegistry
) -> Iterator[Problem]:
    """Every problem of a workflow whose parts are well-formed."""
    yield from _names(workflow)
    yield from _params(workflow, document)
    yield from _flows(workflow, document)
    yield from _settings(workflow, document)
    names = [step.name for step in workflow.steps]
    for step in workflow.steps:
        yield from _keys(step)
        yield from _links(step, names)
        yield from _condition(step)
        yield from _tasks(step, registry)
        yield from _expressions(step, registry)
        yield from _references(step, workflow, names)
    yield from _cycles(workflow, document)


def _names(workflow: Workflow) -> Iterator[Problem]:
    first: dict[str, Step] = {}
    for step in workflow.steps:
        if step.name in first:
            where = first[step.name].place("name")
            yield step.problem(f"a step {step.name!r} is there already, at {where}", "name")
        first.setdefault(step.name, step)


def _params(workflow: Workflow, document: Document) -> Iterator[Problem]:
    for name, spec in workflow.params.items():
        if spec.secret and spec.type not in (None, "string"):
            yield Problem(
                problem="a secret parameter is a text",
                place=document.place(("params", name, "type")),
                path=f"params.{name}.type",
                expected="string",
                got=str(spec.type),
            )
        if spec.default is None:
            continue
        try:
            check_param(name, spec, spec.default)
        except ParameterError as error:
            path = ("params", name, "default")
            yield Problem(
                problem=f"the default is not allowed: {error.message}",
                place=document.place(path),
                path=".".join(path),
            )


def _flows(workflow: Workflow, document: Document) -> Iterator[Problem]:
    known = [step.name for step in workflow.steps]
    for flow, names in workflow.flows.items():
        for name in names:
            if name not in known:
                yield Problem(
                    problem=f"the flow {flow!r} names the step {name!r}, which is not there",
                    place=document.place(("flows", "definitions")),
                    path=f"flows.definitions.{flow}",
                    hint=_did_you_mean(name, known),
                )
    if workflow.default_flow not in ("all", *workflow.flows):
        yield Problem(
            problem=f"there is no flow {workflow.default_flow!r}",
            place=document.place(("flows", "default")),
            path="flows.default",
            hint=_did_you_mean(workflow.default_flow, workflow.flows),
        )


def _settings(workflow: Workflow, document: Document) -> Iterator[Problem]:
    for name, instead in _NOT_APPLIED.items():
        if name == "max_workers" and is_graph(workflow.steps):
            continue
        if name in workflow.settings:
            yield Problem(
                problem=f"settings.{name} has no effect",
                place=document.place(("settings", name), key=True),
                path=f"settings.{name}",
                hint=instead,
                severity="warning",
            )


def _keys(step: Step) -> Iterator[Problem]:
    for key in step.spec.model_extra or {}:
        yield _unknown(step, key, _STEP_KEYS, (key,), "what a task is given goes under 'inputs'")


def _unknown(
    step: Step, key: str, known: Iterable[str], path: tuple[str | int, ...], else_hint: str
) -> Problem:
    """A key that nobody reads: surely a slip if it is near to one that is read."""
    near = closest(key, known, cutoff=_SURELY)
    return step.problem(
        f"{key!r} is not known here" if near else f"{key!r} is not read by anything",
        *path,
        key=True,
        hint=f"did you mean {near!r}?" if near else else_hint,
        severity="error" if near else "warning",
    )


def _links(step: Step, names: list[str]) -> Iterator[Problem]:
    on_error = step.spec.on_error
    targets: list[tuple[tuple[str, ...], str]] = []
    if on_error and on_error.next:
        targets.append((("on_error", "next"), on_error.next))
    targets += [(("depends_on",), name) for name in step.spec.depends_on or []]
    for path, name in targets:
        if name not in names:
            yield step.problem(f"there is no step {name!r}", *path, hint=_did_you_mean(name, names))
    if on_error and on_error.next in names[: names.index(step.name) + 1]:
        yield step.problem(
            f"{on_error.next!r} stands before {step.name!r}: what has run is not run again",
            "on_error",
            "next",
            hint="name a later step; to try a step again give it 'retry'",
            severity="warning",
        )
    if on_error and on_error.action == "next" and not on_error.next:
        yield step.problem("the action 'next' needs the name of a step in 'next'", "on_error")


def _condition(step: Step) -> Iterator[Problem]:
    text = step.spec.condition
    if isinstance(text, str) and not has_expressions(text):
        if text.strip().lower() in ("true", "false"):
            return
        yield step.problem(
            "this condition is a plain text that is never true: the step is always skipped",
            "condition",
            got=repr(text),
            hint=f'write it as an expression: condition: "{{{{ {text.strip()} }}}}"',
            severity="warning",
        )


def _tasks(step: Step, registry: TaskRegistry) -> Iterator[Problem]:
    task = step.spec.task
    if task != BATCH_TASK:
        handler, problems = _handler(step, task, ("task",), registry)
        yield from problems
        if handler is not None and not handler.batch:
            yield from _inputs(step, handler, step.spec.inputs, ("inputs",), ())
    if not is_batch(task, registry.get(task)) or step.batch is None:
        return
    yield from _batch(step, step.batch)
    item = item_name(step.batch)
    for path, entry in nested_tasks(step):
        handler, problems = _handler(step, entry.task, (*path, "task"), registry)
        yield from problems
        if entry.task == BATCH_TASK or (handler is not None and handler.batch):
            yield step.problem("a batch cannot stand inside of a batch", *path, "task")
        elif handler is not None:
            yield from _inputs(step, handler, entry.inputs, (*path, "inputs"), (item,))


def item_name(batch: BatchSpec) -> str:
    """The name that an item has in expressions."""
    return batch.as_ or batch.arg_name or "item"


def _batch(step: Step, batch: BatchSpec) -> Iterator[Problem]:
    if batch.items is None and batch.iterate_over is None:
        yield step.problem("'items' is missing", "inputs", key=True)
    for one, other in (
        ("items", "iterate_over"),
        ("as", "arg_name"),
        ("max_concurrency", "max_workers"),
        ("task", "processing_task"),
        ("task", "steps"),
    ):
        fields = [getattr(batch, "as_" if name == "as" else name) for name in (one, other)]
        if all(entry is not None for entry in fields):
            yield step.problem(
                f"{one!r} and {other!r} say the same thing: keep one of them", "inputs", other
            )
    if step.spec.task == BATCH_TASK and not nested_tasks(step):
        yield step.problem("'task' is missing: what to do with each item", "inputs", key=True)
    if step.spec.task != BATCH_TASK and nested_tasks(step):
        yield step.problem(
            f"{step.spec.task!r} works on the items itself: 'task' has no place here", "inputs"
        )


def _handler(
    step: Step, task: str, path: tuple[str | int, ...], registry: TaskRegistry
) -> tuple[TaskHandler | None, list[Problem]]:
    if task == BATCH_TASK:
        return registry.get(task), []
    try:
        return registry.find(task), []
    except WorkflowError as error:
        known = [*registry.names(), BATCH_TASK]
        near = closest(task, known)
        hint = f"did you mean {near!r}?" if near else f"tasks: {', '.join(sorted(known))}"
        return None, [step.problem(error.message, *path, hint=hint)]


def _inputs(
    step: Step,
    handler: TaskHandler,
    inputs: Mapping[str, Any],
    path: tuple[str | int, ...],
    given: tuple[str, ...],
) -> Iterator[Problem]:
    for entry in handler.inputs:
        if entry.required and entry.name not in inputs and entry.name not in given:
            yield step.problem(
                f"the task {handler.name!r} needs the input {entry.name!r}", *path, key=True
            )
    for entry in handler.inputs:
        value = inputs.get(entry.name)
        if expected := expected_type(entry.schema, value):
            yield step.problem(
                "has a wrong value", *path, entry.name, expected=expected, got=shown(value)
            )
    if handler.open:
        return
    known = [entry.name for entry in handler.inputs]
    for name in inputs:
        if name not in known:
            hint = f"the task {handler.name!r} takes: {', '.join(known) or 'nothing'}"
            yield _unknown(step, name, known, (*path, name), hint)


def _expressions(step: Step, registry: TaskRegistry) -> Iterator[Problem]:
    for path, text in _texts(step, registry):
        wrong = check_syntax(text)
        if wrong:
            message, line = wrong
            shown = " ".join(text.split())
            yield step.problem(
                f"this expression cannot be read: {message}"
                + (f" (line {line} of the text)" if line > 1 else ""),
                *path,
                got=repr(shown if len(shown) <= 60 else shown[:57] + "..."),
            )


def _texts(step: Step, registry: TaskRegistry) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text of the step that is evaluated, with its path."""
    whole: dict[str, Any] = {"inputs": step.spec.inputs, "condition": step.spec.condition}
    if step.spec.on_error and step.spec.on_error.message:
        whole["on_error"] = {"message": step.spec.on_error.message}
    raw: set[tuple[str | int, ...]] = {
        ("inputs", name) for name in _raw_inputs(registry, step.spec.task)
    }
    for path, entry in nested_tasks(step):
        raw |= {(*path, "inputs", name) for name in _raw_inputs(registry, entry.task)}
    for path, text in _leaves(whole, ()):
        if path not in raw and has_expressions(text):
            yield path, text


def _raw_inputs(registry: TaskRegistry, task: str) -> list[str]:
    handler = registry.get(task)
    return [entry.name for entry in handler.inputs if entry.mode == "raw"] if handler else []


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _leaves(entry, (*path, key))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _leaves(entry, (*path, number))


def _references(step: Step, workflow: Workflow, names: list[str]) -> Iterator[Problem]:
    inner = [entry.name for _, entry in nested_tasks(step) if entry.name]
    told = set()
    for value, path in ((step.spec.inputs, "inputs"), (step.spec.condition, "condition")):
        for reference, may_miss in references_of(value):
            if len(reference) < 2 or may_miss or reference[:2] in told:
                continue
            space, name = reference[:2]
            if space == "steps" and name not in (*names, *inner):
                told.add(reference[:2])
                yield step.problem(
                    f"there is no step {name!r} to take a result from",
                    path,
                    hint=_did_you_mean(name, names),
                )
            elif space == "args" and name not in (*workflow.params, *_item_names(step)):
                told.add(reference[:2])
                yield step.problem(
                    f"the parameter {name!r} is not declared under 'params'",
                    path,
                    hint=_did_you_mean(name, workflow.params),
                    severity="warning",
                )


def _item_names(step: Step) -> list[str]:
    return [item_name(step.batch)] if step.batch else []


def _cycles(workflow: Workflow, document: Document) -> Iterator[Problem]:
    try:
        in_order(workflow.steps)
    except WorkflowError as error:
        yield Problem(problem=error.message, place=document.place(("steps",)), path="steps")


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    near = closest(name, listed)
    return f"did you mean {near!r}?" if near else f"there is: {', '.join(listed) or 'none'}"
