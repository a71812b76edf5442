"""A package that others made, enhanced as its owner would: his text stays, what we add helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.create import EnhanceOptions, enhance_agents
from template_creation.testing import FakeBridge
from template_creation.validate import validate_package
from template_creation.values.enhancement import BridgeChoice, EnhancementOptions

ROUTER = '''from fastapi import APIRouter

router = APIRouter()


@router.get("/{{entity_name_plural}}")
async def list_{{entity_name_plural}}():
    """All of them."""
    return await crud.{{entity_name}}.all()
'''

OWN = {
    "router-specialist.md": """---
capabilities:
- Routes for {{entity}}
description: Use when: adding a route
name: router-specialist
stack: [python]   # one of many
---

# Router Specialist

## Purpose

Adds routes below `templates/api/router.py.template`.

## Usage

Ask it for a route.

## Boundaries

### ALWAYS
- ✅ Answer with a schema

## Extended Documentation

See `agents/router-specialist-ext.md`.
""",
    "router-specialist-ext.md": """# Router Specialist, extended

- `templates/api/router.py.template`
- `templates/api/stream.py.template`
""",
    "complete-specialist.md": """---
name: complete-specialist
description: Says it all already.
---

# Complete Specialist

## Purpose

Models.

## Related Templates

- `templates/models/model.py.template`

## Best Practices

- Name it `{{EntityName}}`.

## Code Examples

None here.

## Boundaries

- Never rename a column.
""",
    "windows-specialist.md": "---\r\nname: windows-specialist\r\n"
    "description: Line ends of others.\r\n---\r\n\r\n"
    "# Windows Specialist\r\n\r\n## Notes\r\n\r\nMine.\r\n",
}


@pytest.fixture(scope="module")
def enhanced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """The package after `enhance`, its state folder, and what became of it."""
    root = tmp_path_factory.mktemp("foreign") / "their-package"
    for folder in ("agents", "templates/api", "templates/models"):
        (root / folder).mkdir(parents=True)
    for name, text in OWN.items():
        (root / "agents" / name).write_bytes(text.encode("utf-8"))
    (root / "templates/api/router.py.template").write_text(ROUTER, encoding="utf-8")
    model = "class {{EntityName}}:\n    id: int\n    name: str\n"
    (root / "templates/models/model.py.template").write_text(model, encoding="utf-8")
    (root / "manifest.json").write_text('{"name": "their-package"}', encoding="utf-8")
    state = root.parent / "state"
    result = enhance_agents(EnhanceOptions(package=root, state=state))
    return root, state, result.status


def test_every_agent_is_handled_and_no_other_file_changes(
    enhanced: tuple[Path, Path, str],
) -> None:
    """Parts of agents (``-ext``), templates and the manifest keep every byte."""
    root, _, status = enhanced
    assert status == "done"
    same = {"router-specialist-ext.md", "complete-specialist.md"}
    for name, text in OWN.items():
        assert ((root / "agents" / name).read_bytes() == text.encode("utf-8")) is (name in same)
    assert (root / "templates/api/router.py.template").read_text(encoding="utf-8") == ROUTER
    assert (root / "manifest.json").read_text(encoding="utf-8") == '{"name": "their-package"}'


@pytest.mark.parametrize("name", ["router-specialist.md", "windows-specialist.md"])
def test_what_the_owner_wrote_stays_byte_for_byte(
    enhanced: tuple[Path, Path, str], name: str
) -> None:
    """F45: with our keys and sections taken out, the file is as it was."""
    root, _, _ = enhanced
    lines = iter((root / "agents" / name).read_bytes().splitlines(keepends=True))
    own = OWN[name].encode("utf-8").splitlines(keepends=True)
    assert all(any(line == kept for line in lines) for kept in own)


def test_what_is_added_is_real_and_stands_where_a_reader_looks_for_it(
    enhanced: tuple[Path, Path, str],
) -> None:
    """Between the owner's beginning and his limits: templates that exist, and their code. No
    measure of a codebase that nobody has, no place in one."""
    root, _, _ = enhanced
    text = (root / "agents/router-specialist.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Purpose",
        "## Usage",
        "## Template References",
        "## Best Practices",
        "## Code Examples",
        "## Boundaries",
        "## Extended Documentation",
    ]
    assert "    return await crud.{{entity_name}}.all()" in text
    assert "1. `templates/api/router.py.template`\n   Start here. It declares" in text
    assert "of its layer" not in text
    assert "Put a new file of this kind into" not in text


def test_a_second_time_changes_nothing(enhanced: tuple[Path, Path, str]) -> None:
    """F41: neither at once nor when all is asked for anew."""
    root, state, _ = enhanced
    before = {path.name: path.read_bytes() for path in (root / "agents").iterdir()}
    for fresh in (False, True):
        again = enhance_agents(EnhanceOptions(package=root, state=state, fresh=fresh)).result
        assert again.requests == fresh
        assert {path.name: path.read_bytes() for path in (root / "agents").iterdir()} == before


def test_an_agent_that_has_every_section_is_told_apart(
    tmp_path: Path, enhanced: tuple[Path, Path, str]
) -> None:
    """F49: it counts as done, and nobody is told that something was added."""
    root, _, _ = enhanced
    result = enhance_agents(EnhanceOptions(package=root, state=tmp_path / "state")).result
    assert [item.untouched for item in result.agents if item.name == "complete-specialist"] == [
        True
    ]
    assert [item.untouched for item in result.agents if item.name == "router-specialist"] == [False]


def test_references_that_lead_nowhere_are_found(enhanced: tuple[Path, Path, str]) -> None:
    """F62: also in the parts of agents, by line."""
    root, _, _ = enhanced
    found = [issue for issue in validate_package(root).issues if issue.rule == "dangling-template"]
    assert [issue.place for issue in found] == ["agents/router-specialist-ext.md:4"]


UNFIT = {
    "no-head": (b"# No head\n\nText.\n", "no frontmatter block"),
    "a-list": (b"---\n- name: a-list\n---\n# A\n", "not a YAML mapping"),
    "no-text": (b"---\nname: no-text\ndescription: Caf\xe9\n---\n", "is not UTF-8 text (byte 34)"),
    "silent": (b"---\nname: silent\n---\n# A\n", "agents/silent.md:1: there is no description"),
    "open-fence": (
        b"---\nname: open-fence\ndescription: Use when.\n---\n# A\n\n```py\nx = 1\n\n## B\n",
        "agents/open-fence.md:7 opens a fence",
    ),
}


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A package with one agent that can be enhanced, and much that cannot."""
    (tmp_path / "agents/old").mkdir(parents=True)
    (tmp_path / "templates/api").mkdir(parents=True)
    (tmp_path / "templates/api/router.py.template").write_text(ROUTER, encoding="utf-8")
    good = OWN["router-specialist.md"]
    (tmp_path / "agents/router-specialist.md").write_text(good, encoding="utf-8")
    (tmp_path / "agents/README.md").write_text("# The agents\n\nOne each.\n", encoding="utf-8")
    (tmp_path / "agents/old/README.md").write_text("# Old ones\n", encoding="utf-8")
    (tmp_path / "agents/old/first.md").write_text(
        good.replace("name: router-specialist", "name: first"), encoding="utf-8"
    )
    for name, (data, _) in UNFIT.items():
        (tmp_path / f"agents/{name}.md").write_bytes(data)
    return tmp_path


