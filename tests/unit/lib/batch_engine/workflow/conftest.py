"""Workflows made from a text, run in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch_engine.workflow import Services, TaskCall, WorkflowEngine, WorkflowResult, parse_workflow
from batch_engine.workflow.tasks import builtin_registry

Run = Callable[..., WorkflowResult]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The workspace of the test's runs."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def printed() -> list[str]:
    """What tasks printed."""
    return []


@pytest.fixture
def run(workspace: Path, printed: list[str]) -> Run:
    """Runs a text as a workflow: ``run(text, params, resume=True, ...)``."""

    def run(text: str, params: dict[str, Any] | None = None, **options: Any) -> WorkflowResult:
        names = ("flow", "resume", "retry", "changed")
        how = {name: options.pop(name) for name in names if name in options}
        engine = WorkflowEngine(
            parse_workflow(text, file="w.yaml"), workspace, say=printed.append, **options
        )
        return engine.run(params, **how)

    return run


@pytest.fixture
def call(workspace: Path) -> Callable[..., Any]:
    """Calls a task with inputs: ``call("read_file", file="a.txt")``."""

    def call(task: str, **inputs: Any) -> Any:
        timeout = inputs.pop("timeout_s", None)
        services = inputs.pop("services", None) or Services()
        return (
            builtin_registry()
            .find(task)
            .run(
                TaskCall(
                    task=task,
                    step="s",
                    inputs=inputs,
                    variables={"args": {"a": 1}, "steps": {}, "env": {}},
                    workspace=workspace,
                    services=services,
                    timeout_s=timeout,
                )
            )
        )

    return call
