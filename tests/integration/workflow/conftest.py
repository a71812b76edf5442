"""Workflow files run by the real command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from template_creation.cli.app import app

Command = Callable[..., Result]


@pytest.fixture(scope="session")
def program() -> str:
    """The command beside this interpreter."""
    return str(Path(sys.executable).with_name("template-create"))


@pytest.fixture
def workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs ``template-create workflow ...`` in the test's folder, in this process."""
    monkeypatch.chdir(tmp_path)

    def command(*words: str | Path) -> Result:
        return CliRunner().invoke(app, ["workflow", *map(str, words)])

    return command


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a text as the workflow file of the test."""

    def write(text: str) -> Path:
        path = tmp_path / "w.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def exported(workflow: Command) -> Callable[[Path], dict[str, Any]]:
    """The exported state of the run in a workspace."""

    def export(workspace: Path) -> dict[str, Any]:
        done = workflow("export", workspace, "--json")
        assert done.exit_code == 0, done.stderr
        state: dict[str, Any] = json.loads(done.stdout)
        return state

    return export
