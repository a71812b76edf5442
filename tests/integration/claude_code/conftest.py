"""The real Claude Code CLI in a home of its own, with a scripted model on loopback behind it.

The CLI is the one that `.ci/run` installs, or the one that ``TEMPLATE_CREATE_CLAUDE`` names;
where there is none, or another version, the tests that want it are skipped and say so.
(facts/claude-code-and-agent-files.md section 2.)
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from template_creation.fake_api import FakeMessagesServer, Received, Reply, ToolCall
from template_creation.fake_model import good_answer

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[2]
ASSETS = CHECKOUT / "installer" / "template_installer" / "assets"
PINNED = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
VERSION = PINNED["@anthropic-ai/claude-code"]

# Read now: no variable of ours is left when a test runs.
_NAMED = os.environ.get("TEMPLATE_CREATE_CLAUDE", "")
_KEPT = ("PYTHONPATH", "COV_", "COVERAGE_")
_QUIET = (
    "DISABLE_TELEMETRY",
    "DISABLE_ERROR_REPORTING",
    "DISABLE_AUTOUPDATER",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
)


def _installed() -> Path | None:
    if _NAMED:
        return Path(_NAMED)
    modules = CHECKOUT / ".venv" / "claude-code" / "node_modules" / "@anthropic-ai"
    return next(iter(sorted(modules.glob("claude-code-*/claude"))), None)


@pytest.fixture(scope="session")
def claude_binary() -> Path:
    """The pinned CLI; a skip that says why where it is not there."""
    binary = _installed()
    if binary is None:
        pytest.skip(f"Claude Code {VERSION} is not installed (.ci/run installs it)")
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    if said.stdout.split()[0] != VERSION:
        pytest.skip(f"{binary} is {said.stdout.strip()}; the tests are for {VERSION}")
    return binary


@dataclass(frozen=True)
class Conversation:
    """What a request of the CLI says: who is asked, and what the tools gave so far."""

    body: Mapping[str, Any]

    @property
    def tools(self) -> set[str]:
        return {tool["name"] for tool in self.body.get("tools", ())}

    @property
    def system(self) -> str:
        return "\n".join(block["text"] for block in self.body.get("system", ()))

    @property
    def is_subagent(self) -> bool:
        """Only the main conversation may start agents and run commands."""
        return "Bash" not in self.tools

    @property
    def asked(self) -> str:
        """What the user, the command's file or the main conversation said."""
        return "\n".join(_texts(self.body["messages"], "text"))

    @property
    def results(self) -> list[tuple[str, str]]:
        """Each tool that was called, and what came of it."""
        names, found = {}, []
        for message in self.body["messages"]:
            for block in message["content"] if isinstance(message["content"], list) else ():
                if block["type"] == "tool_use":
                    names[block["id"]] = block["name"]
                if block["type"] == "tool_result":
                    text = "\n".join(_texts([block], "text")) or str(block["content"])
                    found.append((names[block["tool_use_id"]], text))
        return found

    @property
    def last(self) -> tuple[str, str]:
        return self.results[-1] if self.results else ("", "")


def _texts(messages: Sequence[Mapping[str, Any]], kind: str) -> Iterator[str]:
    for message in messages:
        content = message.get("content", "")
        if isinstance(content, str):
            yield content
        else:
            yield from (block[kind] for block in content if block.get("type") == kind)


def unnumbered(text: str) -> str:
    """What the Read tool gave, without its line numbers, and without what the CLI has to say
    beside it, as that another file changed."""
    lines = (re.match(r"\s*\d+[\t→](.*)", line) for line in text.splitlines())
    return "\n".join(line[1] for line in lines if line)


