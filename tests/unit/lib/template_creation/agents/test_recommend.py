"""Agents are recommended for what is there: files, manifests, templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

from template_creation.agents import MAX_AGENTS, recommend_agents
from template_creation.agents.roster import roster
from template_creation.values.analysis import Analysis, PackageRoot, Site, Technology
from template_creation.values.layers import LAYER_TITLES
from template_creation.values.template import Template, TemplateSet

BODY = "def run(a: int) -> int:\n    b = a\n    c = b\n    d = c\n    return d\n\n\n" * 8


def paths(folder: str, count: int, suffix: str = "py") -> list[str]:
    return [f"{folder}/file{number}.{suffix}" for number in range(count)]


def test_the_roster_names_only_known_layers_and_partners() -> None:
    """A typo in the data file would silently leave a layer without an agent."""
    names = {role.name for role in roster()}
    for role in roster():
        assert {*role.layers, *role.near} <= set(LAYER_TITLES), role.name
        assert not role.joins or role.joins in names, role.name
    assert len(roster()) >= 14
    assert len(names) == len(roster())


def test_the_shop_gets_the_agents_that_its_layers_support(shop) -> None:
    """Two layers with files, templates and habits: two agents, the API first."""
    assert [spec.name for spec in shop.context.agents] == ["api-specialist", "testing-specialist"]


def test_without_templates_there_are_no_agents(shop) -> None:
    """An agent could refer to nothing then."""
    assert recommend_agents(shop.analysis, TemplateSet(())) == ()


def test_an_empty_codebase_gets_no_agents(shop) -> None:
    """No layers, no specialists, whatever the manifests declare."""
    bare = replace(shop.analysis, layers=(), conventions=())
    assert recommend_agents(bare, shop.templates) == ()


def test_a_folder_with_one_file_is_no_specialist(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """One file and one template are an example, not a field of work."""
    analysis = with_layers({"jobs": paths("app/jobs", 1)}, technologies=())
    template = make_template(1, "app/jobs/file0.py", BODY, "jobs")
    assert recommend_agents(analysis, TemplateSet((template,))) == ()


def test_technologies_have_a_fitting_role_and_a_manifest_above_the_files(shop) -> None:
    """React is declared in the codebase, but neither for API work nor above these files."""
    api = shop.context.spec("api-specialist")
    assert [(item.name, item.path, item.line) for item in api.technologies] == [
        ("FastAPI", "pyproject.toml", 7)
    ]


def test_a_technology_of_another_root_or_another_language_is_not_taken(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """Neither a tool of another part of the monorepo, nor one for JavaScript in Python tests."""
    analysis = with_layers(
        {"tests": paths("backend/tests", 5)},
        roots=(
            PackageRoot("backend", "backend/pyproject.toml", "pypi", "b"),
            PackageRoot("web", "web/package.json", "npm", "w"),
        ),
        technologies=(
            Technology("nose2", "test", "nose2", "", "web/pyproject.toml", 3, "pypi"),
            Technology("Vitest", "test", "vitest", "", "backend/package.json", 3, "npm"),
            Technology("pytest", "test", "pytest", "", "backend/pyproject.toml", 5, "pypi"),
        ),
    )
    template = make_template(1, "backend/tests/file0.py", BODY, "tests")
    (spec,) = recommend_agents(analysis, TemplateSet((template,)))
    assert [item.name for item in spec.technologies] == ["pytest"]


def test_descriptions_say_when_to_use_the_agent_in_this_codebase(shop) -> None:
    """Short, with the folder and the technology, since every session pays for it."""
    for spec in shop.context.agents:
        assert spec.description.startswith("Use when ")
        assert len(spec.description) <= 250
    assert "app/api" in shop.context.spec("api-specialist").description
    assert "FastAPI" in shop.context.spec("api-specialist").description


def test_a_long_folder_never_cuts_a_description_in_two(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """Parts that do not fit are left out whole."""
    deep = "/".join(["very-long-folder-name-of-a-codebase"] * 8)
    analysis = with_layers({"api": paths(deep, 6)}, technologies=())
    template = make_template(1, f"{deep}/file0.py", BODY, "api")
    (spec,) = recommend_agents(analysis, TemplateSet((template,)))
    assert len(spec.description) <= 250
    assert spec.description.endswith(".")


def test_a_layer_in_two_languages_becomes_two_agents(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """Habits and tools differ by language; one agent for both would be vague about both."""
    python, typescript = paths("backend/tests", 5), paths("web/tests", 5, "ts")
    analysis = with_layers({"tests": [*python, *typescript]}, technologies=())
    text = "export function a() {\n  return 1;\n}\n" * 15
    templates = TemplateSet(
        (
            make_template(1, "backend/tests/file0.py", BODY, "tests"),
            make_template(2, "web/tests/file0.ts", text, "tests"),
        )
    )
    specs = recommend_agents(analysis, templates)
    assert {spec.name for spec in specs} == {
        "python-testing-specialist",
        "typescript-testing-specialist",
    }
    by_name = {spec.name: spec for spec in specs}
    assert by_name["python-testing-specialist"].files == tuple(python)
    assert by_name["python-testing-specialist"].templates == ("T1",)


def test_no_two_agents_work_on_the_same_files(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """Tests that are e2e tests too get one agent, not two names for it."""
    files = paths("tests", 6)
    analysis = with_layers({"tests": files, "e2e": files}, technologies=())
    templates = TemplateSet(
        (
            make_template(1, "tests/file0.py", BODY, "tests"),
            make_template(2, "tests/file1.py", BODY, "e2e"),
        )
    )
    assert len(recommend_agents(analysis, templates)) == 1


def test_there_are_at_most_twelve_agents(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """A codebase with every layer still gets a team that a person can survey."""
    analysis = with_layers({name: paths(f"app/{name}", 6) for name in LAYER_TITLES})
    templates = TemplateSet(
        tuple(
            make_template(number, f"app/{name}/file0.py", BODY, name)
            for number, name in enumerate(LAYER_TITLES, 1)
        )
    )
    specs = recommend_agents(analysis, templates)
    assert len(specs) == MAX_AGENTS
    for one, other in combinations(specs, 2):
        assert not set(one.files) & set(other.files), (one.name, other.name)


def test_a_layer_that_teaches_little_joins_its_neighbour(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """Two model files without a template belong to data access, which then covers them."""
    data, models = paths("app/data", 6), paths("app/models", 2)
    analysis = with_layers({"data": data, "models": models}, technologies=())
    template = make_template(1, "app/data/file0.py", BODY, "data")
    (spec,) = recommend_agents(analysis, TemplateSet((template,)))
    assert spec.name == "data-access-specialist"
    assert spec.layers == ("data", "models")
    assert set(models) <= set(spec.files)


def test_own_templates_come_before_the_tests_that_go_with_them(shop) -> None:
    """What to copy first, then what proves it."""
    assert shop.context.spec("api-specialist").templates == ("T1", "T2")
    assert shop.context.spec("testing-specialist").templates[0] == "T2"


def test_tests_in_another_language_are_not_offered(
    shop, make_template: Callable[..., Template]
) -> None:
    """A browser test named after items does not show how to test the route module."""
    text = "test('items', async () => {\n  expect(1).toBe(1);\n});\n"
    foreign = make_template(3, "web/tests/items.spec.ts", text, "tests")
    templates = TemplateSet((*shop.templates, foreign))
    specs = {spec.name: spec for spec in recommend_agents(shop.analysis, templates)}
    assert "T3" not in specs["api-specialist"].templates


def test_recommending_twice_gives_the_same(shop) -> None:
    """Nothing depends on hashing or order of sets."""
    again = recommend_agents(shop.analysis, shop.templates)
    assert again == shop.context.agents


def test_many_files_with_a_habit_are_a_field_of_work_without_a_template(
    shop, with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """Migrations are written often and never templated; what they share can still be told."""
    files = paths("app/jobs", 5)
    analysis = with_layers({"jobs": files, "services": paths("app/services", 5)}, technologies=())
    habit = replace(
        shop.analysis.conventions[0],
        layer="jobs",
        hits=tuple(Site(path, 1, 2) for path in files),
        misses=(),
    )
    templates = TemplateSet((make_template(1, "app/services/file0.py", BODY, "services"),))
    assert {spec.name for spec in recommend_agents(analysis, templates)} == {
        "service-layer-specialist"
    }
    analysis = replace(analysis, conventions=(habit,))
    specs = {spec.name: spec for spec in recommend_agents(analysis, templates)}
    assert set(specs) == {"service-layer-specialist", "background-jobs-specialist"}
    assert specs["background-jobs-specialist"].templates == ("T1",)


def test_a_file_that_is_made_once_is_never_the_first_to_copy(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """A template with something to fill in comes first, however alike the other is."""
    analysis = with_layers({"api": paths("app/api", 5)}, technologies=())
    once = replace(make_template(1, "app/api/file0.py", BODY, "api"), verified="verbatim")
    once = replace(once, path_segments=(b"app/api/file0.py",), similarity=0.95)
    often = replace(make_template(2, "app/api/items.py", BODY, "api"), similarity=0.1)
    (spec,) = recommend_agents(analysis, TemplateSet((once, often)))
    assert spec.templates == ("T2", "T1")


def test_of_entity_templates_the_one_most_alike_comes_first(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """What its siblings bear out is the better shape to copy."""
    analysis = with_layers({"api": paths("app/api", 5)}, technologies=())
    rare = replace(make_template(1, "app/api/items.py", BODY, "api"), similarity=0.2)
    common = replace(make_template(2, "app/api/items2.py", BODY, "api"), similarity=0.9)
    (spec,) = recommend_agents(analysis, TemplateSet((rare, common)))
    assert spec.templates == ("T2", "T1")


def test_tests_of_this_layer_only_where_there_are_some(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """Service tests about the same subject do not go with endpoints."""
    analysis = with_layers({"api": paths("app/routers", 5)}, technologies=())
    templates = TemplateSet(
        (
            make_template(1, "app/routers/items.py", BODY, "api"),
            make_template(2, "tests/services/test_items.py", BODY, "tests"),
            make_template(3, "tests/routers/test_items.py", BODY, "tests"),
        )
    )
    (spec,) = recommend_agents(analysis, templates)
    assert spec.templates == ("T1", "T3")


def test_servers_and_drivers_come_after_what_code_is_written_against(
    with_layers: Callable[..., Analysis], make_template: Callable[..., Template]
) -> None:
    """Models of Rails use Rails, whatever database is below."""
    analysis = with_layers(
        {"models": paths("app/models", 5, "rb")},
        technologies=(
            Technology("SQLite", "data", "sqlite3", "", "Gemfile", 9, "ruby"),
            Technology("Rails", "web", "rails", "", "Gemfile", 5, "ruby"),
        ),
    )
    template = make_template(1, "app/models/file0.rb", "class A\n  def a\n  end\nend\n", "models")
    template = replace(template, technologies=())
    (spec,) = recommend_agents(analysis, TemplateSet((template,)))
    assert [item.name for item in spec.technologies] == ["Rails", "SQLite"]
