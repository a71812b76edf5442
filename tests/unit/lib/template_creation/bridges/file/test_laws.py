"""Whatever hosts do and wherever runs die: it ends, nothing is lost, nothing is asked twice."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch_engine.core import WorkError
from template_creation.bridges import FileBridge, OfflineBridge
from template_creation.errors import InvocationPending
from template_creation.values.answer import AnsweredAgent

ATTEMPTS = 3


@dataclass
class World:
    """A bridge folder, an engine that stores what it gets, and a host that does as it is told."""

    folder: Path
    data: Mapping[str, Any]
    stored: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    asked_for_finished: list[str] = field(default_factory=list)
    old: dict[str, Any] = field(default_factory=dict)
    ahead: float = 0.0

    # -- our side ---------------------------------------------------------------------------------

    def process(self, *, dies_after: int | None) -> str:
        """One process of ours: up to three attempts, or a death after so many agents."""
        bridge = FileBridge(
            self.folder, run_id="r", name="shop", codebase="/src", clock=lambda: self.now()
        )
        for _ in range(ATTEMPTS):
            document = self.document()
            if not document["agents"]:
                bridge.withdraw("the run has ended")
                return "done"
            stream = bridge.stream(agent_name="a", input_data=document, context={})
            try:
                for number, event in enumerate(stream, 1):
                    if isinstance(event, AnsweredAgent):
                        self.stored.append(event.name)
                    if number == dies_after:
                        stream.close()  # type: ignore[attr-defined]
                        return "died"
            except InvocationPending as pause:
                known = set(pause.request["agents"]) & set(self.stored)
                self.asked_for_finished += sorted(known)
                return "pending"
            except WorkError as error:
                if not error.retryable:
                    return "failed"
        return "done" if not self.document()["agents"] else "failed"

    def document(self) -> dict[str, Any]:
        agents = [item for item in self.data["agents"] if item["name"] not in self.stored]
        return {**self.data, "agents": agents}

    def now(self) -> float:
        return self.folder.stat().st_mtime + 10 + self.ahead

    # -- the host's side --------------------------------------------------------------------------

    def act(self, action: str) -> None:
        path = self.folder / ".agent-request.json"
        request = json.loads(path.read_text())
        facts = json.loads(Path(request["prompt_path"]).with_name("document.json").read_text())
        answer = OfflineBridge().invoke(agent_name="", input_data=facts, context={})
        envelope = {"request_id": request["request_id"], "status": "success", "response": answer}
        whole = self.folder / ".agent-response.json"
        match action:
            case "whole":
                self.write(whole, envelope)
            case "text":
                self.write(whole, {**envelope, "response": json.dumps(answer)})
            case "bare":
                self.write(whole, answer)
            case "summary":
                self.write(whole, {**envelope, "response": "I enhanced them all."})
            case "wrong id":
                self.write(whole, {**envelope, "request_id": "nobody"})
            case "error":
                failed = {"status": "error", "response": None, "error_message": "no"}
                self.write(whole, {**envelope, **failed})
            case "old answer" if self.old:
                self.write(whole, self.old)
            case "one file" | "all files":
                items = answer["enhancements"][: 1 if action == "one file" else None]
                for item in items:
                    name = f"{item['agent_name']}.json"
                    self.write(Path(request["responses_dir"]) / name, item)
            case "cut":
                path.write_text("[1,")
            case "delete":
                path.unlink()
            case "late":
                self.ahead += 4000
        self.old = envelope

    def write(self, path: Path, content: Mapping[str, Any]) -> None:
        mark = f"mark-{len(self.written):04}"
        self.written.append(mark)
        path.write_text(json.dumps({**content, "mark": mark}))

    def lost(self) -> list[str]:
        """What a host wrote and nobody can find any more."""
        kept = "\n".join(path.read_text() for path in self.folder.rglob("*.json"))
        return [mark for mark in self.written if mark not in kept]


ACTIONS = [
    "whole",
    "text",
    "bare",
    "summary",
    "wrong id",
    "error",
    "old answer",
    "one file",
    "all files",
    "cut",
    "delete",
    "late",
    "nothing",
]
STEPS = st.lists(
    st.tuples(st.sampled_from(ACTIONS), st.sampled_from([None, None, 1, 2])), max_size=6
)


@pytest.fixture
def world(request_data: dict[str, Any]) -> Callable[[Path], World]:
    def made(root: Path) -> World:
        (root / "bridge").mkdir()
        return World(root / "bridge", request_data)

    return made


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_it_ends_and_nothing_is_lost_or_asked_twice(
    world: Callable[[Path], World], steps: list[tuple[str, int | None]]
) -> None:
    """The law of the bridge, over sequences of what hosts do and of where runs die."""
    with tempfile.TemporaryDirectory() as root:
        here = world(Path(root))
        for action, dies_after in steps:
            if here.process(dies_after=dies_after) == "pending":
                here.act(action)
        for _ in range(2 * ATTEMPTS + 2):  # from here on the host is a good one
            if here.process(dies_after=None) == "pending":
                here.act("whole")
        assert sorted(here.stored) == ["api-specialist", "testing-specialist"]
        assert here.asked_for_finished == []
        assert here.lost() == []
        assert not (here.folder / ".agent-request.json").exists()
