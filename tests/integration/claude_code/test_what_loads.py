"""The doctor and the exported plugin, against what the real Claude Code loads."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from template_creation.deployment import carry_out
from template_creation.doctor import Program, examine
from template_creation.doctor.rules import BUILT_IN
from template_creation.exports import plan_exports
from template_creation.fake_api import Reply

pytestmark = pytest.mark.slow

CORPUS = Path(__file__).parents[2] / "data" / "agent_files" / "cases.json"
QUIET = ("DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING", "DISABLE_AUTOUPDATER")
Claude = Callable[..., list[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No server answers, and the home is empty."""
    (tmp_path / "home").mkdir()
    return {
        **dict.fromkeys((*QUIET, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"), "1"),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        "HOME": str(tmp_path / "home"),
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        "ANTHROPIC_API_KEY": "dummy",
    }


@pytest.fixture
def roster(claude_binary: Path, environment: dict[str, str]) -> Claude:
    """The agents of a session by its first line; the session is ended then."""

    def agents(folder: Path, *options: str) -> list[str]:
        command = [claude_binary, "-p", "hi", "--output-format", "stream-json", "--verbose"]
        with subprocess.Popen(
            [*map(str, command), "--no-session-persistence", *options],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            assert process.stdout is not None
            events = (json.loads(line) for line in process.stdout)
            first = next(event for event in events if event.get("subtype") == "init")
            process.kill()
        return sorted(set(first["agents"]) - BUILT_IN)

    return agents


def test_the_doctor_names_exactly_the_agents_that_claude_code_loads(
    roster: Claude, tmp_path: Path, bookshop_package: Path
) -> None:
    """Some 470 small files, one for each thing that a frontmatter can do, and those of a package
    that we made."""
    folder = tmp_path / "project/.claude/agents"
    folder.mkdir(parents=True)
    for case in json.loads(CORPUS.read_bytes())["cases"]:
        data = case["text"].encode(case.get("encoding", "utf-8"))
        (folder / f"{case['id']}.md").write_bytes(data)
    shutil.copytree(bookshop_package / "agents", folder / "made")
    good = b"---\nname: %s\ndescription: x\n---\n"
    for place in (".hidden/a.md", "deep/er/b.md", "node_modules/c.md", "d.MD", "e.mdc", ".f.md"):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(good % f"place-{path.stem.strip('.')}".encode())
    for size in (1 << 20, (1 << 20) + 1):
        (folder / f"size-{size}.md").write_bytes((good % b"size-%d" % size).ljust(size, b"x"))
    project = tmp_path / "project"
    (project / "sub/.claude/agents").mkdir(parents=True)
    (project / "sub/.claude/agents/near.md").write_bytes(good % b"near")
    (project / "sub/.claude/agents/basic.md").write_bytes(good % b"basic")
    claude = Program("claude", "2.1.197")
    seen = examine(project / "sub", config=tmp_path / "home/.claude", claude=claude)
    assert list(seen.names) == roster(project / "sub")
    assert len(seen.names) > 270
    assert {path.stem for path in bookshop_package.glob("agents/*.md")} < set(seen.names)


def test_the_exported_plugin_is_valid_and_all_its_agents_load_and_find_their_templates(
    claude: Any,
    host: Callable[..., Any],
    claude_binary: Path,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """A template that an agent cites is in the plugin, and the agent is told where."""
    package = tmp_path / "shop"
    (package / "agents").mkdir(parents=True)
    for name in ("api-specialist", "data-specialist"):
        text = f"---\nname: {name}\ndescription: Use when: {name}\ntools: Read\n---\n\n# {name}\n"
        text += "\nStart from `templates/agents/{{=x=}}.md.template`.\n"
        (package / "agents" / f"{name}.md").write_text(text, encoding="utf-8")
    (package / "templates/agents").mkdir(parents=True)
    (package / "templates/agents/{{=x=}}.md.template").write_bytes(b"no agent\n")
    (export,) = plan_exports(package, tmp_path / "out", ["claude-plugin"])
    carry_out(export.plan)
    plugin = tmp_path / "out/plugins/shop"
    for folder in (tmp_path / "out", plugin):
        done = subprocess.run(
            [str(claude_binary), "plugin", "validate", "--strict", str(folder)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    given = {"description": "Ask", "prompt": "Ask", "subagent_type": "shop:api-specialist"}

    def ask(talk: Any) -> Reply:
        return Reply(text="Asked.") if talk.results else Reply.calling("Agent", given)

    with host(main=ask, subagent=lambda talk: Reply(text="Answered.")) as model:
        run = claude("hi", model, "--plugin-dir", str(plugin))
    names = sorted(name for name in run.init["agents"] if name.startswith("shop:"))
    assert names == ["shop:api-specialist", "shop:data-specialist"]
    asked = next(talk.system for talk in model.conversations if talk.is_subagent)
    (path,) = re.findall(r"Start from `([^`]+)`", asked)
    assert Path(path).read_bytes() == b"no agent\n"
    seen = examine(plugin, config=tmp_path / "none", claude=Program("claude", "2.1.197"))
    assert list(seen.names) == names
