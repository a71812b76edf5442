"""The commands and the subagent for Claude Code: short, exact in what they may do, well-formed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

BIN = Path(sys.executable).parent
COMMANDS = ("agent-enhance", "template-create")
FILES = ("agents/agent-content-enhancer.md", *(f"commands/{name}.md" for name in COMMANDS))


@pytest.fixture(scope="module")
def assets(checkout: Path) -> Path:
    return checkout / "installer" / "template_installer" / "assets"


def parts(path: Path) -> tuple[dict[str, Any], str]:
    """Frontmatter, read strictly, and body."""
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    loaded = yaml.safe_load(head)
    assert isinstance(loaded, dict)
    return loaded, body


def test_these_are_all(assets: Path) -> None:
    found = sorted(path.relative_to(assets).as_posix() for path in assets.rglob("*.*"))
    assert found == sorted(FILES)


@pytest.mark.parametrize("name", FILES)
def test_an_asset_is_short_and_written_as_claude_code_reads_it(name: str, assets: Path) -> None:
    """LF, no byte-order mark, double-quoted scalars; a host imitates long pseudo-code instead of
    running the program (F23)."""
    raw = (assets / name).read_bytes()
    head, body = parts(assets / name)
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert raw.count(b"\n") < 45
    assert "```" not in body
    assert len(head["description"]) <= 250
    assert "Use when" in head["description"]
    assert all(isinstance(value, str) for value in head.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_may_run_what_it_says_and_no_more(name: str, assets: Path) -> None:
    """Its one command line, its one subagent; reading the run's state, writing answers only."""
    head, body = parts(assets / f"commands/{name}.md")
    line = {
        "template-create": "template-create --bridge file",
        "agent-enhance": "template-create enhance --bridge file",
    }[name]
    assert head["allowed-tools"].split(", ") == [
        f"Bash({line}:*)",
        "Agent(agent-content-enhancer)",
        "Read(~/.agentecflow/state/**)",
        "Edit(~/.agentecflow/state/**/responses/*)",
    ]
    assert f"`{line} $ARGUMENTS`" in body
    assert "five runs" in body


def test_the_subagent_can_read_and_write_and_nothing_else(assets: Path) -> None:
    head, _ = parts(assets / FILES[0])
    assert head["name"] == Path(FILES[0]).stem
    assert head["tools"] == "Read, Write"
    assert head["model"] == "inherit"


def test_the_linters_of_agent_files_find_nothing(assets: Path, tmp_path: Path) -> None:
    """agnix and skillsaw, strictly; what they only remark (commands are older than skills, no
    version is pinned) is no finding."""
    project = tmp_path / "project"
    shutil.copytree(assets, project / ".claude")
    agnix = subprocess.run(
        [BIN / "agnix", project, "--format", "json", "--strict", "--target", "claude-code"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert json.loads(agnix.stdout)["summary"]["errors"] == 0
    assert json.loads(agnix.stdout)["summary"]["warnings"] == 0
    skillsaw = subprocess.run(
        [BIN / "skillsaw", "lint", project, "--format", "json", "--strict"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert json.loads(skillsaw.stdout)["violations"] == []
