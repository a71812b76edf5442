"""What tools of other people say of the bookshop's package: linters, copier, Python itself."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
ENTITY = "gift card"
RUNTIME = ("fastapi", "pydantic", "pydantic_settings", "sqlalchemy", "httpx", "pytest")
"""What the bookshop's own tests import."""


def _run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False
    )


def _tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def package(bookshop_package: Path) -> Path:
    """The bookshop's package: only to be read."""
    return bookshop_package


@pytest.fixture(scope="module")
def manifest(package: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((package / "manifest.json").read_bytes())
    return loaded


# -- linters ----------------------------------------------------------------------------------


@pytest.fixture
def project(package: Path, tmp_path: Path) -> Path:
    """A project that has the package's agents and guides where Claude Code reads them."""
    shutil.copytree(package / "agents", tmp_path / "project/.claude/agents")
    for guide in ("CLAUDE.md", "AGENTS.md"):
        shutil.copy(package / guide, tmp_path / "project")
    return tmp_path / "project"


def _lint(project: Path, linter: str, *arguments: str) -> dict[str, Any]:
    program = BIN / linter
    if not program.exists():
        pytest.skip(f"{linter} is not installed beside this Python")
    done = _run(program, *arguments, "--format", "json", cwd=project)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _agnix_errors(project: Path) -> list[dict[str, Any]]:
    found = _lint(project, "agnix", ".")
    agents = len(list((project / ".claude/agents").glob("*.md")))
    assert found["files_checked"] >= agents + 1
    return [item for item in found["diagnostics"] if item["level"] == "error"]


def _skillsaw_errors(project: Path) -> int:
    errors: int = _lint(project, "skillsaw", "lint", ".")["summary"]["errors"]
    return errors


def test_agnix_reports_no_error_on_agents_and_guides(project: Path) -> None:
    assert _agnix_errors(project) == []


def test_skillsaw_reports_no_error_on_agents_and_guides(project: Path) -> None:
    assert _skillsaw_errors(project) == 0


@pytest.mark.parametrize("errors", [_agnix_errors, _skillsaw_errors])
def test_the_linters_would_report_a_broken_agent(
    errors: Callable[[Path], Any], project: Path
) -> None:
    """That they are silent means something: an agent without its description is an error."""
    agent = project / ".claude/agents/api-specialist.md"
    lines = agent.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(("description:", "name:"))]
    agent.write_text("".join(kept), encoding="utf-8")
    assert errors(project)


# -- copier -----------------------------------------------------------------------------------


def _copier(package: Path, target: Path, *arguments: str) -> dict[str, str]:
    if importlib.util.find_spec("copier") is None:
        pytest.skip("copier is not installed")
    # Neither --trust nor git: the package needs no more than a folder and answers.
    command = (sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", *arguments)
    done = _run(*command, package, target)
    assert done.returncode == 0, done.stderr
    return {path: sha for path, sha in _tree(target).items() if not path.startswith(".copier")}


def test_copier_with_its_defaults_gives_the_original_bytes(
    package: Path, bookshop_once: Path, manifest: dict[str, Any], tmp_path: Path
) -> None:
    """For templates of the entity that is the default; those of another entity take its name."""
    written = _copier(package, tmp_path / "shop")
    (default,) = {tuple(manifest["templates"][0]["original"]["entity"])}
    same = [
        item["source"]
        for item in manifest["templates"]
        if tuple(item["original"].get("entity", default)) == default
    ]
    assert len(same) >= 10
    real = _tree(bookshop_once)
    assert {path: written.get(path) for path in same} == {path: real[path] for path in same}
    assert len(written) == len(manifest["templates"])


def test_copier_and_render_give_the_same_bytes_for_an_entity_of_ones_own(
    package: Path, tmp_path: Path
) -> None:
    """Copier writes every template, as ``render --all`` does."""
    theirs = _copier(package, tmp_path / "theirs", "--data", f"entity={ENTITY}")
    ours = tmp_path / "ours"
    done = _run(
        BIN / "template-create", "render", package, ours, "--all", "--set", f"entity={ENTITY}"
    )
    assert done.returncode == 0, done.stderr
    assert len(_tree(ours)) >= 8
    assert theirs == _tree(ours)


def test_copier_refuses_a_value_that_would_break_the_code(package: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("copier") is None:
        pytest.skip("copier is not installed")
    command = (sys.executable, "-m", "copier", "copy", "--defaults", "--quiet")
    for value in ("class", "漢字", "../up", "1st"):
        target = tmp_path / "out"
        done = _run(*command, "--data", f"entity={value}", package, target)
        assert done.returncode != 0, value
        assert not target.exists() or _tree(target) == {}


# -- Python -----------------------------------------------------------------------------------


@pytest.fixture
def grown(bookshop: Path, package: Path) -> Path:
    """The bookshop with a gift card in it, as ``render`` writes it."""
    done = _run(
        *(BIN / "template-create", "render", package, bookshop),
        *("--set", f"entity={ENTITY}", "--force"),
    )
    assert done.returncode == 0, done.stderr
    return bookshop


def test_everything_that_was_rendered_compiles_and_is_new(grown: Path) -> None:
    found = [path for path in grown.rglob("*.py") if "gift_card" in path.name]
    assert len(found) >= 6, found
    for path in sorted(grown.rglob("*.py")):
        compile(path.read_bytes(), str(path), "exec")


def test_rendered_modules_import_only_what_is_there(grown: Path) -> None:
    """Each import of the project's own names resolves to a file that is there."""
    missing = []
    for path in sorted(grown.rglob("*gift_card*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("from bookshop."):
                module = line.split()[1].replace(".", "/")
                if not any((grown / "src" / f"{module}{end}").exists() for end in (".py", "/")):
                    missing.append((path.name, line))
    assert missing == []


def test_the_grown_bookshop_still_collects_its_tests(grown: Path) -> None:
    """With its dependencies there, its own test run finds old and new tests without error."""
    absent = [name for name in RUNTIME if importlib.util.find_spec(name) is None]
    if absent:
        pytest.skip(f"the bookshop's dependencies are not installed: {', '.join(absent)}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "--import-mode=importlib"],
        cwd=grown,
        env={**os.environ, "PYTHONPATH": str(grown / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_gift_card" in done.stdout
