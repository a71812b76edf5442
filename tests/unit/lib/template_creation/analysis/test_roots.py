"""Package roots: the units of a monorepo."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from template_creation.values.analysis import Analysis

Survey = Callable[[Mapping[str, bytes | str]], Analysis]


def test_each_folder_with_a_manifest_is_a_root_and_tools_are_not(survey: Survey) -> None:
    analysis = survey(
        {
            "pyproject.toml": "[tool.ruff]\nline-length = 100\n",
            "apps/web/package.json": '{"name": "web"}',
            "services/api/pyproject.toml": '[project]\nname = "api"\n',
            "services/pay/go.mod": "module example.org/pay\n",
            "compose.yml": "services: {}\n",
        }
    )
    assert [(root.path, root.ecosystem, root.name) for root in analysis.roots] == [
        ("apps/web", "javascript", "web"),
        ("services/api", "python", "api"),
        ("services/pay", "go", "example.org/pay"),
    ]
    assert analysis.root_of("services/api/app/main.py") == "services/api"
    assert analysis.root_of("README.md") == ""


def test_the_manifest_of_the_code_wins_over_the_one_of_its_assets(survey: Survey) -> None:
    analysis = survey({"Gemfile": 'gem "rails"\n', "package.json": '{"name": "assets"}'})
    assert [(root.manifest, root.ecosystem) for root in analysis.roots] == [("Gemfile", "ruby")]
