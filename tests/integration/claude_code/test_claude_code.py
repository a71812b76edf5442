"""Our commands in the real Claude Code CLI: what it loads, and whole runs through it.

The model behind it is scripted: what is shown is what the CLI lets through, what it denies, and
what comes of a host that misbehaves (F14, F20-F26). Whether a real model obeys is not.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from template_creation.create import CreateOptions, create_template
from template_creation.fake_api import FakeMessagesServer, Reply
from template_creation.fake_model import good_answer
from template_creation.testing import FakeBridge

pytestmark = pytest.mark.slow

Host = Callable[..., Any]
AGENTS = 6


def names(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.md")}


def denied(run: Any) -> list[str]:
    return [item["tool_name"] for item in run.result["permission_denials"]]


def writing(path: Path | str, text: str) -> Reply:
    return Reply.calling("Write", {"file_path": str(path), "content": text})


@pytest.fixture
def project(claude: Any, bookshop: Path) -> Path:
    """The bookshop, with our commands in its `.claude` folder."""
    shutil.copytree(bookshop, claude.project, dirs_exist_ok=True)
    return Path(claude.project)


def test_a_cooperative_host_ends_with_all_agents_enhanced(
    claude: Any, host: Host, project: Path
) -> None:
    """`/template-create --name demo`: nothing has to be approved, the subagent gets the
    instruction word by word and its own two tools, and Claude Code loads every agent made."""
    with host() as model:
        run = claude("/template-create --name demo", model)
    assert {"template-create", "agent-enhance"} <= set(run.init["slash_commands"])
    assert "agent-content-enhancer" in run.init["agents"]
    assert denied(run) == []
    assert f"Enhanced {AGENTS} agents with 12 templates (100 %)." in run.result["result"]
    subagent = next(talk for talk in model.conversations if talk.is_subagent)
    assert subagent.tools == {"Read", "Write"}
    assert "Answer it by writing files." in subagent.system
    # The answer never went through the main conversation, so it stays small.
    sizes = [len(json.dumps(t.body["messages"])) for t in model.conversations if not t.is_subagent]
    assert sizes[-1] - sizes[0] < 10_000

    agents = claude.home / ".agentecflow" / "templates" / "demo" / "agents"
    assert len(names(agents)) == AGENTS
    shutil.copytree(agents, project / ".claude" / "agents", dirs_exist_ok=True)
    with FakeMessagesServer(Reply(text="Hello.")) as server:
        roster = set(claude("hi", server).init["agents"])
    assert names(agents) <= roster


def test_a_host_that_stops_early_loses_nothing(claude: Any, host: Host, project: Path) -> None:
    """It writes into its working directory (F14), which is denied, answers for two agents, and
    says that all is done; the next session takes the two and asks for the others only."""

    def strays(talk: Any, said: str) -> Reply:
        return writing(project / ".agent-response.json", "{}")

    def stops(talk: Any) -> Reply:
        if talk.last[0] == "Agent":
            return Reply(text="All agents are enhanced!")
        return good.pending(talk, talk.results[0][1])

    def two(agents: list[Any], folder: str) -> Reply:
        reply: Reply = good.write(agents[:2], folder)
        return reply

    with host() as good, host(again=stops, pending=strays, write=two) as model:
        run = claude("/template-create --name demo", model)
    assert denied(run) == ["Write"]
    assert not (project / ".agent-response.json").exists()
    assert not (claude.home / ".agentecflow" / "templates" / "demo").exists()

    with host() as model:
        run = claude("/template-create --name demo --resume", model)
    assert denied(run) == []
    assert f"Enhanced {AGENTS} agents" in run.result["result"]
    subagent = [talk for talk in model.conversations if talk.is_subagent][-1]
    assert sum(name == "Write" for name, _ in subagent.results) == AGENTS - 2


def test_a_host_that_does_everything_wrong_is_told_and_loses_nothing(
    claude: Any, host: Host, project: Path
) -> None:
    """With a user who approves whatever it wants: it hands on a summary of the prompt, answers
    itself with prose in an envelope of its own, writes an answer for another request, and at
    last gives the bare payload under another key. Each time it is told why that did not count."""
    state = claude.home / ".agentecflow" / "state" / "demo"

    def request() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((state / ".agent-request.json").read_text())
        return found

    def wrong(talk: Any, said: str) -> Reply:
        turn = sum(name == "Bash" for name, _ in talk.results)
        if turn == 1:  # F20: the prompt as one line
            given = {"agent_name": "agent-content-enhancer", "prompt": "Enhance the six agents."}
            reply: Reply = model.delegate(given)
            return reply
        path = state / ".agent-response.json"
        if turn == 2:  # F23, F24: it imitates the subagent
            prose = {"status": "success", "response": "I have enhanced all six agents."}
            return writing(path, json.dumps({"request_id": request()["request_id"], **prose}))
        if turn == 3:  # an envelope with an id of its own
            return writing(path, json.dumps({"request_id": "42", "response": {"enhancements": []}}))
        answer = json.loads(good_answer(Path(request()["prompt_path"]).read_text()))
        return writing(path, json.dumps({"request_id": request()["request_id"], "result": answer}))

    def summary(talk: Any) -> Reply:  # F21
        return Reply(text="I enhanced all six agents with rich, production-ready content.")

    with host() as model:
        model.pending, model.subagent = wrong, summary
        run = claude("/template-create --name demo", model, "--allowedTools", "Read,Write,Edit")
    told = [text for name, text in model.conversations[-1].results if name == "Bash"]
    assert [text.partition("\n")[0] for text in told[:-1]] == ["Exit code 42"] * 4
    reasons = ["", "", "the answer holds no agent's object", "no request '42' was ever made here"]
    assert all(reason in text for reason, text in zip(reasons, told[:-1], strict=True))
    assert f"Enhanced {AGENTS} agents" in run.result["result"]
    # What it wrote is kept, with the reason and the way out beside it.
    refused = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((state / ".agent-bridge" / "refused").glob("*/reason.json"))
    ]
    assert [bool(item["reason"] and item["fix"]) for item in refused] == [True, True]


def test_a_host_that_edits_an_agent_itself_is_told_of(
    claude: Any, host: Host, bookshop: Path, tmp_path: Path
) -> None:
    """`/agent-enhance`: with a user who approves it, the host overwrites an agent (F22). That is
    no answer and is said, the text from before is kept, and the other agents are enhanced."""
    package = claude.project / "package"
    options = CreateOptions(name="demo", path=bookshop, output=package, state=tmp_path / "state")
    create_template(options, bridge=FakeBridge({"enhancements": []}))
    edited = package / "agents" / "api-specialist.md"
    before = edited.read_bytes()

    def edits(talk: Any, said: str) -> Reply:
        return Reply.calling("Read", {"file_path": str(edited)})  # or Write is refused

    def read(talk: Any, text: str) -> Reply:
        return good.read(talk, text) if "request_id" in text else writing(edited, "# Mine\n")

    def on(talk: Any) -> Reply:
        first = talk.results[0][1]
        return good.pending(talk, first) if talk.last[0] == "Write" else good.again(talk)

    with host() as good, host(pending=edits, read=read, again=on) as model:
        run = claude("/agent-enhance package", model, "--allowedTools", "Read,Write,Edit")
    said = run.result["result"]
    assert said.startswith("Exit code 7")
    assert f"Enhanced {AGENTS - 1} of {AGENTS} agents" in said
    told = [text for name, text in model.conversations[-1].results if name == "Bash"]
    assert any("agents/api-specialist.md was changed while the run waited" in t for t in told)
    (kept,) = (claude.home / ".agentecflow" / "state").glob("*/before-the-pause/agents/*.md")
    assert kept.read_bytes() == before


def test_as_a_plugin_the_assets_pass_the_strict_validation(
    claude: Any, tmp_path: Path, checkout: Path
) -> None:
    """`claude plugin validate --strict`: frontmatter and fields are as it reads them."""
    plugin = tmp_path / "plugin"
    shutil.copytree(checkout / "installer" / "template_installer" / "assets", plugin)
    manifest = {
        "name": "template-create",
        "version": "1.0.0",
        "description": "Templates and agents from a codebase.",
        "author": {"name": "The template-create developers"},
    }
    (plugin / ".claude-plugin").mkdir()
    (plugin / ".claude-plugin" / "plugin.json").write_text(json.dumps(manifest))
    done = claude.plain("plugin", "validate", "--strict", str(plugin))
    assert done.returncode == 0, done.stdout + done.stderr
