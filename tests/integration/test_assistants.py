"""A package in use: installed commands, an applied package, exports, killed and resumed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner, Result

from template_creation.cli.app import app
from template_creation.deployment import DEPLOYMENT_FAILPOINTS, read_record
from template_creation.doctor import Program, examine
from template_creation.errors import BadInput
from template_creation.package import load_package

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent


class Warm(Protocol):
    """The program that starts without imports; see tests/conftest.py."""

    program: str


FORMATS = ("claude-plugin", "copilot", "codex", "opencode", "gemini", "cursor", "agents-md")


def run(*arguments: object) -> Result:
    """The command in this process, as a person types it."""
    return CliRunner().invoke(app, [str(item) for item in arguments])


def process(program: object, *arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    return subprocess.run(
        [str(program), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )


def document(*arguments: object, code: int = 0) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == code, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["exit_code"] == code
    return found


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="session")
def package(bookshop_package: Path) -> Path:
    """The bookshop's package: only to be read."""
    return bookshop_package


def unresolved(root: Path, texts: Path, prefix: str = "") -> list[str]:
    """What the files ``texts`` cite, and what is not where they say, from ``root``."""
    files = [path for path in texts.rglob("*") if path.is_file()] if texts.is_dir() else [texts]
    cited = {
        path
        for file in files
        for path in re.findall(r"`([^`\n]*templates/[^`\n]*\.template)`", file.read_text("utf-8"))
    }
    assert cited
    return [path for path in cited if not (root / path.removeprefix(prefix)).is_file()]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project/.git").mkdir(parents=True)
    return tmp_path / "project"


# -- install ----------------------------------------------------------------------------------


def test_install_puts_the_commands_where_the_user_has_them_and_uninstall_takes_them(
    sealed: Path,
) -> None:
    """``sealed`` is the test's own home."""
    dry = run("install", "--dry-run")
    assert "new       commands/template-create.md" in dry.stdout
    assert not (sealed / ".claude").exists()
    assert run("install").exit_code == 0
    first = tree(sealed / ".claude")
    assert {"agents/agent-content-enhancer.md", "commands/template-create.md"} <= set(first)
    again = document("install")
    assert {file["change"] for file in again["files"]} == {"same"}
    command = sealed / ".claude/commands/template-create.md"
    command.write_bytes(b"mine\n")
    kept = run("install")
    assert "kept      commands/template-create.md" in kept.stdout
    assert "--force" in kept.stderr
    assert run("uninstall").exit_code == 0
    assert tree(sealed / ".claude") == {"commands/template-create.md": b"mine\n"}


@pytest.mark.parametrize("failpoint", DEPLOYMENT_FAILPOINTS)
def test_an_install_that_was_killed_is_ended_by_the_next(
    failpoint: str, project: Path, warm: Warm
) -> None:
    """It ends as if it had never been killed, half-written files and all."""
    command = ("install", "--project", project)
    killed = process(warm.program, *command, BATCH_ENGINE_FAILPOINT=failpoint)
    assert killed.returncode == -9
    record = read_record(project / ".claude")
    assert record.of("install").unfinished
    issues = examine(project, config=project / "no", claude=Program("claude", "2.1.197")).issues
    assert "deployment-unfinished" in {item.rule for item in issues}
    half = project / ".claude/commands/.template-create.md.abcd_123"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"half a fi")
    document(*command)
    assert not half.exists()
    after = tree(project)
    clean = project.parent / "clean"
    clean.mkdir()
    document("install", "--project", clean)
    assert after == tree(clean)


# -- apply ------------------------------------------------------------------------------------


def test_apply_places_agents_guides_and_code_and_tells_drift(package: Path, project: Path) -> None:
    (project / "CLAUDE.md").write_bytes(b"# Mine\n")
    placed = document(
        *("apply", package, project, "--template", "models", "--set", "entity=gift card")
    )
    written = {file["path"] for file in placed["files"]}
    agents = {f".claude/agents/{path.name}" for path in (package / "agents").glob("*.md")}
    assert agents | {"AGENTS.md", "CLAUDE.md"} <= written
    code = [path for path in written if "gift_card" in path]
    assert code
    seen = examine(project, config=project / "no", claude=Program("claude", "2.1.197"))
    assert set(seen.names) == {Path(path).stem for path in agents}
    assert seen.issues == ()
    for text in (".claude/agents", "AGENTS.md"):
        assert unresolved(project, project / text) == []

    assert document("apply", package, project, "--check")["status"] == "current"
    agent = project / sorted(agents)[0]
    agent.write_bytes(agent.read_bytes() + b"mine\n")
    (project / code[0]).write_bytes(b"mine = 1\n")
    drifted = document("apply", package, project, "--check", code=5)
    changed = [file["path"] for file in drifted["files"] if file["change"] != "same"]
    assert changed == [sorted(agents)[0]]

    kept = run("apply", package, project)
    assert "edited since it was placed" in kept.stdout
    assert agent.read_bytes().endswith(b"mine\n")
    assert run("apply", package, project, "--remove").exit_code == 0
    assert sorted(tree(project)) == sorted(["CLAUDE.md", sorted(agents)[0], *code])
    assert (project / "CLAUDE.md").read_bytes() == b"# Mine\n"


