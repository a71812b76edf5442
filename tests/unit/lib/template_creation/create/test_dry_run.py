"""A dry run tells what the run after it does: the same requests, tokens and dollars."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import ItemRow, SqliteRunStore, StepRef
from template_creation import CreateOptions, EnhanceOptions, create_template, enhance_agents
from template_creation.cli.summary import request_lines
from template_creation.create import CreateResult, Enhanced
from template_creation.create.state import state_copy
from template_creation.errors import InvocationPending
from template_creation.exchange import render_batch_prompt
from template_creation.fake_api import FakeMessagesServer, Received, Reply
from template_creation.fake_model import good_answer
from template_creation.testing import FakeBridge, without_agents
from template_creation.values.enhancement import BridgeChoice, Contract, EnhancementOptions

Told = Enhanced | CreateResult
BROKEN = Reply.error(400, "invalid_request_error", "no")
"""An answer after which nobody asks again."""


ROUTE = "def route_{n}(request):\n    answer = look_up(request)\n    return answer\n"
HEAD = "---\nname: agent-{n}\ndescription: Knows routes, part {n}\n---\n# Agent {n}\n\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder of someone with four agents that say much, and two templates."""
    for folder in ("agents", "templates"):
        (tmp_path / "pkg" / folder).mkdir(parents=True)
    for n in range(2):
        path = tmp_path / "pkg" / "templates" / f"api{n}.py.template"
        path.write_text(ROUTE.format(n=n), encoding="utf-8")
    for n in range(4):
        words = f"Looks after the routes of part {n}.\n" * 50
        path = tmp_path / "pkg" / "agents" / f"agent-{n}.md"
        path.write_text(HEAD.format(n=n) + words, encoding="utf-8")
    return tmp_path / "pkg"


def only_one(received: Received) -> str:
    """An answer that leaves out all but the first agent."""
    answer = json.loads(good_answer(received.prompt, received.schema))
    return json.dumps({"enhancements": answer["enhancements"][:1]})


def everything(*folders: Path) -> dict[str, bytes]:
    """Every file below ``folders``, so that nothing is written unseen."""
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def told_of(requests: dict[str, Any] | None) -> list[str]:
    """What a person reads of them."""
    return [*request_lines(requests or {})]


def names(told: dict[str, Any]) -> list[str]:
    """The agents that are asked for, in order."""
    return [name for item in told["requests"] for name in item["agents"]]


@dataclass
class Job:
    """A command with and without ``--dry-run``, and the server that it asks."""

    run: Callable[[bool, bool, Callable[[str], None]], Told]
    server: FakeMessagesServer
    watched: tuple[Path, ...]
    said: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        return len(self.server.requests) + len(self.server.counts)

    def foretold(self, *, fresh: bool = False) -> dict[str, Any]:
        """What the dry run says, and that it left no trace."""
        before, calls = everything(*self.watched), self.calls
        planned = self.run(True, fresh, self.said.append)
        assert everything(*self.watched) == before
        assert self.calls == calls, "nothing is sent, not even for a count"
        assert planned.requests is not None
        return {**planned.requests, "prompts": list(planned.prompts)}

    def done(self, *replies: Reply, fresh: bool = False) -> dict[str, Any]:
        """What the real run does."""
        first = len(self.server.requests)
        self.server.script[first:] = replies
        said: list[str] = []
        usage = self.run(False, fresh, said.append).to_document()["usage"]
        asked = [line for line in said if line.startswith("Asking ")]
        return {
            "prompts": [item.prompt for item in self.server.requests[first:]],
            "agents": [agent for item in usage for agent in item["agents"]],
            "input_tokens": sum(item["estimated_input_tokens"] for item in usage),
            "estimator": {item["estimator"] for item in usage},
            "cost": sum(float(line.rpartition("about $")[2].rstrip(".")) for line in asked),
        }

    def compare(self, *replies: Reply, fresh: bool = False) -> dict[str, Any]:
        """One after the other; gives what was foretold."""
        told = self.foretold(fresh=fresh)
        real = self.done(*replies, fresh=fresh)
        assert real["prompts"] == told["prompts"]
        assert real["agents"] == names(told)
        assert real["input_tokens"] == told["input_tokens"]
        assert real["estimator"] == {told["estimator"]}
        assert real["cost"] == pytest.approx(told["cost_usd"], abs=0.0001)
        return told


