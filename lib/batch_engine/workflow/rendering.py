"""A step's expressions in one run: compiled with their places, evaluated with the namespaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch_engine.core import ErrorRecord, ExecutorChoice
from batch_engine.workflow.definition import Step
from batch_engine.workflow.errors import ExpressionError
from batch_engine.workflow.expressions import Mode, Text, Value, compile_value, has_expressions
from batch_engine.workflow.task import Services, TaskRegistry

__all__ = ["RunContext", "error_view", "place_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """What all steps of a run share. ``variables`` are the namespaces of expressions; results
    are added to its ``steps``."""

    workspace: Path
    services: Services
    registry: TaskRegistry
    variables: dict[str, Any]
    executor: ExecutorChoice | None = None
    modules: tuple[str, ...] = ()

    @property
    def in_processes(self) -> bool:
        """Whether the items of batches are worked on in other processes."""
        return self.executor not in (None, "threads")

    def inputs(
        self, step: Step, task: str, inputs: Mapping[str, Any], path: tuple[str | int, ...]
    ) -> Value:
        """The inputs of a task, which stand at ``path`` in the step, ready to be evaluated."""
        handler = self.registry.find(task)

        def mode(inner: tuple[str | int, ...]) -> Mode:
            chosen = handler.mode(str(inner[0])) if inner else "typed"
            if chosen != "shell":
                return chosen if len(inner) == 1 else "typed"
            # A list of arguments needs no quoting; a line for the shell does.
            return "typed" if isinstance(inner[-1], int) else "shell"

        return compile_value(dict(inputs), mode=mode, where=place_of(step, path))

    def work_options(self, step: Step) -> dict[str, Any]:
        """What the work of a step is given by the run."""
        return {
            "step": step.name,
            "variables": self.variables,
            "workspace": self.workspace,
            "services": self.services,
            "modules": self.modules,
            "registry": self.registry,
        }

    def option(self, value: Any, step: Step, name: str) -> Any:
        """The value of one of the step's own fields."""
        if not has_expressions(value):
            return value
        return Text(value, "typed", str(step.place(name))).render(self.variables)

    def message(self, step: Step, text: str) -> str:
        """A message of the step; one that cannot be rendered is shown as it is written."""
        try:
            return str(Text(text, "text", str(step.place("on_error"))).render(self.variables))
        except ExpressionError as error:
            return f"{text} ({error.message})"

    def wanted(self, step: Step) -> bool:
        """Whether the step's condition holds. Raises `ExpressionError` for one that is neither
        true nor false."""
        condition = step.spec.condition
        if condition is None or isinstance(condition, bool):
            return condition is not False
        if not has_expressions(condition):
            return condition.strip().lower() == "true"
        value = self.option(condition, step, "condition")
        if isinstance(value, str) and value.strip().lower() in ("true", "false", ""):
            return value.strip().lower() == "true"
        if value is None or isinstance(value, bool):
            return bool(value)
        raise ExpressionError(
            f"{step.place('condition')}: the condition gives {value!r}, expected true or false",
            hint="compare it: {{ ... == ... }}, {{ ... > 0 }}, {{ ... is defined }}",
        )


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


def place_of(step: Step, path: tuple[str | int, ...]) -> Callable[[tuple[str | int, ...]], str]:
    """For `compile_value`: the place of a text below ``path`` in the step."""
    return lambda inner: str(step.place(*path, *inner))
