"""Exit-42 cycles as real processes: killed anywhere, answered in every way, never for ever.

A driver process imports everything once and forks a child for each run, so a run is a process
of its own that can be killed with SIGKILL, and the whole module takes seconds.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import FAILPOINT_VARIABLE
from template_creation.bridges import OfflineBridge
from template_creation.bridges.file import FILE_BRIDGE_FAILPOINTS

PENDING, DONE, PARTIAL = 42, 0, 7
KILLED = -signal.SIGKILL

DRIVER = """
import importlib, json, os, sys
from pathlib import Path
from batch_engine.core import RetryPolicy, SqliteRunStore, failpoints
from template_creation import load_package
from template_creation.agents import AgentEnhancer
from template_creation.bridges import FileBridge, OfflineBridge
from template_creation.errors import InvocationPending, TemplateCreateError

def enhance(package, bridge, store=None):
    retry = RetryPolicy(max_attempts=3, initial_s=0)
    enhancer = AgentEnhancer(bridge_invoker=bridge, store=store, load=load_package, retry=retry)
    return enhancer.enhance_all_agents(Path(package))

def run(order):
    bridge = FileBridge(Path(order["bridge"]), **order["options"])
    with SqliteRunStore(Path(order["state"])) as store:
        return enhance(order["package"], bridge, store)

def child(order):
    os.environ.update(order["environment"])
    importlib.reload(failpoints)  # the variable is read when a process begins
    os.chdir(order["cwd"])
    try:
        found = run(order)
        code = 0 if found["status"] == "success" else 7
    except InvocationPending as pause:
        found, code = {"message": pause.message, "hint": pause.hint, "request": pause.request}, 42
    except TemplateCreateError as exc:
        found, code = {"message": exc.message, "hint": exc.hint}, int(exc.exit_code)
    Path(order["result"]).write_text(json.dumps(found))
    return code

def start(order):
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            code = child(order)
        finally:
            sys.stderr.flush()
            os._exit(code)
    return pid

enhance(sys.argv[1], OfflineBridge())  # what is imported, compiled and read late

for line in sys.stdin:
    children = [start(order) for order in json.loads(line)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    print(json.dumps(codes), flush=True)
"""

Orders = Callable[[list[dict[str, Any]]], list[int]]
"""Starts a process for each order at the same time; their exit codes."""


@dataclass
class Job:
    """One package on its way: its folders, its runs, and the host that answers for it."""

    order: Orders
    package: Path
    place: Path
    options: dict[str, Any] = field(default_factory=dict)
    answered: dict[str, list[str]] = field(default_factory=dict)
    cwd: Path | None = None
    runs: int = 0

    @property
    def bridge(self) -> Path:
        return self.place / "state"

    @property
    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.place / "result.json").read_text())
        return found

    def run(self, *, kill_at: str = "", **options: Any) -> int:
        """Another process; its exit code, or minus the signal that killed it."""
        (code,) = self.order([self.start(kill_at=kill_at, **options)])
        return code

    def start(self, *, kill_at: str = "", **options: Any) -> dict[str, Any]:
        """The order for another process."""
        self.runs += 1
        known = {"run_id": "run-1", "name": "bookshop", "codebase": "/src/bookshop"}
        (self.place / "result.json").unlink(missing_ok=True)
        return {
            "bridge": str(self.bridge),
            "state": str(self.bridge),
            "package": str(self.package),
            "result": str(self.place / "result.json"),
            "cwd": str(self.cwd or self.place),
            "environment": {FAILPOINT_VARIABLE: kill_at} if kill_at else {},
            "options": {**known, **self.options, **options},
        }

    # -- the host -------------------------------------------------------------------------------

    @property
    def request(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.bridge / ".agent-request.json").read_text())
        return found

    def answer(self) -> dict[str, Any]:
        """A good answer to the pending request; counts what was asked."""
        request = self.request
        document = json.loads(Path(request["prompt_path"]).with_name("document.json").read_text())
        self.answered[request["request_id"]] = request["agents"]
        return OfflineBridge().invoke(agent_name="", input_data=document, context={})

    def respond(self, **more: Any) -> None:
        """As a host of protocol 1.0: the envelope, with the payload encoded twice."""
        envelope = {
            "request_id": self.request["request_id"],
            "version": "1.0",
            "status": "success",
            "response": json.dumps(self.answer()),
            **more,
        }
        Path(self.request["response_path"]).write_text(json.dumps(envelope))

    def respond_by_files(self, *names: str) -> None:
        """As a host of today: one file for each agent."""
        for item in self.answer()["enhancements"]:
            if not names or item["agent_name"] in names:
                path = Path(self.request["responses_dir"]) / f"{item['agent_name']}.json"
                path.write_text(json.dumps(item))

    def finish(self, respond: Callable[[], None] | None = None, *, most: int = 4) -> int:
        """Runs and answers until there is nothing to answer, at most ``most`` times."""
        for _ in range(most):
            code = self.run()
            if code != PENDING:
                return code
            (respond or self.respond)()
        raise AssertionError(f"still pending after {most} runs: {self.result}")

    def agents(self) -> dict[str, bytes]:
        return {path.stem: path.read_bytes() for path in sorted(self.package.glob("agents/*.md"))}


@pytest.fixture(scope="module")
def stub_package(bookshop_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the bookshop, with three agents as the offline bridge wrote them."""
    root = tmp_path_factory.mktemp("file-bridge") / "package"
    shutil.copytree(bookshop_package, root)
    for path in sorted(root.glob("agents/*.md"))[3:]:
        path.unlink()
    return root


@pytest.fixture(scope="module")
def driver(stub_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orders]:
    """Gives orders to the driver and waits for the exit codes of its children."""
    copy = shutil.copytree(stub_package, tmp_path_factory.mktemp("driver") / "package")
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(copy)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def order(documents: list[dict[str, Any]]) -> list[int]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(documents) + "\n")
            process.stdin.flush()
            codes: list[int] = json.loads(process.stdout.readline())
            return codes

        yield order
        process.stdin.close()


