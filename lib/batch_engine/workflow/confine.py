"""Paths of file tasks: inside of a folder, whatever the path says."""

from __future__ import annotations

from pathlib import Path

from batch_engine.workflow.errors import UnsafePathError
from batch_engine.workflow.task import TaskCall

__all__ = ["STATE_FOLDER", "confined"]

STATE_FOLDER = ".workflow"
"""In a workspace: the run's state, which no task may touch."""


def confined(call: TaskCall, name: str) -> Path:
    """The path ``name`` below the call's ``root`` (by default its workspace), links resolved.

    Raises `UnsafePathError` for a path that leads out of it, or into the run's own state.
    """
    workspace = call.workspace.resolve()
    root: Path = (workspace / call.optional("root", ".")).resolve()
    if "\0" in name:
        raise UnsafePathError(f"the path {name!r} holds a NUL character")
    path: Path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise UnsafePathError(
            f"the path {name!r} leads out of {str(root)!r}",
            hint="file tasks stay in the workspace; the input 'root' names another folder",
        )
    if path.is_relative_to(workspace / STATE_FOLDER):
        raise UnsafePathError(f"the path {name!r} leads into the state of the run")
    return path