class Host(FakeMessagesServer):
    """A model that does what the command's file says; a test replaces steps of it.

    It knows only what a model is shown: the command line stands in the command's file, the
    request's place in what the command printed. Where a step fails it ends the conversation and
    keeps the error in ``broken``: of a lost connection the CLI would think that it passes, and
    ask again for minutes.
    """

    def __init__(self) -> None:
        super().__init__(Reply(text="{}"))
        self.conversations: list[Conversation] = []
        self.broken: list[Exception] = []

    def reply_to(self, received: Received) -> Reply:
        first = super().reply_to(received)
        if received.path.endswith("/count_tokens") or not received.body.get("tools"):
            return first
        conversation = Conversation(received.body)
        self.conversations.append(conversation)
        try:
            step = self.subagent if conversation.is_subagent else self.main
            return step(conversation)
        except Exception as exc:  # noqa: BLE001 - raised by the test, when the CLI has ended
            self.broken.append(exc)
            return Reply(text="This test has no answer to that.")

    # -- the main conversation ------------------------------------------------------------------

    def main(self, talk: Conversation) -> Reply:
        tool, said = talk.last
        if not tool:
            return self.run(self.command(talk))
        if tool == "Bash" and said.startswith("Exit code 42"):
            if sum(name == "Bash" for name, _ in talk.results) >= 5:
                return Reply(text=f"It still waits:\n{said}")
            return self.pending(talk, said)
        if tool == "Read":
            return self.read(talk, unnumbered(said))
        if tool in ("Agent", "Write"):
            return self.again(talk)
        return Reply(text=said)

    def command(self, talk: Conversation) -> str:
        found = re.search(r"`(template-create (?:--bridge|enhance) [^`]*)`", talk.asked)
        assert found, talk.asked
        return found[1]

    def again(self, talk: Conversation) -> Reply:
        return self.run(self.command(talk).removesuffix(" --resume") + " --resume")

    def run(self, command: str) -> Reply:
        given = {"command": command, "description": "Run it", "timeout": 600_000}
        return Reply.calling("Bash", given)

    def pending(self, talk: Conversation, said: str) -> Reply:
        return Reply.calling("Read", {"file_path": request_path(said)})

    def read(self, talk: Conversation, text: str) -> Reply:
        return self.delegate(json.loads(text))

    def delegate(self, request: Mapping[str, Any]) -> Reply:
        given = {
            "description": "Enhance the agents",
            "prompt": request["prompt"],
            "subagent_type": request["agent_name"],
            "run_in_background": False,
        }
        return Reply.calling("Agent", given)

    # -- the subagent ---------------------------------------------------------------------------

    def subagent(self, talk: Conversation) -> Reply:
        tool, said = talk.last
        prompt, responses = places(talk.asked)
        if not tool:
            return Reply.calling("Read", {"file_path": prompt})
        if tool == "Read":
            return self.write(json.loads(good_answer(unnumbered(said)))["enhancements"], responses)
        count = sum(name == "Write" for name, _ in talk.results)
        return Reply(text=f"Wrote {count} files.")

    def write(self, agents: Sequence[Mapping[str, Any]], folder: str) -> Reply:
        calls = [
            ToolCall(
                "Write",
                {
                    "file_path": f"{folder}/{item['agent_name']}.json",
                    "content": json.dumps(item, indent=1),
                },
            )
            for item in agents
        ]
        return Reply(text=(), calls=calls, stop_reason="tool_use", piece=4000)


def request_path(said: str) -> str:
    """The place of the request, out of what the command printed."""
    found = re.search(r"(/\S+/\.agent-request\.json)", said)
    assert found, said
    return found[1]


def places(asked: str) -> tuple[str, str]:
    """The prompt's file and the folder for answers, out of the request's instruction."""
    found = re.search(r"Read the file (\S+prompt\.md).* into (\S+)/NAME\.json", asked, re.DOTALL)
    assert found, asked
    return found[1], found[2]


@dataclass(frozen=True)
class Run:
    """What the CLI printed, line by line."""

    code: int
    events: list[dict[str, Any]]
    stderr: str

    @property
    def init(self) -> dict[str, Any]:
        return next(e for e in self.events if (e["type"], e.get("subtype")) == ("system", "init"))

    @property
    def result(self) -> dict[str, Any]:
        assert self.events, self.stderr
        return self.events[-1]


@dataclass
class ClaudeCode:
    """The CLI with a home and a project folder of its own."""

    binary: Path
    home: Path
    project: Path
    programs: Path
    more: dict[str, str] = field(default_factory=dict)

    def environment(self, url: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
        path = os.pathsep.join((str(self.programs), "/usr/bin", "/bin"))
        return {
            **kept,
            **dict.fromkeys(_QUIET, "1"),
            "PATH": path,
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "HOME": str(self.home),
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_API_KEY": "sk-ant-no-real-key",
            "CLAUDE_CODE_MAX_RETRIES": "1",
            **self.more,
        }

    def plain(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of its other commands, with no server to reach."""
        return subprocess.run(
            [self.binary, *arguments],
            cwd=self.project,
            env=self.environment("http://127.0.0.1:9"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def __call__(self, prompt: str, server: FakeMessagesServer, *options: str) -> Run:
        """``claude -p`` with ``prompt`` in the project folder."""
        try:
            done = subprocess.run(
                [
                    self.binary,
                    "-p",
                    prompt,
                    "--output-format",
                    "stream-json",
                    "--verbose",
                    *options,
                ],
                cwd=self.project,
                env=self.environment(server.url),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=150,
            )
        except subprocess.TimeoutExpired as exc:
            # Of a lost connection the CLI asks ten times more, for 183 s. A step of a script that
            # failed was one (`Host.broken`); what is left asks once more (MAX_RETRIES).
            last = Conversation(server.requests[-1].body).last if server.requests else "nothing"
            said = (exc.stdout or b"")[-500:]
            pytest.fail(f"Claude Code did not end; its last tool was {last}; it said {said!r}")
        for error in server.broken if isinstance(server, Host) else ():
            raise error
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return Run(done.returncode, events, done.stderr)


@pytest.fixture
def claude(claude_binary: Path, warm: Any, tmp_path: Path) -> ClaudeCode:
    """The CLI in a project that has our command and agent files."""
    project = tmp_path / "project"
    for kind in ("commands", "agents"):
        folder = project / ".claude" / kind
        folder.mkdir(parents=True)
        for asset in sorted((ASSETS / kind).glob("*.md")):
            (folder / asset.name).write_bytes(asset.read_bytes())
    home = tmp_path / "claude-home"
    home.mkdir()
    return ClaudeCode(claude_binary, home, project, warm.folder)


@pytest.fixture
def host() -> Callable[..., Host]:
    """A model that does what the command's file says; with functions of a conversation by the
    names of its steps, one that does something else there."""

    def make(**steps: Callable[..., Reply]) -> Host:
        model = Host()
        for name, step in steps.items():
            setattr(model, name, step)
        return model

    return make
