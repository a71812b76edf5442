"""Agents enhanced in place: ours with their documents, anyone's with their text kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from template_creation import CreateOptions, EnhanceOptions, create_template, enhance_agents
from template_creation.agents import read_frontmatter
from template_creation.errors import BadInput, ExitCode, InvocationPending
from template_creation.package import digest
from template_creation.testing import FakeBridge, without_agents
from template_creation.validate import validate_package


@pytest.fixture(scope="module")
def basic(
    _sealed_session: None, bookshop_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A package of ours whose agents stayed basic, made once: only to be read."""
    target = tmp_path_factory.mktemp("basic") / "pkg"
    create_template(
        CreateOptions(name="bookshop", path=bookshop_once, output=target), bridge=FakeBridge({})
    )
    return target


@pytest.fixture
def package(basic: Path, tmp_path: Path) -> Path:
    """The same, to work on."""
    shutil.copytree(basic, tmp_path / "pkg")
    return tmp_path / "pkg"


def enhancement(package: Path, name: str) -> str:
    text = (package / "agents" / f"{name}.md").read_text(encoding="utf-8")
    return str(read_frontmatter(text)[0]["enhancement"])


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_agents_that_stayed_basic_are_enhanced_and_the_documents_follow(package: Path) -> None:
    """Hashes and report tell what is there now, so that nothing looks edited by a user."""
    enhanced = enhance_agents(package)
    assert (enhanced.status, enhanced.exit_code) == ("done", ExitCode.DONE)
    manifest = json.loads((package / "manifest.json").read_bytes())
    for path, recorded in manifest["files"].items():
        assert digest((package / path).read_bytes()) == recorded, path
    report = json.loads((package / "report.json").read_bytes())
    assert {row["status"] for row in report["agents"]} == {"enhanced"}
    assert validate_package(package).errors == ()


def test_only_the_agents_that_were_named_are_asked_for(package: Path) -> None:
    before = tree(package)
    bridge = FakeBridge()
    options = EnhanceOptions(package=package, agents=("api-specialist.md",))
    assert enhance_agents(options, bridge=bridge).result.total_count == 1
    assert [agent["name"] for agent in bridge.requests[0].input_data["agents"]] == [
        "api-specialist"
    ]
    changed = {path for path, data in tree(package).items() if data != before[path]}
    assert changed == {"agents/api-specialist.md", "manifest.json", "report.json"}


def test_an_agent_that_is_not_there_is_an_error_with_the_nearest(package: Path) -> None:
    with pytest.raises(BadInput, match="no agent 'api-spezialist'") as caught:
        enhance_agents(EnhanceOptions(package=package, agents=("api-spezialist",)))
    assert caught.value.hint == "did you mean api-specialist?"


def test_a_folder_without_agents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there are no agents"):
        enhance_agents(tmp_path)
    with pytest.raises(BadInput, match="no such package"):
        enhance_agents(tmp_path / "nowhere")


def test_a_second_run_asks_for_nothing_and_changes_nothing(package: Path) -> None:
    """What is finished is known by its text, so that nobody pays twice."""
    enhance_agents(package, bridge=FakeBridge())
    before = tree(package)
    again = FakeBridge()
    assert enhance_agents(package, bridge=again).status == "done"
    assert again.requests == []
    assert tree(package) == before


def test_an_agent_that_a_person_edited_since_is_asked_for_again(package: Path) -> None:
    """The others are not; and what the person wrote stays."""
    enhance_agents(package, bridge=FakeBridge())
    path = package / "agents" / "api-specialist.md"
    text = path.read_text(encoding="utf-8") + "\n## House rules\n\nAsk Kim before a release.\n"
    path.write_text(text, encoding="utf-8")
    again = FakeBridge()
    enhance_agents(package, bridge=again)
    assert [agent["name"] for agent in again.requests[0].input_data["agents"]] == ["api-specialist"]


def test_fresh_asks_for_all_again(package: Path) -> None:
    enhance_agents(package, bridge=FakeBridge())
    again = FakeBridge()
    enhance_agents(EnhanceOptions(package=package, fresh=True), bridge=again)
    assert len(again.requests) == 1


def test_a_pause_leaves_finished_agents_written_and_resumes_with_the_rest(package: Path) -> None:
    paused = FakeBridge(without_agents("api-specialist"), InvocationPending("later"))
    with pytest.raises(InvocationPending):
        enhance_agents(package, bridge=paused)
    assert enhancement(package, "testing-specialist") == "fake"
    assert enhancement(package, "api-specialist") == "none"
    assert validate_package(package).errors == (), "usable while it waits"
    resumed = FakeBridge()
    options = EnhanceOptions(package=package, resume=True)
    assert enhance_agents(options, bridge=resumed).status == "done"
    asked = [agent["name"] for agent in resumed.requests[0].input_data["agents"]]
    assert asked == ["api-specialist"]


