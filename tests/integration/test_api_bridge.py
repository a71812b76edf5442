"""Agents enhanced through the Messages API: whole runs against servers that misbehave."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anthropic
import pytest

from batch_engine.core import RetryPolicy
from template_creation.agents import AgentEnhancer
from template_creation.bridges import ApiBridge
from template_creation.exchange import render_batch_prompt
from template_creation.fake_api import FakeMessagesServer, Reply
from template_creation.fake_model import good_answer
from template_creation.testing import FakeBridge
from template_creation.values.answer import AnsweredAgent, AnswerEvent

COMMAND = Path(sys.executable).with_name("template-create")
KEY = "sk-ant-test-abcdefghijklmnop"
AT_ONCE = RetryPolicy(initial_s=0)


@pytest.fixture(scope="session")
def package_once(bookshop_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bookshop's package with three of its agents, as the offline bridge wrote them: only to
    be read."""
    package = tmp_path_factory.mktemp("three") / "package"
    shutil.copytree(bookshop_package, package)
    for path in sorted(package.glob("agents/*.md"))[3:]:
        path.unlink()
    return package


@pytest.fixture
def package(package_once: Path, tmp_path: Path) -> Path:
    """A copy of it of the test's own."""
    return Path(shutil.copytree(package_once, tmp_path / "package"))


def bridge_to(server: FakeMessagesServer, **settings: Any) -> ApiBridge:
    return ApiBridge(model="claude-sonnet-5-5", api_key=KEY, base_url=server.url, **settings)


def enhance(bridge: Any, package: Path) -> dict[str, Any]:
    return AgentEnhancer(bridge, retry=AT_ONCE).enhance_all_agents(package)


def agents(package: Path) -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in sorted(package.glob("agents/*.md"))}


def names_in(prompt: str) -> list[str]:
    """The agents that a prompt asks for, by the list at its end."""
    return list(json.loads(prompt.rpartition("```json\n")[2].rpartition("\n```")[0]))


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Waits for ``condition``, and fails when it does not come."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not come"
        pause.wait(0.05)


class Watched:
    """A bridge that notes what is on disk each time that the enhancer wants the next event."""

    def __init__(self, inner: ApiBridge, package: Path, seen: threading.Event) -> None:
        self._inner, self._package, self._seen = inner, package, seen
        self._stubs = agents(package)
        self.on_disk: list[list[str]] = []

    def stream(self, **said: Any) -> Iterator[AnswerEvent]:
        for event in self._inner.stream(**said):
            yield event
            if isinstance(event, AnsweredAgent):
                now = agents(self._package)
                self.on_disk.append([name for name in now if now[name] != self._stubs[name]])
                self._seen.set()

    def invoke(self, **said: Any) -> Mapping[str, Any]:
        return self._inner.invoke(**said)


def test_the_first_agent_is_on_disk_while_the_stream_is_open(package: Path) -> None:
    """The server sends the second half only after the first agent was seen on disk."""
    seen = threading.Event()
    with FakeMessagesServer(Reply(hold=seen)) as server:
        watched = Watched(bridge_to(server), package, seen)
        result = enhance(watched, package)
    assert result["status"] == "success"
    assert [len(names) for names in watched.on_disk] == list(range(1, len(agents(package)) + 1))


def test_a_cut_stream_keeps_what_was_complete_and_asks_only_for_the_rest(package: Path) -> None:
    """No agent is asked for twice, none is lost."""
    with FakeMessagesServer(Reply(fault="cut"), Reply()) as server:
        result = enhance(bridge_to(server), package)
    first, second = (names_in(item.prompt) for item in server.requests)
    assert result["status"] == "success"
    assert sorted(first) == sorted(agents(package))
    assert 0 < len(second) < len(first)
    assert set(second) < set(first)


