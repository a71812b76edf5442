"""A request's facts as lines: what a line holds, and what it leaves out."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from template_creation.exchange.digest import agent_lines, catalog_lines, fact_lines
from template_creation.values.request import (
    AgentRequest,
    BatchRequest,
    CatalogEntry,
    CatalogSymbol,
    CommandFact,
    RuleFact,
    TechnologyFact,
)


def symbol(place: int, signature: str, *, kind: str = "function", **more: object) -> CatalogSymbol:
    name = str(more.pop("name", f"name{place}"))
    return CatalogSymbol(
        id=f"T1.s{place}",
        name=name,
        kind=kind,
        lines=f"{place * 10}-{place * 10 + 4}",
        signature=signature,
        **more,  # type: ignore[arg-type]
    )


def entry(*symbols: CatalogSymbol, **changes: object) -> CatalogEntry:
    base = CatalogEntry(
        id="T1",
        name="items.py",
        category="api",
        path="templates/app/items.py.template",
        source="app/items.py",
        purpose="API endpoints for items",
        technologies=(),
        grade="pattern",
        support=1,
        lines=50,
        symbols=symbols,
    )
    return base.model_copy(update=changes)


def request(*entries: CatalogEntry, **changes: object) -> BatchRequest:
    base = BatchRequest(
        project="shop",
        languages=("python",),
        agents=(),
        template_catalog=entries,
        conventions=(),
        rules=(),
        commands=(),
        enhancement_instructions="",
    )
    return base.model_copy(update=changes)


@dataclass(frozen=True)
class Signature:
    """A declaration and how its line ends."""

    given: str
    shown: str
    kind: str = "function"
    name: str = "name"
    marks: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "case",
    [
        Signature("def f( a: int, b: str, ) -> str:", "def f(a: int, b: str) -> str"),
        Signature("public class A : B {", "public class A : B"),
        Signature("const A = ({ id }: Props) => {", "const A = ({ id }: Props)"),
        Signature("type A = z.infer<typeof schema>", "type A = z.infer<typeof schema>"),
        Signature("record A(int Id) : IRequest;", "record A(int Id) : IRequest"),
        Signature('test("shows the title", async () => {', 'test "shows the title"', "test",
                  "shows the title"),
        Signature("class A", "@Component class A", marks=("@Component({",)),
        Signature("def f()", '@app.get("/") def f()', marks=('@app.get("/")',)),
        Signature(f"def f({'a, ' * 40})", f"def f({'a, ' * 40}"[:90].rstrip() + "…"),
        Signature("def f(\n  a\n)", "def f(a)"),
    ],
    ids=lambda case: case.given[:20],
)  # fmt: skip
def test_a_declaration_is_shown_by_how_it_begins(case: Signature) -> None:
    """Without what only layout needs, and cut visibly."""
    listed = symbol(1, case.given, kind=case.kind, name=case.name, marks=case.marks)
    assert catalog_lines(request(entry(listed)))[-1] == f" s1 10-14 {case.shown}"


def test_parameters_are_not_said_twice_in_a_row() -> None:
    """They take most of an outline's tokens."""
    same = "(session: SessionDep, id: int) -> Item"
    lines = catalog_lines(
        request(entry(symbol(1, f"def a{same}"), symbol(2, f"def b{same}"), symbol(3, "def c()")))
    )
    assert [line.split(" ", 3)[3] for line in lines[3:]] == [f"def a{same}", "def b(..)", "def c()"]


def test_of_tests_only_the_first_shows_its_parameters() -> None:
    """Fixtures repeat in all shapes; their names say more."""
    lines = catalog_lines(
        request(
            entry(
                symbol(1, "def test_a(client: TestClient) -> None"),
                symbol(2, "def test_b(client: TestClient, db: Session) -> None"),
                category="tests",
            )
        )
    )
    assert lines[-1].endswith(" def test_b(..)")


def test_templates_stand_below_their_folder_which_is_said_once() -> None:
    """Also those at the top."""
    other = entry(id="T2", source="app/orders.py", path="templates/app/{{names}}.py.template")
    top = entry(id="T3", source="setup.py", path="templates/setup.py.template")
    assert catalog_lines(request(entry(), other, top)) == [
        "project shop (python)",
        "app/",
        "T1 items.py: api, pattern, 50 lines. API endpoints for items",
        "T2 orders.py: api, pattern, per entity, 50 lines. API endpoints for items",
        "./",
        "T3 setup.py: api, pattern, 50 lines. API endpoints for items",
    ]


@pytest.mark.parametrize(
    ("purpose", "shown"),
    [
        ("Data access: 5 functions", "Data access"),
        ("FastAPI: 5 endpoints for items", "FastAPI: 5 endpoints for items"),
        ("Playwright: 9 tests", "Playwright: 9 tests"),
        ("Mail: class name1 (Mailer)", "Mail"),
        ("Mail: class Other (Mailer)", "Mail: class Other (Mailer)"),
    ],
)
def test_a_purpose_does_not_list_what_the_outline_lists(purpose: str, shown: str) -> None:
    """But keeps what is nowhere else."""
    line = catalog_lines(request(entry(symbol(1, "def name1()"), purpose=purpose)))[2]
    assert line == f"T1 items.py: api, pattern, 50 lines. {shown}"


def test_without_an_outline_a_purpose_is_whole() -> None:
    """It is all there is."""
    line = catalog_lines(request(entry(purpose="Data access: 5 functions", more_symbols=5)))[2]
    assert line.endswith("Data access: 5 functions")


def test_the_markdown_contract_shows_the_paths_that_its_texts_have_to_name() -> None:
    """The sections contract names ids."""
    lines = catalog_lines(request(entry(), contract="markdown"))
    assert lines[-1] == " templates/app/items.py.template"


def test_facts_are_grouped_by_what_they_share() -> None:
    """Commands say their folder; a technology its manifest only where its name is there twice."""
    lines = fact_lines(
        request(
            rules=(RuleFact(id="R1", text="Do  it.", source="A.md:1", modality="must"),),
            commands=(
                CommandFact(id="K1", purpose="test", command="pytest", folder="", source="a:1"),
                CommandFact(id="K2", purpose="lint", command="ruff", folder="web", source="a:1"),
            ),
            technologies=(
                TechnologyFact(id="D1", name="EF", role="data", source="src/A/A.csproj:1"),
                TechnologyFact(id="D2", name="xUnit", role="test", source="a.csproj:1"),
                TechnologyFact(id="D3", name="EF", role="data", source="B.csproj:1"),
            ),
        )
    )
    assert lines == [
        "rules",
        "R1 must: Do it.",
        "commands",
        "K1 test: pytest",
        "K2 lint in web: ruff",
        "technologies",
        "data: D1 EF (src/A), D3 EF (.)",
        "test: D2 xUnit",
    ]


def test_an_agent_without_facts_is_one_line() -> None:
    """Agents of foreign packages may have none."""
    agent = AgentRequest(
        name="x", title="X", purpose="Does it.", technologies=(), layers=(), files=0
    )
    assert agent_lines(request(agents=(agent,))) == ["x: Does it."]


def test_the_same_facts_give_the_same_lines_and_end_where_there_are_none() -> None:
    """An empty package is no error."""
    assert fact_lines(request()) == []
    assert agent_lines(request()) == []
    assert catalog_lines(request(languages=())) == ["project shop"]
