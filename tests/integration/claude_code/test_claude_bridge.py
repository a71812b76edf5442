"""`--bridge claude` with the real Claude Code CLI and a scripted model behind it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from template_creation.fake_api import FakeMessagesServer, Received, Reply
from template_creation.fake_model import good_answer

pytestmark = pytest.mark.slow


class Model(FakeMessagesServer):
    """Gives its answer as the CLI wants it: by the tool that takes it, in the schema's form."""

    def reply_to(self, received: Received) -> Reply:
        reply = super().reply_to(received)
        tools = received.body.get("tools") or ()
        if reply.status != 200 or reply.raw is not None or not tools:
            return reply
        answer = json.loads(good_answer(received.prompt, tools[0]["input_schema"]))
        if reply.usage:  # a dear answer that tires before its end
            answer["enhancements"].popitem()
        return Reply.calling("StructuredOutput", answer, piece=200, usage=reply.usage)


def create(
    claude: Any, url: str, codebase: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    """``template-create --bridge claude`` as its user runs it, with a login of their own."""
    environ = {**claude.environment(url), "TEMPLATE_CREATE_CLAUDE": str(claude.binary)}
    command = ["template-create", "--name", "demo", "--path", str(codebase), "--bridge", "claude"]
    return subprocess.run(
        [Path(sys.executable).parent / command[0], *command[1:], *options],
        cwd=claude.project,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_users_own_claude_enhances_all_agents(claude: Any, bookshop: Path) -> None:
    """One request, one tool, nothing of the user's set-up in it; what it took is told."""
    (claude.home / ".claude").mkdir()
    hook = {"type": "command", "command": f"touch {claude.home}/hooked"}
    hooks = {"SessionStart": [{"hooks": [hook]}], "Stop": [{"hooks": [hook]}]}
    settings = {"hooks": hooks, "model": "claude-haiku-4-5"}
    (claude.home / ".claude" / "settings.json").write_text(json.dumps(settings))
    (claude.home / ".claude" / "CLAUDE.md").write_text("Always answer in verse.")
    with Model() as model:
        done = create(claude, model.url, bookshop, "--max-cost", "1", "--json")
    assert done.returncode == 0, done.stderr
    (asked,) = model.requests
    assert [tool["name"] for tool in asked.body["tools"]] == ["StructuredOutput"]
    assert asked.body["model"] == "claude-haiku-4-5"
    assert "in verse" not in json.dumps(asked.body)
    assert not (claude.home / "hooked").exists()
    said = json.loads(done.stdout)
    assert (said["status"], said["exit_code"]) == ("done", 0)
    (usage,) = said["usage"]
    assert usage["model"] == "claude-haiku-4-5"
    assert usage["cost_usd"] > 0
    assert usage["first_agent_seconds"] < usage["seconds"]
    assert "Asking claude for 6 agents" in done.stderr


def test_what_it_cannot_do_is_said_and_tried_again_later(claude: Any, bookshop: Path) -> None:
    """Not let in: one request, nothing paid, agents stay basic, and how to log in. And what went
    beyond `--max-cost` keeps its good part and ends the asking."""
    refusal = Reply.error(401, "authentication_error", "invalid x-api-key")
    with Model(refusal) as model:
        done = create(claude, model.url, bookshop)
    assert (done.returncode, len(model.requests)) == (7, 1)
    assert "run `claude` once and log in" in done.stderr
    with Model(Reply(usage={"output_tokens": 100_000})) as model:
        done = create(claude, model.url, bookshop, "--max-cost", "0.01")
    assert (done.returncode, len(model.requests)) == (7, 1)
    assert "Enhanced 5 of 6 agents" in done.stdout
    assert "claude reached the budget of $0.0100" in done.stderr
