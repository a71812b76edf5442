"""A small shop, whole: its files, what an analysis says of them, and its templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from template_creation.agents import EnhancementContext, recommend_agents, render_stub
from template_creation.syntax import extract_facts, language_of
from template_creation.values.analysis import (
    Analysis,
    Command,
    Convention,
    LanguageShare,
    Layer,
    PackageRoot,
    ProjectIdentity,
    Rule,
    Site,
    Technology,
)
from template_creation.values.source import SourceFile
from template_creation.values.template import (
    Placeholder,
    Template,
    TemplateSet,
    TemplateSymbol,
    Term,
)

ENTITIES = ("item", "order", "client")


def route_module(entity: str) -> str:
    """A route module of the shop, the same in form for each entity."""
    title = entity.title()
    return f'''from fastapi import APIRouter, HTTPException

from app.deps import SessionDep
from app.models import {title}

router = APIRouter()


@router.get("/")
def read_{entity}s(session: SessionDep) -> list[{title}]:
    """Retrieve every {entity}."""
    statement = select({title})
    return session.exec(statement).all()


@router.get("/{{id}}")
def read_{entity}(session: SessionDep, id: int) -> {title}:
    """Get one {entity}."""
    found = session.get({title}, id)
    if found is None:
        raise HTTPException(status_code=404, detail="not found")
    return found


@router.post("/")
def create_{entity}(session: SessionDep, body: {title}) -> {title}:
    """Create one {entity}."""
    session.add(body)
    session.commit()
    session.refresh(body)
    return body


@router.delete("/{{id}}")
def delete_{entity}(session: SessionDep, id: int) -> None:
    """Delete one {entity}."""
    found = session.get({title}, id)
    if found is None:
        raise HTTPException(status_code=404, detail="not found")
    session.delete(found)
    session.commit()
'''


def test_module(entity: str) -> str:
    """Tests of a route module."""
    return f"""from fastapi.testclient import TestClient


def test_create_{entity}(client: TestClient) -> None:
    response = client.post("/{entity}s/", json={{"name": "a"}})
    assert response.status_code == 200
    content = response.json()
    assert content["name"] == "a"
    assert "id" in content


def test_read_{entity}_not_found(client: TestClient) -> None:
    response = client.get("/{entity}s/1")
    assert response.status_code == 404
    content = response.json()
    assert content["detail"] == "not found"


def test_delete_{entity}(client: TestClient) -> None:
    made = client.post("/{entity}s/", json={{"name": "a"}}).json()
    response = client.delete(f"/{entity}s/{{made['id']}}")
    assert response.status_code == 200
    assert client.get(f"/{entity}s/{{made['id']}}").status_code == 404