def test_guides_that_are_one_file_get_the_guide_once(package: Path, project: Path) -> None:
    (project / "AGENTS.md").write_bytes(b"# Mine\n")
    (project / "CLAUDE.md").symlink_to("AGENTS.md")
    document("apply", package, project)
    assert (project / "CLAUDE.md").is_symlink()
    assert (project / "AGENTS.md").read_bytes().count(b"template-create:begin") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("{package}", "{package}"), "the package itself"),
        (("{package}", "{project}/nowhere"), "no such project"),
        (("{project}", "{project}/.git"), "no template package"),
        (("{package}", "{project}", "--template", "T1"), "need values"),
        (("{package}", "{project}", "--template", "T99", "--set", "entity=x"), "T99"),
        (("{package}", "{project}", "--remove", "--check"), "no other choice"),
    ],
)
def test_what_cannot_be_applied_is_refused_and_nothing_is_written(
    arguments: tuple[str, ...], said: str, package: Path, project: Path
) -> None:
    before = tree(project)
    done = run("apply", *(text.format(package=package, project=project) for text in arguments))
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(project) == before


def test_a_manifest_that_says_no_name_or_origin_is_bad_input_for_every_command(
    package: Path, tmp_path: Path
) -> None:
    """What comes from elsewhere may be broken or hostile; that is no internal error."""
    broken, project = tmp_path / "broken", tmp_path / "project"
    shutil.copytree(package, broken)
    project.mkdir()
    manifest = json.loads((package / "manifest.json").read_bytes())
    cases: list[tuple[str, object]] = [
        *(("name", name) for name in ("../../x", "a -->\n<script>", 5, None)),
        *(("version", None), ("generator", {}), ("source", None), ("files", [])),
    ]
    for key, value in cases:
        (broken / "manifest.json").write_text(json.dumps({**manifest, key: value}))
        with pytest.raises(BadInput, match=r"manifest|cannot name a package"):
            load_package(broken)
    for command in (
        ("apply", broken, project),
        ("export", broken, project, "--to", "agents-md"),
        ("report", broken, "--output", project / "report.html"),
    ):
        assert run(*command).exit_code == 2
    assert tree(project) == {}


def test_a_place_that_cannot_be_written_ends_with_6(package: Path, project: Path) -> None:
    """The record's folder is a device's; even root cannot write below it."""
    (project / ".claude").symlink_to("/proc")
    done = run("apply", package, project)
    assert done.exit_code == 2
    assert "leads out" in done.stderr
    done = run("install", "--project", project)
    assert done.exit_code == 6
    assert "cannot write" in done.stderr


# -- export -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every format in one folder."""
    target = tmp_path_factory.mktemp("exports") / "out"
    chosen = [text for name in FORMATS for text in ("--to", name)]
    done = run("export", package, target, *chosen)
    assert done.exit_code == 0, done.stderr
    assert "codex: each agent has the tools and the sandbox of who calls it" in done.stderr
    return target


def test_an_export_is_the_same_bytes_and_its_check_tells_drift(
    package: Path, exported: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "out"
    shutil.copytree(exported, copy)
    assert document("export", package, copy, "--to", "codex", "--check")["status"] == "current"
    again = tmp_path / "again"
    chosen = [text for name in FORMATS for text in ("--to", name)]
    command = (BIN / "template-create", "export", package, again, *chosen)
    assert process(*command, PYTHONHASHSEED="7").returncode == 0
    assert tree(again) == tree(exported)
    victim = sorted((copy / ".codex/agents").iterdir())[0]
    victim.unlink()
    drift = document("export", package, copy, "--to", "codex", "--check", code=5)
    assert drift["status"] == "drifted"
    assert not victim.exists()


@pytest.mark.parametrize(
    "texts", [".github", ".codex", ".opencode", ".gemini", ".cursor", "AGENTS.md", "plugins"]
)
def test_templates_that_an_export_cites_lie_where_it_says(texts: str, exported: Path) -> None:
    if texts == "plugins":
        plugin = exported / "plugins/bookshop"
        assert unresolved(plugin, plugin / "agents", "${CLAUDE_PLUGIN_ROOT}/") == []
    else:
        assert unresolved(exported, exported / texts) == []


@pytest.mark.parametrize(
    ("linter", "arguments", "key"),
    [("agnix", (".",), "diagnostics"), ("skillsaw", ("lint", "."), "violations")],
)
def test_linters_find_no_error_in_any_export(
    linter: str, arguments: tuple[str, ...], key: str, exported: Path
) -> None:
    if not (BIN / linter).exists():
        pytest.skip(f"{linter} is not installed beside this Python")
    done = subprocess.run(
        [str(BIN / linter), *arguments, "--format", "json"],
        cwd=exported,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    errors = [i for i in found[key] if "error" in (i.get("level"), i.get("severity"))]
    assert errors == []
    if linter == "agnix":
        assert found["files_checked"] >= 30


# -- doctor -----------------------------------------------------------------------------------


def test_doctor_ends_with_5_for_an_error_and_0_for_warnings(project: Path) -> None:
    folder = project / ".claude/agents"
    folder.mkdir(parents=True)
    agent = folder / "a.md"
    agent.write_text("---\nname: a\ndescription: Use when: a\n---\n", encoding="utf-8")
    warned = document("doctor", project)
    assert {item["rule"] for item in warned["warnings"]} >= {"agent-rescued"}
    agent.write_text("---\nname: a\n---\n", encoding="utf-8")
    done = run("doctor", project)
    assert done.exit_code == 5
    assert "error: .claude/agents/a.md:2: Claude Code does not load it" in done.stdout
    assert 'fix: write description: "..." into the frontmatter' in done.stdout
