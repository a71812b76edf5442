"""Every workflow under ``examples/workflows`` does what its first lines say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from batch_engine.core import SqliteRunStore
from batch_engine.workflow import load_workflow, state_folder
from template_creation.agents import Ledger
from template_creation.fake_api import FakeMessagesServer, Received, Reply

EXAMPLES = Path(__file__).parents[3] / "examples" / "workflows"
Command = Callable[..., Result]


def test_every_example_is_valid_and_the_guide_names_it() -> None:
    guide = (EXAMPLES.parents[1] / "docs" / "workflows.md").read_text(encoding="utf-8")
    guide += (EXAMPLES.parents[1] / "docs" / "workflows-migration.md").read_text(encoding="utf-8")
    found = sorted(EXAMPLES.rglob("*.yaml"))
    assert len(found) == 6
    for path in found:
        assert f"examples/workflows/{path.relative_to(EXAMPLES).as_posix()}" in guide
        if path.name != "codebases.yaml":
            load_workflow(path)


@pytest.mark.slow
def test_many_codebases_become_packages_and_one_that_fails_is_told(
    workflow: Command, bookshop: Path, tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}")
    folder = tmp_path / "examples" / "workflows"
    shutil.copytree(EXAMPLES, folder)
    bookshop.rename(tmp_path / "examples" / "bookshop")
    file, run = folder / "many-codebases.yaml", tmp_path / "run"
    done = workflow("run", file, "--workspace", run)
    assert done.exit_code == 7, done.stderr
    report = json.loads((run / "report.json").read_text())
    (package,) = report["packages"]
    assert package["name"] == "bookshop"
    assert package["templates"] > 5
    assert report["failed"] == ["not-there-yet"]
    assert (run / "packages" / "bookshop" / "manifest.json").is_file()
    assert "no such codebase: '../not-there-yet'" in done.stdout

    # The codebase appears: only it is made, and the report is written anew.
    (tmp_path / "examples" / "bookshop").rename(tmp_path / "examples" / "not-there-yet")
    before = (run / "packages" / "bookshop" / "manifest.json").stat().st_mtime_ns
    again = workflow("retry", file, "--workspace", run)
    assert again.exit_code == 0, again.stdout + again.stderr
    assert "2 of 2, 1 from before" in again.stdout
    names = [entry["name"] for entry in json.loads((run / "report.json").read_text())["packages"]]
    assert names == ["bookshop", "not-there-yet"]
    assert (run / "packages" / "bookshop" / "manifest.json").stat().st_mtime_ns == before


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A copy of the digest beside three documents, one of which looks like a template."""
    folder = tmp_path / "examples" / "workflows"
    folder.mkdir(parents=True)
    shutil.copy(EXAMPLES / "digest.yaml", folder)
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, text in {"a.md": "Alpha", "b.md": "{{ beta }}", "c.md": "Gamma"}.items():
        (docs / name).write_text(text)
    return folder / "digest.yaml"


def test_the_digest_asks_for_all_files_at_once_and_goes_on_with_the_answers(
    workflow: Command, texts: Path, tmp_path: Path
) -> None:
    refused = workflow("run", texts)
    assert refused.exit_code == 2
    assert "asks an agent" in refused.stderr
    assert "--bridge file" in refused.stderr
    run = tmp_path / "run"
    options = ("--workspace", run, "--bridge", "file")
    asked = workflow("run", texts, *options)
    assert asked.exit_code == 42
    assert "3 questions have no answer yet" in asked.stderr
    assert len(asked.stderr.encode()) < 1_024 + 4 * len(str(tmp_path))
    for question in sorted((run / "agents").glob("*.request.json")):
        request = json.loads(question.read_text())
        prompt = Path(request["prompt_path"]).read_text()
        name = request["context"]["key"]
        assert f"--- {name} ---\n{(tmp_path / 'docs' / name).read_text()}" in prompt
        if name != "c.md":
            Path(request["answer_path"]).write_text(json.dumps({"text": f"About {name}.\n"}))
    waiting = workflow("run", texts, *options, "--resume")
    assert waiting.exit_code == 42
    assert "1 question has no answer yet" in waiting.stderr
    last = json.loads(
        next(
            path.read_text()
            for path in (run / "agents").glob("*.request.json")
            if json.loads(path.read_text())["context"]["key"] == "c.md"
        )
    )
    Path(last["answer_path"]).write_text('{"text": "{{ c }}"}')
    done = workflow("run", texts, *options, "--resume")
    assert done.exit_code == 0, done.stderr
    page = (run / "digest.md").read_text()
    assert "- **a.md**: About a.md.\n- **b.md**: About b.md.\n- **c.md**: {{ c }}\n" in page


