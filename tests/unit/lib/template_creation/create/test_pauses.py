"""What happens to a package's files while a run on it waits for an answer is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from template_creation.create import Enhanced, EnhanceOptions, enhance_agents
from template_creation.errors import BadInput, InvocationPending
from template_creation.exchange import read_answer
from template_creation.testing import FakeBridge
from template_creation.values.answer import AnswerEvent
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


def resumed(root: Path, *, again: bool = True) -> tuple[Enhanced, list[str]]:
    """What comes of the run that goes on, or of a new one, and what it tells."""
    notes: list[str] = []
    options = asked(root, resume=again)
    return enhance_agents(options, bridge=FakeBridge(), notify=notes.append), notes


def edit_and_remove(package: Path) -> None:
    """A person adds to one agent, a host writes over another, and one is removed."""
    with (package / "agents/first.md").open("a", encoding="utf-8") as file:
        file.write("I did it.\n")
    (package / "agents/second.md").write_text("HACKED", encoding="utf-8")
    (package / "agents/third.md").unlink()


def test_a_run_that_goes_on_is_about_the_texts_that_were_asked_about(package: Path) -> None:
    """F22: what a host or a person made of them in between is no answer; it is undone, told and
    kept, and every agent is enhanced, those that were removed too."""
    edit_and_remove(package)
    enhanced, notes = resumed(package)
    assert enhanced.status == "done"
    assert enhanced.result.enhanced_count == 3
    for path in (package / "agents").iterdir():
        text = path.read_text(encoding="utf-8")
        assert "## Template References" in text
        assert "I did it" not in text
        assert "HACKED" not in text
    aside = package.parent / "state" / "set-aside" / "agents"
    assert (aside / "first.md").read_text(encoding="utf-8").endswith("I did it.\n")
    assert (aside / "second.md").read_text(encoding="utf-8") == "HACKED"
    changed, removed = notes
    assert "agents/first.md, agents/second.md were changed while asked for" in changed
    assert str(aside.parent) in changed
    assert "run again without --resume" in changed
    assert "agents/third.md was removed while asked for, and put back" in removed
    told = [item for item in enhanced.to_document()["findings"] if "asked" in item["rule"]]
    assert [Path(item["place"]).stem for item in told] == ["first", "second", "third"]


def test_a_new_run_takes_the_files_as_they_are(package: Path) -> None:
    """So a person has the last word: what the texts were is told, and kept too."""
    (package / "agents/first.md").write_text(AGENT.format(name="first") + "I did it.\n")
    (package / "agents/third.md").unlink()
    enhanced, (edited, removed) = resumed(package, again=False)
    assert "agents/first.md was changed since it was asked for" in edited
    assert "agents/third.md was removed since it was asked for" in removed
    for note, name in ((edited, "first"), (removed, "third")):
        copy = Path(note.partition("As it was: ")[2])
        assert copy.read_bytes() == AGENT.format(name=name).encode("utf-8")
    text = (package / "agents" / "first.md").read_text(encoding="utf-8")
    assert "I did it.\n" in text
    assert "## Template References" in text
    assert enhanced.result.total_count == 2


def test_two_texts_of_one_agent_are_both_kept(package: Path) -> None:
    """One at each of two pauses; the same text again takes no more room."""
    for text in ("one", "two", "two"):
        (package / "agents/first.md").write_text(text, encoding="utf-8")
        with pytest.raises(InvocationPending):
            enhance_agents(
                asked(package, resume=True), bridge=FakeBridge(InvocationPending("later"))
            )
    aside = package.parent / "state" / "set-aside" / "agents"
    assert [path.read_text() for path in sorted(aside.iterdir())] == ["two", "one"]


class Meddling(FakeBridge):
    """Streams an answer for all agents but the second, while somebody writes into the files."""

    def __init__(self, agents: Path) -> None:
        super().__init__()
        self._agents = agents

    def stream(self, **said: Any) -> Iterator[AnswerEvent]:
        names = [agent["name"] for agent in said["input_data"]["agents"]]
        answer = read_answer(self.invoke(**said), names)
        if len(self.requests) > 1:
            return
        edit_and_remove(self._agents.parent)
        yield from (item for item in answer if item.name != "second")
        (self._agents / "third.md").write_text("Mine now.", encoding="utf-8")


def test_what_others_write_while_this_process_waits_is_set_aside_too(package: Path) -> None:
    """Also for an agent that is finished already, and for one that has no answer."""
    agents, notes = package / "agents", list[str]()
    enhanced = enhance_agents(asked(package), bridge=Meddling(agents), notify=notes.append)
    assert [item.status for item in enhanced.result.agents] == ["enhanced", "failed", "enhanced"]
    assert (agents / "second.md").read_text() == AGENT.format(name="second")
    assert "## Template References" in (agents / "third.md").read_text(encoding="utf-8")
    aside = package.parent / "state" / "set-aside" / "agents"
    kept = {path.stem: path.read_text(encoding="utf-8") for path in aside.iterdir()}
    assert kept["first"].endswith("I did it.\n")
    assert (kept["second"], kept["third"]) == ("HACKED", "Mine now.")
    changed, removed = notes
    assert changed.startswith("Note: agents/first.md, agents/second.md, agents/third.md were")
    assert "agents/third.md was removed while asked for" in removed


class HalfWay(FakeBridge):
    """Streams the answer for the first agent, and waits for the rest."""

    def stream(self, **said: Any) -> Iterator[AnswerEvent]:
        names = [agent["name"] for agent in said["input_data"]["agents"]]
        yield read_answer(self.invoke(**said), names)[0]
        raise InvocationPending("later", request={"agents": names[1:]})


def test_a_pause_says_which_agents_are_finished(package: Path) -> None:
    """Of this process and of those before it; the others are still asked for."""
    finished = []
    for _ in range(2):
        with pytest.raises(InvocationPending) as pause:
            enhance_agents(asked(package, resume=True), bridge=HalfWay())
        finished.append(pause.value.finished)
    assert finished == [("first",), ("first", "second")]


def test_nothing_is_told_where_nothing_changed_nor_twice(package: Path) -> None:
    """What the run itself writes is no change of others, and a run that ended has no pause."""
    assert resumed(package)[1] == []
    (package / "agents" / "first.md").write_text(AGENT.format(name="first"), encoding="utf-8")
    assert resumed(package)[1] == []


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
