"""What decides whether a stored result of a step may be used again.

The step's task and inputs as they are written; the code of the functions it calls; and the values
that its expressions refer to. Not how it is run: chunk sizes, concurrency, retries, limits.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from batch_engine.core import fingerprint
from batch_engine.workflow.definition import Step, nested_tasks
from batch_engine.workflow.errors import TaskInputError
from batch_engine.workflow.expressions import has_expressions
from batch_engine.workflow.own_code import own_files
from batch_engine.workflow.plain import plain
from batch_engine.workflow.references import references_of
from batch_engine.workflow.spec import BatchSpec
from batch_engine.workflow.task import TaskRegistry
from batch_engine.workflow.tasks.python import find_script

__all__ = ["code_of", "step_fingerprint"]

_FORMAT = 1
_OWN = __name__.rpartition(".")[0]
_SHAPING = ("task", "processing_task", "steps", "as", "arg_name", "collect")
_HOW = {entry.alias or name for name, entry in BatchSpec.model_fields.items()} - set(_SHAPING)


def step_fingerprint(
    step: Step, variables: Mapping[str, Any], registry: TaskRegistry, workspace: Path
) -> str:
    """The fingerprint of a step that is about to run with ``variables``."""
    inputs = step.spec.inputs
    if step.batch is not None:
        inputs = {name: value for name, value in inputs.items() if name not in _HOW}
    tasks: list[tuple[str, Mapping[str, Any]]] = [(step.spec.task, step.spec.inputs)]
    tasks += [(entry.task, entry.inputs) for _, entry in nested_tasks(step)]
    code = [_task_code(task, given, registry, workspace) for task, given in tasks]
    return fingerprint(
        "workflow step", _FORMAT, step.spec.task, inputs, code, _seen(inputs, tasks, variables)
    )


def code_of(function: Callable[..., Any]) -> str:
    """A fingerprint of the module that a function stands in and of what it imports of the user's
    own, so that a change in one of its helpers counts too; comments, docstrings and layout do not.
    Empty for our own tasks, whose changes are the program's, and for what is not Python."""
    module = getattr(function, "__module__", "") or ""
    if module == _OWN or module.startswith(f"{_OWN}."):
        return ""
    try:
        return _source_fingerprint(inspect.getsourcefile(function) or "")
    except TypeError:
        return ""


def _task_code(
    task: str, inputs: Mapping[str, Any], registry: TaskRegistry, workspace: Path
) -> str:
    handler = registry.get(task)
    own = code_of(handler.function) if handler is not None else ""
    given = {name: value for name, value in inputs.items() if not has_expressions(value)}
    if task == "python_function":
        module = given.get("module") or str(given.get("function", "")).partition(":")[0]
        return own + _module_fingerprint(str(module))
    if task == "python_script" and isinstance(given.get("script_path"), str):
        try:
            return own + fingerprint(find_script(given["script_path"], workspace).read_bytes())
        except (TaskInputError, OSError):
            return own
    return own


def _module_fingerprint(name: str) -> str:
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return ""
    return _source_fingerprint(found.origin or "") if found else ""


def _source_fingerprint(path: str) -> str:
    file = Path(path)
    if file.suffix != ".py" or not file.is_file():
        return ""
    return fingerprint([_parsed(str(own), own.read_bytes()) for own in own_files(file)])


@lru_cache(maxsize=256)
def _parsed(path: str, source: bytes) -> str:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return fingerprint(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_docstring(body[0]):
            del body[0]
    return fingerprint(ast.dump(tree))


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _seen(
    inputs: Mapping[str, Any],
    tasks: list[tuple[str, Mapping[str, Any]]],
    variables: Mapping[str, Any],
) -> dict[str, Any]:
    """The values that the step can see through its expressions and its code."""
    args, steps = variables.get("args", {}), variables.get("steps", {})
    seen: dict[str, Any] = {}
    for (space, *rest), _ in references_of(dict(inputs)):
        if space == "args":
            wanted = rest[:1] or list(args)
            seen |= {f"args.{name}": args[name] for name in wanted if name in args}
        elif space == "steps":
            wanted = rest[:1] or list(steps)
            seen |= {f"steps.{name}": _result(steps[name]) for name in wanted if name in steps}
        elif space == "env" and rest:
            seen[f"env.{rest[0]}"] = variables.get("env", {}).get(rest[0])
        elif space == "settings":
            seen["settings"] = variables.get("settings")
        elif space in args:
            seen[f"args.{space}"] = args[space]
    for task, given in tasks:
        if task == "python_code":
            words = set(re.findall(r"\w+", str(given.get("code", ""))))
            seen["args"] = dict(args)
            seen |= {f"steps.{n}": _result(steps[n]) for n in steps if n in words}
    return {name: plain(value) for name, value in seen.items()}


def _result(entry: Any) -> Any:
    return entry.get("result") if isinstance(entry, Mapping) else entry
