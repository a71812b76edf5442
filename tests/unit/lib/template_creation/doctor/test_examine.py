"""Promises of the doctor: each thing that would silently not work is found, with a fix."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from template_creation.deployment import carry_out
from template_creation.doctor import Examination, Program, examine, find_claude, tool_names
from template_creation.errors import BadInput
from template_creation.installing import plan_install
from template_creation.values.agent import Issue

CLAUDE = Program("claude", "2.1.197")
Agent = Callable[..., Path]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a repository of its own, so that nothing above it counts."""
    (tmp_path / "project/.git").mkdir(parents=True)
    return tmp_path / "project"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The user's folder of Claude Code, not there yet."""
    return tmp_path / "config"


def agent(
    path: Path, name: str = "", description: str = "Use when x.", more: str = "tools: Read\n"
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = f"name: {name or path.stem}\ndescription: {description}\n{more}"
    path.write_text(f"---\n{head}---\n\n# Title\n", encoding="utf-8")
    return path


def look(project: Path, config: Path, claude: Program = CLAUDE) -> Examination:
    return examine(project, config=config, claude=claude)


def found(issues: tuple[Issue, ...], rule: str) -> list[Issue]:
    return [item for item in issues if item.rule == rule]


def test_a_healthy_project_has_no_finding(project: Path, config: Path) -> None:
    agent(project / ".claude/agents/api.md")
    agent(config / "agents/deep/down/mine.md", "mine")
    seen = look(project, config)
    assert seen.issues == ()
    assert seen.names == ("api", "mine")


def test_a_file_that_is_dropped_is_an_error_with_its_line(project: Path, config: Path) -> None:
    path = agent(project / ".claude/agents/api.md")
    path.write_text("---\nname: api\ndescription:\n---\n", encoding="utf-8")
    (issue,) = look(project, config).errors
    assert (issue.rule, issue.place) == ("agent-description", ".claude/agents/api.md:3")
    assert issue.fix


def test_two_of_one_name_in_one_folder_are_an_error(project: Path, config: Path) -> None:
    agent(project / ".claude/agents/a.md", "same")
    agent(project / ".claude/agents/b/c.md", "same")
    (issue,) = look(project, config).errors
    assert issue.rule == "agent-same-name"
    assert "a.md" in issue.message
    assert issue.place == ".claude/agents/b/c.md:2"


def test_an_agent_behind_a_nearer_one_is_told(project: Path, config: Path) -> None:
    agent(project / ".claude/agents/a.md")
    agent(config / "agents/a.md")
    (issue,) = look(project, config).warnings
    assert (issue.rule, issue.place) == ("agent-hidden", "~/.claude/agents/a.md:2")


def test_folders_above_count_up_to_the_repository(project: Path, config: Path) -> None:
    agent(project.parent / ".claude/agents/outside.md")
    agent(project / ".claude/agents/top.md")
    agent(project / "sub/.claude/agents/near.md")
    assert look(project / "sub", config).names == ("near", "top")
    assert look(project, config).names == ("top",)


def test_the_users_folder_above_a_project_counts_once(tmp_path: Path) -> None:
    """A project below the home folder, without a repository of its own."""
    agent(tmp_path / ".claude/agents/mine.md")
    (tmp_path / "work").mkdir()
    seen = look(tmp_path / "work", tmp_path / ".claude")
    assert [file.folder.scope for file in seen.agents if file.call_name == "mine"] == ["user"]
    assert found(seen.issues, "agent-same-name") == found(seen.issues, "agent-hidden") == []


def test_what_is_loaded_otherwise_than_it_says_is_a_warning(project: Path, config: Path) -> None:
    agents = project / ".claude/agents"
    agent(agents / "colon.md", description="Use when: now")
    agent(agents / "Explore.md")
    agent(agents / "file-name.md", "other-name")
    agent(agents / "unknown.md", more="tools: Read, Search, webfetch, mcp__x__y\n")
    agent(agents / "shape.md", more="tools: {Read: true}\n")
    seen = look(project, config)
    assert seen.errors == ()
    by_place = {item.place.split("/")[-1].split(":")[0]: item for item in seen.warnings}
    assert {name: item.rule for name, item in by_place.items()} == {
        "colon.md": "agent-rescued",
        "Explore.md": "agent-built-in",
        "file-name.md": "agent-file-name",
        "unknown.md": "agent-tools",
        "shape.md": "agent-tools",
    }
    assert "Search, webfetch" in by_place["unknown.md"].message
    assert "WebFetch" in by_place["unknown.md"].fix


def test_an_agent_without_any_real_tool_is_told_so(project: Path, config: Path) -> None:
    agent(project / ".claude/agents/a.md", more="tools: [Search, Analyze]\n")
    assert "no tool at all" in look(project, config).warnings[0].message


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Read, Bash(git log:*), Task(a, b)", ["Read", "Bash", "Task"]),
        (["Read", "Write"], ["Read", "Write"]),
        ("[Read, Write]", ["Read", "Write"]),
        (None, []),
        (7, None),
    ],
)
def test_tools_are_read_from_text_and_list(value: object, names: list[str] | None) -> None:
    assert tool_names(value) == names


