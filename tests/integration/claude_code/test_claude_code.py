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

from template_creation.fake_api import Reply
from template_creation.fake_model import good_answer

pytestmark = pytest.mark.slow

Host = Callable[..., Any]
AGENTS = 6


def state(claude: Any) -> Path:
    """Where the one run of this home keeps its state."""
    (folder,) = (claude.home / ".agentecflow" / "state").iterdir()
    return Path(folder)


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
    """`/template-create --name demo`: nothing has to be approved, and the subagent gets the
    instruction word by word and its own two tools."""
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
    assert len(list(agents.glob("*.md"))) == AGENTS


LINE = "template-create --bridge file --name demo"
MORE = (
    f"{LINE}; touch taken",
    f"{LINE} && touch taken",
    f"{LINE} $(touch taken)",
    f"{LINE} > taken",
    f"{LINE} --bridge offline",
    "template-create --bridge file workflow run flow.yaml",
)
"""What a hostile text could make of the command line that may be run unasked."""


def test_a_host_that_stops_early_loses_nothing(claude: Any, host: Host, project: Path) -> None:
    """It puts more behind the command than it may, and writes into its working directory (F14):
    the one is denied or refused, the other denied. Then it answers for two agents and says that
    all is done; the next session takes the two and asks for the others only."""

    def main(talk: Any) -> Reply:
        turn = len(talk.results) - 1
        if 0 <= turn < len(MORE):
            return good.run(MORE[turn])
        if turn == len(MORE):
            return writing(project / ".agent-response.json", "{}")
        if talk.last[0] == "Write":
            return Reply.calling("Read", {"file_path": str(state(claude) / ".agent-request.json")})
        if talk.last[0] == "Agent":
            return Reply(text="All agents are enhanced!")
        return good.main(talk)

    def two(agents: list[Any], folder: str) -> Reply:
        return good.write(agents[:2], folder)

    with host() as good, host(main=main, write=two) as model:
        run = claude("/template-create --name demo", model)
    assert denied(run) == ["Bash"] * 4 + ["Write"]
    told = [text for name, text in model.conversations[-1].results if name == "Bash"]
    assert "'--bridge': it is given more than once" in told[-2]
    assert "'--bridge': it stands before 'workflow'" in told[-1]
    assert not (project / "taken").exists()
    assert not (project / ".agent-response.json").exists()
    assert not (claude.home / ".agentecflow" / "templates" / "demo").exists()

    with host() as model:
        run = claude("/template-create --name demo --resume", model)
    assert denied(run) == []
    assert f"Enhanced {AGENTS} agents" in run.result["result"]
    subagent = [talk for talk in model.conversations if talk.is_subagent][-1]
    assert sum(name == "Write" for name, _ in subagent.results) == AGENTS - 2


def test_a_host_that_does_everything_wrong_is_told_and_loses_nothing(
    claude: Any, host: Host, bookshop_package: Path
) -> None:
    """`/agent-enhance`, with a user who approves whatever it wants: it overwrites an agent (F22),
    hands on a summary of the prompt, answers itself with prose in an envelope of its own, writes
    an answer for another request, and at last gives the bare payload under another key. Each time
    it is told why that did not count, and in the end every agent is enhanced."""
    package = claude.project / "package"
    shutil.copytree(bookshop_package, package)
    edited = package / "agents" / "api-specialist.md"

    def request() -> dict[str, Any]:
        found: dict[str, Any] = json.loads((state(claude) / ".agent-request.json").read_text())
        return found

    def turn(talk: Any) -> int:
        return sum(name == "Bash" for name, _ in talk.results)

    def wrong(talk: Any, said: str) -> Reply:
        path = state(claude) / ".agent-response.json"
        if turn(talk) == 1:  # F22, after it was read, or Write is refused
            return Reply.calling("Read", {"file_path": str(edited)})
        if turn(talk) == 2:  # F23, F24: it imitates the subagent
            prose = {"status": "success", "response": "I have enhanced all six agents."}
            return writing(path, json.dumps({"request_id": request()["request_id"], **prose}))
        if turn(talk) == 3:  # an envelope with an id of its own
            return writing(path, json.dumps({"request_id": "42", "response": {"enhancements": []}}))
        answer = json.loads(good_answer(Path(request()["prompt_path"]).read_text()))
        return writing(path, json.dumps({"request_id": request()["request_id"], "result": answer}))

    def on(talk: Any) -> Reply:
        if (turn(talk), talk.last[0]) != (1, "Write"):
            return good.again(talk)
        given = {"agent_name": "agent-content-enhancer", "prompt": "Enhance the six agents."}
        return good.delegate(given)  # F20: the prompt as one line

    def summary(talk: Any) -> Reply:  # F21
        return Reply(text="I enhanced all six agents with rich, production-ready content.")

    def read(talk: Any, text: str) -> Reply:
        return writing(edited, "# Mine\n")

    with (
        host() as good,
        host(pending=wrong, again=on, subagent=summary, read=read) as model,
    ):
        run = claude("/agent-enhance package", model, "--allowedTools", "Read,Write,Edit")
    told = [text for name, text in model.conversations[-1].results if name == "Bash"]
    assert [text.partition("\n")[0] for text in told[:-1]] == ["Exit code 42"] * 4
    reasons = [
        "",
        "agents/api-specialist.md was changed while asked for. That is no answer",
        "the answer holds no agent's object",
        "no request '42' was ever made here",
    ]
    assert all(reason in text for reason, text in zip(reasons, told[:-1], strict=True))
    assert f"Enhanced {AGENTS} of {AGENTS} agents (100 %)" in run.result["result"]
    assert "## Best Practices" in edited.read_text(encoding="utf-8")
    # What it wrote is kept, with the reason and the way out beside it.
    refused = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((state(claude) / ".agent-bridge" / "refused").glob("*/reason.json"))
    ]
    assert [bool(item["reason"] and item["fix"]) for item in refused] == [True, True]
    kept = state(claude) / "set-aside" / "agents" / "api-specialist.md"
    assert kept.read_text(encoding="utf-8") == "# Mine\n"


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