"""


SOURCES = {
    **{f"app/api/{entity}s.py": route_module(entity) for entity in ENTITIES},
    **{f"tests/api/test_{entity}s.py": test_module(entity) for entity in ENTITIES},
}


def template_of(
    number: int, source: str, text: str, layer: str, *, grade: str = "pattern"
) -> Template:
    """A template that replaces nothing in its content, with symbols as the syntax tells."""
    language = language_of(source) or "plain"
    facts = extract_facts(text.encode(), language)
    symbols = tuple(
        TemplateSymbol(
            f"T{number}.s{place}",
            symbol.name,
            symbol.kind,
            symbol.line,
            symbol.end_line,
            symbol.signature,
        )
        for place, symbol in enumerate((s for s in facts.symbols if s.kind != "constant"), 1)
    )
    name = Placeholder("entity_names", "entity", "plural", "snake")
    folder, _, file = source.rpartition("/")
    before, _, after = file.partition("items")
    return Template(
        id=f"T{number}",
        path=f"templates/{source}.template",
        source=source,
        layer=layer,
        role=layer,
        language=language,
        purpose=f"{layer} for items",
        segments=(text.encode(),),
        path_segments=(f"{folder}/{before}".encode(), name, after.encode()),
        original=(Term("entity", ("item",)),),
        grade=grade,  # type: ignore[arg-type]
        support=2,
        similarity=0.9,
        siblings=(),
        proofs=(),
        symbols=symbols,
        technologies=("FastAPI",),
        sha256="",
        lines=text.count("\n"),
        verified="full",
    )


def technology(name: str, role: str, path: str, line: int, ecosystem: str = "pypi") -> Technology:
    return Technology(name, role, name.lower(), "", path, line, ecosystem)


def habit(kind: str, statement: str, layer: str, sites: list[Site], misses: int = 0) -> Convention:
    cut = len(sites) - misses
    return Convention(
        id=f"{layer}-{kind}",
        kind=kind,
        statement=statement,
        layer=layer,
        language="python",
        pattern=".",
        subject="text",
        hits=tuple(sites[:cut]),
        misses=tuple(sites[cut:]),
        otherwise="no docstring" if misses else "",
    )


def sites_of(layer_files: list[str]) -> list[Site]:
    return [
        Site(path, symbol.line, symbol.end_line)
        for path in layer_files
        for symbol in extract_facts(SOURCES[path].encode(), "python").symbols
        if symbol.kind in ("function", "test")
    ]


def shop_analysis() -> Analysis:
    """What an analysis of the shop says."""
    api = sorted(path for path in SOURCES if path.startswith("app/api"))
    tests = sorted(path for path in SOURCES if path.startswith("tests"))
    return Analysis(
        project=ProjectIdentity("shop", "shop", ("shop",), None, "MIT", len(SOURCES), "d1"),
        languages=(LanguageShare("python", len(SOURCES), 300),),
        roots=(PackageRoot("", "pyproject.toml", "pypi", "shop"),),
        technologies=(
            technology("FastAPI", "api", "pyproject.toml", 7),
            technology("pytest", "test", "pyproject.toml", 12),
            technology("React", "ui", "web/package.json", 4, "npm"),
        ),
        layers=(
            Layer("api", "API endpoints", tuple(api)),
            Layer("tests", "tests", tuple(tests)),
        ),
        conventions=(
            habit(
                "return annotation",
                "Functions of the api layer annotate what they return",
                "api",
                sites_of(api),
            ),
            habit(
                "docstring",
                "Functions of the api layer have a docstring",
                "api",
                sites_of(api),
                misses=2,
            ),
            habit(
                "injected parameter",
                "Functions of the api layer take a parameter of type `SessionDep`",
                "api",
                sites_of(api),
                misses=1,
            ),
            habit("fixture", "Tests take the fixture `client`", "tests", sites_of(tests)),
        ),
        commands=(
            Command("c-1", "test", "pytest", "", "pyproject.toml", 20),
            Command("c-2", "lint", "ruff check .", "", "pyproject.toml", 24),
            Command("c-3", "run", "uvicorn app.main:app", "", "README.md", 9),
        ),
        rules=(
            Rule(
                "r-1",
                "Never return a database error from a route handler.",
                "CONTRIBUTING.md",
                8,
                8,
                "must-not",
            ),
            Rule(
                "r-2",
                "Write a test for each endpoint and each fixture.",
                "CONTRIBUTING.md",
                9,
                9,
                "must",
            ),
        ),
        facts={path: extract_facts(text.encode(), "python") for path, text in SOURCES.items()},
        files={
            path: SourceFile(path, "", len(text), text.count("\n"), "python")
            for path, text in SOURCES.items()
        },
        excluded_by_reason={},
    )


def shop_templates() -> TemplateSet:
    api, tests = "app/api/items.py", "tests/api/test_items.py"
    return TemplateSet(
        (
            template_of(1, api, SOURCES[api], "api"),
            template_of(2, tests, SOURCES[tests], "tests"),
        )
    )


@dataclass(frozen=True)
class Shop:
    """The shop's facts, and a package folder with its templates and stubs."""

    analysis: Analysis
    templates: TemplateSet
    context: EnhancementContext
    package: Path

    def agent(self, name: str) -> Path:
        return self.package / "agents" / f"{name}.md"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The shop, its package written to disk as far as phase 7."""
    analysis, templates = shop_analysis(), shop_templates()
    context = EnhancementContext(analysis, templates, recommend_agents(analysis, templates))
    package = tmp_path / "package"
    for template in templates:
        file = package / template.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(context.read_original(template))
    (package / "agents").mkdir()
    for spec in context.agents:
        stub = render_stub(spec, templates, template_source=analysis.project.slug)
        (package / "agents" / f"{spec.name}.md").write_text(stub, encoding="utf-8")
    return Shop(analysis, templates, context, package)


@pytest.fixture
def make_template() -> Callable[..., Template]:
    """`template_of`, for tests that need other templates."""
    return template_of


@pytest.fixture
def with_layers() -> Callable[..., Analysis]:
    """The shop's analysis with other layers: names to files, all of one language each."""

    def build(layers: dict[str, list[str]], **changes: object) -> Analysis:
        base = shop_analysis()
        files = {
            path: SourceFile(path, "", 10, 10, language_of(path))
            for paths in layers.values()
            for path in paths
        }
        made = tuple(Layer(name, name, tuple(paths)) for name, paths in layers.items())
        return replace(base, layers=made, files=files, facts={}, conventions=(), **changes)  # type: ignore[arg-type]

    return build
