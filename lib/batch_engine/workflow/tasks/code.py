"""The task ``python_code``: Python that stands in the workflow file itself.

It runs in this process, in the workspace as working directory, one at a time. The text is never
rendered: values reach the code as variables. It has to be allowed by whoever starts the run.
"""

from __future__ import annotations

import io
import os
from contextlib import contextmanager, redirect_stdout
from threading import Lock
from typing import Any

from batch_engine.workflow.errors import TaskInputError
from batch_engine.workflow.task import TaskCall, TaskInput, register_task

__all__ = ["python_code"]

_working_directory = Lock()
_NAMESPACES = ("args", "env", "steps", "batch")


@register_task(
    "python_code",
    inputs=(
        TaskInput(
            "code",
            "The code; 'result' is what it gives.",
            required=True,
            mode="raw",
            schema={"type": "string"},
        ),
        TaskInput("result_variable", "Another name for 'result'.", schema={"type": "string"}),
    ),
    open=True,
)
def python_code(call: TaskCall) -> Any:
    """Runs Python code; gives its variable 'result'. Other inputs are variables of the code."""
    if not call.services.allow_code:
        raise TaskInputError(
            "python_code is not allowed in this run",
            hint="look at the code, then allow it: --allow-python-code, or allow_code=True",
        )
    code = call.required("code")
    name = call.optional("result_variable", None)
    scope: dict[str, Any] = {
        **{space: call.variables.get(space, {}) for space in _NAMESPACES},
        "config": call,
        "context": dict(call.variables),
        "workspace": call.workspace,
        **{key: value for key, value in call.inputs.items() if key not in ("code",)},
    }
    program = compile(code, f"<python_code of step {call.step}>", "exec")
    printed = io.StringIO()
    with _in_directory(str(call.workspace)), redirect_stdout(printed):
        exec(program, scope)
    if printed.getvalue():
        call.services.say(printed.getvalue().rstrip("\n"))
    if name is not None and name not in scope:
        raise TaskInputError(f"the code sets no variable {name!r}")
    return scope.get(name or "result")


@contextmanager
def _in_directory(path: str) -> Any:
    # The working directory belongs to the whole process, hence one at a time.
    with _working_directory:
        before = os.getcwd()  # noqa: PTH109 - to be given back as it was
        os.chdir(path)
        try:
            yield
        finally:
            os.chdir(before)