def api(server: FakeMessagesServer, contract: Contract) -> EnhancementOptions:
    choice = BridgeChoice(kind="api", model="claude-sonnet-5-5", base_url=server.url)
    return EnhancementOptions(bridge=choice, contract=contract)


@pytest.mark.parametrize("contract", ["sections", "markdown"])
def test_what_is_foretold_of_a_package_is_what_is_asked(
    package: Path, tmp_path: Path, contract: Contract
) -> None:
    """Fresh, half finished, finished and calibrated."""
    state = tmp_path / "state"
    with FakeMessagesServer(counts_tokens=False) as server:
        options = EnhanceOptions(
            package=package, state=state, enhancement=api(server, contract), max_cost_usd=9.0
        )

        def run(dry_run: bool, fresh: bool, notify: Callable[[str], None]) -> Told:
            return enhance_agents(replace(options, dry_run=dry_run, fresh=fresh), notify=notify)

        job = Job(run, server, (package, state))
        whole = job.foretold()
        assert (
            job.done(Reply(text=only_one, piece=999), BROKEN)["prompts"][0] == whole["prompts"][0]
        )
        half = job.compare(Reply(piece=999))
        assert len(names(whole)) == 4
        assert 0 < len(names(half)) < 4
        assert "calibrated" in half["estimator"]
        finished = job.foretold()
        assert (finished["requests"], finished["cost_usd"], finished["prompts"]) == ([], 0, [])
        assert job.done()["prompts"] == []
        assert len(names(job.compare(Reply(piece=999), fresh=True))) == 4
    if contract == "markdown":
        assert whole["prompts"][0].count("the routes of part 0.") >= 50, "their texts go along"


def test_what_is_foretold_of_a_codebase_is_what_is_asked(
    bookshop_once: Path, tmp_path: Path
) -> None:
    """Also when a run before it was left with some agents finished."""
    target, state = tmp_path / "pkg", tmp_path / "state"
    with FakeMessagesServer(counts_tokens=False) as server:
        options = CreateOptions(
            name="bookshop",
            path=bookshop_once,
            output=target,
            state=state,
            enhancement=api(server, "markdown"),
        )

        def run(dry_run: bool, fresh: bool, notify: Callable[[str], None]) -> Told:
            return create_template(replace(options, dry_run=dry_run, fresh=fresh), notify=notify)

        job = Job(run, server, (target, state))
        whole = job.foretold()
        assert (
            job.done(Reply(text=only_one, piece=999), BROKEN)["prompts"][0] == whole["prompts"][0]
        )
        half = job.compare(Reply(piece=999))
        assert 0 < len(names(half)) < len(names(whole))
        assert job.run(True, False, job.said.append).status == "unchanged"
    assert job.said == [], "a dry run announces no request"


def test_one_request_for_each_agent_is_foretold_as_such(package: Path) -> None:
    """Of any bridge: what is planned is what is asked."""
    bridge = FakeBridge()
    chosen = EnhancementOptions(use_batch_enhancement=False, contract="markdown")
    options = EnhanceOptions(package=package, enhancement=chosen)
    planned = enhance_agents(replace(options, dry_run=True), bridge=bridge)
    assert (bridge.requests, planned.changes, planned.result.status) == ([], {}, "skipped")
    enhance_agents(options, bridge=bridge)
    assert planned.requests is not None
    assert [item["agents"] for item in planned.requests["requests"]] == [
        [agent["name"] for agent in item.input_data["agents"]] for item in bridge.requests
    ]


def test_what_a_host_will_read_is_foretold(package: Path, tmp_path: Path) -> None:
    """The prompt of the file bridge as it lies there then, with how to hand answers in."""
    chosen = EnhancementOptions(bridge=BridgeChoice(kind="file"), contract="markdown")
    options = EnhanceOptions(package=package, state=tmp_path / "state", enhancement=chosen)
    planned = enhance_agents(replace(options, dry_run=True))
    assert not (tmp_path / "state").exists()
    with pytest.raises(InvocationPending):
        enhance_agents(options)
    request = json.loads((tmp_path / "state" / ".agent-request.json").read_bytes())
    assert planned.prompts == (Path(request["prompt_path"]).read_text(encoding="utf-8"),)
    assert planned.requests is not None
    assert planned.requests["input_tokens"] == request["context"]["estimated_input_tokens"]


