"""`--bridge claude` with the real Claude Code CLI and a scripted model behind it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from batch_engine.core import (
    NO_RETRY,
    AuthError,
    BudgetError,
    NetworkError,
    RateLimitError,
    WorkError,
)
from template_creation import load_package
from template_creation.agents import AgentEnhancer
from template_creation.bridges import CONTENT_ENHANCER, ClaudeBridge
from template_creation.fake_api import FakeMessagesServer, Received, Reply
from template_creation.fake_model import good_answer
from template_creation.testing import FakeBridge
from template_creation.values.answer import AnsweredAgent, AnswerEvent

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
        return Reply.calling(
            "StructuredOutput",
            answer,
            piece=200,
            usage=reply.usage,
            hold=reply.hold,
            fault=reply.fault,
        )


def enhance(
    claude: Any, url: str, package: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    """``enhance --bridge claude`` as its user runs it, with a login of their own."""
    environ = {**claude.environment(url), "TEMPLATE_CREATE_CLAUDE": str(claude.binary)}
    return subprocess.run(
        [claude.programs / "template-create", "enhance", package, "--bridge", "claude", *options],
        cwd=claude.project,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_users_own_claude_enhances_all_agents(claude: Any, bookshop_package: Path) -> None:
    """One request, one tool, nothing of the user's set-up in it; what it took is told."""
    package = Path(shutil.copytree(bookshop_package, claude.project / "package"))
    (claude.home / ".claude").mkdir()
    hook = {"type": "command", "command": f"touch {claude.home}/hooked"}
    hooks = {"SessionStart": [{"hooks": [hook]}], "Stop": [{"hooks": [hook]}]}
    settings = {"hooks": hooks, "model": "claude-haiku-4-5"}
    (claude.home / ".claude" / "settings.json").write_text(json.dumps(settings))
    (claude.home / ".claude" / "CLAUDE.md").write_text("Always answer in verse.")
    with Model() as model:
        done = enhance(claude, model.url, package, "--max-cost", "1", "--json")
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


@dataclass(frozen=True)
class Failure:
    """What the model's side does, and what the real CLI's way to tell it becomes."""

    id: str
    reply: Reply
    type: type[WorkError]
    says: str
    agents: int = 0


FAILURES = [
    Failure(
        "not let in",
        Reply.error(401, "authentication_error", "invalid x-api-key"),
        AuthError,
        "Invalid API key",
    ),
    Failure("overloaded", Reply.error(529, "overloaded_error"), RateLimitError, "529"),
    Failure(
        "broken stream", Reply(fault="drop", hold=Event()), NetworkError, "API Error", agents=2
    ),
    Failure(
        "dear and not whole",
        Reply(usage={"output_tokens": 100_000}),
        BudgetError,
        "the budget of $0.5000",
        agents=5,
    ),
]


@pytest.fixture(scope="module")
def document(bookshop_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What is asked for the six agents of the bookshop."""
    package = shutil.copytree(bookshop_package, tmp_path_factory.mktemp("asked") / "package")
    bridge = FakeBridge({"enhancements": []})
    AgentEnhancer(bridge, load=load_package, retry=NO_RETRY).enhance_all_agents(Path(package))
    return bridge.requests[0].input_data


def take(events: Iterator[AnswerEvent], case: Failure, done: list[AnswerEvent]) -> None:
    """Lets the stream go on to its fault once all that stands before it has come."""
    for event in events:
        done.append(event)
        if case.reply.hold is not None and len(done) == case.agents:
            case.reply.hold.set()


@pytest.mark.parametrize("case", FAILURES, ids=lambda case: case.id)
def test_a_failure_is_asked_once_and_keeps_what_was_complete(
    case: Failure, claude: Any, document: Mapping[str, Any]
) -> None:
    """The CLI retries nothing by itself, and says what we understand."""
    done: list[AnswerEvent] = []
    with Model(case.reply) as model:
        environ = {**claude.environment(model.url), "TEMPLATE_CREATE_CLAUDE": str(claude.binary)}
        events = ClaudeBridge(environ=environ, deadline_s=60).stream(
            agent_name=CONTENT_ENHANCER, input_data=document, context={"max_cost_usd": 0.5}
        )
        with pytest.raises(case.type, match=re.escape(case.says)):
            take(events, case, done)
    assert sum(isinstance(event, AnsweredAgent) for event in done) == case.agents
    assert len(model.requests) == 1
