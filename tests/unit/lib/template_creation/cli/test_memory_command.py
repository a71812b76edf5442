"""``template-create memory``: what a person types, what comes back, and the exit codes."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from memory_processing import CATEGORIES, BatchProcessingConfig
from memory_processing.config import ENVIRONMENT_PREFIX
from memory_processing.importers import FORMATS
from template_creation.cli.app import app
from template_creation.evidence import load_memories

_DATA = Path(__file__).resolve().parents[4] / "data" / "memories"
ALIKE = [
    {"kind": "preference", "text": "Use four spaces for the indent of all Python files here."},
    {"kind": "preference", "text": "Use two spaces for the indent of all Python files here."},
    {"kind": "constraint", "text": "Never log a card number."},
]


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEMPLATE_CREATE_MEMORIES", str(tmp_path / "kept" / "memories.sqlite3"))


def _run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["memory", *words])
    assert result.exit_code == code, result.output
    return result


def _json(*words: str, code: int = 0) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_run(*words, "--json", code=code).stdout)
    assert document["exit_code"] == code
    return document


def _write(records: list[dict[str, Any]], name: str = "notes.jsonl") -> str:
    Path(name).write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    return name


def test_validate_names_the_format_each_problem_and_its_remedy_and_writes_nothing() -> None:
    shown = _run("validate", str(_DATA / "own.jsonl"), code=1).stdout
    assert "own.jsonl: jsonl" in shown
    assert "own.jsonl:2: confidence is out of range\n      expected at most 1, got 7" in shown
    assert "write 0.7: the scale is 0 to 1" in shown
    assert not Path("kept").exists()
    assert _json("validate", str(_DATA / "CLAUDE.md"))["status"] == "valid"


def test_an_import_stores_goes_on_after_bad_records_and_stores_nothing_twice() -> None:
    first = _json("import", str(_DATA / "memory.jsonl"), code=7)
    assert first["counts"]["successful"] == 4
    assert first["errors_by_category"]["transform"] == 5
    again = _json("import", str(_DATA / "memory.jsonl"), code=7)
    assert (again["counts"]["successful"], again["counts"]["skipped"]) == (0, 4)
    assert _json("list")["total"] == 4


def test_progress_and_messages_are_not_on_stdout() -> None:
    result = _run("import", _write(ALIKE))
    assert "memory.import: 3" in result.stderr
    assert "memory.import" not in result.stdout


def test_a_dry_run_says_what_it_would_do_and_takes_it_back() -> None:
    _run("import", _write(ALIKE[:1]))
    report = _json("import", _write(ALIKE), "--dry-run")
    assert (report["status"], report["counts"]["successful"]) == ("dry_run", 2)
    assert _json("list")["total"] == 1


@pytest.mark.parametrize(
    ("options", "status", "code", "stored"),
    [
        ([], "completed", 7, 1),
        (["--rollback", "run"], "rolled_back", 1, 0),
        (["--stop-on-error", "--validate-first"], "stopped", 1, 0),
        (["--max-failures", "0", "--batch-size", "1"], "stopped", 1, 1),
    ],
)
def test_the_exit_code_says_whether_the_rest_went_on(
    options: list[str], status: str, code: int, stored: int
) -> None:
    name = _write([ALIKE[2], {"text": ""}])
    assert _json("import", name, *options, code=code)["status"] == status
    assert _json("list")["total"] == stored


def test_settings_come_from_the_file_the_environment_and_options_in_that_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("batch.toml").write_text('[memory]\nmode = "memory"\nbatch_size = 7\n', "utf-8")
    name = _write([ALIKE[2], ALIKE[2]])
    config = ["--config", "batch.toml"]
    assert _json("import", name, *config, code=7)["errors_by_category"]["database"] == 1
    monkeypatch.setenv("MEMORY_BATCH_MODE", "memory+dedup")
    assert _json("import", name, *config)["counts"]["skipped"] == 2
    again = _json("import", name, *config, "--mode", "memory", code=1)
    assert again["errors_by_category"]["database"] == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["import", "gone.md"], "no such file or folder: 'gone.md'"),
        (["import", "table.csv"], "in no known format; tried cogx"),
        (["import", "notes.jsonl", "--format", "xml"], "there is no format 'xml'"),
        (["import", "notes.jsonl", "--batch-size", "9999"], "batch_size is 9999: "),
        (["import", "notes.jsonl", "--batch-size", "x"], "expected a number from 1 to 5000 or"),
        (["import", "notes.jsonl", "--guards", "names,luck"], "guards.1 is 'luck'"),
        (["import", "notes.jsonl", "--config", "gone.toml"], "cannot read the configuration"),
        (["review"], "there is no memory store"),
        (["stats"], "there is no memory store"),
        (["export", "--format", "xml"], "there is no export format 'xml'"),
        (["export", "--format", "cogx"], "a COGX archive is a folder"),
        (["list", "--kind", "rule"], "there is no kind 'rule'"),
        (["agents", "nowhere", "--memories", "notes.jsonl"], "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_way_out(words: list[str], message: str) -> None:
    _write(ALIKE)
    Path("table.csv").write_text("a,b\n", encoding="utf-8")
    document = _json(*words, code=2)
    assert message in document["error"]["message"]
    assert document["error"]["hint"]


@pytest.mark.parametrize(
    ("place", "code", "message"),
    [
        ("notes.jsonl/x.sqlite3", 6, "cannot make the folder"),
        ("notes.jsonl", 1, "file is not a database"),
    ],
)
def test_a_store_that_cannot_be_written_is_left_as_it_is(
    place: str, code: int, message: str
) -> None:
    before = Path(_write(ALIKE)).read_bytes()
    document = _json("import", "notes.jsonl", "--store", place, code=code)
    assert message in document["error"]["message"]
    assert Path("notes.jsonl").read_bytes() == before


def test_a_review_shows_pairs_with_reasons_and_takes_decisions_that_last() -> None:
    name = _write(ALIKE)
    assert "template-create memory review" in _run("import", name).stdout
    (pair,) = _json("review")["pairs"]
    assert pair["reasons"][0].startswith("numbers: ")
    assert pair["pair"] in _run("review").stdout
    _json("review", "--accept", "p-00000000", code=2)
    _json("review", "--accept", pair["pair"], "--reject", pair["pair"], code=2)
    decided = _json("review", "--accept", pair["pair"])
    assert decided["decided"] == [{"pair": pair["pair"], "verdict": "merge"}]
    assert (decided["open"], _json("list")["total"]) == (0, 2)
    _run("import", name)
    assert _json("list")["total"] == 2  # the decision outlasts the next import
    member = pair["first"]["id"]
    assert len(_json("unmerge", member)["unmerged"]) == 1
    assert (_json("list")["total"], _json("review")["open"]) == (3, 0)
    assert _json("merge", member, pair["second"]["id"])["status"] == "done"
    assert _json("list")["total"] == 2


def test_a_pair_that_is_rejected_stays_two_memories() -> None:
    _run("import", _write(ALIKE))
    (pair,) = _json("review")["pairs"]
    assert _json("review", "--reject", pair["pair"])["open"] == 0
    assert _json("list")["total"] == 3


def test_asking_pair_by_pair_needs_a_terminal() -> None:
    _run("import", _write(ALIKE))
    assert "needs a terminal" in _json("review", "--interactive", code=2)["error"]["message"]


def test_asked_on_a_terminal_a_person_decides_pair_by_pair() -> None:
    pty = pytest.importorskip("pty")
    _run("import", _write(ALIKE))
    program = str(Path(sys.executable).with_name("template-create"))
    own, theirs = pty.openpty()
    try:
        os.write(own, b"y\n")  # the terminal keeps it until it is asked for
        asked = subprocess.run(
            [program, "memory", "review", "-i"],
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        os.close(own)
        os.close(theirs)
    out, err = asked.stdout, asked.stderr
    assert asked.returncode == 0, err
    assert "same? [y] merge" in err
    assert "merged" in out
    assert _json("list")["total"] == 2


def test_an_export_comes_back_as_it_was(tmp_path: Path) -> None:
    _run("import", str(_DATA / "CLAUDE.md"), str(_DATA / "lessons.md"))
    lines = _run("export").stdout
    for words in (
        ["--format", "jsonl", "--output", "all.jsonl"],
        ["--format", "cogx", "--output", "all"],
    ):
        _run("export", *words)
        name = words[-1]
        assert "exists" in _json("export", *words, code=2)["error"]["message"]
        _run("import", name, "--store", f"{name}.sqlite3")
        assert _run("export", "--store", f"{name}.sqlite3").stdout == lines
    shown = _run("export", "--format", "markdown").stdout
    assert "## Failures" in shown
    assert "lessons.md:3)" in shown


def test_an_export_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """The file is replaced as a whole: a disk that is full, or a limit, costs nothing."""
    _run("import", _write([{"text": f"fact {n} " + "long " * 900} for n in range(20)]))
    Path("all.jsonl").write_text("before\n", encoding="utf-8")
    program = str(Path(sys.executable).with_name("template-create"))
    script = f"ulimit -f 64; trap '' XFSZ; {program} memory export --output all.jsonl --force"
    # Coverage could not write its own data under that limit.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True)
    assert done.returncode == 6, done.stderr
    assert "Traceback" not in done.stderr
    assert Path("all.jsonl").read_text("utf-8") == "before\n"
    assert not list(tmp_path.glob(".*.part"))


def test_of_a_folder_files_of_other_formats_are_named() -> None:
    Path("mixed/sub").mkdir(parents=True)
    Path("mixed/CLAUDE.md").write_text("- Never commit secrets.\n", encoding="utf-8")
    _write(ALIKE, "mixed/sub/notes.jsonl")
    for command in ("validate", "import"):
        assert "not read: mixed/sub/notes.jsonl; give their paths" in _run(command, "mixed").stdout


def test_statistics_say_what_is_stored_and_how_it_went() -> None:
    _run("import", _write(ALIKE))
    assert "pairs to review 1" in " ".join(_run("stats").stdout.split())
    assert _json("stats")["kinds"] == {"constraint": 1, "preference": 2}


def test_a_list_shows_kind_and_words_asked_for() -> None:
    _run("import", _write(ALIKE))
    assert _json("list", "--kind", "constraint")["memories"][0]["text"] == ALIKE[2]["text"]
    assert _json("list", "--text", "FOUR spaces")["total"] == 1
    assert "and 2 more" in _run("list", "--limit", "1").stdout


def test_formats_are_listed_with_what_they_are() -> None:
    assert [row["name"] for row in _json("formats")["formats"]][:2] == ["cogx", "letta"]


def test_an_import_that_is_interrupted_ends_with_130_and_goes_on_later() -> None:
    """Ctrl-C between two batches: what was committed stays, and the same command goes on."""
    records = [{"text": f"Fact number {number} of many is here."} for number in range(400)]
    Path("many").mkdir()
    _write(records[:200], "many/a.jsonl")
    fifo = Path("many/b.jsonl")
    os.mkfifo(fifo)
    program = str(Path(sys.executable).with_name("template-create"))
    words = ["memory", "import", "many/a.jsonl", str(fifo), "--format", "jsonl", "--json"]
    running = subprocess.Popen(
        [program, *words, "--batch-size", "50"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with fifo.open("w"):  # opens when the import has come to the second source
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=60) == 130
    fifo.unlink()
    _write(records[200:], "many/b.jsonl")
    report = _json("import", "many/a.jsonl", "many/b.jsonl", "--batch-size", "50")
    assert report["resumed"] >= 50
    assert report["counts"]["processed"] == 400
    assert _json("stats")["memories"]["current"] == 400


def test_the_guide_names_every_setting_format_and_category(checkout: Path) -> None:
    guide = (checkout / "docs" / "memories.md").read_text(encoding="utf-8")
    offered = _run("import", "--help").stdout
    for setting in BatchProcessingConfig.model_fields:
        assert f"| `{setting}` | `{ENVIRONMENT_PREFIX}{setting.upper()}`" in guide
        option = setting.replace("_", "-")
        assert f"--{option}" in offered, option
        assert f"`--{option}" in guide
    for name in (*FORMATS, *CATEGORIES):
        assert f"| `{name}` |" in guide


@contextmanager
def _unwritable(folder: Path) -> Iterator[None]:
    """The folder and its files as somebody sees them who may only read; also for root."""
    who = os.geteuid()
    for path in (folder, *folder.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    if who == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        with pytest.raises(OSError, match="denied"):
            (folder / "new").touch()
        yield
    finally:
        if who == 0:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_store_that_may_only_be_read_is_shown_exported_and_loaded() -> None:
    with tempfile.TemporaryDirectory() as outside:
        Path(outside).chmod(0o755)
        place = str(Path(outside, "memories.sqlite3"))
        _run("import", _write(ALIKE), "--store", place)
        notes = Path(outside, "new.jsonl")
        notes.write_text(json.dumps({"text": "Name tests after promises."}), encoding="utf-8")
        _run("review", "--store", place)  # loads the modules as the one who can
        with _unwritable(Path(outside)):
            assert _json("list", "--store", place)["total"] == 3
            assert _json("stats", "--store", place)["memories"]["current"] == 3
            assert _json("review", "--store", place)["open"] == 1
            assert len(_run("export", "--store", place).stdout.splitlines()) == 3
            assert len(load_memories([place]).records) == 3
            refused = _run("import", str(notes), "--store", place, code=1).stderr
            assert "cannot be used" in refused
            if os.getuid() == 0:  # the folder of the notes is closed to the other user
                denied = _run("validate", str(Path.cwd() / "notes.jsonl"), code=2).stderr
                assert "Permission denied" in denied
        assert {path.name for path in Path(outside).iterdir()} == {"memories.sqlite3", "new.jsonl"}


def test_to_read_nothing_is_made() -> None:
    Path("empty").touch()
    for words in (["list"], ["stats"], ["review"], ["export"]):
        assert "no memory store" in _run(*words, "--store", "empty", code=1).stderr
    assert Path("empty").stat().st_size == 0


@pytest.mark.parametrize("text", ["[]", "{}", ' {"memories": []}', '{"results": []}\n'])
def test_a_file_without_records_is_told_as_such(text: str) -> None:
    Path("none.json").write_text(text, encoding="utf-8")
    assert "0 records: 0 new" in _run("validate", "none.json").stdout
    told = _run("import", "none.json").stdout
    assert "0 processed, 0 stored" in told
    assert "nothing to import: no records in none.json" in told
    assert _json("import", "none.json")["counts"]["processed"] == 0


def test_an_empty_file_and_one_with_no_list_of_records_are_refused() -> None:
    Path("empty.json").touch()
    Path("other.json").write_text('{"memories": null, "foo": 1}', encoding="utf-8")
    assert "'empty.json' is empty" in _run("import", "empty.json", code=2).stderr
    assert "in no known format" in _run("import", "other.json", code=2).stderr


def test_a_list_shows_what_is_merged_why_and_on_what_they_disagree() -> None:
    text = "Run {}integration tests before you push a release branch to the remote"
    felt = {"intensity": 0.5}
    same: list[dict[str, Any]] = [
        {"text": text.format("the "), "confidence": 0.9, "emotion": {"mood": "negative", **felt}},
        {"text": text.format(""), "emotion": {"mood": "positive", **felt}},
    ]
    _run("import", _write(same))
    (memory,) = _json("list")["memories"]
    (merged,) = memory["merged"]
    assert (merged["text"], merged["by"]) == (same[1]["text"], "similarity")
    shown = _run("list").stdout
    assert f"    = {merged['id']}  {merged['similarity']:.2f} alike, by similarity" in shown
    assert "emotion.mood: mixed, not negative, positive" in shown
    _run("unmerge", merged["id"])
    assert [one["merged"] for one in _json("list")["memories"]] == [[], []]
    assert "`" in _run("unmerge", merged["id"], code=2).stderr
