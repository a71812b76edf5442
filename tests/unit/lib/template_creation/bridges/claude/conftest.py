"""A program that behaves as the Claude Code CLI does in print mode, as a script tells it.

It notes what it was given, and prints events in the form of the CLI 2.1.197, recorded from runs
against a fake of the Messages API; `tests/integration/claude_code` runs the real one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from template_creation.bridges import ClaudeBridge

PRELUDE = """#!{python} -IS
import json, os, signal, subprocess, sys
HERE = {here!r}
def note(name, value):
    with open(os.path.join(HERE, name), "w") as out:
        json.dump(value, out)
def say(*events):
    for event in events:
        print(json.dumps(event), flush=True)
def delta(text):
    return {{"type": "stream_event", "event": {{"type": "content_block_delta", "index": 0,
            "delta": {{"type": "input_json_delta", "partial_json": text}}}}}}
def message(name="m1"):
    begun = {{"type": "message_start", "message": {{"id": name}}}}
    return {{"type": "stream_event", "event": begun}}
INIT = {{"type": "system", "subtype": "init", "model": "claude-opus-4-8[1m]", "session_id": "s-1",
        "tools": ["StructuredOutput"], "claude_code_version": "2.1.197"}}
USED = {{"claude-opus-4-8[1m]": {{"inputTokens": 900, "outputTokens": 400, "costUSD": 0.02,
        "cacheReadInputTokens": 30, "cacheCreationInputTokens": 20}}}}
def result(**more):
    return {{"type": "result", "subtype": "success", "is_error": False, "stop_reason": "tool_use",
            "total_cost_usd": 0.02, "modelUsage": USED, "result": "", **more}}
note("argv", sys.argv)
note("env", dict(os.environ))
note("cwd", [os.getcwd(), os.listdir()])
note("stdin", sys.stdin.read())
"""


@dataclass
class Program:
    """A fake of the CLI, and what it noted of how it was called."""

    folder: Path

    def script(self, text: str) -> dict[str, str]:
        """Makes the program do ``text``; the environment in which a bridge finds it."""
        program = self.folder / "claude"
        head = PRELUDE.format(python=sys.executable, here=str(self.folder))
        program.write_text(head + text, encoding="utf-8")
        program.chmod(0o755)
        return {"TEMPLATE_CREATE_CLAUDE": str(program), "PATH": "/usr/bin:/bin", "HOME": "/nowhere"}

    def bridge(self, text: str, **more: Any) -> ClaudeBridge:
        """A bridge to the program that does ``text``."""
        environ = {**self.script(text), **more.pop("environ", {})}
        return ClaudeBridge(environ=environ, **more)

    def noted(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))


@pytest.fixture
def program(tmp_path: Path) -> Program:
    folder = tmp_path / "bin"
    folder.mkdir()
    return Program(folder)


@pytest.fixture
def asked(request_data: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call for the two agents of the request."""
    return {"agent_name": "agent-content-enhancer", "input_data": request_data, "context": {}}
