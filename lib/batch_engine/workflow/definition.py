"""A workflow as it was read: its steps with their places, parameters and flows. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batch_engine.workflow.errors import Place, Problem, WorkflowError, closest
from batch_engine.workflow.reader import Document
from batch_engine.workflow.spec import BatchSpec, NestedTaskSpec, ParamSpec, StepSpec
from batch_engine.workflow.task import TaskHandler

__all__ = ["AGENT_TASK", "BATCH_TASK", "Step", "Workflow"]

AGENT_TASK = "agent"
BATCH_TASK = "batch"


@dataclass(frozen=True, slots=True)
class Step:
    """A step, and where it stands: ``path`` in ``document``. ``batch`` is set for a step that
    works on items."""

    spec: StepSpec
    document: Document
    path: tuple[str | int, ...]
    batch: BatchSpec | None = None

    @property
    def name(self) -> str:
        """The step's name."""
        return self.spec.name

    def place(self, *inner: str | int, key: bool = False) -> Place:
        """The place of something in the step."""
        return self.document.place((*self.path, *inner), key=key)

    def problem(self, problem: str, *inner: str | int, **more: Any) -> Problem:
        """A problem at a place in the step."""
        key = more.pop("key", False)
        path = ".".join(map(str, (*self.path, *inner)))
        return Problem(problem=problem, place=self.place(*inner, key=key), path=path, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A checked workflow. ``flows`` holds the names of steps by flow; ``files`` the file and
    what it imports."""

    name: str
    steps: tuple[Step, ...]
    file: Path | None = None
    description: str = ""
    params: Mapping[str, ParamSpec] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    flows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default_flow: str = "all"
    files: tuple[Path, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def step(self, name: str) -> Step:
        """The step of this name. Raises `WorkflowError`."""
        for step in self.steps:
            if step.name == name:
                return step
        names = [step.name for step in self.steps]
        near = closest(name, names)
        raise WorkflowError(
            f"there is no step {name!r} in the workflow {self.name!r}",
            hint=f"did you mean {near!r}?" if near else f"steps: {', '.join(names)}",
        )

    def flow(self, name: str | None) -> tuple[Step, ...]:
        """The steps of a flow, in its order; None is the default one. Raises `WorkflowError`."""
        chosen = name or self.default_flow
        if chosen == "all":
            return self.steps
        if chosen not in self.flows:
            near = closest(chosen, self.flows)
            known = ", ".join(["all", *self.flows])
            raise WorkflowError(
                f"there is no flow {chosen!r} in the workflow {self.name!r}",
                hint=f"did you mean {near!r}?" if near else f"flows: {known}",
            )
        return tuple(self.step(step) for step in self.flows[chosen])


def nested_tasks(step: Step) -> list[tuple[tuple[str | int, ...], NestedTaskSpec]]:
    """The tasks that a batch step runs for each item, with their paths in the step."""
    batch = step.batch
    if batch is None:
        return []
    if batch.steps is not None:
        return [(("inputs", "steps", n), entry) for n, entry in enumerate(batch.steps)]
    for name in ("task", "processing_task"):
        entry = getattr(batch, name)
        if entry is not None:
            return [(("inputs", name), entry)]
    return []


def tasks_of(step: Step) -> list[str]:
    """The names of all tasks that a step runs."""
    return [step.spec.task, *(entry.task for _, entry in nested_tasks(step))]


def is_batch(task: str, handler: TaskHandler | None) -> bool:
    """Whether a step with this task works on items."""
    return task == BATCH_TASK or (handler is not None and handler.batch)
