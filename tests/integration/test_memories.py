"""What was learned reaches the agents that it concerns, with its source, and nothing else does.

One package is made of the bookshop with ``tests/data/memories/bookshop/lessons.md``, which also
holds an order to a model and a note about nothing of the code; several promises are read from it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from template_creation.bridges import OfflineBridge
from template_creation.create import (
    CreateOptions,
    EnhanceOptions,
    create_template,
    enhance_agents,
)
from template_creation.errors import BadInput

Json = dict[str, Any]


@pytest.fixture(scope="module")
def lessons(checkout: Path) -> Path:
    return checkout / "tests" / "data" / "memories" / "bookshop" / "lessons.md"


@pytest.fixture(scope="module")
def made(
    warm: Any,
    bookshop_once: Path,
    lessons: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Json]:
    """The package, made by the command line, and what it printed."""
    target = tmp_path_factory.mktemp("memories") / "bookshop"
    words = ["--name", "bookshop", "--path", str(bookshop_once), "--output", str(target)]
    words += ["--memories", str(lessons), "--json"]
    done = subprocess.run(["template-create", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target, json.loads(done.stdout)


def _agents(package: Path) -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in (package / "agents").glob("*.md")}


def _section(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_what_hurt_is_a_constraint_and_what_worked_a_practice(made: tuple[Path, Json]) -> None:
    agents = _agents(made[0])
    constraints = _section(agents["api-specialist"], "Constraints")
    assert 'Do not repeat this: "Orders were created twice."' in constraints
    assert "failure, lessons.md:3)" in constraints
    practices = _section(agents["testing-specialist"], "Best Practices")
    assert "Prefer a real database session over a mock in route tests" in practices
    assert "(lesson, lessons.md:21)." in practices


def test_orders_to_a_model_and_notes_about_nothing_reach_no_file(made: tuple[Path, Json]) -> None:
    package, document = made
    written = "".join(
        path.read_text("utf-8") for path in package.rglob("*") if path.suffix in (".md", ".json")
    )
    assert "system prompt" not in written
    assert "milk" not in written
    assert document["memories"]["read"] == 6
    assert len(document["memories"]["used"]) == 4


def test_the_package_knows_its_memories_and_a_foreign_checker_recounts_them(
    made: tuple[Path, Json], bookshop_once: Path, checkout: Path
) -> None:
    package, document = made
    report = json.loads((package / "report.json").read_text("utf-8"))
    assert report["facts"]["memories"] == document["memories"]["used"]
    words = [sys.executable, str(checkout / "tests/grounding"), str(bookshop_once), str(package)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    (found,) = json.loads(done.stdout).values()
    assert found["findings"] == []
    assert found["checked"]["memory"] >= 10


def test_the_same_memories_change_nothing_and_others_make_the_package_anew(
    bookshop_once: Path, lessons: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "lessons.md"
    shutil.copy(lessons, notes)
    options = CreateOptions(
        name="bookshop", path=bookshop_once, output=tmp_path / "out", memories=(str(notes),)
    )
    first = create_template(options)
    before = _agents(first.package)
    assert create_template(options).status == "unchanged"
    added = "- Never test with `config/live/prod.yaml` loaded, or with Redis."
    notes.write_text(f"{notes.read_text('utf-8')}\n{added}\n", "utf-8")
    again = create_template(options)
    assert again.status == first.status
    after = _agents(again.package)
    changed = [name for name in after if after[name] != before[name]]
    assert changed == ["testing-specialist"]
    assert added.removeprefix("- ") in after["testing-specialist"]  # names what no code proves
    assert "testing-specialist" in {agent.name for agent in again.enhanced}


def test_a_package_that_is_there_gets_memories_and_keeps_its_promises(
    warm: Any, bookshop_once: Path, lessons: Path, tmp_path: Path
) -> None:
    plain = create_template(
        CreateOptions(name="bookshop", path=bookshop_once, output=tmp_path / "out")
    )
    assert "Learned here" not in "".join(_agents(plain.package).values())
    told: list[str] = []
    options = EnhanceOptions(package=plain.package, memories=(str(lessons),))
    assert enhance_agents(options, notify=told.append).status == "done"
    assert told == ["Memories: 4 concern an agent (see `template-create memory agents`)."]
    assert "Orders were created twice" in _agents(plain.package)["api-specialist"]
    report = json.loads((plain.package / "report.json").read_text("utf-8"))
    assert len(report["facts"]["memories"]) == 4
    words = ["template-create", "validate", str(plain.package)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    missing = EnhanceOptions(package=plain.package, memories=("nowhere.md",))
    with pytest.raises(BadInput, match="no such memories"):
        enhance_agents(missing)


class _Citing(OfflineBridge):
    """As the offline bridge; it also cites one memory that is there and one that is not."""

    def invoke(self, **asked: Any) -> Json:
        answer = super().invoke(**asked)
        for item in answer["enhancements"]:
            item["constraints"] = [
                {"text": "Keep endpoints idempotent by a key.", "cites": ["M1"]},
                {"text": "Invent whatever seems to fit here.", "cites": ["M99"]},
                *item["constraints"],
            ]
        return answer


def test_a_model_may_cite_only_memories_that_it_was_given(
    bookshop_once: Path, lessons: Path, tmp_path: Path
) -> None:
    options = CreateOptions(
        name="bookshop", path=bookshop_once, output=tmp_path / "out", memories=(str(lessons),)
    )
    result = create_template(options, bridge=_Citing())
    text = _agents(result.package)["api-specialist"]
    assert "Keep endpoints idempotent by a key." in text
    assert 'Learned here: "Orders were created twice.' in text
    assert "Invent whatever" not in text
    rules = {issue.rule for agent in result.agents for issue in agent.issues}
    assert "unknown-id" in rules
