"""From a file (and what it imports) to a checked `Workflow`; every problem is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from batch_engine.workflow.definition import Step, Workflow, is_batch
from batch_engine.workflow.errors import InvalidWorkflowError, Place, Problem
from batch_engine.workflow.former import modernized
from batch_engine.workflow.models import check_model, shown
from batch_engine.workflow.reader import Document, parse_yaml, read_yaml
from batch_engine.workflow.spec import BatchSpec, ParamSpec, StepSpec, WorkflowSpec
from batch_engine.workflow.task import TaskRegistry
from batch_engine.workflow.tasks import builtin_registry
from batch_engine.workflow.validate import check_workflow

__all__ = ["load_workflow", "parse_workflow"]


def load_workflow(
    path: Path, *, registry: TaskRegistry | None = None, strict: bool = False
) -> Workflow:
    """The workflow in the file at ``path``, with its imports.

    Raises `InvalidWorkflowError` with every problem; with ``strict`` warnings are among them.
    """
    path = Path(path)
    loader = _Loader(registry or builtin_registry(), strict)
    return loader.load(read_yaml(path), path)


def parse_workflow(
    text: str, *, file: str = "<text>", registry: TaskRegistry | None = None, strict: bool = False
) -> Workflow:
    """The workflow that ``text`` describes; it cannot import. Raises `InvalidWorkflowError`."""
    return _Loader(registry or builtin_registry(), strict).load(parse_yaml(text, file=file), None)


@dataclass(slots=True)
class _Loader:
    registry: TaskRegistry
    strict: bool
    problems: list[Problem] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def load(self, document: Document, path: Path | None) -> Workflow:
        spec, steps, params = self.read(document, path, ())
        if spec is None:
            raise self.failure()
        if not steps and not self.problems:
            self.problems.append(Problem(problem="there are no steps", place=document.place(())))
        definitions = spec.flows.definitions if spec.flows else []
        workflow = Workflow(
            name=spec.name or (path.stem if path else "workflow"),
            description=spec.description or "",
            file=path,
            steps=tuple(steps),
            params=params,
            settings=spec.settings,
            secrets=tuple(spec.secrets),
            flows={name: tuple(names) for flow in definitions for name, names in flow.items()},
            default_flow=(spec.flows.default if spec.flows else None) or "all",
            files=tuple(self.files),
        )
        self.problems += check_workflow(workflow, document, self.registry)
        wrong = [entry for entry in self.problems if self.strict or entry.severity == "error"]
        if wrong:
            raise self.failure()
        return replace(workflow, warnings=tuple(self.problems))

    def failure(self) -> InvalidWorkflowError:
        def order(problem: Problem) -> tuple[str, int, int]:
            place = problem.place
            return (place.file, place.line, place.column) if place else ("", 0, 0)

        return InvalidWorkflowError(sorted(self.problems, key=order))

    def read(
        self, document: Document, path: Path | None, above: tuple[Path, ...]
    ) -> tuple[WorkflowSpec | None, list[Step], dict[str, ParamSpec]]:
        """A file's spec, its steps after those of its imports, and its parameters over theirs."""
        if path is not None:
            self.files.append(path)
        self.problems += document.warnings
        value = document.value
        if not isinstance(value, Mapping):
            self.problems.append(
                Problem(
                    problem="a workflow is a mapping with the key 'steps'",
                    place=document.place(()),
                    got=shown(value),
                )
            )
            return None, [], {}
        current, notes = modernized(_with_listed_steps(value), document)
        self.problems += notes
        spec, numbers = self.spec(current, document)
        if spec is None:
            return None, [], {}
        steps, params = self.imported(spec, document, path, above)
        params |= self.params(spec, document)
        placed = zip(spec.steps, numbers, strict=True)
        steps += [self.step(entry, document, number) for entry, number in placed]
        return spec, steps, params

    def spec(
        self, value: dict[str, Any], document: Document
    ) -> tuple[WorkflowSpec | None, list[int]]:
        """The spec, and the places of its steps in the list. Of a file with problems, the spec of
        what is sound in it, so that this can be checked too."""
        spec, problems = check_model(WorkflowSpec, value, document)
        self.problems += problems
        if spec is not None:
            return spec, list(range(len(spec.steps)))
        wrong = {tuple(problem.path.split(".")) for problem in problems}
        sound = {k: v for k, v in value.items() if not any(path[0] == k for path in wrong)}
        steps = value.get("steps")
        listed = list(enumerate(steps)) if isinstance(steps, list) else []
        kept = [(n, part) for n, entry in listed if (part := _sound(entry, n, wrong)) is not None]
        rest = {**sound, "steps": [entry for _, entry in kept]}
        return check_model(WorkflowSpec, rest, document)[0], [number for number, _ in kept]

    def imported(
        self, spec: WorkflowSpec, document: Document, path: Path | None, above: tuple[Path, ...]
    ) -> tuple[list[Step], dict[str, ParamSpec]]:
        steps: list[Step] = []
        params: dict[str, ParamSpec] = {}
        for number, entry in enumerate(spec.imports):
            place = document.place(("imports", number))
            if path is None:
                self.problems.append(Problem(problem="only a file can import", place=place))
                continue
            wanted = path.parent / entry.path
            if wanted.resolve() in (*above, path.resolve()):
                chain = " -> ".join([*(item.name for item in above), path.name, entry.path])
                self.problems.append(
                    Problem(problem=f"the imports go round in a circle: {chain}", place=place)
                )
                continue
            try:
                imported = read_yaml(wanted)
            except InvalidWorkflowError as error:
                told = [item if item.place else _at(item, place) for item in error.problems]
                self.problems += told
                continue
            _, more, theirs = self.read(imported, wanted, (*above, path.resolve()))
            steps += more
            params = theirs | params
        return steps, params

    def params(self, spec: WorkflowSpec, document: Document) -> dict[str, ParamSpec]:
        found = {}
        for name, value in spec.params.items():
            if not isinstance(value, Mapping):
                found[name] = ParamSpec(default=value)
                continue
            model, problems = check_model(ParamSpec, value, document, under=("params", name))
            self.problems += problems
            found[name] = model or ParamSpec()
        return found

    def step(self, spec: StepSpec, document: Document, number: int) -> Step:
        path = ("steps", number)
        handler = self.registry.get(spec.task)
        if not is_batch(spec.task, handler):
            return Step(spec, document, path)
        options = spec.inputs
        if handler is not None and handler.batch:
            known = {entry.alias or name for name, entry in BatchSpec.model_fields.items()}
            options = {name: value for name, value in options.items() if name in known}
        batch, problems = check_model(BatchSpec, options, document, under=(*path, "inputs"))
        self.problems += problems
        return Step(spec, document, path, batch)


def _sound(entry: Any, number: int, wrong: set[tuple[str, ...]]) -> Any:
    """A step without the fields that are wrong in it; None if nothing is left to be checked."""
    here = [path[2:] for path in wrong if path[:2] == ("steps", str(number))]
    fields = {path[0] for path in here if path}
    if not here:
        return entry
    if () in here or not isinstance(entry, Mapping) or fields & {"name", "task"}:
        return None
    return {name: value for name, value in entry.items() if name not in fields}


def _with_listed_steps(value: Mapping[str, Any]) -> dict[str, Any]:
    """The value with steps as a list, where they are a mapping by name."""
    steps = value.get("steps")
    if not isinstance(steps, Mapping):
        return dict(value)
    listed = [
        {"name": name, **entry} if isinstance(entry, Mapping) else entry
        for name, entry in steps.items()
    ]
    return {**value, "steps": listed}


def _at(problem: Problem, place: Place) -> Problem:
    return replace(problem, place=place)
