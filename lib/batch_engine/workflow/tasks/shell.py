"""The task ``shell``: a command as a list of arguments, or as a line for /bin/sh."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from typing import Any

from batch_engine.core import WorkTimeoutError
from batch_engine.workflow.errors import CommandFailedError, TaskInputError
from batch_engine.workflow.process import DEFAULT_MAX_OUTPUT, GRACE_S, Finished, run_process
from batch_engine.workflow.task import TaskCall, TaskInput, register_task

__all__ = ["command_result", "run_command", "shell"]

_TAIL = 2_000

INPUTS = (
    TaskInput("argv", "The command and its arguments; no shell is involved.", schema={
        "anyOf": [{"type": "array"}, {"type": "string"}]}),
    TaskInput(
        "command",
        "A line for /bin/sh, in which values are quoted; or a list, as argv; "
        "or {unix: ..., windows: ...}.",
        mode="shell",
        schema={"anyOf": [{"type": "string"}, {"type": "array"}, {"type": "object"}]},
    ),
    TaskInput("working_dir", "Where it runs; relative to the workspace.",
              schema={"type": "string"}),
    TaskInput("env", "Environment variables besides those of this process.",
              schema={"type": "object"}),
    TaskInput("stdin", "A text for its standard input."),
    TaskInput("timeout", "Seconds after which its process group is ended."),
    TaskInput(
        "kill_after", "Seconds from SIGTERM to SIGKILL then.  [default: 2]"
    ),
    TaskInput("shell", "false: split the line into arguments and use no shell."),
    TaskInput("max_output", "Bytes of each stream that are kept.",
              schema={"type": "integer", "minimum": 1}),
    TaskInput("check", "false: any exit code is a success.", schema={"type": "boolean"}),
)  # fmt: skip


@register_task("shell", inputs=INPUTS, outside=True, timed=True)
def shell(call: TaskCall) -> dict[str, Any]:
    """Runs a command in the workspace; gives return_code, stdout and stderr."""
    given = call.inputs
    if ("argv" in given) == ("command" in given):
        raise TaskInputError("the task 'shell' needs either 'argv' or 'command'")
    command = given["argv"] if "argv" in given else given["command"]
    if "argv" in given and not isinstance(command, list):
        raise TaskInputError(f"argv is {command!r}, expected a list")
    done = run_command(call, _argv(command, use_shell=given.get("shell", True) is not False))
    return command_result(call, done)


def run_command(call: TaskCall, argv: list[str]) -> Finished:
    """Runs ``argv`` with the working directory, environment, input and limits of a call.

    Raises `WorkTimeoutError`, and `TaskInputError` where it cannot be started.
    """
    directory = call.workspace / call.optional("working_dir", ".")
    timeout = call.optional("timeout", call.timeout_s, (int, float))
    try:
        done = run_process(
            argv,
            cwd=directory,
            env=_environment(call),
            stdin=None if call.inputs.get("stdin") is None else str(call.inputs["stdin"]),
            timeout_s=timeout,
            max_output=call.optional("max_output", DEFAULT_MAX_OUTPUT, int),
            stop=call.services.stop,
            grace_s=call.optional("kill_after", GRACE_S, (int, float)),
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        missing = directory if not directory.is_dir() else argv[0]
        raise TaskInputError(f"cannot run {argv[0]!r}: {str(missing)!r} is not there") from error
    if done.timed_out:
        raise WorkTimeoutError(
            f"the command took longer than {timeout:g} s and was ended: {_shown(argv)}"
        )
    return done


def command_result(call: TaskCall, done: Finished) -> dict[str, Any]:
    """The result of a command. Raises `CommandFailedError` for an exit code other than 0,
    unless the input ``check`` is false."""
    if done.returncode and call.inputs.get("check", True) is not False:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        how = f"exit code {done.returncode}"
        if done.returncode < 0:
            how = f"signal {-done.returncode}"
        raise CommandFailedError(
            f"the command failed with {how}" + (f": {_telling(said)[:300]}" if said else ""),
            returncode=done.returncode,
            stderr=done.stderr[-_TAIL:],
        )
    result: dict[str, Any] = {
        "return_code": done.returncode,
        "stdout": done.stdout,
        "stderr": done.stderr,
    }
    return {**result, "truncated": True} if done.truncated else result


def _telling(lines: list[str]) -> str:
    """The line that most likely says what is wrong: the last that is not indented, as are the
    frames of a traceback and the hints below a message."""
    return next((line for line in reversed(lines) if not line[:1].isspace()), lines[-1])


def _argv(command: Any, *, use_shell: bool) -> list[str]:
    if isinstance(command, Mapping):
        key = "windows" if sys.platform == "win32" else "unix"
        command = command.get(key, next(iter(command.values()), None))
    if isinstance(command, str) and command.strip():
        return ["/bin/sh", "-c", command] if use_shell else shlex.split(command)
    if isinstance(command, list) and command:
        return [_argument(number, value) for number, value in enumerate(command)]
    raise TaskInputError(f"the command is {command!r}, expected a text or a list of arguments")


def _argument(number: int, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TaskInputError(
            f"argument {number} of the command is {value!r}, expected a text or a number",
            hint="a whole list of arguments can come from one expression: "
            "argv: \"{{ ['tool'] + files }}\"",
        )
    text = str(value)
    if "\0" in text:
        raise TaskInputError(f"argument {number} of the command holds a NUL character")
    return text


def _environment(call: TaskCall) -> dict[str, str] | None:
    given = call.optional("env", None, dict)
    if given is None:
        return None
    more = {name: str(value) for name, value in given.items() if value is not None}
    for name, value in more.items():
        if "\0" in value:
            raise TaskInputError(f"the variable {name!r} holds a NUL character")
    return {**os.environ, **more}


def _shown(argv: list[str]) -> str:
    text = argv[2] if argv[:2] == ["/bin/sh", "-c"] else shlex.join(argv)
    line = " ".join(text.split())
    return line if len(line) <= 120 else line[:117] + "..."