@pytest.mark.parametrize(
    "place", ["agent/a.md", "subagents/a.md", "Agents/a.md", "a.md", "commands/a.md"]
)
def test_an_agent_in_a_folder_beside_the_right_one_is_found(
    place: str, project: Path, config: Path
) -> None:
    agent(project / ".claude" / place)
    (issue,) = look(project, config).errors
    assert issue.rule == "agent-folder"
    assert ".claude/agents" in issue.fix


def test_commands_and_skills_are_no_agents(project: Path, config: Path) -> None:
    agent(project / ".claude/commands/c.md", more="allowed-tools: Read\nmodel: opus\n")
    agent(project / ".claude/skills/s/SKILL.md", more="")
    assert look(project, config).issues == ()


@pytest.mark.parametrize("folder", ["agent", "Agents", "subagents"])
def test_an_agent_without_tools_beside_the_folder_is_found(
    folder: str, project: Path, config: Path
) -> None:
    agent(project / f".claude/{folder}/a.md", more="")
    (issue,) = look(project, config).errors
    assert (issue.rule, issue.place) == ("agent-folder", f".claude/{folder}/a.md")
    agent(project / ".claude/commands/c.md", more="")
    assert look(project, config).errors == (issue,)


def test_a_file_of_more_than_a_mebibyte_is_dropped_in_a_plugin_too(
    project: Path, config: Path
) -> None:
    """Measured with the real CLI (test_what_loads.py)."""
    fits, big = (agent(project / f".claude/agents/{name}.md") for name in ("fits", "big"))
    plugged = agent(project / "agents/plugged.md")
    (project / ".claude-plugin").mkdir()
    (project / ".claude-plugin/plugin.json").write_text('{"name": "shop"}', encoding="utf-8")
    for path, size in ((fits, 1 << 20), (big, (1 << 20) + 1), (plugged, (1 << 20) + 1)):
        path.write_bytes(path.read_bytes().ljust(size, b"x"))
    seen = look(project, config)
    assert seen.names == ("fits",)
    assert [(item.rule, item.place) for item in seen.errors] == [
        ("agent-size", ".claude/agents/big.md:1"),
        ("agent-size", "agents/plugged.md:1"),
    ]


@pytest.mark.parametrize("name", ["a/b", '"two words"', '"line\\n"', '"  "'])
def test_no_file_is_to_be_named_what_no_file_should_be(
    name: str, project: Path, config: Path
) -> None:
    agent(project / ".claude/agents/a.md", name)
    (issue,) = look(project, config).warnings
    assert (issue.rule, issue.fix) == ("agent-file-name", "name the agent 'a'")


@pytest.mark.parametrize("suffix", [".MD", ".markdown", ".mdc", ".txt"])
def test_another_suffix_is_found(suffix: str, project: Path, config: Path) -> None:
    agent(project / f".claude/agents/a{suffix}", "a")
    (issue,) = look(project, config).errors
    assert (issue.rule, issue.fix) == ("agent-suffix", "rename it to a.md")


def test_documents_and_parts_among_the_agents_are_only_told(project: Path, config: Path) -> None:
    folder = project / ".claude/agents"
    folder.mkdir(parents=True)
    for name in ("README.md", "api-ext.md"):
        (folder / name).write_text("# Text\n", encoding="utf-8")
    seen = look(project, config)
    assert [item.rule for item in seen.warnings] == ["agent-document"] * 2
    assert seen.errors == ()


def test_agents_at_the_root_are_told_as_unused(project: Path, config: Path) -> None:
    agent(project / "agents/a.md")
    (issue,) = look(project, config).warnings
    assert issue.rule == "agent-folder"


