"""``template-create runs``: what state there is, and what of it may go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from batch_engine.core import SqliteRunStore
from template_creation.agents import Ledger
from template_creation.cli.app import app
from template_creation.values.answer import RequestUsage

AGENT = """---
name: {name}
description: Use when {name} is meant.
---

# {name}

## Purpose

Works on `templates/api/router.py.template`.
"""
TEMPLATE = "def list_all():\n    found = store.all()\n    log(found)\n    return found\n"


def type_in(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def read(*words: str) -> Any:
    result = type_in(*words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small package that others made, of two agents."""
    root = tmp_path / "theirs"
    (root / "agents").mkdir(parents=True)
    (root / "templates" / "api").mkdir(parents=True)
    for name in ("first", "second"):
        (root / "agents" / f"{name}.md").write_text(AGENT.format(name=name), encoding="utf-8")
    (root / "templates/api/router.py.template").write_text(TEMPLATE, encoding="utf-8")
    return root


@pytest.fixture
def state(sealed: Path) -> Path:
    return sealed / "state" / "theirs"


@pytest.fixture
def finished(package: Path, state: Path) -> Path:
    """The state of a run that ended, and spent something."""
    assert type_in("enhance", package, "--state-dir", state).exit_code == 0
    with SqliteRunStore(state) as store:
        usage = RequestUsage(
            request_id="q",
            model="some-model",
            agents=("first", "second"),
            input_tokens=900,
            output_tokens=100,
            cost_usd=0.25,
        )
        Ledger(store, run="r").record(usage)
    return state


@pytest.fixture
def paused(package: Path, state: Path) -> Path:
    """The state of a run that waits for its answer."""
    code = type_in("enhance", package, "--bridge", "file", "--state-dir", state).exit_code
    assert code == 42
    return state


def test_there_are_no_runs() -> None:
    assert "There are no runs" in type_in("runs", "list").stdout
    assert read("runs", "list", "--json")["runs"] == []
    assert "nothing to remove" in type_in("runs", "clean").stdout


def test_a_finished_run_is_listed_with_what_it_did_and_spent(finished: Path, package: Path) -> None:
    line = type_in("runs", "list").stdout
    assert line == (
        f"theirs  finished     offline: 2 agents done, $0.2500 for 1 request spent; {package}\n"
    )
    shown = type_in("runs", "show", "theirs").stdout
    assert "agents    first, second" in shown
    assert "spent     $0.2500 for 1 request: 900 tokens in, 100 out" in shown
    assert read("runs", "show", "theirs", "--json")["spent"]["usd"] == 0.25


def test_a_paused_run_tells_what_it_waits_for_until_it_has_it(paused: Path, package: Path) -> None:
    """The request, its agents and where the answer goes."""
    run = read("runs", "show", "--state-dir", str(paused), "--json")
    assert run["run_status"] == "paused"
    assert run["pending"]["agents"] == ["first", "second"]
    assert run["pending"]["response_path"] == str(paused / ".agent-response.json")
    assert "a request for 2 agents waits" in type_in("runs", "list").stdout
    (paused / ".agent-request.json").write_text("[1,")  # what hosts see is not what we know
    assert read("runs", "show", "--state-dir", str(paused), "--json")["pending"] == run["pending"]


def test_the_state_is_exported_in_the_shape_of_seed_003(finished: Path) -> None:
    """For each step processed, failed and stats; results can be left out."""
    steps = read("runs", "export", "theirs")["steps"]
    done = steps["agent enhancement"]
    assert [key.partition("@")[0] for key in done["processed"]] == ["first", "second"]
    assert done["failed"] == {}
    assert done["stats"] == {"total": 2, "processed": 2, "failed": 0, "retried": 0}
    assert set(done["results"]) == set(done["processed"])
    bare = read("runs", "export", "theirs", "--no-results")["steps"]["agent enhancement"]
    assert "results" not in bare


def test_clean_removes_what_is_finished_and_tells_what_it_had_spent(finished: Path) -> None:
    """F15: afterwards there is no trace; the sum is the last that is heard of it."""
    assert type_in("runs", "clean").stdout == (
        "Removed theirs: 2 agents done, $0.2500 for 1 request spent.\n"
    )
    assert not finished.exists()


def test_clean_leaves_a_run_that_can_go_on(paused: Path) -> None:
    """F19: unless it is named and forced; then its request goes too."""
    assert "nothing to remove" in type_in("runs", "clean").stdout
    refused = type_in("runs", "clean", "theirs")
    assert refused.exit_code == 2
    assert "is paused: 0 finished agents would be lost" in refused.stderr
    assert (paused / ".agent-request.json").is_file()
    assert type_in("runs", "clean", "--force").exit_code == 2
    assert type_in("runs", "clean", "theirs", "--force").exit_code == 0
    assert not paused.exists()


def test_clean_leaves_a_run_that_is_at_work(finished: Path) -> None:
    """Forced or not; and it is shown as running meanwhile."""
    with SqliteRunStore(finished):
        assert "theirs  running " in type_in("runs", "list").stdout
        refused = type_in("runs", "clean", "theirs", "--force")
    assert refused.exit_code == 2
    assert "at work" in refused.stderr
    assert finished.is_dir()


def test_clean_leaves_files_that_are_no_state(finished: Path) -> None:
    """A state folder may be anyone's folder."""
    (finished / "notes.md").write_text("mine", encoding="utf-8")
    assert type_in("runs", "clean").exit_code == 0
    assert [path.name for path in finished.iterdir()] == ["notes.md"]


def test_a_damaged_state_is_told_and_does_not_hide_the_others(finished: Path) -> None:
    """F12: neither passed over nor the end of the list."""
    other = finished.parent / "broken"
    other.mkdir()
    (other / "run.sqlite3").write_bytes(b"no database at all, whatever it is called " * 50)
    lines = type_in("runs", "list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["broken", "unreadable"],
        ["theirs", "finished"],
    ]
    assert type_in("runs", "export", "broken").exit_code == 2


@pytest.mark.parametrize("name", ["nobody", "../theirs", ""])
def test_a_run_that_is_not_there_is_an_error(name: str) -> None:
    """Also where its name would lead out of the folder of states."""
    assert type_in("runs", "show", name).exit_code == 2
    assert type_in("runs", "clean", name).exit_code == 2
