"""A host that knows protocol 1.0 and nothing else, and the command as it runs it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from template_creation.bridges import OfflineBridge

pytestmark = pytest.mark.usefixtures("warm")


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["template-create", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )


@dataclass
class OldHost:
    """The loop of a slash command: run; at 42 read the request in this folder, call the agent
    with the prompt, write the envelope, delete the request, run again with --resume; at most
    five runs."""

    folder: Path
    meddles_with: Path | None = None
    prompts: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    def loop(self, *arguments: str | Path) -> int:
        extra: tuple[str, ...] = ()
        for _ in range(5):
            done = run(*arguments, *extra, cwd=self.folder)
            self.outputs.append(done.stdout + done.stderr)
            if done.returncode != 42:
                return done.returncode
            self.answer()
            extra = ("--resume",)
        raise AssertionError("still pending after five runs")

    def answer(self) -> None:
        path = self.folder / ".agent-request.json"
        request = json.loads(path.read_text())
        self.prompts.append(request["prompt"])
        envelope = {
            "request_id": request["request_id"],
            "version": "1.0",
            "status": "success",
            "response": f"```json\n{self.agent(request['prompt'])}\n```",
            "error_message": None,
            "error_type": None,
            "created_at": request["created_at"],
            "duration_seconds": 12.5,
            "metadata": {"agent_name": request["agent_name"], "model": None},
        }
        (self.folder / ".agent-response.json").write_text(json.dumps(envelope))
        path.unlink()
        if self.meddles_with is not None:
            self.meddles_with.parent.mkdir(parents=True)
            self.meddles_with.write_text("I have enhanced this agent.")

    def agent(self, prompt: str) -> str:
        """A subagent: it finds in the instruction which file to read, and answers with JSON."""
        words = [word.rstrip(".,") for word in prompt.split()]
        paths = [Path(word) for word in words if word.endswith("prompt.md")]
        assert len(paths) == 1
        assert "agents" in paths[0].read_text()
        facts: dict[str, Any] = json.loads(paths[0].with_name("document.json").read_text())
        return json.dumps(OfflineBridge().invoke(agent_name="", input_data=facts, context={}))


def test_a_host_of_protocol_1_0_finishes_the_job_in_its_working_directory(
    bookshop: Path, tmp_path: Path, sealed: Path
) -> None:
    """Two runs, one request, one short instruction; nothing is left but the bridge's folder.
    What it writes into the package on the way is undone, told and kept (F22)."""
    folder = tmp_path / "project"
    folder.mkdir()
    target = sealed / "templates" / "shop" / "agents" / "api-specialist.md"
    host = OldHost(folder, meddles_with=target)
    command = ("--name", "shop", "--path", bookshop, "--bridge", "file", "--bridge-dir", ".")
    assert host.loop(*command) == 0, host.outputs[-1]
    assert len(host.prompts) == 1
    assert len(host.prompts[0]) < 1000
    assert len(host.outputs[0].encode()) <= 1024, "hosts cut what exit 42 prints"
    assert "Enhanced 6 agents with" in host.outputs[1]
    assert "agents/api-specialist.md was changed while asked for" in host.outputs[1]
    assert "## Best Practices" in target.read_text()
    (kept,) = sealed.glob("state/shop/set-aside/agents/*")
    assert kept.read_text() == "I have enhanced this agent."
    assert [path.name for path in folder.iterdir()] == [".agent-bridge"]
    assert (folder / ".agent-bridge/.gitignore").read_text() == "*\n"


def test_ask_respond_and_resume_from_anywhere(bookshop: Path, tmp_path: Path) -> None:
    """By hand, by name, from three working directories; --json carries all paths."""
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    for place in (one, two, three):
        place.mkdir()
    asked = run("--name", "shop", "--path", bookshop, "--bridge", "file", "--json", cwd=one)
    assert asked.returncode == 42
    document = json.loads(asked.stdout)
    assert (document["status"], document["exit_code"]) == ("pending", 42)
    request = document["request"]
    facts = json.loads(Path(request["prompt_path"]).with_name("document.json").read_text())
    answer = OfflineBridge().invoke(agent_name="", input_data=facts, context={})
    (two / "answer.json").write_text(json.dumps(answer))

    other = run("--name", "other-shop", "--resume", cwd=two)
    assert other.returncode == 2
    handed = run("bridge", "respond", "--name", "shop", "--from", "answer.json", cwd=two)
    assert handed.returncode == 0, handed.stderr

    # F14: the host wrote into its working directory instead; a copy is taken, by its id.
    Path(request["response_path"]).rename(three / ".agent-response.json")
    done = run("--name", "shop", "--resume", "--json", cwd=three)
    assert done.returncode == 0, done.stderr
    assert (three / ".agent-response.json").is_file()
    assert json.loads(done.stdout)["enhanced_count"] == 6


def test_who_waits_in_a_folder_keeps_it_until_a_run_ends(bookshop: Path, tmp_path: Path) -> None:
    """F07: another name is told before it begins. F15: when another bridge finished the run, no
    request is left behind."""
    shop = ("--name", "shop", "--path", bookshop, "--state-dir", tmp_path / "state")
    assert run(*shop, "--bridge", "file", cwd=tmp_path).returncode == 42
    before = (tmp_path / "state" / ".agent-request.json").read_bytes()
    store = ("--name", "store", "--path", bookshop, "--bridge-dir", tmp_path / "state")
    other = run(*store, "--bridge", "file", cwd=tmp_path)
    assert other.returncode == 2
    assert "pending request of 'shop'" in other.stderr
    assert (tmp_path / "state" / ".agent-request.json").read_bytes() == before
    assert run(*shop, "--bridge", "offline", cwd=tmp_path).returncode == 0
    assert not (tmp_path / "state" / ".agent-request.json").exists()
