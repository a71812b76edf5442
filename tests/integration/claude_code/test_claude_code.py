"""Our command in the real Claude Code CLI: what it loads, and whole runs through it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from template_creation.fake_api import FakeMessagesServer, Reply

pytestmark = pytest.mark.slow


def test_claude_code_finds_the_commands_and_the_subagent(claude: Any) -> None:
    with FakeMessagesServer(Reply(text="Hello.")) as server:
        run = claude("hi", server)
    assert (run.code, run.result["result"]) == (0, "Hello.")
    assert {"template-create", "agent-enhance"} <= set(run.init["slash_commands"])
    assert "agent-content-enhancer" in run.init["agents"]


def test_a_cooperative_host_ends_with_all_agents_enhanced(
    claude: Any, host: Callable[..., Any], bookshop: Path
) -> None:
    """`/template-create --name demo` in Claude Code: no approval is asked for, the subagent gets
    the instruction word by word and only its own two tools, and the package is whole."""
    shutil.copytree(bookshop, claude.project, dirs_exist_ok=True)
    with host() as model:
        run = claude("/template-create --name demo", model)
    assert run.result["permission_denials"] == []
    assert "Enhanced 6 agents with 12 templates (100 %)." in run.result["result"]
    asked = next(talk for talk in model.conversations if talk.is_subagent)
    assert asked.tools == {"Read", "Write"}
    assert "Answer it by writing files." in asked.system