def test_links_are_followed_and_circles_end(project: Path, config: Path) -> None:
    agent(project / "shared/a.md")
    folder = project / ".claude/agents"
    folder.mkdir(parents=True)
    (folder / "linked").symlink_to(project / "shared")
    (project / "shared/back").symlink_to(project / "shared")
    (folder / "gone.md").symlink_to(project / "nowhere.md")
    assert look(project, config).names == ("a",)


def test_a_plugin_has_all_its_files_as_agents_and_broken_ones_are_errors(
    project: Path, config: Path
) -> None:
    """Claude Code registers them with a placeholder, under the file's name."""
    (project / ".claude-plugin").mkdir()
    (project / ".claude-plugin/plugin.json").write_text('{"name": "plug"}', encoding="utf-8")
    agent(project / "agents/sub/a.md", "named")
    (project / "agents/bare.md").write_text("no frontmatter\n", encoding="utf-8")
    seen = look(project, config)
    assert seen.names == ("plug:bare", "plug:sub:named")
    assert [item.rule for item in seen.errors] == ["agent-frontmatter"]


def test_installed_plugins_count_where_they_are_switched_on(
    project: Path, config: Path, tmp_path: Path
) -> None:
    root = tmp_path / "cache/p"
    agent(root / "agents/a.md")
    agent(project / ".claude/agents/a.md")
    (root / ".claude-plugin").mkdir()
    (root / ".claude-plugin/plugin.json").write_text('{"name": "p"}', encoding="utf-8")
    (config / "plugins").mkdir(parents=True)
    places = {"version": 2, "plugins": {"p@m": [{"installPath": str(root)}]}}
    (config / "plugins/installed_plugins.json").write_text(json.dumps(places), encoding="utf-8")
    assert look(project, config).names == ("a",)
    (config / "settings.json").write_text('{"enabledPlugins": {"p@m": true}}', encoding="utf-8")
    seen = look(project, config)
    assert seen.names == ("a", "p:a")
    assert seen.issues == ()


def test_heavy_descriptions_are_told(project: Path, config: Path) -> None:
    for number in range(4):
        agent(project / f".claude/agents/a{number}.md", description="x" * 10_000)
    assert [item.rule for item in look(project, config).warnings] == ["agents-weight"]


def test_a_missing_an_old_and_a_broken_claude_code_are_told(project: Path, config: Path) -> None:
    rules = [
        [item.rule for item in look(project, config, claude).issues]
        for claude in (Program(), Program("claude", "2.0.9"), Program("claude"))
    ]
    assert rules == [["claude-missing"], ["claude-old"], ["claude-broken"]]


def test_claude_code_is_asked_for_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\necho '2.1.300 (Claude Code)'\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_claude() == Program(str(program), "2.1.300")
    program.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    assert find_claude() == Program(str(program), "")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert find_claude() == Program()


def test_installed_commands_that_are_old_edited_or_gone_are_told(
    project: Path, config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bin/template-create"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    carry_out(plan_install(project))
    folder = project / ".claude"
    assert look(project, config).issues == ()
    first, second, third = sorted(folder.rglob("*.md"))
    first.unlink()
    second.write_text("my own words\n", encoding="utf-8")
    record = folder / ".template-create.json"
    document = json.loads(record.read_bytes())
    third.write_bytes(b"of an earlier version\n")
    import hashlib

    placed = document["placed"]["install"]
    placed["files"][third.relative_to(folder).as_posix()] = hashlib.sha256(
        third.read_bytes()
    ).hexdigest()
    placed["generator"]["version"] = "0.0.1"
    record.write_text(json.dumps(document), encoding="utf-8")
    seen = look(project, config)
    rules = {item.rule for item in seen.issues}
    assert {"install-missing", "install-edited", "install-stale"} <= rules
    assert "0.0.1" in found(seen.issues, "install-stale")[0].message
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert found(look(project, config).errors, "program-missing")


def test_a_broken_record_is_an_error_not_a_crash(project: Path, config: Path) -> None:
    (project / ".claude").mkdir()
    (project / ".claude/.template-create.json").write_text("{", encoding="utf-8")
    assert [item.rule for item in look(project, config).errors] == ["record-broken"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_an_error(project: Path, config: Path) -> None:
    agent(project / ".claude/agents/a.md").chmod(0)
    assert [item.rule for item in look(project, config).errors] == ["agent-unreadable"]


def test_what_is_no_folder_is_refused(tmp_path: Path, config: Path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        look(tmp_path / "nowhere", config)
