"""What a run is begun with: as something new, or as the one that is in the workspace already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch_engine.workflow.definition import Workflow
from batch_engine.workflow.errors import WorkflowError
from batch_engine.workflow.params import resolve_params
from batch_engine.workflow.runs import run_number_of
from batch_engine.workflow.secrets import MASK
from batch_engine.workflow.state import RunRecord, WorkflowState

__all__ = ["begin_run"]


def begin_run(
    state: WorkflowState,
    workflow: Workflow,
    workspace: Path,
    given: Mapping[str, Any],
    *,
    flow: str | None,
    again: bool,
    secret_names: tuple[str, ...],
    timestamp: str,
) -> RunRecord:
    """The record of the run, stored as running: a new one, or with ``again`` the one that is
    there, with ``given`` parameters over those that it had.

    Raises `WorkflowError` where there is no run to go on with, one already, one of another
    workflow or flow, or one with a secret parameter that is not given again.
    """
    before = state.run
    where = repr(str(workspace))
    if before is None and again:
        raise WorkflowError(
            f"there is no run in {where} to go on with", hint="start one without --resume"
        )
    if before is None:
        return state.begin(
            RunRecord(
                workflow=workflow.name,
                file=str(workflow.file.absolute()) if workflow.file else "",
                flow=flow or workflow.default_flow,
                params=resolve_params(workflow.params, given),
                run_number=run_number_of(workspace),
                timestamp=timestamp,
                secrets=secret_names,
            )
        )
    if not again:
        raise WorkflowError(
            f"{where} has a run of {before.workflow!r} already ({state.status})",
            hint="go on with it (--resume), or choose another workspace",
        )
    if before.workflow != workflow.name:
        raise WorkflowError(f"{where} has a run of {before.workflow!r}, not of {workflow.name!r}")
    if flow is not None and flow != before.flow:
        raise WorkflowError(f"the run in {where} is of the flow {before.flow!r}, not of {flow!r}")
    params = resolve_params(workflow.params, {**_known(workflow, before, given), **given})
    return state.begin(replace(before, params=params, secrets=secret_names))


def _known(workflow: Workflow, before: RunRecord, given: Mapping[str, Any]) -> dict[str, Any]:
    """The stored parameters that are not given again."""
    names = [name for name in before.params if name in workflow.params and name not in given]
    for name in names:
        if workflow.params[name].secret and before.params[name] == MASK:
            raise WorkflowError(
                f"the parameter {name!r} is secret, so it was not stored",
                hint=f"give it again: --param {name}=...",
            )
    return {name: before.params[name] for name in names}