@pytest.fixture
def job(driver: Orders, stub_package: Path, tmp_path: Path) -> Job:
    package = Path(shutil.copytree(stub_package, tmp_path / "package"))
    return Job(driver, package, tmp_path)


@pytest.fixture(scope="module")
def uninterrupted(
    driver: Orders,
    stub_package: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, bytes]:
    """The agents as a run writes them that nobody disturbed."""
    place = tmp_path_factory.mktemp("uninterrupted")
    package = Path(shutil.copytree(stub_package, place / "package"))
    job = Job(driver, package, place)
    assert job.finish() == DONE
    assert job.runs == 2
    assert len(job.answered) == 1
    return job.agents()


# -- killed anywhere ----------------------------------------------------------------------------

ASKING = [name for name in FILE_BRIDGE_FAILPOINTS if name.startswith("request_")]
TAKING = [
    *(name for name in FILE_BRIDGE_FAILPOINTS if name.startswith("answer_")),
    "answer_mid_handover:3",
    "after_work",
    "mid_transaction",
    "before_merge",
]


@pytest.mark.parametrize("point", ASKING)
def test_a_run_that_is_killed_while_it_asks_asks_once(
    job: Job, uninterrupted: dict[str, bytes], point: str
) -> None:
    """F01-F03: the host sees one request, answers it once, and every agent is written."""
    assert job.run(kill_at=point) == KILLED
    assert job.finish() == DONE
    assert len(job.answered) == 1
    assert job.agents() == uninterrupted
    assert job.runs <= 4


@pytest.mark.parametrize("point", TAKING)
def test_a_run_that_is_killed_while_it_takes_the_answer_loses_and_repeats_nothing(
    job: Job, uninterrupted: dict[str, bytes], point: str
) -> None:
    """No agent is lost, and none is asked for twice, wherever the process dies."""
    assert job.run() == PENDING
    job.respond()
    assert job.run(kill_at=point) == KILLED
    assert job.finish() == DONE
    assert [len(names) for names in job.answered.values()] == [len(uninterrupted)]
    assert job.agents() == uninterrupted


def test_one_file_per_agent_survives_a_kill_between_the_files(
    job: Job, uninterrupted: dict[str, bytes]
) -> None:
    """Half of the files are moved, the other half is not: all are taken, once."""
    assert job.run() == PENDING
    job.respond_by_files()
    assert job.run(kill_at="answer_mid_move:3") == KILLED
    assert job.finish() == DONE
    assert len(job.answered) == 1
    assert job.agents() == uninterrupted


