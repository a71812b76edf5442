"""Small tasks: say something, give something back, fail, write from a template."""

from __future__ import annotations

from pprint import pformat
from typing import Any

from batch_engine.core import TaskError
from batch_engine.workflow.errors import TaskInputError
from batch_engine.workflow.task import TaskCall, TaskInput, register_task
from batch_engine.workflow.tasks.files import file_in, write_whole

__all__ = ["notify", "print_message", "print_vars", "template"]


@register_task()
def echo(message: Any) -> Any:
    """Gives back its message."""
    return message


@register_task()
def fail(message: str = "Task failed") -> None:
    """Fails with its message."""
    raise TaskError(str(message))


@register_task()
def hello_world(name: str = "World") -> str:
    """A greeting."""
    return f"Hello, {name}!"


@register_task()
def create_greeting(name: str) -> str:
    """Another greeting."""
    return f"Hello {name}!"


@register_task()
def add_numbers(a: float, b: float) -> float:
    """The sum of two numbers."""
    for value in (a, b):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TaskInputError(f"{value!r} is no number")
    return a + b


@register_task()
def join_strings(*strings: str, separator: str = " ") -> str:
    """Its strings, joined."""
    return separator.join(map(str, strings))


@register_task("noop", inputs=(TaskInput("should_fail", "Fail on purpose."),), open=True)
def noop(call: TaskCall) -> dict[str, Any]:
    """Does nothing; gives its inputs back as 'processed_inputs'."""
    if call.inputs.get("should_fail", False):
        raise TaskError("Task failed as requested")
    return {
        "processed_inputs": dict(call.inputs),
        "task_name": call.step,
        "task_type": call.task,
    }


@register_task("print_message", inputs=(TaskInput("message", "What to print."),))
def print_message(call: TaskCall) -> dict[str, Any]:
    """Prints its message."""
    message = str(call.inputs.get("message", ""))
    call.services.say(message)
    return {"success": True, "printed_length": len(message)}


@register_task("print_vars", inputs=(TaskInput("message", "A heading."),))
def print_vars(call: TaskCall) -> dict[str, Any]:
    """Prints the parameters and the results so far."""
    shown = ["args", "workflow_name", "workspace", "run_number", "timestamp"]
    lines = [f"--- {call.inputs.get('message', 'Variables')} ---"]
    lines += [f"{name}: {call.variables.get(name)}" for name in shown]
    lines += ["steps:", pformat(dict(call.variables.get("steps", {})), width=100)]
    call.services.say("\n".join(lines))
    return {"success": True}


@register_task(
    "template",
    inputs=(
        TaskInput("template", "The text, with expressions.", required=True, mode="text"),
        TaskInput("output_file", "Where it is written, in the workspace.", required=True),
        TaskInput("root", "The folder that it may not leave.  [default: the workspace]"),
    ),
)
def template(call: TaskCall) -> dict[str, Any]:
    """Writes a rendered text to a file; gives its path."""
    path = file_in(call, "output_file")
    write_whole(path, call.required("template").encode())
    return {"path": str(path)}


@register_task(
    "notify",
    inputs=(
        TaskInput("channel", "'log' or 'file'.", required=True),
        TaskInput("message", "What to tell."),
        TaskInput("level", "Of a log message."),
        TaskInput("file", "Of the channel 'file', in the workspace."),
        TaskInput("root", "The folder that it may not leave.  [default: the workspace]"),
    ),
)
def notify(call: TaskCall) -> dict[str, Any]:
    """Tells a message: 'log' prints it, 'file' appends it to a file."""
    channel, message = call.required("channel"), str(call.inputs.get("message", ""))
    if channel == "log":
        call.services.say(f"{call.optional('level', 'info')}: {message}")
    elif channel == "file":
        with file_in(call, "file").open("a", encoding="utf-8") as out:
            out.write(message + "\n")
    else:
        raise TaskInputError(
            f"the channel is {channel!r}, expected 'log' or 'file'",
            hint="for a web hook use the task http.request",
        )
    return {"channel": channel, "status": "sent", "message": message}
