"""What ``template-create workflow`` does, for `template_creation.cli.workflow_command`."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from batch_engine.core import (
    ConfigurationError,
    Pause,
    SqliteRunStore,
    StoreError,
    StoreFullError,
    StoreReadOnlyError,
)
from batch_engine.workflow import (
    AnswerPending,
    InvalidWorkflowError,
    Workflow,
    WorkflowEngine,
    WorkflowResult,
    WorkflowState,
    latest_workspace,
    load_task_module,
    load_workflow,
    plan_workflow,
    read_param,
    state_folder,
    workflow_schema,
)
from template_creation.cli.run import Console
from template_creation.cli.workflow_agents import Asking
from template_creation.cli.workflow_display import (
    closing,
    display,
    planned,
    status_lines,
    to_document,
)
from template_creation.cli.workflow_executor import opened_executor
from template_creation.errors import (
    BadInput,
    ExitCode,
    InvocationPending,
    TemplateCreateError,
    WriteError,
)

__all__ = [
    "RunOptions",
    "export_run",
    "params_of",
    "print_schema",
    "run_workflow",
    "show_status",
    "translated",
    "validate_workflow",
]

_CHANGED = Literal["refuse", "rerun", "keep"]
_EXIT = {
    "completed": ExitCode.DONE,
    "completed_with_errors": ExitCode.PARTIAL,
    "failed": ExitCode.FAILED,
}


class _InterruptedError(TemplateCreateError):
    """The user, or the system, asked the run to stop."""

    exit_code = ExitCode.INTERRUPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What a user can say about a run."""

    file: Path
    pairs: list[str] = field(default_factory=list)
    workspace: Path | None = None
    base_dir: Path = Path("runs")
    flow: str | None = None
    resume: bool = False
    retry: bool = False
    changed: str = "refuse"
    executor: str = "threads"
    scheduler: str | None = None
    asking: Asking = Asking()  # noqa: RUF009 - frozen
    tasks: list[str] = field(default_factory=list)
    allow_code: bool = False
    allow_failures: bool = False
    strict: bool = False


def run_workflow(console: Console, options: RunOptions, *, dry_run: bool = False) -> None:
    """Run (or plan) a workflow, print how it ended, exit with its code."""
    with translated():
        changed = _one_of("--changed", options.changed, get_args(_CHANGED))
        modules = tuple(load_task_module(name) for name in options.tasks)
        workflow = load_workflow(options.file, strict=options.strict)
        for warning in workflow.warnings:
            console.note(str(warning))
        params = params_of(workflow, options.pairs)
        if dry_run:
            _show_plan(console, workflow, params, options)
            return
        workspace = _workspace(workflow, options)
        invoker = options.asking.invoker()
        if options.asking.bridge == "api" and options.executor != "threads":
            raise BadInput(
                "--bridge api asks from this process, where its cost is counted",
                hint="agent steps wait for others: --executor threads has as many as are wanted",
            )
        if said := options.asking.announcement(invoker):
            console.note(said)
        place = opened_executor(options.executor, options.scheduler)
        with place as executor, display(quiet=console.as_json) as shown:
            out = sys.stderr if console.as_json else sys.stdout
            engine = WorkflowEngine(
                workflow,
                workspace,
                options.base_dir,
                invoker=invoker,
                allow_code=options.allow_code,
                say=lambda text: shown.say(text, out),
                listeners=[shown],
                executor=executor,
                modules=modules,
            )
            with _terminating():
                result = _run(engine, params, options, changed)
        if spent := getattr(invoker, "spent_usd", 0.0):
            before = getattr(invoker, "spent_before_usd", 0.0)
            earlier = f", and ${before:.4f} before" if before else ""
            console.note(f"spent on answers: ${spent:.4f}{earlier}")
        _finish(console, engine, result, options)


def _run(
    engine: WorkflowEngine,
    params: dict[str, Any],
    options: RunOptions,
    changed: Any,
) -> WorkflowResult:
    try:
        return engine.run(
            params,
            flow=options.flow,
            resume=options.resume,
            retry=options.retry,
            changed=changed,
        )
    except KeyboardInterrupt:
        # Said here and not by `guarded`, which cannot know the command that goes on.
        raise _InterruptedError(
            "interrupted; what was finished is kept",
            hint=f"go on: {_again(options, engine.workspace)}",
        ) from None
    except InvocationPending:
        raise
    except Pause as pause:
        raise InvocationPending(
            str(pause) or "the run waits for an answer",
            hint=_how_to_answer(pause) + f"go on: {_again(options, engine.workspace)}",
        ) from pause


def _how_to_answer(pause: Pause) -> str:
    if not isinstance(pause, AnswerPending):
        return ""
    return (
        "in each *.request.json, prompt_path is the prompt; write the answer to answer_path, "
        'as JSON: {"text": "..."}\n'
    )


def _finish(
    console: Console, engine: WorkflowEngine, result: WorkflowResult, options: RunOptions
) -> None:
    code = _EXIT[result.status]
    if code is ExitCode.PARTIAL and options.allow_failures:
        code = ExitCode.DONE
    document = engine.masked(to_document(result, int(code)))
    console.result(engine.mask(closing(result)), document)
    if result.status != "completed":
        again = _again(options, result.workspace).replace(" run ", " retry ", 1)
        console.note(f"  try again what failed: {again.replace(' --resume', '', 1)}")
    if code:
        raise SystemExit(int(code))