def test_an_answer_without_room_is_split_by_asking_for_the_rest(package: Path) -> None:
    """Half of the agents fit the first time, the rest the second."""

    def half(request: Any) -> str:
        whole = good_answer(request.prompt)
        return whole[: len(whole) // 2]

    with FakeMessagesServer(Reply(text=half, stop_reason="max_tokens"), Reply()) as server:
        result = enhance(bridge_to(server), package)
    first, second = (names_in(item.prompt) for item in server.requests)
    assert result["status"] == "success"
    assert 0 < len(second) < len(first)


def test_a_refusal_is_asked_once_and_told_for_every_agent(package: Path) -> None:
    """It would be refused again, and paid for again."""
    before = agents(package)
    details = {"type": "refusal", "category": "cyber"}
    reply = Reply(text="", stop_reason="refusal", stop_details=details)
    with FakeMessagesServer(reply) as server:
        result = enhance(bridge_to(server), package)
    assert len(server.requests) == 1
    assert result["status"] == "failed"
    assert len(result["errors"]) == len(before)
    assert all("cyber" in error for error in result["errors"])
    assert agents(package) == before


def test_a_server_that_never_answers_is_asked_a_bounded_number_of_times(package: Path) -> None:
    """The engine counts; the bridge asks once each time."""
    with FakeMessagesServer(Reply.error(529, "overloaded_error")) as server:
        result = enhance(bridge_to(server), package)
    assert len(server.requests) == AT_ONCE.max_attempts
    assert result["status"] == "failed"


FAULTS: dict[str, Callable[[Any], object]] = {
    "truncate": lambda mock: mock.truncate(after_chunks=4),
    "disconnect": lambda mock: mock.disconnect(after_chunks=4),
    "stall": lambda mock: mock.stall(after_chunks=4, seconds=30),
    "corrupt": lambda mock: mock.corrupt(after_chunks=4),
    "overloaded": lambda mock: mock.fail(529, provider="anthropic"),
    "unavailable": lambda mock: mock.fail(503, provider="anthropic"),
    "rate_limit": lambda mock: mock.rate_limit(times=1, retry_after=0.1),
}


class Uncounted(ApiBridge):
    """Asks for no count, which the judge's server has not, so that its fault meets the request."""

    count_tokens = None  # type: ignore[assignment]


@pytest.fixture(scope="session")
def answer_once(package_once: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A whole answer for the package, as text."""
    copy = Path(shutil.copytree(package_once, tmp_path_factory.mktemp("answer") / "package"))
    bridge = FakeBridge()
    enhance(bridge, copy)
    return good_answer(render_batch_prompt(bridge.requests[0].input_data))


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_foreign_judge_finds_nothing_to_say(
    fault: str, package: Path, answer_once: str, llmock: Any
) -> None:
    """llmock breaks one answer, sees how we react, and judges strictly: retried, with the wait
    that was asked for, no storm, nothing accepted that was cut."""
    llmock.reply(answer_once, times=None)
    FAULTS[fault](llmock)
    patience = 0.5 if fault == "stall" else 30.0
    bridge = Uncounted(model="claude-sonnet-5-5", read_timeout_s=patience)
    result = enhance(bridge, package)
    llmock.assert_resilient(strict=True)
    assert llmock.verdict().faults == 1
    assert result["status"] == "success"


def test_the_judge_would_find_something(llmock: Any) -> None:
    """A client that takes what it gets is caught: the verdict above means something."""
    llmock.truncate(after_chunks=4)
    ask = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
    with anthropic.Anthropic(max_retries=0) as naive, naive.messages.stream(**ask) as stream:
        stream.until_done()
    with pytest.raises(AssertionError, match="truncated_stream_accepted"):
        llmock.assert_resilient(strict=True)


# -- as a user runs it


def command(package: Path, server: FakeMessagesServer, *more: str) -> list[str]:
    return [
        *(str(COMMAND), "enhance", str(package), "--bridge", "api"),
        *("--model", "claude-sonnet-5-5", "--base-url", server.url, *more),
    ]


@pytest.fixture
def run(warm: Any) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command in a process of its own, that starts warm."""

    def start(
        package: Path, server: FakeMessagesServer, *more: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "ANTHROPIC_API_KEY": KEY}
        words = [warm.program, *command(package, server, *more)[1:]]
        return subprocess.run(words, capture_output=True, text=True, env=environment)

    return start


Run = Callable[..., subprocess.CompletedProcess[str]]


def test_the_command_enhances_a_package_and_the_key_is_written_nowhere(
    package: Path, sealed: Path, run: Run
) -> None:
    """Also with ``--verbose``, also when a proxy sends the key back in its error."""
    echo = Reply(status=502, raw=f"upstream got Bearer {KEY}".encode())
    with FakeMessagesServer(echo, Reply()) as server:
        done = run(package, server, "--json", "--verbose")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "done"
    assert [item.key for item in server.requests] == [KEY, KEY]
    written = [path for path in (*sealed.rglob("*"), *package.rglob("*")) if path.is_file()]
    assert any(path.suffix == ".sqlite3" for path in written)
    assert [path for path in written if KEY[:12].encode() in path.read_bytes()] == []
    assert KEY[:12] not in done.stdout + done.stderr


def test_a_wrong_key_ends_with_the_way_out(package: Path, run: Run) -> None:
    """One request, nothing changed, and not exit code 0."""
    before = agents(package)
    with FakeMessagesServer(key="another") as server:
        done = run(package, server)
    assert done.returncode == 1
    assert len(server.requests) == 1
    assert "refused the key" in done.stderr
    assert "ANTHROPIC_API_KEY" in done.stderr
    assert agents(package) == before


@pytest.mark.parametrize(("end", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_a_run_that_was_ended_pays_for_no_agent_twice(
    end: signal.Signals, code: int, package: Path, run: Run
) -> None:
    """Ended while the model still writes: the next run asks for what was not written."""
    before = agents(package)
    with FakeMessagesServer(Reply(fault="stall"), Reply()) as server:
        with subprocess.Popen(
            command(package, server),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "ANTHROPIC_API_KEY": KEY},
        ) as process:
            until(lambda: agents(package) != before)
            os.kill(process.pid, end)
            assert process.wait(20) == code
        finished = [name for name, text in agents(package).items() if text != before[name]]
        assert server.left.wait(10)
        done = run(package, server)
    assert done.returncode == 0, done.stderr
    asked = names_in(server.requests[-1].prompt)
    assert not set(asked) & set(finished)
    assert sorted([*asked, *finished]) == sorted(before)
