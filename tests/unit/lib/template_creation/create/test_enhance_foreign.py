"""A package that others made, enhanced as its owner would: his text stays, what we add helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.create import EnhanceOptions, enhance_agents
from template_creation.validate import validate_package

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
