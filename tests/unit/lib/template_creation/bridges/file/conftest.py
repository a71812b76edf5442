"""A run that asks, a host that answers in every way hosts do, and a clock that can be set."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from template_creation.bridges import CONTENT_ENHANCER, FileBridge, OfflineBridge
from template_creation.errors import InvocationPending
from template_creation.values.answer import AnsweredAgent


class Clock:
    """The real time, ``ahead`` seconds later."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Run:
    """One process of ours: asks once, and gives what came of it."""

    bridge: FileBridge

    def events(self, data: Mapping[str, Any], attempt: int = 1) -> list[Any]:
        return list(
            self.bridge.stream(
                agent_name=CONTENT_ENHANCER,
                input_data=data,
                context={"mode": "batch", "phase": "7.5", "attempt": attempt},
            )
        )

    def agents(self, data: Mapping[str, Any]) -> list[str]:
        return [item.name for item in self.events(data) if isinstance(item, AnsweredAgent)]

    def pending(self, data: Mapping[str, Any]) -> InvocationPending:
        with pytest.raises(InvocationPending) as caught:
            self.events(data)
        return caught.value


@dataclass
class Host:
    """Works in a bridge folder by what ``.agent-request.json`` says, and by nothing else."""

    folder: Path

    @property
    def request(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / ".agent-request.json").read_text())
        return found

    @property
    def answer(self) -> dict[str, Any]:
        """A good answer to the pending request."""
        document = Path(self.request["prompt_path"]).with_name("document.json")
        return OfflineBridge().invoke(
            agent_name="", input_data=json.loads(document.read_text()), context={}
        )

    def envelope(self, **more: Any) -> dict[str, Any]:
        """As protocol 1.0 has it; the payload is encoded twice."""
        return {
            "request_id": self.request["request_id"],
            "version": "1.0",
            "status": "success",
            "response": json.dumps(self.answer),
            **more,
        }

    def write(self, content: Any, path: Path | None = None) -> Path:
        path = path or Path(self.request["response_path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def write_files(self, *names: str) -> list[Path]:
        """One file for each agent, without saying its name inside."""
        folder = Path(self.request["responses_dir"])
        return [
            self.write(
                {key: value for key, value in item.items() if key != "agent_name"},
                folder / f"{item['agent_name']}.json",
            )
            for item in self.answer["enhancements"]
            if not names or item["agent_name"] in names
        ]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bridge"


@pytest.fixture
def host(folder: Path) -> Host:
    return Host(folder)


@pytest.fixture
def run(folder: Path, clock: Clock) -> Callable[..., Run]:
    """Starts another process of the same run; every argument of the bridge may be given."""

    def start(**more: Any) -> Run:
        place = more.pop("folder", folder)
        known = {"run_id": "run-1", "name": "shop", "codebase": "/src/shop", "clock": clock}
        return Run(FileBridge(place, **{**known, **more}))

    return start


@pytest.fixture
def kept(folder: Path) -> Callable[[str], list[str]]:
    """The files below a folder of the bridge, as paths relative to it."""

    def listed(part: str) -> list[str]:
        root = folder / ".agent-bridge" / part
        return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())

    return listed


@pytest.fixture
def only(request_data: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """The same request for some of its agents; ``problems`` are those of a refusal."""

    def document(*names: str, problems: tuple[str, ...] = ()) -> dict[str, Any]:
        data = copy.deepcopy(request_data)
        data["agents"] = [item for item in data["agents"] if item["name"] in names]
        for item in data["agents"]:
            if problems:
                item["problems"] = list(problems)
        return data

    return document
