"""The main job as a user runs it: real processes, a real git repository, real kills."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from template_creation import load_package
from template_creation.values.template import Delimiter

pytestmark = pytest.mark.usefixtures("warm")


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> Run:
    done = subprocess.run(
        [str(shutil.which("template-create")), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def make(bookshop: Path, target: Path, *more: str) -> Run:
    done = run("--name", "bookshop", "--path", bookshop, "--output", target, *more)
    assert done.code == 0, done.err
    return done


@pytest.fixture
def package(bookshop_package: Path, tmp_path: Path) -> Path:
    """A copy of the bookshop's package of the test's own."""
    return Path(shutil.copytree(bookshop_package, tmp_path / "package"))


def test_one_command_makes_the_whole_package_and_says_so(bookshop: Path, tmp_path: Path) -> None:
    """Seed 002, expected behaviour: every agent enhanced in one go, with templates."""
    done = make(bookshop, tmp_path / "pkg", "--json")
    document = done.document
    assert document["status"] == "done"
    assert document["enhanced_count"] == document["total_count"] >= 5
    assert len(document["templates"]) >= 10
    for name in (
        "manifest.json",
        "settings.json",
        "report.json",
        "copier.yml",
        "README.md",
        "CLAUDE.md",
        "AGENTS.md",
    ):
        assert (tmp_path / "pkg" / name).is_file(), name
    agents = {path.stem for path in (tmp_path / "pkg/agents").glob("*.md")}
    assert agents == {item["name"] for item in document["agents"]}


def test_the_summary_tells_counts_place_and_next_commands(bookshop: Path, tmp_path: Path) -> None:
    text = make(bookshop, tmp_path / "pkg").out
    assert "(100 %)" in text.splitlines()[0]
    assert f"Package: {tmp_path / 'pkg'}" in text
    assert "template-create render" in text
    assert "template-create validate" in text


def test_the_codebase_is_never_written_to(bookshop: Path, tmp_path: Path) -> None:
    """Not even git's own files: the old system wrote into the user's repository."""
    before = tree(bookshop)
    make(bookshop, tmp_path / "pkg")
    assert tree(bookshop) == before


def test_two_runs_from_elsewhere_in_other_ways_give_the_same_bytes(
    bookshop: Path, bookshop_package: Path, tmp_path: Path
) -> None:
    """Neither path, working directory, hash seed, locale nor time zone is in the package."""
    other = shutil.copytree(bookshop, tmp_path / "another place" / "bookshop")
    target = tmp_path / "pkg"
    done = run(
        "--name",
        "bookshop",
        "--path",
        ".",
        "--output",
        target,
        "--state-dir",
        tmp_path / "s",
        cwd=other,
        PYTHONHASHSEED="123",
        LC_ALL="C",
        TZ="Asia/Tokyo",
        PYTHONUTF8="0",
    )
    assert done.code == 0, done.err
    assert tree(target) == tree(bookshop_package)


def test_the_second_run_of_the_same_input_does_nothing_and_says_so(
    bookshop: Path, tmp_path: Path
) -> None:
    make(bookshop, tmp_path / "pkg")
    before = tree(tmp_path / "pkg")
    again = make(bookshop, tmp_path / "pkg")
    assert again.out.startswith("Nothing to do")
    assert tree(tmp_path / "pkg") == before


def test_a_changed_file_is_noticed_and_the_other_facts_come_from_the_store(
    bookshop: Path, tmp_path: Path
) -> None:
    make(bookshop, tmp_path / "pkg")
    (bookshop / "src/bookshop/errors.py").write_text('"""Nothing."""\n')
    again = make(bookshop, tmp_path / "pkg")
    assert "from the last run" in again.err
    assert not again.out.startswith("Nothing to do")


def test_an_edited_agent_survives_the_next_run_and_is_named(bookshop: Path, tmp_path: Path) -> None:
    make(bookshop, tmp_path / "pkg")
    agent = next((tmp_path / "pkg/agents").glob("*.md"))
    agent.write_text(agent.read_text() + "\nMy own line.\n")
    again = make(bookshop, tmp_path / "pkg", "--fresh")
    assert f"Kept as you edited them: agents/{agent.name}" in again.out
    assert agent.read_text().endswith("\nMy own line.\n")


def test_a_dry_run_shows_files_and_request_and_writes_nothing(
    bookshop: Path, sealed: Path, tmp_path: Path
) -> None:
    target = tmp_path / "pkg"
    done = make(bookshop, target, "--dry-run", "--json")
    plan = {item["path"]: item["change"] for item in done.document["plan"]}
    assert plan["manifest.json"] == "new"
    assert any(path.startswith("templates/") for path in plan)
    assert done.document["requests"]["input_tokens"] > 500
    assert "api-specialist" in done.document["prompts"][0]
    assert not target.exists()
    assert list(sealed.rglob("*")) == [], "no state either"


_KILLED = """
import os, signal, sys
from pathlib import Path
from batch_engine.core import StepCompleted, StepStarted
from template_creation import CreateOptions, create_template
codebase, target, at = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
seen = 0
def kill_at(event):
    global seen
    if isinstance(event, (StepStarted, StepCompleted)):
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)
create_template(CreateOptions(name="bookshop", path=codebase, output=target), listeners=[kill_at])
"""


@pytest.mark.slow
def test_a_kill_at_any_phase_leaves_no_half_package_and_the_next_run_is_whole(
    warm: Any, bookshop: Path, bookshop_package: Path, tmp_path: Path
) -> None:
    """SIGKILL at the start and the end of every phase; then the same command again."""
    target = tmp_path / "out" / "pkg"
    kills = 0
    for at in range(1, 60):
        script = [warm.python, "-c", _KILLED, str(bookshop), str(target), str(at)]
        killed = subprocess.run(script, capture_output=True, text=True, check=False)
        if killed.returncode == 0:
            break
        assert killed.returncode == -9, killed.stderr
        kills += 1
        if target.exists():
            assert tree(target) == tree(bookshop_package), f"half a package after kill {at}"
            shutil.rmtree(target)
    assert kills >= 15, "every phase has a start and an end"
    assert tree(target) == tree(bookshop_package)
    assert [path.name for path in target.parent.iterdir()] == ["pkg"], "no leftovers"


def test_two_runs_of_one_name_at_once_one_wins_and_the_other_says_why(
    bookshop: Path, tmp_path: Path
) -> None:
    from batch_engine.core import SqliteRunStore

    with SqliteRunStore(tmp_path / "state"):
        done = run(
            "--name",
            "bookshop",
            "--path",
            bookshop,
            "--output",
            tmp_path / "pkg",
            "--state-dir",
            tmp_path / "state",
        )
    assert done.code == 2
    assert str(os.getpid()) in done.err, "it names the process that holds the state"


def test_original_gives_the_source_files_back(
    bookshop: Path, package: Path, tmp_path: Path
) -> None:
    done = run("render", package, tmp_path / "back", "--original")
    assert done.code == 0, done.err
    written = tree(tmp_path / "back")
    assert len(written) >= 10
    for path, data in written.items():
        assert data == (bookshop / path).read_bytes(), path


def test_rendering_an_entity_gives_code_that_parses_and_names_it(
    package: Path, tmp_path: Path
) -> None:
    done = run("render", package, tmp_path / "new", "--set", "entity=gift card", "--json")
    assert done.code == 0, done.err
    written = tree(tmp_path / "new")
    routers = [path for path in written if path.endswith("routers/gift_cards.py")]
    assert routers, sorted(written)
    assert b"GiftCard" in written[routers[0]]
    for path, data in written.items():
        if path.endswith(".py"):
            compile(data, path, "exec")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("news", "plural"),
        ("class", "reserved"),
        ("書", "letter"),
        ("../escape", "entity"),
        ("", "empty"),
        ("1st", "digit"),
    ],
)
def test_a_value_that_would_break_the_code_is_refused_with_the_reason(
    package: Path, tmp_path: Path, value: str, reason: str
) -> None:
    done = run("render", package, tmp_path / "new", "--set", f"entity={value}")
    assert done.code == 2
    assert reason in done.err.lower()
    assert not (tmp_path / "new").exists()


def test_a_value_that_is_taken_by_the_code_is_refused_naming_it(
    package: Path, tmp_path: Path
) -> None:
    done = run("render", package, tmp_path / "new", "--set", "entity=session")
    assert done.code == 2
    assert "session" in done.err.lower()


def test_rendering_never_overwrites_a_file_that_differs(package: Path, tmp_path: Path) -> None:
    dest = tmp_path / "new"
    arguments = ("render", package, dest, "--set", "entity=gift card")
    assert run(*arguments).code == 0
    mine = next(path for path in dest.rglob("*.py") if "gift" in path.name)
    mine.write_text("mine")
    before = tree(dest)
    refused = run(*arguments)
    assert refused.code == 2
    assert mine.relative_to(dest).as_posix() in refused.err
    assert tree(dest) == before
    assert run(*arguments, "--force").code == 0
    assert mine.read_text() != "mine"


def test_a_fresh_package_is_valid_also_against_its_codebase(bookshop: Path, package: Path) -> None:
    done = run("validate", package, "--codebase", bookshop, "--json")
    assert done.document["errors"] == []
    assert done.code == 0
    assert done.document["checked"]["counts"] > 0


def test_validation_finds_a_damaged_template_agent_and_count(bookshop: Path, package: Path) -> None:
    loaded = load_package(package)
    template = package / loaded.templates.templates[0].path
    template.write_bytes(template.read_bytes() + b"# more\n")
    agent = loaded.agent_paths[0]
    agent.write_text(agent.read_text().replace("templates/", "templates/nowhere/"))
    report = package / "report.json"
    document = json.loads(report.read_text())
    first = document["facts"]["conventions"][0]
    path, spans = next(iter(first["hits"].items()))
    first["misses"].setdefault(path, []).append(spans[0])
    report.write_text(json.dumps(document))
    done = run("validate", package, "--codebase", bookshop, "--json")
    assert done.code == 5
    found = {item["rule"] for item in done.document["errors"]}
    assert {"count", "dangling-template"} <= found, found
    damaged = done.document["errors"] + done.document["warnings"]
    assert "B1" in {item["rule"] for item in damaged}


def test_a_planted_secret_is_left_out_and_never_told(bookshop: Path, tmp_path: Path) -> None:
    secret = "AKIA" + "Q3EGRLDFX5UWJZ7K"
    victim = bookshop / "src/bookshop/repositories/author_repository.py"
    victim.write_text(victim.read_text() + f'\nAWS_KEY = "{secret}"\n')
    done = make(bookshop, tmp_path / "pkg", "--verbose")
    assert secret not in done.out + done.err
    for path, data in tree(tmp_path / "pkg").items():
        assert secret.encode() not in data, path
    assert "author_repository.py" in done.out
    state = tree(Path(os.environ["TEMPLATE_CREATE_HOME"]))
    assert all(secret.encode() not in data for data in state.values()), "nor in the run state"


@dataclass(frozen=True)
class Refusal:
    name: str
    arguments: tuple[str, ...]
    code: int
    says: str


REFUSALS = [
    Refusal("no name", (), 2, "--name"),
    Refusal("bad name", ("--name", "Bad Name!"), 2, "'bad-name'"),
    Refusal("no such folder", ("--name", "abc", "--path", "nowhere"), 2, "no such codebase"),
    Refusal("unknown bridge", ("--name", "abc", "--bridge", "psychic"), 2, "known: offline"),
    Refusal("unknown option", ("--nmae", "abc"), 2, "--nmae"),
    Refusal("empty folder", ("--name", "abc", "--path", "empty"), 3, "nothing to learn"),
    Refusal("only docs", ("--name", "abc", "--path", "docs"), 4, "no template"),
    Refusal(
        "output in the codebase",
        ("--name", "abc", "--path", "docs", "--output", "docs/o"),
        2,
        "inside the codebase",
    ),
    Refusal("no package", ("validate", "empty"), 2, "no template package"),
]


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
def test_every_refusal_has_its_exit_code_and_its_way_out(case: Refusal, tmp_path: Path) -> None:
    """F53: the old system exited 0 whatever happened."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/README.md").write_text("# Only words\n\nNothing else.\n")
    done = run(*case.arguments, cwd=tmp_path)
    assert done.code == case.code, done.err
    assert case.says in done.err
    assert "Traceback" not in done.err


