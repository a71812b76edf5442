"""Tasks: what a handler is given, how it is registered, and how it is found.

A handler is a function. Its parameters are the task's inputs by name; one named ``call`` gets
the whole `TaskCall`, one named ``context`` the namespaces of expressions::

    from batch_engine.workflow import register_task

    @register_task("resize")
    def resize(path: str, width: int = 100) -> dict:
        return {"path": path, "width": width}
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, Protocol, TypeVar

from batch_engine.workflow.errors import Stopped, TaskInputError, WorkflowError, closest
from batch_engine.workflow.expressions import Mode
from batch_engine.workflow.secrets import Secrets

__all__ = [
    "ENTRY_POINTS",
    "REGISTRY",
    "AgentInvoker",
    "Services",
    "TaskCall",
    "TaskHandler",
    "TaskInput",
    "TaskRegistry",
    "load_task_module",
    "register_task",
]

ENTRY_POINTS = "batch_engine.workflow.tasks"
F = TypeVar("F", bound=Callable[..., Any])


class AgentInvoker(Protocol):
    """Answers one request; given from above, since the engine knows no models. A subclass of
    `batch_engine.core.Pause` that it raises ends the run, which goes on later; one with a true
    attribute ``asks_ahead`` is asked for all items of a batch before that. One with a method
    ``begin_run`` is given the run's store when a run begins or goes on, for what it has to know
    of earlier processes."""

    def invoke(
        self, *, agent_name: str, input_data: Mapping[str, Any], context: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """The answer of ``agent_name`` to ``input_data``."""
        ...


@dataclass(slots=True)
class Services:
    """What tasks get from the run around them. ``say`` shows a text to the user; ``stop`` is set
    when the run has to end; ``secrets`` are not to be shown. In a worker process the invoker, the
    permission and the secrets are there."""

    say: Callable[[str], object] = field(default=lambda text: sys.stderr.write(text + "\n"))
    invoker: AgentInvoker | None = None
    allow_code: bool = False
    engine: Any = None
    secrets: Secrets = field(default_factory=Secrets)
    stop: Event = field(default_factory=Event)

    def check_stop(self) -> None:
        """Raises `Stopped` if the run was asked to stop."""
        if self.stop.is_set():
            raise Stopped("the run was asked to stop")

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent to another process, this leaves behind what belongs to its own."""
        return _services_in_worker, (self.invoker, self.allow_code, self.secrets)


def _services_in_worker(
    invoker: AgentInvoker | None, allow_code: bool, secrets: Secrets
) -> Services:
    services = Services(invoker=invoker, allow_code=allow_code, secrets=secrets)
    told = services.say
    services.say = lambda text: told(secrets.mask(text))
    return services


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCall:
    """One call of a task: its inputs, evaluated; the namespaces of expressions; where files go;
    which attempt it is (from 1), and how many seconds it may take."""

    task: str
    step: str
    inputs: Mapping[str, Any]
    variables: Mapping[str, Any]
    workspace: Path
    services: Services
    key: str = ""
    attempt: int = 1
    timeout_s: float | None = None

    def required(self, name: str, kind: type | tuple[type, ...] = str) -> Any:
        """The input ``name``. Raises `TaskInputError` if it is missing or of another type."""
        if self.inputs.get(name) is None:
            raise TaskInputError(f"the task {self.task!r} needs the input {name!r}")
        return self.optional(name, None, kind)

    def optional(self, name: str, default: Any, kind: type | tuple[type, ...] = str) -> Any:
        """The input ``name`` or ``default``. Raises `TaskInputError` for another type."""
        value = self.inputs.get(name)
        if value is None:
            return default
        wrong = isinstance(value, bool) and kind in (int, float, (int, float))
        if wrong or not isinstance(value, kind):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            names = " or ".join(entry.__name__ for entry in kinds)
            raise TaskInputError(
                f"the input {name!r} of the task {self.task!r} is {value!r}, expected {names}"
            )
        return value


@dataclass(frozen=True, slots=True)
class TaskInput:
    """An input that a task knows. ``mode`` is how a text given for it is evaluated."""

    name: str
    description: str = ""
    required: bool = False
    mode: Mode = "typed"
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHandler:
    """A registered task: ``run(call)``, or ``run(step, context, workspace)`` of a batch one.

    ``open`` tasks take inputs that are not listed; ``outside`` ones wait
    for something outside of this process, so that several at a time are faster; ``timed`` ones end
    by themselves after `TaskCall.timeout_s`; ``batch`` ones get a whole chunk
    (`create_batch_task_handler`). ``function`` is what its fingerprint reads."""

    name: str
    run: Callable[..., Any]
    function: Callable[..., Any]
    inputs: tuple[TaskInput, ...] = ()
    open: bool = False
    outside: bool = False
    timed: bool = False
    batch: bool = False
    summary: str = ""

    def mode(self, name: str) -> Mode:
        """How a text for the input ``name`` is evaluated."""
        return next((entry.mode for entry in self.inputs if entry.name == name), "typed")

    def accepts(self, name: str) -> bool:
        """Whether the task has a use for an input of this name."""
        return self.open or any(entry.name == name for entry in self.inputs)


