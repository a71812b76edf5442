"""Packages of others: read as they are, told what is amiss, enhanced without losing a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.agents import AgentEnhancer, load_folder, read_frontmatter
from template_creation.agents.foreign import check_folder, folder_templates
from template_creation.bridges import OfflineBridge
from template_creation.validate import validate_package

ROUTER = """from fastapi import APIRouter

router = APIRouter(prefix="/{{entity-name}}")


@router.get("/")
async def list_{{ entity_name }}(db: Session) -> list[{{EntityName}}]:
    {{#each fields}}
    statement = select({{EntityName}})
    {{/each}}
    return db.scalars(statement).all()


class {{EntityName}}Service(Base):
    def save(self, item: {{EntityName}}) -> None:
        self.db.add(item)
        self.db.commit()
"""
HOOK = """export function use{{EntityName}}(id: string) {
  const key = ["{{entityName}}", id];
  return useQuery({ queryKey: key, queryFn: () => get{{EntityName}}(id) });
}
"""
AGENT = """---
name: {name}
description: {description}
tools: Read, Write   # as few as possible
technologies:
  - FastAPI
---

# {name}

Writes routers.

## Quick Start

Copy `templates/web/hook.ts.j2` first.

## Boundaries

- ALWAYS ask before you change `main.py`.
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package without manifest: two templates of two suffixes, two agents, an extension."""
    files = {
        "templates/api/router.py.template": ROUTER,
        "templates/web/hook.ts.j2": HOOK,
        "templates/patterns-manifest.json": "{}",
        "templates/api/.gitkeep": "",
        "agents/api-specialist.md": AGENT.format(name="api-specialist", description="Routers"),
        "agents/web-specialist.md": AGENT.format(
            name="web-expert", description="Use when: a hook is needed"
        ),
        "agents/api-specialist-ext.md": "# More\n\nSee `templates/api/routes.py.template`.\n",
    }
    for name, text in files.items():
        path = tmp_path / "package" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "package"


def test_declarations_have_ids_although_placeholders_are_no_code(package: Path) -> None:
    """Placeholders in names, paths and control marks do not hide what is declared where."""
    router, hook = folder_templates(package)
    assert router.path == "templates/api/router.py.template"
    assert [(symbol.id, symbol.name, symbol.line) for symbol in router.symbols] == [
        ("T1.s1", "list_{{ entity_name }}", 6),
        ("T1.s2", "{{EntityName}}Service", 14),
        ("T1.s3", "save", 15),
    ]
    assert "list[{{EntityName}}]" in router.symbols[0].signature
    assert [symbol.name for symbol in hook.symbols] == ["use{{EntityName}}"]


def test_extensions_are_no_agents(package: Path) -> None:
    """Parts of an agent are not asked for (F01: 14 instead of 7)."""
    assert [spec.name for spec in load_folder(package).agents] == ["api-specialist", "web-expert"]


def test_an_agents_templates_begin_with_those_that_its_text_cites(package: Path) -> None:
    """F55: relevance, not the alphabet."""
    assert load_folder(package).agents[0].templates == ("T2", "T1")


def test_everything_amiss_is_told(package: Path) -> None:
    """YAML that hosts mend, references that lead nowhere, in extensions too."""
    found = {(issue.rule, issue.place): issue for issue in check_folder(package)}
    assert set(found) == {
        ("frontmatter", "agents/web-specialist.md:1"),
        ("dangling-template", "agents/api-specialist-ext.md:3"),
    }
    fix = found["dangling-template", "agents/api-specialist-ext.md:3"].fix
    assert fix == "did you mean 'templates/api/router.py.template'?"


@pytest.mark.parametrize(
    ("data", "rule", "severity", "said"),
    [
        (b"# No head\n", "frontmatter", "error", "cannot be enhanced"),
        (b"---\nname: a\n\tb: c\n---\n", "frontmatter", "error", "cannot be enhanced"),
        (b"---\ndescription: x\n---\n", "frontmatter", "error", "no host loads"),
        (b"---\nname: 7\ndescription: x\n---\n", "frontmatter", "error", "name is 7"),
        (
            b"\xef\xbb\xbf---\nname: a\ndescription: x\n---\n",
            "frontmatter",
            "warning",
            "byte order",
        ),
        (b"---\nname: a\ndescription: caf\xe9\n---\n", "encoding", "warning", "not UTF-8"),
        (
            b"---\nname: api-specialist\ndescription: x\n---\n",
            "same-name",
            "warning",
            "has the name",
        ),
    ],
)
def test_a_file_that_no_host_would_load_is_told_never_passed_over(
    package: Path, data: bytes, rule: str, severity: str, said: str
) -> None:
    """The reason, the file and what to do; nothing crashes on it."""
    (package / "agents" / "other.md").write_bytes(data)
    load_folder(package)
    issues = [item for item in check_folder(package) if item.place.startswith("agents/other.md")]
    assert (issues[0].rule, issues[0].severity) == (rule, severity)
    assert said in issues[0].message
    assert issues[0].fix


def test_agents_in_folders_and_empty_packages_are_told(package: Path, tmp_path: Path) -> None:
    """What is not enhanced is named."""
    deep = package / "agents" / "more" / "deep.md"
    deep.parent.mkdir()
    deep.write_text("---\nname: deep\n---\n", encoding="utf-8")
    assert "not-an-agent" in {item.rule for item in check_folder(package)}
    (tmp_path / "empty").mkdir()
    rules = {item.rule for item in check_folder(tmp_path / "empty")}
    assert rules == {"no-templates", "no-agents"}


def test_enhancing_adds_sections_and_loses_no_line(package: Path) -> None:
    """Frontmatter with its comments, own sections and names stay; quotes lead into templates."""
    before = {path.name: path.read_text("utf-8") for path in (package / "agents").glob("*.md")}
    result = AgentEnhancer(bridge_invoker=OfflineBridge()).enhance_all_agents(package)
    assert (result["status"], result["enhanced_count"]) == ("success", 2)
    for name in ("api-specialist.md", "web-specialist.md"):
        after = (package / "agents" / name).read_text("utf-8")
        lines = iter(after.splitlines())
        assert all(any(line == kept for line in lines) for kept in before[name].splitlines())
        assert "## Template References" in after
        assert after.count("## Boundaries") == 1
        assert "`templates/web/hook.ts.j2:1-4`" in after
        assert read_frontmatter(after)[0]["name"] == read_frontmatter(before[name])[0]["name"]
    assert (package / "agents" / "api-specialist-ext.md").read_text("utf-8") == before[
        "api-specialist-ext.md"
    ]


def test_enhancing_again_changes_nothing(package: Path) -> None:
    """F41: no section is doubled, nothing drifts: an agent is known from what others wrote."""
    enhancer = AgentEnhancer(bridge_invoker=OfflineBridge())
    enhancer.enhance_all_agents(package)
    once = {path: path.read_bytes() for path in (package / "agents").glob("*.md")}
    enhancer.enhance_all_agents(package)
    assert {path: path.read_bytes() for path in once} == once
    (agent, _) = load_folder(package).agents
    assert (agent.purpose, agent.templates) == ("Writes routers.", ("T2", "T1"))


def test_validate_checks_the_folders_of_a_package_without_our_report(package: Path) -> None:
    """Anyone's package can be validated: what is broken in it is found, and counted."""
    report = validate_package(package)
    assert report.checked == {"templates": 2, "agents": 2}
    assert [issue.rule for issue in report.warnings] == ["dangling-template", "frontmatter"]
    assert report.errors == ()
    (package / "agents" / "other.md").write_text("# No head\n", encoding="utf-8")
    assert [issue.place for issue in validate_package(package).errors] == ["agents/other.md:1"]
