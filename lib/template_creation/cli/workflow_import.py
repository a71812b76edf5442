"""What ``template-create workflow import-state`` does."""

from __future__ import annotations

import shlex
from pathlib import Path

from batch_engine.workflow import (
    ImportReport,
    WorkflowEngine,
    import_former_run,
    load_task_module,
    load_workflow,
    read_former_state,
)
from batch_engine.workflow.definition import tasks_of
from template_creation.cli.run import Console
from template_creation.cli.workflow_actions import params_of, translated

__all__ = ["import_state"]


def import_state(
    console: Console,
    file: Path,
    source: Path,
    *,
    pairs: list[str],
    workspace: Path | None,
    tasks: list[str],
) -> None:
    """Take the state of a run of yaml-workflow over, and say what is done and what is not."""
    with translated():
        for name in tasks:
            load_task_module(name)
        workflow = load_workflow(file)
        for warning in workflow.warnings:
            console.note(str(warning))
        former = read_former_state(source)
        engine = WorkflowEngine(workflow, workspace or former.workspace)
        report = import_former_run(engine, former, params_of(workflow, pairs))
    console.result(_told(report), {"status": "imported", "exit_code": 0, **report.to_json()})
    words = ["template-create", "workflow", "run", str(file), "--workspace", str(report.workspace)]
    words += [word for name in tasks for word in ("--tasks", name)]
    words += (
        ["--allow-python-code"]
        if any("python_code" in tasks_of(step) for step in workflow.steps)
        else []
    )
    console.note(f"go on: {shlex.join([*words, '--resume'])}")


def _told(report: ImportReport) -> str:
    done = ", ".join(report.steps) or "none"
    lines = [f"steps that are done: {done}"]
    if report.items or report.failed:
        lines.append(f"items with a result: {report.items}; that failed: {report.failed}")
    lines += [f"will run: {reason}" for reason in report.left]
    return "\n".join(lines)
