"""The program on the bookshop, as a user runs it: real processes, no network.

The package is made once and only read; a test that changes it works on a copy.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm")]

INSTALLED = str(Path(sys.executable).parent)
ENTITIES = ("author", "book", "customer", "order")
LAYERS = ("routers", "services", "repositories", "models", "schemas")


def _run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["template-create", *map(str, arguments)],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def _create(codebase: Path, output: Path, *more: object, **environment: str) -> dict[str, Any]:
    ran = _run(
        *("--name", "bookshop", "--path", codebase, "--output", output, "--json", *more),
        **environment,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    result: dict[str, Any] = json.loads(ran.stdout)
    return result


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


@pytest.fixture(scope="module")
def made(bookshop_once: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the installed program says of the package that it made of the bookshop."""
    search = os.pathsep.join((INSTALLED, os.environ["PATH"]))
    return _create(bookshop_once, tmp_path_factory.mktemp("made") / "bookshop", PATH=search)


@pytest.fixture(scope="module")
def package(made: Mapping[str, Any]) -> Path:
    """The package: only to be read."""
    return Path(made["package"])


@pytest.fixture(scope="module")
def manifest(package: Path) -> dict[str, Any]:
    """The package's manifest."""
    loaded: dict[str, Any] = json.loads((package / "manifest.json").read_text(encoding="utf-8"))
    return loaded


def test_the_package_has_every_part(package: Path) -> None:
    names = {path.name for path in package.iterdir()}
    expected = {"manifest.json", "settings.json", "report.json", "copier.yml", "templates"}
    expected |= {"agents", "CLAUDE.md", "AGENTS.md", "README.md"}
    assert names == expected


def test_every_layer_of_the_bookshop_has_a_template(manifest: Mapping[str, Any]) -> None:
    sources = [item["source"] for item in manifest["templates"]]
    missing = [layer for layer in LAYERS if not any(f"bookshop/{layer}/" in s for s in sources)]
    missing += [
        f"tests/{layer}"
        for layer in ("routers", "services", "repositories")
        if not any(source.startswith(f"tests/{layer}/") for source in sources)
    ]
    assert missing == []


def test_the_entities_are_those_of_the_shop(package: Path) -> None:
    report = json.loads((package / "report.json").read_text(encoding="utf-8"))
    assert set(report["entities"]) >= set(ENTITIES)


def test_every_template_is_proved(package: Path, manifest: Mapping[str, Any]) -> None:
    report = json.loads((package / "report.json").read_text(encoding="utf-8"))
    must = ("B1", "B2", "B3", "B4", "B6")
    unproved = [
        (name, proof["bar"], proof["detail"])
        for name, entry in report["templates"].items()
        for proof in entry["proofs"]
        if proof["bar"] in must and proof["passed"] is False
    ]
    assert len(report["templates"]) == len(manifest["templates"]) >= 8
    assert unproved == []


def test_the_original_files_come_back_byte_for_byte(
    package: Path, bookshop_once: Path, manifest: Mapping[str, Any], tmp_path: Path
) -> None:
    ran = _run("render", package, tmp_path, "--original")
    assert ran.returncode == 0, ran.stderr
    written = _hashes(tmp_path)
    assert sorted(written) == sorted(item["source"] for item in manifest["templates"])
    assert written.items() <= _hashes(bookshop_once).items()


def test_a_new_entity_renders_to_python_of_the_same_shape(package: Path, tmp_path: Path) -> None:
    ran = _run("render", package, tmp_path, "--set", "entity=gift card")
    assert ran.returncode == 0, ran.stderr
    for path in tmp_path.rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))
    router = (tmp_path / "src/bookshop/routers/gift_cards.py").read_text(encoding="utf-8")
    assert re.search(r"^def list_gift_cards\(", router, flags=re.MULTILINE)
    assert "from bookshop.schemas.gift_card import GiftCardCreate, GiftCardRead" in router
    assert 'APIRouter(prefix="/gift-cards"' in router or 'APIRouter(prefix="/gift_cards"' in router
    model = (tmp_path / "src/bookshop/models/gift_card.py").read_text(encoding="utf-8")
    assert "class GiftCard(Base):" in model


def test_names_of_the_libraries_are_not_renamed(package: Path, tmp_path: Path) -> None:
    ran = _run("render", package, tmp_path, "--set", "entity=gift card")
    assert ran.returncode == 0, ran.stderr
    repositories = list((tmp_path / "src/bookshop/repositories").glob("gift_card*.py"))
    assert repositories
    for path in repositories:
        text = path.read_text(encoding="utf-8")
        assert ".order_by(" in text
        assert "gift_card_by" not in text


@pytest.mark.parametrize("value", ["news", "class", "漢字", ""])
def test_a_value_that_would_break_the_code_is_refused(
    value: str, package: Path, tmp_path: Path
) -> None:
    ran = _run("render", package, tmp_path / "out", "--set", f"entity={value}")
    assert ran.returncode == 2, ran.stdout + ran.stderr
    assert repr(value) in ran.stderr or value in ran.stderr
    assert not (tmp_path / "out").exists() or _hashes(tmp_path / "out") == {}


def test_the_package_validates_against_the_codebase(package: Path, bookshop_once: Path) -> None:
    ran = _run("validate", package, "--codebase", bookshop_once, "--json")
    found = json.loads(ran.stdout)
    assert (ran.returncode, found["errors"]) == (0, [])