class TaskRegistry:
    """Handlers by name. Those of installed packages are looked up when a name is not found."""

    def __init__(self, handlers: Iterable[TaskHandler] = ()) -> None:
        self._handlers = {handler.name: handler for handler in handlers}
        self._searched = False
        self.load_failures: list[str] = []

    def add(self, handler: TaskHandler) -> None:
        """Registers a handler; a later one replaces an earlier one of the same name."""
        self._handlers[handler.name] = handler

    def get(self, name: str) -> TaskHandler | None:
        """The handler of this name, if there is one."""
        found = self._handlers.get(name)
        if found is None and not self._searched:
            self._search()
            found = self._handlers.get(name)
        return found

    def find(self, name: str) -> TaskHandler:
        """The handler of this name. Raises `WorkflowError` with what comes near."""
        found = self.get(name)
        if found is None:
            near = closest(name, self._handlers)
            failed = "; ".join(self.load_failures)
            raise WorkflowError(
                f"there is no task {name!r}" + (f" ({failed})" if failed else ""),
                hint=f"did you mean {near!r}?" if near else f"tasks: {', '.join(self.names())}",
            )
        return found

    def names(self) -> list[str]:
        """The names of all handlers, sorted."""
        return sorted(self._handlers)

    def handlers(self) -> list[TaskHandler]:
        """All handlers, sorted by name."""
        return [self._handlers[name] for name in self.names()]

    def _search(self) -> None:
        self._searched = True
        for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
            try:
                loaded = entry.load()
            except Exception as error:  # noqa: BLE001 - another package's code; told in `find`
                self.load_failures.append(f"{entry.name} cannot be loaded: {error}")
                continue
            if callable(loaded) and entry.name not in self._handlers:
                self.add(handler_of(loaded, name=entry.name))


REGISTRY = TaskRegistry()
"""Where `register_task` puts handlers if it is not told otherwise."""


def register_task(
    name: str | None = None,
    *,
    inputs: Iterable[TaskInput] | None = None,
    outside: bool = False,
    timed: bool = False,
    open: bool = False,
    registry: TaskRegistry = REGISTRY,
) -> Callable[[F], F]:
    """A decorator that registers a function as the task ``name`` (its own name by default) and
    returns it unchanged. ``inputs`` describes the inputs of one that takes a ``call``; those of
    any other are its parameters. See `TaskHandler` for the other options."""

    def register(function: F) -> F:
        options = {"outside": outside, "timed": timed, "open": open}
        registry.add(handler_of(function, name=name, inputs=inputs, **options))
        return function

    return register


def handler_of(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    inputs: Iterable[TaskInput] | None = None,
    outside: bool = False,
    timed: bool = False,
    open: bool = False,
) -> TaskHandler:
    """The handler that a function makes."""
    batch = bool(getattr(function, "is_batch_handler", False))
    parameters = {} if batch else dict(inspect.signature(function).parameters)
    any_input = batch or any(entry.kind is entry.VAR_KEYWORD for entry in parameters.values())
    known = tuple(inputs) if inputs is not None else tuple(_inputs_of(parameters))
    summary = (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ")
    return TaskHandler(
        name=name or str(getattr(function, "__name__", "task")),
        run=function if batch else _Bound(function, tuple(parameters.values())),
        function=getattr(function, "__wrapped__", function),
        inputs=known,
        open=open or any_input,
        outside=outside,
        timed=timed,
        batch=batch,
        summary=summary,
    )


_GIVEN = ("call", "context")


def _inputs_of(parameters: Mapping[str, inspect.Parameter]) -> Iterable[TaskInput]:
    for name, entry in parameters.items():
        if name not in _GIVEN and entry.kind is not entry.VAR_KEYWORD:
            listed = entry.kind is entry.VAR_POSITIONAL
            yield TaskInput(name, required=entry.default is entry.empty and not listed)


@dataclass(frozen=True, slots=True)
class _Bound:
    """Calls a function with the inputs of a call as its arguments."""

    function: Callable[..., Any]
    parameters: tuple[inspect.Parameter, ...]

    def __call__(self, call: TaskCall) -> Any:
        positional: list[Any] = []
        named: dict[str, Any] = {}
        rest = dict(call.inputs)
        for entry in self.parameters:
            if entry.name == "call":
                named["call"] = call
                return self.function(**named)
            if entry.name == "context":
                named["context"] = dict(call.variables)
            elif entry.kind is entry.VAR_POSITIONAL:
                given = rest.pop(entry.name, [])
                positional = list(given) if isinstance(given, list | tuple) else [given]
            elif entry.kind is entry.VAR_KEYWORD:
                named.update(rest)
            elif entry.name in rest:
                named[entry.name] = rest.pop(entry.name)
            elif entry.default is entry.empty:
                raise TaskInputError(f"the task {call.task!r} needs the input {entry.name!r}")
        return self.function(*positional, **named)


def load_task_module(name: str) -> str:
    """Imports the module ``name``, or the Python file at that path, so that the tasks which it
    registers are known. Returns the module's name. Raises `WorkflowError` if that fails."""
    try:
        if not name.endswith(".py"):
            importlib.import_module(name)
            return name
        path = Path(name).resolve()
        spec = importlib.util.spec_from_file_location(path.stem, path)
        if spec is None or spec.loader is None or not path.is_file():
            raise WorkflowError(f"there is no Python file {name!r}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
    except WorkflowError:
        raise
    except Exception as error:
        raise WorkflowError(
            f"the tasks in {name!r} cannot be loaded: {type(error).__name__}: {error}",
            hint="name an importable module or a .py file",
        ) from error
    return str(path)
