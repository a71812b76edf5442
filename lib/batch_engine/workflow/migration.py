"""State files of yaml-workflow, read: what was done, with which results, what failed.

Two formats: ``.workflow_metadata.json`` in the workspace of a run (0.9.6), and
``.batch_state/<step>_state.json`` of its former batch task. They are only read.
`batch_engine.workflow.migration_import` takes them over. (facts/yaml-workflows.md, 1. and 3.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from batch_engine.workflow.errors import WorkflowError

__all__ = ["METADATA_FILE", "FormerBatch", "FormerRun", "FormerStep", "read_former_state"]

METADATA_FILE = ".workflow_metadata.json"
BATCH_FOLDER = ".batch_state"
_SUFFIX = "_state.json"

FormerStatus = Literal["completed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class FormerStep:
    """How a step ended; ``error`` is a text."""

    status: FormerStatus
    result: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class FormerBatch:
    """The items of a batch by their texts, which is all that was kept of them: no results."""

    processed: tuple[str, ...]
    failed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerRun:
    """A run as its files tell it. ``workspace`` is the folder that it worked in; ``workflow`` is
    empty where only the state of batches is there."""

    workspace: Path
    workflow: str = ""
    status: str = ""
    flow: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    run_number: int = 1
    created: str = ""
    steps: Mapping[str, FormerStep] = field(default_factory=dict)
    batches: Mapping[str, FormerBatch] = field(default_factory=dict)


def read_former_state(source: Path) -> FormerRun:
    """The run in the workspace ``source``, or of one state file.

    Raises `WorkflowError` where there is no state, or it cannot be read; a file that was cut off
    by a crash is told as that.
    """
    source = Path(source).absolute()
    if source.is_dir():
        metadata = source / METADATA_FILE
        batches = sorted((source / BATCH_FOLDER).glob(f"*{_SUFFIX}"))
        if not metadata.is_file() and not batches:
            raise WorkflowError(
                f"there is no state of yaml-workflow in {str(source)!r}",
                hint=f"name a workspace with {METADATA_FILE} or {BATCH_FOLDER}/, or the file",
            )
        run = _read_run(metadata) if metadata.is_file() else FormerRun(workspace=source)
        return _with_batches(run, batches)
    if source.name.endswith(_SUFFIX):
        parent = source.parent
        workspace = parent.parent if parent.name == BATCH_FOLDER else parent
        return _with_batches(FormerRun(workspace=workspace), [source])
    return _read_run(source)


def _with_batches(run: FormerRun, files: Iterable[Path]) -> FormerRun:
    batches = {path.name.removesuffix(_SUFFIX): _read_batch(path) for path in files}
    return FormerRun(
        **{**{n: getattr(run, n) for n in run.__dataclass_fields__}, "batches": batches}
    )


def _read_run(path: Path) -> FormerRun:
    data = _read_json(path)
    execution = data.get("execution_state")
    outputs = execution.get("step_outputs") if isinstance(execution, Mapping) else None
    if not isinstance(execution, Mapping) or not isinstance(outputs, Mapping):
        raise _no_state(path, "execution_state.step_outputs")
    spaces = data.get("namespaces")
    params = spaces.get("args") if isinstance(spaces, Mapping) else None
    return FormerRun(
        workspace=path.parent,
        workflow=str(data.get("workflow_name") or ""),
        status=str(execution.get("status") or ""),
        flow=str(execution.get("flow") or ""),
        params=dict(params) if isinstance(params, Mapping) else {},
        run_number=_whole(data.get("run_number")),
        created=str(data.get("created_at") or ""),
        steps={str(name): _step(path, entry) for name, entry in outputs.items()},
    )


def _step(path: Path, entry: Any) -> FormerStep:
    status = entry.get("status") if isinstance(entry, Mapping) else None
    if status not in ("completed", "failed", "skipped"):
        raise _no_state(path, "a status for every step")
    return FormerStep(status, entry.get("result"), str(entry.get("error") or ""))


def _read_batch(path: Path) -> FormerBatch:
    data = _read_json(path)
    processed, failed = data.get("processed"), data.get("failed", [])
    if not isinstance(processed, list) or not isinstance(failed, list | Mapping):
        raise _no_state(path, "processed and failed")
    told = failed.items() if isinstance(failed, Mapping) else ((item, "") for item in failed)
    return FormerBatch(
        tuple(map(str, processed)), {str(item): _message(error) for item, error in told}
    )


def _message(error: Any) -> str:
    return str(error.get("error", "")) if isinstance(error, Mapping) else str(error or "")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorkflowError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise WorkflowError(
            f"{str(path)!r} is no JSON: {error}",
            hint="yaml-workflow writes its state in place, so a crash can cut it off; "
            "what was done then is not known: start the workflow anew",
        ) from error
    if not isinstance(data, dict):
        raise _no_state(path, "a mapping")
    return data


def _no_state(path: Path, expected: str) -> WorkflowError:
    return WorkflowError(f"{str(path)!r} is no state of yaml-workflow: expected {expected}")


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 1
