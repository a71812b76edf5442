"""``template-create bridge``: what a host or a person types, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from template_creation.bridges import FileBridge, OfflineBridge
from template_creation.cli.app import app
from template_creation.errors import InvocationPending
from template_creation.package import default_state

NAMES = ["api-specialist", "test-specialist"]
DOCUMENT: dict[str, Any] = {
    "version": "1.0",
    "contract": "sections",
    "project": "shop",
    "languages": ["python"],
    "agents": [
        {
            "name": name,
            "title": name,
            "purpose": "Does its work.",
            "technologies": [],
            "layers": ["api"],
            "files": 3,
            "templates": ["T1"],
        }
        for name in NAMES
    ],
    "template_catalog": [
        {
            "id": "T1",
            "name": "api.py",
            "category": "api",
            "path": "templates/app/api.py.template",
            "source": "app/api.py",
            "purpose": "An endpoint",
            "technologies": [],
            "grade": "pattern",
            "support": 3,
            "lines": 40,
        }
    ],
    "conventions": [],
    "rules": [],
    "commands": [],
    "enhancement_instructions": "Answer.",
}


def bridge(*arguments: str | Path, text: str | None = None) -> Result:
    return CliRunner().invoke(app, ["bridge", *map(str, arguments)], input=text)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bridge"


@pytest.fixture
def pending(folder: Path) -> Callable[..., dict[str, Any]]:
    """Asks; gives the request."""

    def ask(where: Path = folder) -> dict[str, Any]:
        asking = FileBridge(where, run_id="r", name="shop", codebase="/src/shop")
        with pytest.raises(InvocationPending) as caught:
            asking.invoke(agent_name="agent-content-enhancer", input_data=DOCUMENT, context={})
        return caught.value.request

    return ask


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    """A good answer in a file."""
    found = OfflineBridge().invoke(agent_name="", input_data=DOCUMENT, context={})
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(found))
    return path


def test_show_says_who_is_asked_for_what_and_what_to_do(pending, folder) -> None:
    request = pending()
    shown = bridge("show", "--dir", folder)
    assert shown.exit_code == 0
    for part in (*NAMES, request["request_id"], request["prompt"], request["responses_dir"]):
        assert part in shown.stdout
    assert "--resume" in shown.stdout


def test_show_prints_the_prompt_whole_and_nothing_else(pending, folder) -> None:
    """So that it can be piped into a model."""
    request = pending()
    shown = bridge("show", "--dir", folder, "--prompt")
    assert shown.stdout == Path(request["prompt_path"]).read_text()
    schema = bridge("show", "--dir", folder, "--schema")
    assert json.loads(schema.stdout) == json.loads(Path(request["schema_path"]).read_text())


def test_show_as_json_is_one_object_with_all_paths(pending, folder) -> None:
    request = pending()
    found = json.loads(bridge("show", "--dir", folder, "--prompt", "--schema", "--json").stdout)
    assert found["request"] == request
    assert found["prompt_text"].startswith("# How to hand in")
    assert found["schema"]["type"] == "object"
    assert found["answered"] == []


def test_name_stands_for_the_state_folder_of_that_name(pending) -> None:
    request = pending(default_state("my-shop"))
    assert request["request_id"] in bridge("show", "--name", "my-shop").stdout


def test_what_it_names_as_pending_can_be_given_as_name(pending) -> None:
    """Also the state of a package that is enhanced in place, which has a longer name."""
    name = f"enhance-{'long-' * 10}-0babdf3e"
    request = pending(default_state(name))
    assert request["request_id"] in bridge("show", "--name", name).stdout


def test_without_a_place_it_names_what_is_pending(pending) -> None:
    pending(default_state("my-shop"))
    shown = bridge("show")
    assert shown.exit_code == 2
    assert "--name NAME or --dir FOLDER" in shown.stderr
    assert "pending: my-shop" in shown.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "--dir", "/no/such/folder"],
        ["show", "--name", "Bad Name"],
        ["show", "--name", "shop", "--dir", "."],
        ["show", "--dir", "."],
        ["show", "--dir", ".", "--prompt", "--schema"],
        ["respond", "--dir", "."],
        ["respond", "--dir", ".", "--from", "x", "--error", "y"],
        ["respond", "--dir", ".", "--error", "y", "--type", "NONE"],
        ["respond", "--dir", ".", "--error", "y", "--agent", "a"],
        ["check", "--dir", ".", "--agent", "a"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_bad_input_and_says_so(arguments) -> None:
    done = bridge(*arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")


def test_respond_writes_what_the_run_takes(pending, folder, answer) -> None:
    pending()
    done = bridge("respond", "--dir", folder, "--from", answer)
    assert done.exit_code == 0, done.stderr
    assert "--resume" in done.stdout
    asking = FileBridge(folder, run_id="r", name="shop", codebase="/src/shop")
    found = asking.invoke(agent_name="", input_data=DOCUMENT, context={})
    assert [item["agent_name"] for item in found["enhancements"]] == NAMES


def test_respond_reads_standard_input(pending, folder, answer) -> None:
    pending()
    done = bridge("respond", "--dir", folder, "--from", "-", "--json", text=answer.read_text())
    found = json.loads(done.stdout)
    assert (found["status"], found["agents"], found["missing"]) == ("written", NAMES, [])


def test_respond_tells_of_agents_that_are_missing_and_ids_that_are_wrong(
    pending, folder, answer, tmp_path
) -> None:
    """A partial answer is an answer; what would be dropped is told at once."""
    pending()
    found = json.loads(answer.read_text())
    found["enhancements"][0]["templates"] = [{"id": "T7", "why": "x"}]
    del found["enhancements"][1]
    (tmp_path / "part.json").write_text(json.dumps(found))
    done = bridge("respond", "--dir", folder, "--from", tmp_path / "part.json")
    assert done.exit_code == 0
    assert "part.json:$.enhancements[0].templates[0]" in done.stderr
    assert "not answered: test-specialist" in done.stderr


def test_respond_refuses_what_is_no_answer(pending, folder, tmp_path) -> None:
    request = pending()
    (tmp_path / "notes.txt").write_text("I enhanced them all.")
    done = bridge("respond", "--dir", folder, "--from", tmp_path / "notes.txt")
    assert done.exit_code == 5
    assert not Path(request["response_path"]).exists()
    assert bridge("respond", "--dir", folder, "--from", tmp_path / "none").exit_code == 2


def test_respond_error_ends_the_attempt(pending, folder) -> None:
    request = pending()
    done = bridge("respond", "--dir", folder, "--error", "no quota", "--type", "TIMEOUT")
    assert done.exit_code == 0
    written = json.loads(Path(request["response_path"]).read_text())
    assert (written["status"], written["error_message"]) == ("timeout", "no quota")


def test_check_is_0_for_a_whole_answer_and_5_with_each_finding_otherwise(
    pending, folder, answer, tmp_path
) -> None:
    """Each with its place and its fix; nothing is written."""
    pending()
    assert bridge("check", "--dir", folder, "--answer", answer).exit_code == 0
    found = json.loads(answer.read_text())
    found["enhancements"][0]["templates"] = [{"id": "T7", "why": "x"}]
    del found["enhancements"][1]
    (tmp_path / "bad.json").write_text(json.dumps(found))
    done = bridge("check", "--dir", folder, "--answer", tmp_path / "bad.json", "--json")
    assert done.exit_code == 5
    report = json.loads(done.stdout)
    assert (report["status"], report["missing"]) == ("incomplete", ["test-specialist"])
    assert [item["rule"] for item in report["issues"]] == ["unknown-id", "missing-agent"]
    assert all(item["place"] and item["fix"] for item in report["issues"])


def test_check_without_a_file_checks_what_was_handed_in(pending, folder, answer) -> None:
    pending()
    empty = bridge("check", "--dir", folder)
    assert (empty.exit_code, "0 of 2 agents answered" in empty.stdout) == (5, True)
    bridge("respond", "--dir", folder, "--from", answer)
    assert bridge("check", "--dir", folder).exit_code == 0


@pytest.mark.parametrize("command", ["show", "respond", "check"])
def test_help_teaches_by_examples(command) -> None:
    told = bridge(command, "--help")
    assert told.exit_code == 0
    assert f"template-create bridge {command} --name shop" in told.stdout
    assert "Exit code" in " ".join(told.stdout.split())