def _again(options: RunOptions, workspace: Path) -> str:
    """The command that goes on with the run, with what else the user said."""
    words = ["template-create", "workflow", "run", str(options.file)]
    words += ["--workspace", str(workspace), "--resume"]
    words += [word for name in options.tasks for word in ("--tasks", name)]
    words += options.asking.words()
    words += ["--executor", options.executor] if options.executor != "threads" else []
    words += ["--scheduler", options.scheduler] if options.scheduler else []
    words += ["--allow-python-code"] if options.allow_code else []
    return shlex.join(words)


def _show_plan(
    console: Console, workflow: Workflow, params: dict[str, Any], options: RunOptions
) -> None:
    engine = WorkflowEngine(workflow)
    engine.know_secrets(params)
    steps = plan_workflow(workflow, params, flow=options.flow, env=os.environ)
    text = f"{workflow.name}: {len(steps)} steps; nothing was run\n{planned(steps)}"
    document = {"workflow": workflow.name, "steps": [step.to_json() for step in steps]}
    console.result(
        engine.mask(text), engine.masked({"status": "planned", "exit_code": 0, **document})
    )


# -- options ------------------------------------------------------------------------------------


def params_of(workflow: Workflow, pairs: list[str]) -> dict[str, Any]:
    """The parameters in ``NAME=VALUE`` pairs, read as what they are declared to be."""
    values = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise BadInput(f"{pair!r} is no parameter", hint="write NAME=VALUE")
        values[name] = read_param(name, workflow.params.get(name), text)
    return values


def _workspace(workflow: Workflow, options: RunOptions) -> Path | None:
    if options.workspace is not None:
        return options.workspace
    if options.resume or options.retry:
        return latest_workspace(workflow.name, options.base_dir)
    return None


def _one_of(option: str, value: str, known: tuple[str, ...]) -> Any:
    if value not in known:
        raise BadInput(f"{option} is {value!r}", hint=f"known: {', '.join(known)}")
    return value


# -- the other commands -------------------------------------------------------------------------


def validate_workflow(console: Console, file: Path, *, tasks: list[str], strict: bool) -> None:
    """Print every problem of a workflow file; exit 2 if one of them is an error."""
    with translated():
        for name in tasks:
            load_task_module(name)
    try:
        workflow = load_workflow(file, strict=strict)
    except InvalidWorkflowError as error:
        problems = [problem.to_json() for problem in error.problems]
        document = {"status": "invalid", "exit_code": 2, "problems": problems}
        console.result("\n".join(map(str, error.problems)), document)
        wrong = sum(problem.severity == "error" for problem in error.problems)
        console.note(f"{file}: errors: {wrong}, warnings: {len(problems) - wrong}")
        raise SystemExit(int(ExitCode.BAD_INPUT)) from error
    problems = [problem.to_json() for problem in workflow.warnings]
    steps = [step.name for step in workflow.steps]
    told = [*map(str, workflow.warnings), f"{file}: {len(steps)} steps, nothing is wrong"]
    document = {"status": "valid", "exit_code": 0, "problems": problems, "steps": steps}
    console.result("\n".join(told), document)


def show_status(console: Console, workspace: Path) -> None:
    """Print how far the run in ``workspace`` is."""
    with translated(), _reading(workspace) as state:
        run = state.run
        assert run is not None
        steps = []
        for record in state.steps():
            counts = state.counts(record)
            done = {} if record.total is None else {
                "total": record.total, "processed": counts.ok, "failed": counts.failed}  # fmt: skip
            steps.append({"name": record.name, "status": record.status, **done})
        document = {"workflow": run.workflow, "status": state.status, "steps": steps}
        console.result(status_lines(state), document)


def export_run(console: Console, workspace: Path, *, results: bool) -> None:
    """Print the state of the run in ``workspace`` as JSON."""
    with translated(), _reading(workspace) as state:
        console.result("", state.export(results=results))


def print_schema(console: Console, *, tasks: list[str]) -> None:
    """Print the JSON Schema of workflow files."""
    with translated():
        for name in tasks:
            load_task_module(name)
        console.result("", workflow_schema())


@contextmanager
def _reading(workspace: Path) -> Iterator[WorkflowState]:
    if not state_folder(workspace).is_dir():
        raise BadInput(
            f"{str(workspace)!r} is no workspace of a run",
            hint="name the folder that 'workflow run' printed",
        )
    with SqliteRunStore(state_folder(workspace), read_only=True) as store:
        state = WorkflowState.shown(store)
        if state.run is None:
            raise BadInput(f"{str(workspace)!r} has no run yet")
        yield state


# -- errors and signals -------------------------------------------------------------------------


@contextmanager
def translated() -> Iterator[None]:
    """The engine's errors as the product's: wrong input, or a state that cannot be written."""
    try:
        yield
    except (StoreFullError, StoreReadOnlyError) as error:
        raise WriteError(error.message, hint=error.hint) from error
    except InvalidWorkflowError as error:
        wrong = sum(problem.severity == "error" for problem in error.problems)
        told = "\n  ".join("\n".join(map(str, error.problems)).splitlines())
        many = "1 error" if wrong == 1 else f"{wrong or 'no'} errors"
        raise BadInput(f"the workflow cannot be run: {many}", hint=told) from error
    except (ConfigurationError, StoreError) as error:
        raise BadInput(error.message, hint=error.hint) from error


@contextmanager
def _terminating() -> Iterator[None]:
    """SIGTERM ends a run as an interrupt does: commands are ended, the state is closed."""

    def terminate(number: int, frame: Any) -> None:
        raise KeyboardInterrupt  # itself: in the background of a shell SIGINT is ignored

    previous = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
