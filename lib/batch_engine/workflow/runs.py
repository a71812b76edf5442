"""Workspaces: where a run's files and state are, numbered by workflow."""

from __future__ import annotations

import re
from pathlib import Path

from batch_engine.workflow.confine import STATE_FOLDER
from batch_engine.workflow.errors import WorkflowError

__all__ = ["latest_workspace", "new_workspace", "run_number_of", "state_folder"]

_FOLDERS = ("output", "logs", "temp")


def state_folder(workspace: Path) -> Path:
    """Where the state of the run in ``workspace`` is."""
    return workspace / STATE_FOLDER


def new_workspace(workflow: str, base: Path) -> Path:
    """A new folder ``<base>/<workflow>_run_<n>``; the numbers go up."""
    while True:
        number = max((run_number_of(path) for path in _runs(workflow, base)), default=0) + 1
        path = base / f"{_file_name(workflow)}_run_{number}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue  # another process was faster
        return path


def latest_workspace(workflow: str, base: Path) -> Path:
    """The newest run of a workflow. Raises `WorkflowError` if there is none."""
    runs = sorted(_runs(workflow, base), key=run_number_of)
    if not runs:
        raise WorkflowError(
            f"there is no run of {workflow!r} in {str(base)!r} to go on with",
            hint="start one without --resume, or name its folder with --workspace",
        )
    return runs[-1]


def run_number_of(workspace: Path) -> int:
    """The number at the end of a workspace's name; 1 where there is none."""
    found = re.search(r"_run_([0-9]+)$", workspace.name)
    return int(found[1]) if found else 1


def prepare(workspace: Path) -> None:
    """Makes the folders that every workspace has."""
    for name in _FOLDERS:
        (workspace / name).mkdir(parents=True, exist_ok=True)


def _runs(workflow: str, base: Path) -> list[Path]:
    prefix = f"{_file_name(workflow)}_run_"
    if not base.is_dir():
        return []
    return [p for p in base.iterdir() if re.fullmatch(re.escape(prefix) + "[0-9]+", p.name)]


def _file_name(workflow: str) -> str:
    return re.sub(r"[^\w-]", "_", workflow)[:80] or "workflow"
