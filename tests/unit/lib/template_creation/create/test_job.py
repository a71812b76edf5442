"""Promises of the main job as a library call, with bridges that behave and misbehave."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import Event, ItemsLoaded, RunStarted, StepFailed, StepStarted
from template_creation import (
    CreateOptions,
    CreateResult,
    analyse,
    create_template,
    load_package,
    scan_codebase,
)
from template_creation.agents import recommend_agents
from template_creation.errors import BadInput, ExitCode, InvocationPending, WriteError
from template_creation.syntax import extract_facts
from template_creation.testing import FakeBridge, without_agents


def options(bookshop: Path, tmp_path: Path, **more: Any) -> CreateOptions:
    return CreateOptions(name="bookshop", path=bookshop, output=tmp_path / "pkg", **more)


def run(bookshop: Path, tmp_path: Path, bridge: FakeBridge, **more: Any) -> CreateResult:
    return create_template(options(bookshop, tmp_path, **more), bridge=bridge)


def test_all_agents_are_asked_for_in_one_request(bookshop: Path, tmp_path: Path) -> None:
    bridge = FakeBridge()
    result = run(bookshop, tmp_path, bridge)
    assert result.status == "done"
    assert len(bridge.requests) == 1
    asked = {item["name"] for item in bridge.requests[0].input_data["agents"]}
    assert asked == {item.name for item in result.agents}


def test_an_agent_that_is_not_answered_stays_basic_and_the_run_is_partial(
    bookshop: Path, tmp_path: Path
) -> None:
    result = run(bookshop, tmp_path, FakeBridge(without_agents("api-specialist")))
    assert result.status == "partial"
    assert result.exit_code is ExitCode.PARTIAL
    left = [item.name for item in result.agents if item.status != "enhanced"]
    assert left == ["api-specialist"]
    assert any("api-specialist" in error for error in result.errors)
    stub = (result.package / "agents/api-specialist.md").read_text()
    assert 'enhancement: "none"' in stub or "enhancement: none" in stub


def test_a_partial_package_is_tried_again_and_only_for_what_is_missing(
    bookshop: Path, tmp_path: Path
) -> None:
    """The same command never says that there is nothing to do while agents are basic."""
    tired = without_agents("api-specialist")
    bridge = FakeBridge(tired, tired, without_agents())
    assert run(bookshop, tmp_path, bridge).status == "partial"
    assert run(bookshop, tmp_path, bridge).status == "done"
    asked = [[item["name"] for item in call.input_data["agents"]] for call in bridge.requests]
    assert asked[1:] == [["api-specialist"], ["api-specialist"]]
    assert run(bookshop, tmp_path, bridge).status == "unchanged"


@pytest.mark.parametrize("answer", ["no JSON at all", {}, {"enhancements": []}, [], None, 7])
def test_a_useless_answer_leaves_a_usable_package_of_basic_agents(
    bookshop: Path, tmp_path: Path, answer: Any
) -> None:
    result = run(bookshop, tmp_path, FakeBridge(answer))
    assert result.status == "partial"
    assert not result.enhanced
    assert len(load_package(result.package).agent_paths) == len(result.agents) >= 5


def test_a_bridge_that_waits_pauses_the_job_and_leaves_the_target_alone(
    bookshop: Path, tmp_path: Path
) -> None:
    bridge = FakeBridge(InvocationPending("waiting for an answer"))
    with pytest.raises(InvocationPending):
        run(bookshop, tmp_path, bridge)
    assert not (tmp_path / "pkg").exists()


def test_a_dry_run_asks_no_model_and_shows_the_request(bookshop: Path, tmp_path: Path) -> None:
    bridge = FakeBridge()
    result = run(bookshop, tmp_path, bridge, dry_run=True)
    assert bridge.requests == []
    assert result.status == "planned"
    assert [len(prompt) > 1_000 for prompt in result.prompts] == [True]
    assert "api-specialist" in result.prompts[0]
    assert not (tmp_path / "pkg").exists()


def test_without_agents_nobody_is_asked(bookshop: Path, tmp_path: Path) -> None:
    bridge = FakeBridge()
    result = run(bookshop, tmp_path, bridge, with_agents=False)
    assert bridge.requests == []
    assert result.agents == ()
    assert not (result.package / "agents").exists()
    assert "agents" not in (result.package / "CLAUDE.md").read_text().lower().replace(
        "@agents.md", ""
    )


def test_fewer_templates_can_be_asked_for(bookshop: Path, tmp_path: Path) -> None:
    result = run(bookshop, tmp_path, FakeBridge(), max_templates=3)
    assert len(result.templates) == 3


def test_every_phase_is_told_in_its_order(bookshop: Path, tmp_path: Path) -> None:
    heard: list[Event] = []
    create_template(options(bookshop, tmp_path), listeners=[heard.append])
    steps = list(dict.fromkeys(event.step for event in heard if isinstance(event, StepStarted)))
    assert steps[:4] == ["scan", "analysis", "templates", "agent recommendation"]
    assert steps.index("agent writing") < steps.index("agent enhancement") < steps.index("guides")
    assert steps.index("guides") < steps.index("validation") <= steps.index("package")


def test_guides_name_only_agents_and_templates_that_are_there(
    bookshop: Path, tmp_path: Path
) -> None:
    """F61, F68: the old guide described agents that were never made."""
    result = run(bookshop, tmp_path, FakeBridge())
    package = load_package(result.package)
    claude = (result.package / "CLAUDE.md").read_text()
    for spec in package.agents:
        assert f"`{spec.name}`" in claude
    guide = (result.package / "AGENTS.md").read_text()
    for template in package.templates:
        assert f"`{template.path}`" in guide


def test_a_package_read_back_is_the_package_that_was_made(bookshop: Path, tmp_path: Path) -> None:
    result = run(bookshop, tmp_path, FakeBridge())
    package = load_package(result.package)
    made = {item.id: item for item in result.templates}
    assert len(made) == len(package.templates)
    for item in package.templates:
        assert item.segments == made[item.id].segments
        assert item.path_segments == made[item.id].path_segments
        assert item == made[item.id]
    codebase = scan_codebase(bookshop)
    facts = {
        file.path: extract_facts(codebase.read(file.path), "python")
        for file in codebase.files
        if file.language == "python"
    }
    assert package.agents == recommend_agents(analyse(codebase, facts), package.templates)


def test_an_output_that_cannot_be_written_is_an_error_that_names_it(
    bookshop: Path, tmp_path: Path
) -> None:
    (tmp_path / "blocked").write_text("a file")
    with pytest.raises(WriteError, match="blocked"):
        create_template(
            CreateOptions(name="bookshop", path=bookshop, output=tmp_path / "blocked" / "pkg")
        )


def test_a_name_is_checked_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot name"):
        create_template(CreateOptions(name="Bad Name", path=tmp_path / "nowhere"))


class _Angry(FakeBridge):
    def invoke(
        self, *, agent_name: str, input_data: Mapping[str, Any], context: Mapping[str, Any]
    ) -> Any:
        raise KeyboardInterrupt


def test_an_interrupt_while_asking_leaves_no_half_package(bookshop: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(bookshop, tmp_path, _Angry())
    assert list(tmp_path.glob("pkg*")) == list(tmp_path.glob(".pkg*")) == []


def loaded_facts(events: list[Event]) -> int:
    return sum(
        len(event.keys)
        for event in events
        if isinstance(event, ItemsLoaded) and event.step == "analysis"
    )


def test_facts_are_stored_by_content_and_reused(bookshop: Path, tmp_path: Path) -> None:
    """A second run parses only what changed; a fresh one parses everything."""
    heard: list[Event] = []
    create_template(options(bookshop, tmp_path), listeners=[heard.append])
    assert loaded_facts(heard) == 0
    (bookshop / "src/bookshop/extra.py").write_text("VALUE = 1\n")
    heard.clear()
    create_template(options(bookshop, tmp_path), listeners=[heard.append])
    assert loaded_facts(heard) > 30
    heard.clear()
    create_template(options(bookshop, tmp_path, fresh=True), listeners=[heard.append])
    assert loaded_facts(heard) == 0


def test_facts_of_contents_that_are_gone_are_forgotten(bookshop: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"

    def stored() -> int:
        query = "select count(*) from item join step on item.step = step.id where step.name = ?"
        with closing(sqlite3.connect(state / "run.sqlite3")) as db:
            return int(db.execute(query, ("analysis",)).fetchone()[0])

    create_template(options(bookshop, tmp_path, state=state, with_agents=False))
    before = stored()
    assert before > 30
    for text in ("A = 1\n", "B = 1\n", "C = 1\n"):
        (bookshop / "src/bookshop/extra.py").write_text(text)
        create_template(options(bookshop, tmp_path, state=state, with_agents=False))
    assert stored() == before + 1


def test_a_codebase_that_git_refuses_to_list_is_listed_without_it_and_told(
    bookshop: Path, tmp_path: Path
) -> None:
    (bookshop / ".git" / "config").write_text("[nonsense\n")
    result = create_template(options(bookshop, tmp_path))
    assert any("without git" in warning for warning in result.warnings)


def test_a_file_that_changes_while_it_is_read_is_left_out_with_the_reason(
    bookshop: Path, tmp_path: Path
) -> None:
    """The facts of all others stay those of their own files."""

    def change(event: Event) -> None:
        if isinstance(event, StepStarted) and event.step == "analysis":
            (bookshop / "src/bookshop/extra.py").write_text("VALUE = 2\n")

    (bookshop / "src/bookshop/extra.py").write_text("VALUE = 1\n")
    result = create_template(options(bookshop, tmp_path), listeners=[change])
    (left_out,) = [item for item in result.excluded if item.reason == "unreadable"]
    assert left_out.path == "src/bookshop/extra.py"
    assert "changed while it was read" in left_out.detail
    (bookshop / "src/bookshop/extra.py").unlink()
    undisturbed = create_template(
        CreateOptions(name="bookshop", path=bookshop, output=tmp_path / "other")
    )
    assert result.files == undisturbed.files
    assert result.templates == undisturbed.templates


def test_a_phase_that_fails_is_told_and_its_error_comes_out_as_it_is(
    bookshop: Path, tmp_path: Path
) -> None:
    heard: list[Event] = []

    def block(event: Event) -> None:
        heard.append(event)
        if isinstance(event, StepStarted) and event.step == "settings":
            (folder,) = tmp_path.glob(".pkg.staging-*")
            (folder / "settings.json").mkdir()

    with pytest.raises(WriteError, match="cannot write"):
        create_template(options(bookshop, tmp_path), listeners=[block])
    assert [event.step for event in heard if isinstance(event, StepFailed)] == ["settings"]
    assert list(tmp_path.glob("*pkg*")) == []


def test_each_phase_has_its_seconds(bookshop: Path, tmp_path: Path) -> None:
    """The scan is a part of the analysis, and all that is made there is."""
    result = create_template(options(bookshop, tmp_path))
    assert list(result.seconds) == [
        "analysis",
        "templates",
        "agent recommendation",
        "settings",
        "agent writing",
        "manifest",
        "agent enhancement",
        "guides",
        "validation",
        "package",
    ]
    assert min(result.seconds.values()) > 0
    assert list(create_template(options(bookshop, tmp_path)).seconds) == ["analysis"]


def test_a_listener_that_raises_is_a_warning(bookshop: Path, tmp_path: Path) -> None:
    def broken(event: Event) -> None:
        if isinstance(event, RunStarted):
            raise RuntimeError("display is gone")

    result = create_template(options(bookshop, tmp_path), listeners=[broken])
    assert result.status == "done"
    assert any("display is gone" in warning for warning in result.warnings)