def test_the_state_is_read_while_another_run_works_in_it(package: Path, tmp_path: Path) -> None:
    """A dry run disturbs nobody, and needs nobody's leave."""
    options = EnhanceOptions(package=package, state=tmp_path / "state")
    enhance_agents(options, bridge=FakeBridge())
    with SqliteRunStore(tmp_path / "state"):
        planned = enhance_agents(replace(options, dry_run=True), bridge=FakeBridge())
    assert planned.requests is not None
    assert planned.requests["requests"] == [], "every agent is finished"


def test_a_limit_holds_over_all_requests_and_is_foretold(package: Path, tmp_path: Path) -> None:
    """Four requests and money for two: two are made, kept and paid for once; a higher limit
    pays for the rest, and a run that may spend nothing more says so before."""
    with FakeMessagesServer(Reply(piece=999), counts_tokens=False) as server:
        choice = api(server, "sections").bridge
        chosen = EnhancementOptions(bridge=choice, use_batch_enhancement=False)
        options = EnhanceOptions(package=package, state=tmp_path / "state", enhancement=chosen)
        planned = enhance_agents(replace(options, dry_run=True)).requests
        assert planned is not None
        one = planned["cost_usd"] / 4
        limit = replace(options, max_cost_usd=2.5 * one)
        foretold = enhance_agents(replace(limit, dry_run=True)).requests
        assert any("the run would end before it is done" in line for line in told_of(foretold))
        assert not any("--max-cost" in line for line in told_of(planned))
        ended = enhance_agents(limit)
        spent = sum(item.cost_usd or 0 for item in ended.result.usage)
        assert 0 < spent <= 2.5 * one
        assert 1 < len(server.requests) < 4
        assert (ended.status, ended.result.enhanced_count) == ("partial", len(server.requests))
        assert all("--max-cost" in error for error in ended.result.errors)
        made = len(server.requests)
        done = enhance_agents(
            EnhanceOptions(
                package=package, state=tmp_path / "state", resume=True, max_cost_usd=10 * one
            )
        )
        assert (done.status, len(server.requests)) == ("done", 4)
        assert len(done.result.usage) == 4 - made


def test_a_limit_without_a_price_is_foretold(package: Path, tmp_path: Path) -> None:
    choice = BridgeChoice(kind="api", model="unheard-of", base_url="http://127.0.0.1:9")
    options = EnhanceOptions(
        package=package,
        state=tmp_path / "state",
        enhancement=EnhancementOptions(bridge=choice),
        max_cost_usd=1.0,
        dry_run=True,
    )
    told = told_of(enhance_agents(options).requests)
    assert told[-1] == "--max-cost 1 cannot be kept without a price: nobody would be asked."


def test_why_the_last_answer_was_refused_is_foretold_too(package: Path, tmp_path: Path) -> None:
    """Of a run that waits: its next request has the reasons in it."""
    hosted = EnhancementOptions(bridge=BridgeChoice(kind="file"))
    options = EnhanceOptions(package=package, state=tmp_path / "state", enhancement=hosted)
    with pytest.raises(InvocationPending):
        enhance_agents(options, bridge=FakeBridge(without_agents("agent-1"), InvocationPending("")))
    planned = enhance_agents(replace(options, dry_run=True), bridge=FakeBridge())
    resumed = FakeBridge()
    enhance_agents(replace(options, enhancement=None, resume=True), bridge=resumed)
    assert planned.prompts == (render_batch_prompt(resumed.requests[0].input_data),)
    assert "the answer leaves it out" in planned.prompts[0]


def test_what_a_killed_run_left_in_the_journal_is_read(tmp_path: Path) -> None:
    """SQLite has it beside the file then; looking moves nothing."""
    step, killed = StepRef("step"), tmp_path / "killed"
    with SqliteRunStore(tmp_path / "state") as store:
        store.begin_step(step)
        store.put(step, [ItemRow("a", "ok", "1")])
        shutil.copytree(tmp_path / "state", killed)
    before = everything(killed)
    with state_copy(killed) as copy:
        assert [row.key for row in copy.items(step)] == ["a"]
        copy.put(step, [ItemRow("b", "ok", "2")])
    assert everything(killed) == before
    assert any(name.endswith("-wal") for name in before)