def test_a_refusal_with_json_is_one_json_object(tmp_path: Path) -> None:
    done = run("--name", "abc", "--path", tmp_path / "nowhere", "--json")
    assert done.document["exit_code"] == done.code == 2
    assert done.document["error"]["hint"]


def test_the_environment_may_choose_the_bridge_and_a_wrong_choice_is_named(
    bookshop: Path, tmp_path: Path
) -> None:
    done = run("--name", "abc", "--path", bookshop, TEMPLATE_CREATE_BRIDGE="psychic")
    assert done.code == 2
    assert "TEMPLATE_CREATE_BRIDGE" in done.err


def test_a_state_that_is_damaged_is_an_error_with_a_way_out(bookshop: Path, tmp_path: Path) -> None:
    make(bookshop, tmp_path / "pkg", "--state-dir", str(tmp_path / "state"))
    for file in (tmp_path / "state").glob("*.sqlite*"):
        file.write_bytes(b"not a database, but long enough to look at" * 200)
    done = run(
        "--name",
        "bookshop",
        "--path",
        bookshop,
        "--output",
        tmp_path / "pkg",
        "--fresh",
        "--state-dir",
        tmp_path / "state",
    )
    assert done.code == 6
    assert "--state-dir" in done.err or "remove" in done.err


def test_the_delimiter_of_the_package_is_one_pair_that_nothing_else_uses(package: Path) -> None:
    loaded = load_package(package)
    delimiter: Delimiter = loaded.templates.delimiter
    for template in loaded.templates:
        literal = b"".join(part for part in template.segments if isinstance(part, bytes))
        assert delimiter.start.encode() not in literal


