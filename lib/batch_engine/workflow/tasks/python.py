"""Tasks that run Python: a function by its import path, a module or a script as a program."""

from __future__ import annotations

import importlib
import inspect
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch_engine.workflow.errors import TaskInputError
from batch_engine.workflow.task import TaskCall, TaskInput, register_task
from batch_engine.workflow.tasks.shell import command_result, run_command

__all__ = ["import_function", "python_function", "python_module", "python_script"]

_PROGRAM_INPUTS = (
    TaskInput("args", "Arguments of the program.", schema={"type": "array"}),
    TaskInput("cwd", "Where it runs; relative to the workspace."),
    TaskInput("timeout", "Seconds after which its process group is ended."),
    TaskInput("check", "false: any exit code is a success."),
    TaskInput("stdin", "A text for its standard input."),
    TaskInput("env", "Environment variables besides those of this process."),
)


@register_task(
    "python_function",
    inputs=(
        TaskInput("module", "The module's import path.", schema={"type": "string"}),
        TaskInput("function", "The function in it; or the whole path, as 'package.module:name'."),
        TaskInput("args", "Its positional arguments.", schema={"type": "array"}),
        TaskInput("kwargs", "Its named arguments.", schema={"type": "object"}),
    ),
)
def python_function(call: TaskCall) -> Any:
    """Calls a function of an importable module; gives what it returns."""
    name = call.required("function")
    module = call.optional("module", None)
    function = import_function(f"{module}:{name}" if module else name)
    args = call.optional("args", [], list)
    kwargs = call.optional("kwargs", {}, dict)
    result = function(*args, **kwargs)
    if inspect.iscoroutine(result):
        import asyncio  # here, since few functions are asynchronous, and it is a tenth of a start

        return asyncio.run(result)
    return result


def import_function(path: str) -> Callable[..., Any]:
    """The function that ``package.module:name`` (or ``package.module.name``) names.

    Raises `TaskInputError` if there is none.
    """
    module, _, name = path.partition(":") if ":" in path else path.rpartition(".")
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise TaskInputError(
            f"there is no function {path!r}: {error}",
            hint="write it as 'package.module:function'; the module has to be importable",
        ) from error
    if not callable(found):
        raise TaskInputError(f"{path!r} is no function but {type(found).__name__}")
    function: Callable[..., Any] = found
    return function


@register_task(
    "python_module",
    inputs=(TaskInput("module", "The module.", required=True), *_PROGRAM_INPUTS),
    outside=True,
    timed=True,
)
def python_module(call: TaskCall) -> dict[str, Any]:
    """Runs a module as a program (python -m) with the workspace on its path."""
    argv = [sys.executable, "-m", call.required("module"), *_arguments(call)]
    return _run(call, argv, {"PYTHONPATH": _with_workspace(call.workspace)})


@register_task(
    "python_script",
    inputs=(
        TaskInput("script_path", "The script, in the workspace or on PATH.", required=True),
        *_PROGRAM_INPUTS,
    ),
    outside=True,
    timed=True,
)
def python_script(call: TaskCall) -> dict[str, Any]:
    """Runs a Python script as a program."""
    script = find_script(call.required("script_path"), call.workspace)
    return _run(call, [sys.executable, str(script), *_arguments(call)], {})


def find_script(name: str, workspace: Path) -> Path:
    """The script ``name``: as it is, in the workspace, or on PATH. Raises `TaskInputError`."""
    path = workspace / name  # an absolute name stays what it is
    if path.is_file():
        return path
    found = shutil.which(name)
    if found is None:
        raise TaskInputError(f"there is no script {name!r} in the workspace or on PATH")
    return Path(found)


def _run(call: TaskCall, argv: list[str], env: dict[str, str]) -> dict[str, Any]:
    inputs = {**call.inputs, "env": {**env, **call.optional("env", {}, dict)}}
    inputs["working_dir"] = call.optional("cwd", ".")
    done = run_command(replace(call, inputs=inputs), argv)
    result = command_result(call, done)
    result["returncode"] = result.pop("return_code")
    return result


def _arguments(call: TaskCall) -> list[str]:
    return [str(value) for value in call.optional("args", [], list)]


def _with_workspace(workspace: Path) -> str:
    others = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join(part for part in (str(workspace), others) if part)
