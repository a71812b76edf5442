"""Promises of the exports: each form keeps its own rules, and what it cannot hold is said."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from template_creation.agents import read_frontmatter
from template_creation.deployment import carry_out
from template_creation.doctor import read_as_host
from template_creation.errors import BadInput
from template_creation.exports import (
    COPILOT_LIMIT,
    FORMATS,
    Exported,
    SourceAgent,
    SourcePackage,
    check_export,
    export_as,
    plan_exports,
    read_source,
)
from template_creation.exports.shorten import length, shorten

BODY = """# API

## Role

Adds endpoints.

## Code Examples

```py
x = 1
```

## Rules

One.
"""
API = SourceAgent(
    stem="api",
    name="api",
    description='Use when: "adding" endpoints, with C# and \\d.',
    tools=("Read", "Edit", "Bash", "Skill"),
    model="sonnet",
    body=BODY,
)
READER = replace(API, stem="reader", name="reader", tools=("Read", "Grep"), model="")
SHOP = SourcePackage(
    "shop", "Shop", "2 agents from shop", "1.0.0", "MIT", "# Guide\n", (API, READER)
)


def head_of(data: bytes) -> dict[str, object]:
    return read_frontmatter(data.decode())[0]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_keeps_its_own_rules_and_is_the_same_each_time(name: str) -> None:
    exported = export_as(name, SHOP)
    assert exported.files
    assert check_export(name, exported) == ()
    assert export_as(name, SHOP) == exported


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "agents-md"])
def test_every_agent_is_in_every_format_with_its_description(name: str) -> None:
    files = [
        data
        for path, data in export_as(name, SHOP).files.items()
        if "gent" in path or "rule" in path
    ]
    descriptions = []
    for data in files:
        values = tomllib.loads(data.decode()) if name == "codex" else head_of(data)
        descriptions.append(values["description"])
    assert descriptions == [API.description, READER.description]


def test_the_plugin_has_manifest_marketplace_and_agents_that_claude_code_loads() -> None:
    files = export_as("claude-plugin", SHOP).files
    marketplace = json.loads(files[".claude-plugin/marketplace.json"])
    root = marketplace["plugins"][0]["source"].removeprefix("./")
    plugin = json.loads(files[f"{root}/.claude-plugin/plugin.json"])
    assert plugin["name"] == marketplace["plugins"][0]["name"] == "shop"
    reading = read_as_host(files[f"{root}/agents/api.md"])
    assert (reading.name, reading.rescued) == ("api", False)
    assert reading.values["tools"] == "Read, Edit, Bash, Skill"


def test_tools_become_what_each_assistant_knows_and_the_rest_is_said() -> None:
    gemini = export_as("gemini", SHOP)
    assert head_of(gemini.files[".gemini/agents/api.md"])["tools"] == [
        "read_file",
        "read_many_files",
        "replace",
        "run_shell_command",
    ]
    assert any("api" in loss and "Skill" in loss for loss in gemini.losses)
    opencode = head_of(export_as("opencode", SHOP).files[".opencode/agents/reader.md"])
    assert opencode["permission"] == {
        "edit": "deny",
        "bash": "deny",
        "webfetch": "deny",
        "task": "deny",
    }


def test_an_agent_never_gets_more_than_it_had() -> None:
    """None of its tools is known there: then it has none, not all."""
    strange = replace(SHOP, agents=(replace(API, tools=("Skill",)),))
    assert head_of(export_as("gemini", strange).files[".gemini/agents/api.md"])["tools"] == []
    assert (
        head_of(export_as("copilot", strange).files[".github/agents/api.agent.md"])["tools"] == []
    )
    codex = export_as("codex", SHOP).files[".codex/agents/reader.toml"].decode()
    assert "Change no file" in tomllib.loads(codex)["developer_instructions"]


def test_a_tool_that_an_agent_is_denied_is_denied_everywhere(package: Path) -> None:
    """Of all tools, or of those that it names; and what else Claude Code reads is kept or told."""
    for name, more in (
        ("api", "disallowedTools: Bash, Edit\ncolor: red\nhooks: {Stop: []}\n"),
        ("data", "tools: Read, Bash(git log:*), Write\ndisallowedTools: [Write]\n"),
    ):
        text = f"---\nname: {name}\ndescription: d\n{more}---\nText\n"
        (package / f"agents/{name}.md").write_text(text, encoding="utf-8")
    source = read_source(package)

    def of(format_name: str, path: str) -> dict[str, Any]:
        return dict(head_of(export_as(format_name, source).files[path]))

    api = of("claude-plugin", "plugins/shop/agents/api.md")
    assert (api["disallowedTools"], api["color"], "tools" in api) == ("Bash, Edit", "red", False)
    data = of("claude-plugin", "plugins/shop/agents/data.md")
    assert data["tools"] == "Read, Bash(git log:*), Write"
    assert data["disallowedTools"] == "Write"
    assert not {"Bash", "Edit"} & set(of("copilot", ".github/agents/api.agent.md")["tools"])
    assert of("copilot", ".github/agents/data.agent.md")["tools"] == ["Read", "Bash"]
    assert not {"run_shell_command", "replace"} & set(
        of("gemini", ".gemini/agents/api.md")["tools"]
    )
    assert "write_file" not in of("gemini", ".gemini/agents/data.md")["tools"]
    gates = of("opencode", ".opencode/agents/api.md")["permission"]
    assert gates == {"edit": "deny", "bash": "deny"}
    for name in ("claude-plugin", "copilot", "codex", "opencode", "gemini", "cursor"):
        exported = export_as(name, source)
        assert any("api goes without" in loss and "hooks" in loss for loss in exported.losses), name
        assert check_export(name, exported) == ()
    assert any("not only Bash(git log:*)" in loss for loss in export_as("copilot", source).losses)


def test_an_agent_without_a_list_of_tools_has_all_of_them_there_too() -> None:
    free = replace(SHOP, agents=(replace(API, tools=None),))
    for name, path in (
        ("gemini", ".gemini/agents/api.md"),
        ("copilot", ".github/agents/api.agent.md"),
        ("opencode", ".opencode/agents/api.md"),
    ):
        assert not {"tools", "permission"} & set(head_of(export_as(name, free).files[path]))


def test_a_model_of_claude_is_said_to_be_lost() -> None:
    for name in ("copilot", "codex", "opencode", "gemini", "cursor"):
        assert any("'sonnet'" in loss for loss in export_as(name, SHOP).losses), name


def test_what_is_too_long_for_copilot_loses_whole_sections_and_says_which() -> None:
    long = BODY.replace("x = 1\n", "x = 1  # a line of code\n" * 2_000)
    exported = export_as("copilot", replace(SHOP, agents=(replace(API, body=long),)))
    _, body, _ = read_frontmatter(exported.files[".github/agents/api.agent.md"].decode())
    assert length(body) <= COPILOT_LIMIT
    assert "## Rules" in body
    assert "Left out: Code Examples." in body
    assert any("30,000 are allowed" in loss and "Code Examples" in loss for loss in exported.losses)
    assert check_export("copilot", exported) == ()


@settings(max_examples=40)
@given(
    parts=st.lists(st.text(alphabet="ab\n`~# 漢😀", max_size=200), max_size=6),
    limit=st.integers(min_value=300, max_value=700),
)
def test_a_shortened_body_fits_and_closes_its_fences(parts: list[str], limit: int) -> None:
    body = "# T\n\n" + "".join(f"\n## S{n}\n\n{part}\n" for n, part in enumerate(parts))
    short = shorten(body, limit)
    assert length(short.text) <= limit
    assert (short.text == body) == (not short.left_out and not short.cut)


def test_a_body_of_one_long_block_is_cut_with_its_fence_closed() -> None:
    short = shorten("# T\n\n```py\n" + "x = 1\n" * 1_000 + "```\n", 500)
    assert short.cut
    assert length(short.text) <= 500
    assert short.text.count("```") == 2


@settings(max_examples=40)
@given(
    description=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60),
    body=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
)
def test_any_text_survives_the_toml_of_codex(description: str, body: str) -> None:
    agent = replace(API, description=description, body=body, tools=None)
    data = export_as("codex", replace(SHOP, agents=(agent,))).files[".codex/agents/api.toml"]
    values = tomllib.loads(data.decode())
    assert values["description"] == description
    assert values["developer_instructions"] == body


def test_a_name_that_an_assistant_cannot_hold_is_changed_and_said() -> None:
    named = replace(SHOP, agents=(replace(API, name="Bad Name!"),))
    assert (
        head_of(export_as("gemini", named).files[".gemini/agents/bad-name.md"])["name"]
        == "bad-name"
    )
    assert any("is called bad-name" in loss for loss in export_as("gemini", named).losses)
    own = export_as("codex", replace(SHOP, agents=(replace(API, name="worker"),)))
    assert ".codex/agents/shop-worker.toml" in own.files


@pytest.mark.parametrize("line", ["color: red", "tools: [Read]", "name: A B", "description: 7"])
def test_each_rule_of_gemini_is_asked(line: str) -> None:
    """Its loader refuses the whole file for one of these."""
    key = line.partition(":")[0]
    lines = [item for item in ("name: a", "description: b") if not item.startswith(key)]
    text = "\n".join(["---", *lines, line, "---", ""])
    assert len(check_export("gemini", Exported({"a.md": text.encode()}))) == 1


def test_a_loss_names_every_agent_that_it_concerns() -> None:
    three = replace(SHOP, agents=(*SHOP.agents, replace(API, stem="third", name="third")))
    (loss,) = [loss for loss in export_as("codex", three).losses if "'sonnet'" in loss]
    assert loss.startswith("each of api and third has no model")
    (loss,) = [loss for loss in export_as("codex", three).losses if "sandbox" in loss]
    assert loss.startswith("each agent has")


def test_one_long_line_or_section_is_cut_and_not_lost() -> None:
    for body in ("# T\n\n" + "word " * 8_000, "# T\n\n## Role\n\n" + "A line.\n" * 6_000):
        short = shorten(body, COPILOT_LIMIT)
        assert short.cut
        assert 0.9 * COPILOT_LIMIT < length(short.text) <= COPILOT_LIMIT
        assert short.text.startswith(body[:1_000])


def test_characters_are_counted_as_javascript_counts_them() -> None:
    body = "# T\n\n" + "😀" * 200
    assert length(body) == 405
    assert length(shorten(body + "\n", 400).text) <= 400


def test_rules_notice_what_an_exporter_would_get_wrong() -> None:
    """The checks can fail: each is given a file that breaks its format's rule."""
    bad = {
        "copilot": {"a.agent.md": b"---\nname: a\n---\n"},
        "codex": {"a.toml": b'name = "a"\n'},
        "opencode": {"a.md": b"---\ndescription: a\nmode: agent\n---\n"},
        "gemini": {"a.md": b"---\nname: A B\ndescription: a\ncolor: red\ntools: [Read]\n---\n"},
        "cursor": {"a.md": b"---\ndescription: a\nalwaysApply: maybe\n---\n"},
        "claude-plugin": {"plugin.json": b'{"name": "Not Kebab"}'},
        "agents-md": {"AGENTS.md": b"\0"},
    }
    assert set(bad) == set(FORMATS)
    for name, files in bad.items():
        assert check_export(name, Exported(files)), name