def test_without_a_choice_only_files_that_name_the_new_thing_are_written(
    package: Path, tmp_path: Path
) -> None:
    """A new entity does not bring copies of the settings or the command line along."""
    done = run("render", package, tmp_path / "new", "--set", "entity=gift card")
    assert done.code == 0, done.err
    assert all("gift" in path for path in tree(tmp_path / "new"))
    assert "--all" in done.err
    everything = run("render", package, tmp_path / "all", "--set", "entity=gift card", "--all")
    assert everything.code == 0
    assert len(tree(tmp_path / "all")) == len(load_package(package).templates)


def test_all_rendered_files_come_from_one_entity_and_the_others_are_named(
    package: Path, tmp_path: Path
) -> None:
    """Files made from customers and from orders would not fit together."""
    done = run("render", package, tmp_path / "new", "--set", "entity=gift card", "--json")
    by_id = {item.id: item for item in load_package(package).templates}
    entities = {
        term.words
        for file in done.document["files"]
        for term in by_id[file["template"]].original
        if term.key == "entity"
    }
    assert len(entities) == 1
    assert all(item["reason"] for item in done.document["left"])


def test_another_entity_to_start_from_can_be_chosen_and_an_unknown_one_is_refused(
    package: Path, tmp_path: Path
) -> None:
    arguments = ("render", package, tmp_path / "new", "--set", "entity=gift card", "--like")
    refused = run(*arguments, "spaceship")
    assert refused.code == 2
    assert "there are: " in refused.err
    for name in refused.err.rpartition("there are: ")[2].strip().split(", "):
        assert run(*arguments, name, "--dry-run").code == 0


