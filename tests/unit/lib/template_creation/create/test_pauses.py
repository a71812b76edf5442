"""What happens to a package's files while a run on it waits for an answer is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.create import EnhanceOptions, enhance_agents
from template_creation.errors import BadInput, InvocationPending
from template_creation.testing import FakeBridge
from template_creation.values.enhancement import BridgeChoice, EnhancementOptions

AGENT = "---\nname: {name}\ndescription: Use when {name} is meant.\n---\n\n# {name}\n\nWorks.\n"
TEMPLATE = "def list_all():\n    found = store.all()\n    log(found)\n    return found\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of three agents whose enhancement waits for an answer."""
    root = tmp_path / "theirs"
    (root / "agents").mkdir(parents=True)
    (root / "templates" / "api").mkdir(parents=True)
    for name in ("first", "second", "third"):
        text = AGENT.format(name=name)
        (root / "agents" / f"{name}.md").write_bytes(text.encode("utf-8"))
    (root / "templates/api/list.py.template").write_text(TEMPLATE, encoding="utf-8")
    with pytest.raises(InvocationPending):
        enhance_agents(asked(root), bridge=FakeBridge(InvocationPending("later")))
    return root


def asked(root: Path, *, resume: bool = False) -> EnhanceOptions:
    return EnhanceOptions(package=root, state=root.parent / "state", resume=resume)


def resumed(root: Path) -> list[str]:
    """What is told by the run that goes on."""
    notes: list[str] = []
    enhance_agents(asked(root, resume=True), bridge=FakeBridge(), notify=notes.append)
    return notes


def test_an_agent_that_a_host_edited_itself_is_told_and_its_text_kept(package: Path) -> None:
    """F22: a host that was asked for an answer wrote into the agents; neither is its text
    passed off as an answer, nor is what a person may have written undone."""
    (package / "agents" / "first.md").write_text(AGENT.format(name="first") + "I did it.\n")
    (package / "agents" / "third.md").unlink()
    edited, removed = resumed(package)
    assert "agents/first.md was changed while the run waited" in edited
    assert "agents/third.md was removed while the run waited" in removed
    copy = Path(edited.partition("As it was: ")[2])
    assert copy.read_bytes() == AGENT.format(name="first").encode("utf-8")
    text = (package / "agents" / "first.md").read_text(encoding="utf-8")
    assert "I did it.\n" in text
    assert "## Template References" in text


def test_nothing_is_told_where_nothing_changed_nor_twice(package: Path) -> None:
    """What the run itself writes is no change of others, and a run that ended has no pause."""
    assert resumed(package) == []
    (package / "agents" / "first.md").write_text(AGENT.format(name="first"), encoding="utf-8")
    assert resumed(package) == []


def test_what_goes_on_is_the_run_that_paused_last_with_its_own_bridge(package: Path) -> None:
    """F05, F06: neither what an older run in the same state had chosen nor who would be asked
    by default decides, and whoever says otherwise is told."""
    file = EnhancementOptions(bridge=BridgeChoice(kind="file"))
    again = EnhanceOptions(
        package=package, state=package.parent / "state", enhancement=file, fresh=True
    )
    with pytest.raises(InvocationPending) as first:
        enhance_agents(again)
    with pytest.raises(InvocationPending) as second:
        enhance_agents(asked(package, resume=True))
    assert second.value.request["request_id"] == first.value.request["request_id"]
    otherwise = EnhanceOptions(
        package=package,
        state=package.parent / "state",
        resume=True,
        expected={"enhancement.bridge.kind": "offline"},
    )
    with pytest.raises(BadInput, match="goes on with kind 'file', not with 'offline'"):
        enhance_agents(otherwise)
