"""What a run would do: its steps in order, and how many items each batch has, without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from batch_engine.workflow.definition import Step, Workflow, nested_tasks
from batch_engine.workflow.errors import ExpressionError
from batch_engine.workflow.expressions import compile_value, has_expressions
from batch_engine.workflow.order import in_order
from batch_engine.workflow.params import resolve_params
from batch_engine.workflow.references import references_of

__all__ = ["PlannedStep", "plan_workflow"]

Will = Literal["run", "skip", "depends"]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of the plan. ``will`` says whether its condition lets it run, as far as that can be
    known; ``items`` counts those of a batch, None where they come from an earlier step, whose
    names are in ``after``. ``preview`` shows the first items."""

    name: str
    task: str
    will: Will
    nested: tuple[str, ...] = ()
    items: int | None = None
    after: tuple[str, ...] = ()
    preview: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "name": self.name,
            "task": self.task,
            "will": self.will,
            "nested": list(self.nested),
            "items": self.items,
            "after": list(self.after),
            "preview": list(self.preview),
        }


def plan_workflow(
    workflow: Workflow,
    params: Mapping[str, Any] | None = None,
    *,
    flow: str | None = None,
    env: Mapping[str, str] | None = None,
) -> list[PlannedStep]:
    """The steps of a run with ``params``, in order; nothing is run and nothing is written.

    Raises `ParameterError` and `WorkflowError` as a run would.
    """
    values = resolve_params(workflow.params, params or {})
    variables = {
        **values,
        "args": values,
        "env": dict(env or {}),
        "settings": dict(workflow.settings),
        "steps": {},
    }
    steps = in_order(workflow.flow(flow))
    return [_planned(step, variables) for step in steps]


def _planned(step: Step, variables: Mapping[str, Any]) -> PlannedStep:
    nested = tuple(entry.task for _, entry in nested_tasks(step))
    will = _will(step, variables)
    if step.batch is None:
        return PlannedStep(step.name, step.spec.task, will, nested)
    name = "items" if "items" in step.spec.inputs else "iterate_over"
    source = step.spec.inputs.get(name)
    after = tuple(sorted({r[1] for r, _ in references_of(source) if r[0] == "steps" and r[1:]}))
    items = None if after else _items(step, name, source, variables)
    if items is None:
        return PlannedStep(step.name, step.spec.task, will, nested, after=after)
    preview = tuple(repr(item)[:60] for item in items[:3])
    return PlannedStep(step.name, step.spec.task, will, nested, len(items), (), preview)


def _items(step: Step, name: str, source: Any, variables: Mapping[str, Any]) -> list[Any] | None:
    def where(inner: tuple[str | int, ...]) -> str:
        return str(step.place("inputs", name, *inner))

    try:
        items = compile_value(source, where=where).render(variables)
    except ExpressionError:
        return None  # it needs what only a run knows, such as its workspace
    return items if isinstance(items, list) else None


def _will(step: Step, variables: Mapping[str, Any]) -> Will:
    condition = step.spec.condition
    if condition is None or isinstance(condition, bool):
        return "skip" if condition is False else "run"
    if not has_expressions(condition):
        return "run" if condition.strip().lower() == "true" else "skip"
    if any(reference[0] in ("steps", "error") for reference, _ in references_of(condition)):
        return "depends"
    try:
        value = compile_value(condition).render(variables)
    except ExpressionError:
        return "depends"
    return "run" if str(value).strip().lower() == "true" else "skip"