def test_what_fails_is_told_in_the_exit_code(package: Path) -> None:
    """Partial is 7, nothing at all is 1; never 0 (F50, F53)."""
    some = enhance_agents(package, bridge=FakeBridge(without_agents("api-specialist")))
    assert (some.status, some.exit_code) == ("partial", ExitCode.PARTIAL)
    none = enhance_agents(EnhanceOptions(package=package, fresh=True), bridge=FakeBridge([]))
    assert (none.status, none.exit_code) == ("failed", ExitCode.FAILED)
    assert none.to_document()["errors"]


def test_a_dry_run_shows_the_change_and_writes_nothing(package: Path, sealed: Path) -> None:
    before, home = tree(package), tree(sealed)
    planned = enhance_agents(EnhanceOptions(package=package, dry_run=True))
    assert planned.status == "planned"
    assert planned.changes["api-specialist"].startswith("--- a/agents/api-specialist.md\n")
    assert "+## Template References" in planned.changes["api-specialist"]
    assert "api-specialist" in planned.prompts[0]
    assert (tree(package), tree(sealed)) == (before, home)


def test_nothing_to_resume_is_said(package: Path) -> None:
    with pytest.raises(BadInput, match="to go on with"):
        enhance_agents(EnhanceOptions(package=package, resume=True))


def test_a_package_may_ask_for_other_sections(package: Path) -> None:
    """The profile in its settings is what answers are judged by; one that is none is refused."""
    path = package / "settings.json"
    settings = json.loads(path.read_bytes())
    path.write_text(json.dumps({**settings, "agent_profile": {"min_lines": 1}}), encoding="utf-8")
    enhanced = enhance_agents(package, bridge=FakeBridge())
    assert not any(agent.short_because for agent in enhanced.result.agents)
    path.write_text(json.dumps({**settings, "agent_profile": "imagined"}), encoding="utf-8")
    with pytest.raises(BadInput, match="no agent profile 'imagined'"):
        enhance_agents(package)


def test_a_package_may_ask_for_boundaries(package: Path) -> None:
    """Every agent then tells its limits as ALWAYS, NEVER and ASK, and is accepted so."""
    path = package / "settings.json"
    settings = json.loads(path.read_bytes())
    told = json.dumps({**settings, "agent_profile": "boundaries"})
    path.write_text(told, encoding="utf-8")
    enhanced = enhance_agents(package)
    assert enhanced.result.errors == ()
    for agent in enhanced.result.agents:
        text = (package / "agents" / f"{agent.name}.md").read_text(encoding="utf-8")
        assert "\n## Boundaries\n\n### " in text
        assert "\n## Constraints\n" not in text
        assert "\n### ASK\n\n- ⚠️ Add no dependency without asking" in text


def test_what_is_amiss_in_a_foreign_package_is_told(tmp_path: Path) -> None:
    """Frontmatter that is no YAML and a reference to nothing: named, and the agent is kept."""
    (tmp_path / "agents").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "api.py.template").write_text(
        "def route(request):\n    return request\n", encoding="utf-8"
    )
    (tmp_path / "agents" / "helper.md").write_text(
        "---\nname: helper\ndescription: Use when: always\n---\n# Helper\n\nMy words.\n\n"
        "See `templates/gone.py.template`.\n",
        encoding="utf-8",
    )
    enhanced = enhance_agents(tmp_path, bridge=FakeBridge({}))
    told = [f"{item.place}: {item.message}" for item in enhanced.findings]
    assert any("gone.py.template" in line for line in told)
    assert any("helper.md" in line and "templates/gone" not in line for line in told)
    assert "My words." in (tmp_path / "agents" / "helper.md").read_text(encoding="utf-8")


def test_an_agent_that_is_no_text_costs_the_others_nothing(package: Path) -> None:
    """It is named and stays as it is; the rest of the package is enhanced."""
    path = package / "agents" / "api-specialist.md"
    path.write_bytes(path.read_bytes() + b"\xff\xfe")
    before = path.read_bytes()
    enhanced = enhance_agents(package, bridge=FakeBridge())
    assert (enhanced.status, enhanced.result.enhanced_count) == ("partial", 5)
    assert enhanced.result.errors[0].startswith("api-specialist: the file is not UTF-8 text")
    assert path.read_bytes() == before
