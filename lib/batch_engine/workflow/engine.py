"""The workflow engine: steps in their order, each stored when it is done.

::

    engine = WorkflowEngine(load_workflow(Path("digest.yaml")), workspace=Path("runs/one"))
    result = engine.run({"folder": "docs"})
    result.status, result.steps["digest"].counts
    engine.run(resume=True)       # after a crash: goes on; nothing finished runs again
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batch_engine.core import (
    ExecutorChoice,
    Listener,
    Pause,
    RunCompleted,
    RunStarted,
    RunStore,
    SqliteRunStore,
)
from batch_engine.core.sqlite_store import RunStatus as StoreStatus
from batch_engine.workflow.beginning import begin_run
from batch_engine.workflow.definition import AGENT_TASK, Workflow, tasks_of
from batch_engine.workflow.errors import WorkflowError
from batch_engine.workflow.load import load_workflow
from batch_engine.workflow.params import resolve_params
from batch_engine.workflow.rendering import RunContext
from batch_engine.workflow.report import WorkflowResult
from batch_engine.workflow.runs import new_workspace, prepare, state_folder
from batch_engine.workflow.secrets import Secrets, SecretStore
from batch_engine.workflow.state import RunRecord, RunStatus, WorkflowState
from batch_engine.workflow.step_runner import Changed, Mode
from batch_engine.workflow.stepping import Stepping
from batch_engine.workflow.task import AgentInvoker, Services, TaskRegistry
from batch_engine.workflow.tasks import builtin_registry

__all__ = ["WorkflowEngine"]


class WorkflowEngine:
    """Runs one workflow in one workspace.

    ``workflow`` is a loaded one or the path of its file. Without a ``workspace`` each new run
    gets a numbered folder in ``base_dir``. ``invoker`` answers ``agent`` tasks; ``say`` shows
    what tasks print; ``allow_code`` permits ``python_code``; ``modules`` register tasks and are
    loaded in worker processes too. ``executor`` and ``listeners`` are those of
    `batch_engine.core.run_batches`, for the batch steps.
    """

    def __init__(
        self,
        workflow: Workflow | Path | str,
        workspace: Path | None = None,
        base_dir: Path = Path("runs"),
        *,
        registry: TaskRegistry | None = None,
        invoker: AgentInvoker | None = None,
        allow_code: bool = False,
        say: Callable[[str], object] | None = None,
        listeners: Iterable[Listener] = (),
        executor: ExecutorChoice | None = None,
        modules: Iterable[str] = (),
        env: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.registry = registry or builtin_registry()
        if not isinstance(workflow, Workflow):
            workflow = load_workflow(Path(workflow), registry=self.registry)
        self.workflow = workflow
        self._workspace = None if workspace is None else Path(workspace).absolute()
        self._base = Path(base_dir).absolute()
        self.services = Services(invoker=invoker, allow_code=allow_code, engine=self)
        told = say or self.services.say
        self.services.say = lambda text: told(self.mask(text))
        self._env = dict(os.environ if env is None else env)
        self.know_secrets({})
        self.listeners = tuple(listeners)
        self.executor = executor
        self.modules = tuple(modules)
        self._now = now

    @property
    def workspace(self) -> Path:
        """The folder of the run; made when it is first asked for."""
        if self._workspace is None:
            self._workspace = new_workspace(self.workflow.name, self._base)
        return self._workspace

    def mask(self, text: str) -> str:
        """The text with ``***`` for the values of the workflow's secrets."""
        return self.services.secrets.mask(text)

    def masked(self, document: Any) -> Any:
        """A JSON value with ``***`` for the values of the workflow's secrets in its texts."""
        return self.services.secrets.masked(document)

    def run(
        self,
        params: Mapping[str, Any] | None = None,
        *,
        flow: str | None = None,
        resume: bool = False,
        retry: bool = False,
        changed: Changed = "refuse",
    ) -> WorkflowResult:
        """Runs the steps and tells what came of them; failed steps are in the result.

        ``resume`` goes on with the run in the workspace: finished steps and items are not run
        again, a step that ended the run by failing is. ``retry`` runs the failed items and steps
        of a run, and what follows from them. ``changed`` is what to do about a finished step
        that is not what it was when it ran: refuse, ``"rerun"`` it and what follows, or
        ``"keep"`` its results.

        Raises `WorkflowError` before anything is started, `StoreError`, and untouched every
        `Pause` and interrupt; what was finished is stored, and ``resume`` goes on from there.
        """
        self._check_secrets()
        self._check_services()
        given = dict(params or {})
        again = resume or retry
        if not again:  # before a folder is made for a run that cannot be
            resolve_params(self.workflow.params, given)
            self.workflow.flow(flow)
        prepare(self.workspace)
        sqlite = SqliteRunStore(state_folder(self.workspace), now=self._now)
        store = self.guarded(sqlite, given)
        ended: StoreStatus = "interrupted"
        try:
            state = WorkflowState(store, now=self._now)
            record = begin_run(
                state,
                self.workflow,
                self.workspace,
                given,
                flow=flow,
                again=again,
                secret_names=self.secret_names,
                timestamp=self._now().isoformat(timespec="seconds"),
            )
            mode: Mode = "retry" if retry else "resume" if again else "fresh"
            begin = getattr(self.services.invoker, "begin_run", None)
            if begin is not None:
                begin(store)
            with self._stopping():
                result = self._steps(state, record, mode, changed)
            state.end(result.status, result.error)
            ended = "completed"
            return result
        except Pause as pause:
            ended = "paused"
            WorkflowState(store, now=self._now).end("paused", str(pause))
            raise
        except KeyboardInterrupt:
            WorkflowState(store, now=self._now).end("interrupted")
            raise
        except WorkflowError as error:
            error.message = self.mask(error.message)
            error.args = (error.message,)
            WorkflowState(store, now=self._now).end("interrupted", error.message)
            raise
        finally:
            sqlite.close(ended)

    def guarded(self, store: RunStore, given: Mapping[str, Any]) -> RunStore:
        """The store as the run may use it: with ``given`` parameters, no secret gets into it."""
        self.know_secrets(given)
        return SecretStore(store, self.services.secrets) if self.secret_names else store

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The environment variables and the parameters whose values are secret."""
        params = [name for name, spec in self.workflow.params.items() if spec.secret]
        return (*self.workflow.secrets, *params)

    # -- beginning --------------------------------------------------------------------------

    def know_secrets(self, given: Mapping[str, Any]) -> None:
        """Takes in the values that must not be shown, those of ``given`` parameters among them."""
        # What is not given has the default that stands in the file for everybody to read.
        values = {name: self._env.get(name, "") for name in self.workflow.secrets}
        for name, spec in self.workflow.params.items():
            if spec.secret and isinstance(given.get(name), str):
                values[name] = given[name]
        self.services.secrets = Secrets(values)

    def _check_secrets(self) -> None:
        missing = [name for name in self.workflow.secrets if not self._env.get(name)]
        if missing:
            raise WorkflowError(
                f"these environment variables have to be set: {', '.join(missing)}",
                hint="the workflow names them under 'secrets'",
            )

    def _check_services(self) -> None:
        services = self.services
        for step in self.workflow.steps:
            tasks = tasks_of(step)
            if "python_code" in tasks and not services.allow_code:
                raise WorkflowError(
                    f"{step.place('task')}: the step {step.name!r} runs Python code from the file",
                    hint="look at the code, then allow it: --allow-python-code",
                )
            if AGENT_TASK in tasks and services.invoker is None and step.spec.condition is None:
                raise WorkflowError(
                    f"{step.place('task')}: the step {step.name!r} asks an agent, and nobody was "
                    "named to answer",
                    hint="name who does: --bridge file, --bridge api, or invoker= of the engine",
                )

    def context(self, record: RunRecord) -> RunContext:
        """What the steps of a run share, before the first of them has run."""
        return RunContext(
            workspace=self.workspace,
            services=self.services,
            registry=self.registry,
            variables=self._variables(record),
            executor=self.executor,
            modules=self.modules,
        )

    def _variables(self, record: RunRecord) -> dict[str, Any]:
        """The namespaces of expressions; parameters are at the root too, under everything."""
        file, where = record.file, str(self.workspace)
        about = {
            "name": self.workflow.name,
            "file": file,
            "dir": str(Path(file).parent) if file else "",
            "workspace": where,
            "run_number": record.run_number,
            "timestamp": record.timestamp,
        }
        return {
            **record.params,
            "args": dict(record.params),
            "env": dict(self._env),
            "steps": {},
            "workflow": about,
            "settings": dict(self.workflow.settings),
            "error": None,
            "workflow_name": self.workflow.name,
            "workflow_file": file,
            "workspace": where,
            "run_number": record.run_number,
            "timestamp": record.timestamp,
        }

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """While steps run, a signal that ends the run (SIGINT, and SIGTERM where the caller
        handles it) also ends the commands that other threads wait for."""
        self.services.stop.clear()
        mine = threading.current_thread() is threading.main_thread()
        known = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        handlers = {number: known[number] for number in known if mine and callable(known[number])}

        def interrupted(number: int, frame: Any) -> None:
            self.services.stop.set()
            handler = handlers[signal.Signals(number)]
            assert callable(handler)
            handler(number, frame)

        for number in handlers:
            signal.signal(number, interrupted)
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    # -- steps ------------------------------------------------------------------------------

    def _steps(
        self, state: WorkflowState, record: RunRecord, mode: Mode, changed: Changed
    ) -> WorkflowResult:
        started = datetime.now(UTC)
        self._emit(RunStarted(step=self.workflow.name))
        stepping = Stepping(
            self.workflow,
            self.context(record),
            state,
            mode=mode,
            changed=changed,
            listeners=self.listeners,
        )
        stepping.go(self.workflow.flow(record.flow))
        reports, halted = stepping.reports, stepping.halted
        status: RunStatus = "completed"
        if halted:
            status = "failed"
        elif any(r.status in ("failed", "completed_with_errors") for r in reports.values()):
            status = "completed_with_errors"
        elapsed = (datetime.now(UTC) - started).total_seconds()
        self._emit(RunCompleted(step=self.workflow.name, status=status, elapsed_s=elapsed))
        return WorkflowResult(
            workflow=self.workflow.name,
            status=status,
            steps=reports,
            workspace=self.workspace,
            error=halted,
            elapsed_s=elapsed,
        )

    def _emit(self, event: Any) -> None:
        for listener in self.listeners:
            listener(event)
