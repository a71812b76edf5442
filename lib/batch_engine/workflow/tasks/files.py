"""Tasks for files: read, write, append, copy, move, delete, list; never out of their folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml

from batch_engine.core import ItemValidationError
from batch_engine.workflow.confine import confined
from batch_engine.workflow.errors import InvalidWorkflowError, TaskInputError
from batch_engine.workflow.reader import parse_yaml
from batch_engine.workflow.task import TaskCall, TaskInput, register_task

__all__ = ["file_in", "write_whole"]

MAX_READ = 100_000_000

_ROOT = TaskInput("root", "The folder that paths may not leave.  [default: the workspace]")
_FILE = TaskInput("file", "The file's path.", required=True)
_ENCODING = TaskInput("encoding", "Of the text.  [default: utf-8]")
_CONTENT = TaskInput("content", "The text.", required=True)
_DATA = TaskInput("data", "The value to write.", required=True)
_BOTH = (
    TaskInput("source", "The file that is there.", required=True),
    TaskInput("destination", "Its new path.", required=True),
    _ROOT,
)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".writing-", delete=False) as out:
        new = Path(out.name)
        try:
            out.write(data)
            out.close()
            new.chmod(path.stat().st_mode if path.exists() else 0o644)
            new.replace(path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise


@register_task("read_file", inputs=(_FILE, _ENCODING, _ROOT))
def read_file(call: TaskCall) -> dict[str, Any]:
    """Reads a text file; gives path and content."""
    return {"path": call.inputs.get("file"), "content": _read(call)}


@register_task("write_file", inputs=(_FILE, _CONTENT, _ENCODING, _ROOT))
def write_file(call: TaskCall) -> dict[str, Any]:
    """Writes a text file; gives path and content."""
    path, content = _target(call), _text(call, "content")
    write_whole(path, content.encode(call.optional("encoding", "utf-8")))
    return {"path": str(path), "content": content}


@register_task("append_file", inputs=(_FILE, _CONTENT, _ENCODING, _ROOT))
def append_file(call: TaskCall) -> dict[str, Any]:
    """Appends to a text file; gives path and content."""
    path, content = _target(call), _text(call, "content")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as out:  # one write, so that two workers do not mix
        out.write(content.encode(call.optional("encoding", "utf-8")))
    return {"path": str(path), "content": content}


@register_task("copy_file", inputs=_BOTH)
def copy_file(call: TaskCall) -> dict[str, Any]:
    """Copies a file; gives source and destination."""
    source, target = _pair(call)
    shutil.copy2(source, target)
    return {"source": call.inputs["source"], "destination": str(target)}


@register_task("move_file", inputs=_BOTH)
def move_file(call: TaskCall) -> dict[str, Any]:
    """Moves a file; gives source and destination."""
    source, target = _pair(call)
    shutil.move(source, target)
    return {"source": call.inputs["source"], "destination": str(target)}


@register_task("delete_file", inputs=(_FILE, _ROOT))
def delete_file(call: TaskCall) -> dict[str, Any]:
    """Deletes a file, if it is there; gives its path."""
    path = _target(call)
    path.unlink(missing_ok=True)
    return {"path": str(path)}


@register_task(
    "list_files",
    inputs=(
        TaskInput("directory", "The folder.  [default: the root]"),
        TaskInput("pattern", "A glob, such as '**/*.md'.  [default: *]"),
        _ROOT,
    ),
)
def list_files(call: TaskCall) -> dict[str, Any]:
    """Lists files in a folder, sorted; gives files (relative to the root) and total."""
    root = confined(call, ".")
    folder = confined(call, call.optional("directory", "."))
    pattern = call.optional("pattern", "*")
    if pattern.startswith("/") or ".." in pattern.split("/"):
        raise TaskInputError(f"the pattern {pattern!r} leads out of the folder")
    if not folder.is_dir():
        raise TaskInputError(f"there is no folder {str(folder)!r}")
    found = sorted(
        path.relative_to(root).as_posix()
        for path in folder.glob(pattern)
        if path.is_file() and ".workflow" not in path.relative_to(root).parts
    )
    return {"files": found, "total": len(found), "directory": str(folder)}


@register_task("read_json", inputs=(_FILE, _ENCODING, _ROOT))
def read_json(call: TaskCall) -> dict[str, Any]:
    """Reads a JSON file; gives data."""
    try:
        return {"data": json.loads(_read(call))}
    except json.JSONDecodeError as error:
        raise ItemValidationError(f"{call.inputs['file']!r} is no JSON: {error}") from error


@register_task("write_json", inputs=(_FILE, _DATA, TaskInput("indent"), _ENCODING, _ROOT))
def write_json(call: TaskCall) -> dict[str, Any]:
    """Writes a value as JSON; gives path."""
    path = _target(call)
    text = json.dumps(call.inputs.get("data"), indent=call.optional("indent", 2, int))
    write_whole(path, text.encode(call.optional("encoding", "utf-8")))
    return {"path": str(path)}


@register_task("read_yaml", inputs=(_FILE, _ENCODING, _ROOT))
def read_yaml(call: TaskCall) -> dict[str, Any]:
    """Reads a YAML file (YAML 1.2); gives data."""
    try:
        return {"data": parse_yaml(_read(call), file=str(call.inputs["file"])).value}
    except InvalidWorkflowError as error:
        raise ItemValidationError(str(error)) from error


@register_task("write_yaml", inputs=(_FILE, _DATA, _ENCODING, _ROOT))
def write_yaml(call: TaskCall) -> dict[str, Any]:
    """Writes a value as YAML; gives path."""
    path = _target(call)
    text = yaml.safe_dump(call.inputs.get("data"), default_flow_style=False)
    write_whole(path, text.encode(call.optional("encoding", "utf-8")))
    return {"path": str(path)}


def _read(call: TaskCall) -> str:
    path = _target(call)
    size = path.stat().st_size
    if size > MAX_READ:
        raise TaskInputError(f"{str(path)!r} has {size:,} bytes, at most {MAX_READ:,} are read")
    return path.read_bytes().decode(call.optional("encoding", "utf-8"))


def _target(call: TaskCall) -> Path:
    return file_in(call, "file")


def file_in(call: TaskCall, name: str) -> Path:
    """The file that the input ``name`` names, in its folder. Raises `UnsafePathError`, and
    `TaskInputError` for the folder itself."""
    path = confined(call, call.required(name))
    if path == confined(call, "."):
        raise TaskInputError(f"{name} is {call.inputs[name]!r}, which names no file")
    return path


def _pair(call: TaskCall) -> tuple[Path, Path]:
    source, target = file_in(call, "source"), file_in(call, "destination")
    target.parent.mkdir(parents=True, exist_ok=True)
    return source, target


def _text(call: TaskCall, name: str) -> str:
    if call.inputs.get(name) is None:
        raise TaskInputError(f"the task {call.task!r} needs the input {name!r}")
    return str(call.inputs[name])