def test_a_refusal_and_a_withdrawal_survive_a_kill(job: Job) -> None:
    """The refused answer is in one place afterwards, and the request still waits."""
    assert job.run() == PENDING
    job.respond(request_id="nobody")
    assert job.run(kill_at="refuse_mid_move") == KILLED
    assert job.run() == PENDING
    assert not (job.bridge / ".agent-response.json").exists()
    job.answered.clear()
    job.options["run_id"] = "run-2"  # a new run withdraws what the old one asked
    assert job.run(kill_at="withdraw_mid_move") == KILLED
    assert job.finish() == DONE
    assert len(job.answered) == 1


# -- answered in part, not at all, or wrongly ---------------------------------------------------


def test_half_an_answer_is_half_the_work(job: Job, uninterrupted: dict[str, bytes]) -> None:
    """The rest is asked for by name; what was answered is not asked for again."""
    assert job.run() == PENDING
    names = job.request["agents"]
    job.respond_by_files(*names[:1])
    assert job.run() == PENDING
    assert job.request["agents"] == names[1:]
    job.respond()
    assert job.run() == DONE
    assert list(job.answered.values()) == [names, names[1:]]
    assert job.agents().keys() == uninterrupted.keys()


def test_a_host_that_fails_each_time_ends_the_run_and_keeps_the_stubs(job: Job) -> None:
    """F16: bounded over processes by the engine's attempts; the exit code is not 42 for ever,
    and what the host said is in the errors of every agent."""
    before = job.agents()
    code = job.finish(lambda: job.respond(status="error", response=None, error_message="no quota"))
    assert code == PARTIAL
    assert job.result["status"] == "failed"
    assert all("no quota" in error for error in job.result["errors"])
    assert job.runs == 4
    assert job.agents() == before
    assert not (job.bridge / ".agent-request.json").exists()


def test_a_host_that_never_answers_ends_too(job: Job) -> None:
    """F03: a loop of a host that only resumes has an end."""
    codes = [job.run(max_resumes=2) for _ in range(4)]
    assert codes == [PENDING, PENDING, PENDING, PARTIAL]
    assert "found no answer" in job.result["errors"][0]


def test_a_bad_answer_is_asked_for_again_with_reasons(job: Job) -> None:
    """The second request is for the refused agent alone, and says why."""
    assert job.run() == PENDING
    answer = job.answer()
    answer["enhancements"][0]["practices"] = []
    answer["enhancements"][0]["constraints"] = []
    job.respond(response=answer)
    assert job.run() == PENDING
    assert job.request["agents"] == [answer["enhancements"][0]["agent_name"]]
    assert job.finish() == DONE


def test_the_working_directory_and_the_place_of_the_state_do_not_matter(
    job: Job, uninterrupted: dict[str, bytes], tmp_path: Path
) -> None:
    """F14: asked from one folder, moved, resumed from another."""
    assert job.run() == PENDING
    job.respond()
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    job.bridge.rename(tmp_path / "elsewhere" / "state")
    job.place = tmp_path / "elsewhere"
    job.cwd = tmp_path / "elsewhere" / "deep"
    assert job.run() == DONE
    assert job.agents() == uninterrupted


def test_another_name_neither_takes_nor_disturbs_the_answer(
    job: Job, uninterrupted: dict[str, bytes]
) -> None:
    """F07: `--resume` of another name in the same folder is told whose request waits."""
    assert job.run() == PENDING
    request = job.request
    job.respond()
    assert job.run(name="other-name") != DONE
    assert job.request == request
    assert job.run() == DONE
    assert job.agents() == uninterrupted


def test_processes_that_ask_the_same_at_once_share_one_request(
    job: Job, uninterrupted: dict[str, bytes]
) -> None:
    """Four at a time, each with a store of its own: one request, and one answer is enough."""
    orders = [
        {**job.start(), "state": str(job.place / f"state-{n}"), "result": str(job.place / f"{n}")}
        for n in range(4)
    ]
    assert job.order(orders) == [PENDING] * 4
    ids = {json.loads((job.place / str(n)).read_text())["request"]["request_id"] for n in range(4)}
    assert ids == {job.request["request_id"]}
    job.respond()
    assert job.order(orders[:1]) == [DONE]
    assert job.agents() == uninterrupted