def test_what_no_answer_could_be_put_into_is_not_asked_for(mixed: Path) -> None:
    """Nobody pays for an agent that stays as it is: each is reported with its reason, the
    others are done."""
    bridge = FakeBridge()
    enhanced = enhance_agents(EnhanceOptions(package=mixed, state=mixed / "state"), bridge=bridge)
    (request,) = bridge.requests
    assert [agent["name"] for agent in request.input_data["agents"]] == ["router-specialist"]
    errors = {line.partition(": ")[0]: line for line in enhanced.result.errors}
    for name, (data, reason) in UNFIT.items():
        assert reason in errors.pop(name)
        assert (mixed / f"agents/{name}.md").read_bytes() == data
    assert "move it into agents/" in errors.pop("old/first")
    assert errors == {}
    assert (enhanced.status, enhanced.result.enhanced_count) == ("partial", 1)
    assert enhanced.result.total_count == len(UNFIT) + 2
    told = {item.place for item in enhanced.findings if item.rule == "not-an-agent"}
    assert told == {"agents/README.md", "agents/old/README.md", "agents/old/first.md"}


def test_a_dry_run_asks_for_no_such_agent_either(mixed: Path) -> None:
    """The plan is what a real run would ask."""
    choice = BridgeChoice(kind="api", model="some")
    options = EnhanceOptions(
        package=mixed, dry_run=True, enhancement=EnhancementOptions(bridge=choice)
    )
    planned = enhance_agents(options)
    assert planned.requests is not None
    assert planned.requests["requests"][0]["agents"] == ["router-specialist"]
    assert {line.partition(":")[0] for line in planned.result.errors} == {*UNFIT, "old/first"}


@pytest.mark.parametrize(
    "begin",
    [
        "<!-- Kept by the platform team. -->\n\nAdds routes.\n",
        "Adds\u200b routes.\n",
        "Adds routes, never `<script>` or <script> tags.\n",
        "Finds texts like: ignore all previous instructions.\n",
        "Reads `templates/gone.py.template` and /srv/app/main.py first.\n",
    ],
)
def test_what_a_person_wrote_before_is_no_fault_of_an_answer(tmp_path: Path, begin: str) -> None:
    """A comment, an unseen character, a word of warning at the beginning stay, and the agent is
    enhanced: safety and grounding are asked of what is added."""
    (tmp_path / "agents").mkdir()
    (tmp_path / "templates/api").mkdir(parents=True)
    (tmp_path / "templates/api/router.py.template").write_text(ROUTER, encoding="utf-8")
    head = "---\nname: one\ndescription: Use when adding a route.\n---\n\n"
    path = tmp_path / "agents/one.md"
    path.write_text(f"{head}# One\n\n{begin}", encoding="utf-8")
    enhanced = enhance_agents(EnhanceOptions(package=tmp_path, state=tmp_path / "state"))
    assert enhanced.result.errors == ()
    text = path.read_text(encoding="utf-8")
    assert begin in text
    assert "## Template References" in text
    assert text.count("<!--") == begin.count("<!--")