def test_the_digest_asks_a_model_within_a_cost_and_never_twice(
    workflow: Command, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789abcdefghij")
    prompts = []

    def sentence(received: Received) -> str:
        prompts.append(received.prompt)
        return "It is a document."

    with FakeMessagesServer(Reply(text=sentence)) as server:
        api = ("--bridge", "api", "--model", "claude-haiku-5-5", "--base-url", server.url)
        run = tmp_path / "run"
        poor = workflow("run", texts, *api, "--workspace", run, "--max-cost", "0.000001")
        assert poor.exit_code == 1
        assert "budget" in poor.stdout
        assert "agent steps ask claude-haiku-5-5, for at most $1e-06" in poor.stderr
        assert prompts == []
        done = workflow("retry", texts, *api, "--workspace", run, "--max-cost", "1")
        assert done.exit_code == 0, done.stdout + done.stderr
        assert "spent on answers: $0.0" in done.stderr
        assert len(prompts) == 3
        again = workflow("run", texts, *api, "--workspace", run, "--resume")
        assert again.exit_code == 0
        assert "without a limit" in again.stderr
    with SqliteRunStore(state_folder(run), read_only=True) as store:
        kept = Ledger(store).spent()  # where the next process finds what it may still spend
    assert (kept.requests, kept.unpriced) == (3, 0)
    assert kept.usd > 0
    assert len(prompts) == 3
    assert (run / "digest.md").read_text().count("It is a document.") == 3


@pytest.mark.slow
def test_a_digest_that_is_killed_asks_again_only_for_what_was_in_flight(
    workflow: Command, texts: Path, tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789abcdefghij")
    names = [f"{number}.md" for number in range(12)]
    for name in names:
        (tmp_path / "docs" / name).write_text(f"Text of {name}.")
    asked: list[str] = []
    held, killed = threading.Event(), threading.Event()

    def answer(received: Received) -> str:
        asked.append(received.prompt.split("---")[1].strip())
        if len(asked) >= 8 and not killed.is_set():
            held.set()
            killed.wait(30)
        return "A sentence."

    with FakeMessagesServer(Reply(text=answer)) as server:
        run = tmp_path / "run"
        words = ["run", str(texts), "--workspace", str(run), "pattern=[0-9]*.md"]
        words += ["--bridge", "api", "--model", "claude-haiku-5-5", "--base-url", server.url]
        child = subprocess.Popen([program, "workflow", *words], stderr=subprocess.DEVNULL)
        assert held.wait(60)
        child.kill()
        child.wait()
        killed.set()
        assert workflow(*words, "--resume").exit_code == 0
    assert set(asked) == set(names)
    assert len(asked) <= len(names) + 4  # max_concurrency
    assert (run / "digest.md").read_text().count("A sentence.") == len(names)


def _results(exported: Any) -> list[Any]:
    return list(exported["steps"]["count"]["results"].values())


def test_the_same_job_before_and_after_the_migration_gives_the_same(
    workflow: Command, tmp_path: Path
) -> None:
    expected = [
        {"text": "one", "words": 1},
        {"text": "two words", "words": 2},
        {"text": "and three words", "words": 3},
    ]
    for name in ("batch_processor", "yaml-workflow", "ours"):
        run = tmp_path / name
        flags = [] if name == "ours" else ["--allow-python-code"]
        done = workflow("run", EXAMPLES / "migration" / f"{name}.yaml", "--workspace", run, *flags)
        assert done.exit_code == 0, done.stderr
        exported = json.loads(workflow("export", run, "--results").stdout)
        assert _results(exported) == expected
        assert ("is called 'batch' now" in done.stderr) is (name == "batch_processor")
