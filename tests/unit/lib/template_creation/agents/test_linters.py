"""Linters for agent files, which other people run on theirs, find no error in ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from template_creation.agents import AgentEnhancer
from template_creation.bridges import OfflineBridge


def binary(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture
def installed(shop, tmp_path: Path) -> Path:
    """The shop's enhanced agents where Claude Code loads them, and a stub beside them."""
    stub = shop.agent("testing-specialist").read_text(encoding="utf-8")
    AgentEnhancer(OfflineBridge()).enhance(shop.context, shop.package)
    project = tmp_path / "project"
    agents = project / ".claude" / "agents"
    agents.mkdir(parents=True)
    for path in (shop.package / "agents").glob("*.md"):
        shutil.copy(path, agents / path.name)
    stub = stub.replace('name: "testing-specialist"', 'name: "basic-specialist"')
    (agents / "basic-specialist.md").write_text(stub, encoding="utf-8")
    return project


def report(command: list[str], folder: Path) -> dict:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


@pytest.mark.slow
def test_agnix_finds_no_error(installed: Path) -> None:
    """Warnings name our own frontmatter keys, which Claude Code ignores."""
    found = report([binary("agnix"), ".", "--format", "json"], installed)
    assert found["files_checked"] == 3
    found_rules = {
        (item["level"], item["rule"]) for item in found["diagnostics"] if item["level"] != "info"
    }
    assert found_rules == {("warning", "CC-AG-019")}


@pytest.mark.slow
def test_skillsaw_finds_no_error(installed: Path) -> None:
    """Descriptions, references, size and contradictions."""
    found = report([binary("skillsaw"), "lint", ".", "--format", "json"], installed)
    assert found["summary"]["errors"] == 0