def test_a_value_given_twice_is_refused(package: Path, tmp_path: Path) -> None:
    done = run("render", package, tmp_path / "new", "--set", "entity=a", "--set", "entity=b")
    assert done.code == 2
    assert "twice" in done.err


def test_an_edited_template_no_longer_passes_for_the_original(
    package: Path, tmp_path: Path
) -> None:
    template = package / load_package(package).templates.templates[0].path
    template.write_bytes(template.read_bytes() + b"# mine\n")
    done = run("render", package, tmp_path / "back", "--original")
    assert done.code == 2
    assert "was edited" in done.err
    assert not (tmp_path / "back").exists()


def test_an_agent_of_the_users_own_is_told_and_does_no_harm(package: Path) -> None:
    (package / "agents/mine.md").write_text("My own notes.\n")
    done = run("validate", package, "--json")
    assert done.code == 0
    assert "agent-foreign" in {item["rule"] for item in done.document["warnings"]}


def test_an_agent_that_is_no_text_is_a_finding_and_no_crash(package: Path) -> None:
    agent = load_package(package).agent_paths[0]
    agent.write_bytes(b"---\n\xff\xfe\n")
    done = run("validate", package, "--json")
    assert done.code == 5
    assert "encoding" in {item["rule"] for item in done.document["errors"]}


def test_a_count_that_an_agent_makes_up_is_found(package: Path) -> None:
    for agent in load_package(package).agent_paths:
        text = agent.read_text()
        found = re.search(r"^ {3}\d+ of \d+", text, re.MULTILINE)
        if found:
            agent.write_text(text.replace(found.group(), "   999 of 1000", 1))
            break
    else:
        pytest.fail("no agent states a count")
    done = run("validate", package, "--json")
    assert done.code == 5
    assert any("999 of 1000" in item["message"] for item in done.document["errors"])


def test_a_package_of_another_version_is_refused(package: Path) -> None:
    manifest = package / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"1.0.0"', '"9.0.0"', 1))
    done = run("validate", package)
    assert done.code == 2
    assert "9.0.0" in done.err


def test_a_codebase_without_a_grammar_is_told_so(tmp_path: Path) -> None:
    code = tmp_path / "shop"
    for name in ("Owner", "Pet", "Visit"):
        file = code / f"src/{name.lower()}/{name}Controller.kt"
        file.parent.mkdir(parents=True)
        file.write_text(f"class {name}Controller {{ fun list() = 1 }}\n" * 10)
    done = run("--name", "shop", "--path", code, "--output", tmp_path / "pkg")
    assert "kotlin" in done.out + done.err
    assert "no grammar" in done.out + done.err