def test_an_invented_reference_in_an_agent_is_found(package: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(package, tmp_path / "copy"))
    agent = sorted((copy / "agents").glob("*.md"))[0]
    text = agent.read_text(encoding="utf-8")
    agent.write_text(text + "\nSee `templates/src/invented.py.template`.\n", encoding="utf-8")
    ran = _run("validate", copy)
    assert ran.returncode == 5
    assert "invented.py" in ran.stdout


def test_every_agent_says_enough_or_says_why_not(made: Mapping[str, Any], package: Path) -> None:
    assert 5 <= len(made["agents"]) <= 12
    assert made["enhanced_count"] == made["total_count"] == len(made["agents"])
    for agent in made["agents"]:
        text = (package / "agents" / f"{agent['name']}.md").read_text(encoding="utf-8")
        assert len(text.splitlines()) == agent["lines"]
        assert agent["short_because"] or 150 <= agent["lines"] <= 250, agent


def test_the_rules_of_the_shop_are_quoted(package: Path, bookshop_once: Path) -> None:
    contributing = (bookshop_once / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rules = re.findall(r"^- (.*\b(?:must|never)\b.*)$", contributing, flags=re.MULTILINE)
    guide = (package / "AGENTS.md").read_text(encoding="utf-8")
    assert len(rules) >= 6
    assert [rule for rule in rules if rule not in guide] == []
    agent = (package / "agents" / "api-specialist.md").read_text(encoding="utf-8")
    assert "A router must never import a model" in agent
    assert "`CONTRIBUTING.md:" in agent


def test_every_place_that_an_agent_names_is_there(package: Path, bookshop_once: Path) -> None:
    places = 0
    for agent in (package / "agents").glob("*.md"):
        text = agent.read_text(encoding="utf-8")
        for path, line in re.findall(r"\b((?:src|tests)/[\w./-]+\.py):(\d+)", text):
            lines = (bookshop_once / path).read_text(encoding="utf-8").splitlines()
            assert 1 <= int(line) <= len(lines), f"{agent.name}: {path}:{line}"
            places += 1
    assert places >= 10


def test_two_runs_are_the_same_bytes_whatever_surrounds_them(
    package: Path, bookshop: Path, tmp_path: Path
) -> None:
    state = ("--state-dir", tmp_path / "state")
    again = _create(
        bookshop,
        tmp_path / "again",
        *state,
        PYTHONHASHSEED="7",
        LC_ALL="C",
        TZ="Asia/Tokyo",
        COLUMNS="40",
    )
    assert _hashes(Path(again["package"])) == _hashes(package)


def test_the_codebase_is_not_written_to(bookshop: Path, tmp_path: Path) -> None:
    before = _hashes(bookshop)
    _create(bookshop, tmp_path / "out")
    assert _hashes(bookshop) == before
    status = ["git", "status", "--porcelain", "--ignored"]
    assert subprocess.run(status, cwd=bookshop, capture_output=True, check=True).stdout == b""


def test_no_place_of_this_machine_is_in_the_package(package: Path, bookshop_once: Path) -> None:
    places = [str(bookshop_once), str(package), str(Path.home()), str(Path(sys.prefix))]
    leaks = [
        (path.name, place)
        for path in package.rglob("*")
        if path.is_file()
        for place in places
        if place.encode() in path.read_bytes()
    ]
    assert leaks == []


def test_a_dry_run_writes_nothing(bookshop: Path, tmp_path: Path, sealed: Path) -> None:
    planned = _create(bookshop, tmp_path / "out", "--dry-run")
    assert planned["plan"]
    assert not (tmp_path / "out").exists()
    assert _hashes(sealed) == {}


def test_a_second_run_keeps_what_a_user_edited_and_says_so(bookshop: Path, tmp_path: Path) -> None:
    first = _create(bookshop, tmp_path / "out")
    agent = tmp_path / "out" / "agents" / f"{first['agents'][0]['name']}.md"
    edited = agent.read_text(encoding="utf-8") + "\nOur own line.\n"
    agent.write_text(edited, encoding="utf-8")
    readme = bookshop / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")
    second = _create(bookshop, tmp_path / "out")
    assert agent.read_text(encoding="utf-8") == edited
    assert second["kept"] == [f"agents/{agent.name}"]


def test_a_second_run_on_the_same_code_has_nothing_to_do(bookshop: Path, tmp_path: Path) -> None:
    _create(bookshop, tmp_path / "out")
    before = _hashes(tmp_path / "out")
    assert _create(bookshop, tmp_path / "out")["status"] == "unchanged"
    assert _hashes(tmp_path / "out") == before


def test_copier_renders_the_same_package(package: Path, tmp_path: Path) -> None:
    answers = _run("render", package, tmp_path / "ours", "--all", "--set", "entity=gift card")
    assert answers.returncode == 0, answers.stderr
    copier = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet"]
    data = ["--data", "entity=gift card"]
    ran = subprocess.run(
        [*copier, *data, str(package), str(tmp_path / "theirs")], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    ours, theirs = _hashes(tmp_path / "ours"), _hashes(tmp_path / "theirs")
    theirs = {path: digest for path, digest in theirs.items() if not path.startswith(".copier")}
    assert theirs == ours


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--name", "Bad Name!"), 2, "bad-name"),
        (("--name", "bookshop", "--path", "nowhere"), 2, "nowhere"),
        (("--name", "bookshop", "--bridge", "telepathy"), 2, "telepathy"),
        (("--nonsense",), 2, "--nonsense"),
        ((), 2, "--name"),
    ],
)
def test_bad_input_ends_with_2_and_the_way_out(
    arguments: tuple[str, ...], code: int, words: str
) -> None:
    ran = _run(*arguments)
    assert ran.returncode == code, ran.stdout + ran.stderr
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