# -- from a folder, into a folder --------------------------------------------------------------


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package that others made: a folder with agents."""
    folder = tmp_path / "shop"
    (folder / "agents").mkdir(parents=True)
    for name in ("api", "data"):
        text = f"---\nname: {name}\ndescription: Use when: {name}\n---\n\n# {name}\n"
        (folder / "agents" / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / "agents/api-ext.md").write_text("# More\n", encoding="utf-8")
    (folder / "AGENTS.md").write_text("# Guide\n", encoding="utf-8")
    return folder


def test_a_folder_with_agents_is_a_package_too(package: Path) -> None:
    source = read_source(package)
    assert (source.name, [agent.name for agent in source.agents]) == ("shop", ["api", "data"])
    assert source.agents[0].tools is None


def test_an_agent_that_no_form_can_hold_is_refused_by_name(package: Path, tmp_path: Path) -> None:
    (package / "agents/data.md").write_text("---\nname: data\n---\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"agents/data\.md .* no description"):
        plan_exports(package, tmp_path / "out", ["codex"])


def test_two_agents_of_one_name_are_refused_before_anything_is_written(
    package: Path, tmp_path: Path
) -> None:
    text = (package / "agents/api.md").read_text(encoding="utf-8")
    (package / "agents/data.md").write_text(text.replace("name: api", "name: API"), "utf-8")
    out = tmp_path / "out"
    with pytest.raises(BadInput, match="both called 'api'"):
        plan_exports(package, out, ["gemini"])
    assert not out.exists()


def test_an_export_drifts_when_the_package_or_the_file_changes(
    package: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    def drift() -> list[str]:
        (export,) = plan_exports(package, out, ["opencode"])
        return [step.change for step in export.plan.drift]

    for export in plan_exports(package, out, ["opencode", "codex", "agents-md"]):
        carry_out(export.plan)
    assert drift() == []
    agent = package / "agents/api.md"
    agent.write_text(agent.read_text(encoding="utf-8") + "More.\n", encoding="utf-8")
    assert drift() == ["updated"]
    (out / ".opencode/agents/data.md").write_bytes(b"mine\n")
    assert drift() == ["updated", "kept"]


@pytest.mark.parametrize(
    ("formats", "message"), [(["word"], "no format 'word'"), ([], "no format given")]
)
def test_an_unknown_format_is_refused_with_what_there_is(
    formats: list[str], message: str, package: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=message) as refused:
        plan_exports(package, tmp_path / "out", formats)
    assert "claude-plugin" in refused.value.hint


def test_a_guide_that_is_not_there_is_told_and_nothing_is_written(
    package: Path, tmp_path: Path
) -> None:
    (package / "AGENTS.md").unlink()
    with pytest.raises(BadInput, match=r"has no AGENTS\.md"):
        plan_exports(package, tmp_path / "out", ["agents-md", "codex"])


def test_a_plugin_is_never_put_where_the_marketplace_does_not_name_it(
    package: Path, tmp_path: Path
) -> None:
    """Its files would be there, and no one could install it."""
    out = tmp_path / "out"
    for export in plan_exports(package, out, ["claude-plugin"]):
        carry_out(export.plan)
    other = package.rename(tmp_path / "other")
    with pytest.raises(BadInput, match="does not name 'other'"):
        plan_exports(other, out, ["claude-plugin"])
    market = out / ".claude-plugin/marketplace.json"
    found = json.loads(market.read_bytes())
    found["plugins"].append({"name": "other", "source": "./plugins/other"})
    market.write_text(json.dumps(found), encoding="utf-8")
    (export,) = plan_exports(other, out, ["claude-plugin"])
    assert [step.path for step in export.plan.of("kept")] == [".claude-plugin/marketplace.json"]
    market.write_bytes(b"{")
    with pytest.raises(BadInput, match="is no marketplace"):
        plan_exports(other, out, ["claude-plugin"])


def test_nothing_is_exported_into_the_package_itself(package: Path) -> None:
    for dest in (package, package / "out"):
        with pytest.raises(BadInput, match="the package itself"):
            plan_exports(package, dest, ["codex"])
