"""The three integration tests that seed 002 names, with processes as a host starts them."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from template_creation.agents import read_frontmatter
from template_creation.bridges import OfflineBridge
from template_creation.validate import validate_package

COMMAND = str(Path(sys.executable).with_name("template-create"))
PENDING = 42


@dataclass(frozen=True)
class Ended:
    """A run from its first process to its last: exit codes, the agents of each request, the
    last process's output, and the CPU seconds that our processes took."""

    package: Path
    codes: tuple[int, ...]
    asked: tuple[tuple[str, ...], ...]
    stdout: str
    seconds: float


def finish(package: Path, state: Path, first: list[str], again: list[str]) -> Ended:
    """Starts ``first``, and as long as it waits hands in an answer and starts ``again``."""
    codes: list[int] = []
    asked: list[tuple[str, ...]] = []
    words, begin = first, _cpu_seconds()
    while len(codes) < 12:
        done = subprocess.run([COMMAND, *words], capture_output=True, text=True, check=False)
        codes.append(done.returncode)
        if done.returncode != PENDING:
            assert done.returncode == 0, done.stderr
            break
        request = json.loads((state / ".agent-request.json").read_text(encoding="utf-8"))
        assert request["agent_name"] == "agent-content-enhancer"
        asked.append(tuple(request["agents"]))
        document = json.loads(Path(request["prompt_path"]).with_name("document.json").read_bytes())
        answer = OfflineBridge().invoke(agent_name="", input_data=document, context={})
        response = {"request_id": request["request_id"], "status": "success", "response": answer}
        Path(request["response_path"]).write_text(json.dumps(response), encoding="utf-8")
        words = again
    seconds = _cpu_seconds() - begin
    return Ended(package, tuple(codes), tuple(asked), done.stdout, seconds)


def _cpu_seconds() -> float:
    """What processes that we waited for have used so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture(scope="module")
def created(
    _sealed_session: None, bookshop_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Ended:
    """The package of the bookshop, made with a host that answers through files."""
    root = tmp_path_factory.mktemp("seed-002")
    named = ["--name", "test-batch", "--state-dir", str(root / "state")]
    asked = ["--path", str(bookshop_once), "--output", str(root / "package"), "--verbose"]
    return finish(
        root / "package",
        root / "state",
        [*named, *asked, "--bridge", "file"],
        [*named, "--resume"],
    )


def test_end_to_end_batch_enhancement(created: Ended) -> None:
    """One invocation of agent-content-enhancer for all agents, one pause, all of them
    enhanced, and each of 150 to 250 lines."""
    names = sorted(path.stem for path in (created.package / "agents").glob("*.md"))
    assert created.codes == (PENDING, 0)
    assert [sorted(agents) for agents in created.asked] == [names]
    assert f"Enhanced {len(names)} agents" in created.stdout
    assert len(names) >= 5
    for path in (created.package / "agents").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        head, _, _ = read_frontmatter(text)
        assert text.count("\n") <= 250
        assert text.count("\n") >= 150 or head["short_because"]
        assert head["enhancement"] == "file"


def test_agent_quality_validation(created: Ended) -> None:
    """Every agent has the four sections, and the validator of the package finds nothing."""
    for path in (created.package / "agents").glob("*.md"):
        headings = path.read_text(encoding="utf-8").splitlines()
        for section in ("Template References", "Best Practices", "Code Examples", "Constraints"):
            assert headings.count(f"## {section}") == 1, (path.name, section)
    assert validate_package(created.package).errors == ()


def test_performance_measurement(created: Ended, tmp_path: Path) -> None:
    """In a batch one answer is waited for, one by one as many as there are agents; our own part
    of the batch stays far below the seed's 30 seconds."""
    ended = {}
    names = sorted(path.stem for path in (created.package / "agents").glob("*.md"))[:2]
    for mode in ("--batch", "--no-batch"):
        state = tmp_path / mode.strip("-")
        words = ["enhance", str(created.package), "--state-dir", str(state)]
        chosen = [word for name in names for word in ("--agent", name)]
        first = [*words, *chosen, "--bridge", "file", mode]
        ended[mode] = finish(created.package, state, first, [*words, "--resume"])
    assert ended["--batch"].asked == (tuple(names),)
    assert ended["--no-batch"].asked == tuple((name,) for name in names)
    assert len(ended["--batch"].codes) == 2
    assert len(ended["--no-batch"].codes) == 3
    assert ended["--batch"].seconds < min(30.0, ended["--no-batch"].seconds)
