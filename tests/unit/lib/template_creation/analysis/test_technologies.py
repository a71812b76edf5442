"""The technology table is wide, closed in its roles and unambiguous."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from importlib.resources import files

from template_creation.analysis import known_technologies
from template_creation.values.analysis import Analysis

Survey = Callable[[Mapping[str, bytes | str]], Analysis]

ROLES = {
    *("api", "web", "data", "migrations", "schema", "test", "e2e", "ui", "style", "state", "cqrs"),
    *("mapping", "auth", "jobs", "cache", "infra", "lint", "format", "types", "build", "docs"),
    *("http", "cli", "logging", "observability", "mail", "i18n"),
}


def table() -> dict[str, dict[str, dict[str, str]]]:
    source = files("template_creation.analysis").joinpath("technologies.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def test_the_table_covers_a_wide_field_with_known_roles_only() -> None:
    names = {
        name for roles in table().values() for items in roles.values() for name in items.values()
    }
    assert len(names) >= 400
    assert {role for roles in table().values() for role in roles} <= ROLES


def test_patterns_are_lower_case_and_belong_to_one_role() -> None:
    for ecosystem, roles in table().items():
        patterns = [pattern for items in roles.values() for pattern in items]
        assert all(pattern == pattern.lower() for pattern in patterns), ecosystem
        assert len(patterns) == len(set(patterns)), ecosystem


def test_an_exact_name_wins_over_a_pattern_and_a_long_pattern_over_a_short(survey: Survey) -> None:
    analysis = survey(
        {
            "A.csproj": (
                '<Project>\n<PackageReference Include="Aspire.Npgsql.EntityFrameworkCore.X" />\n'
                '<PackageReference Include="Aspire.Hosting" />\n</Project>\n'
            )
        }
    )
    assert [item.name for item in analysis.technologies] == ["EF Core", ".NET Aspire"]


def test_an_unknown_package_is_not_named(survey: Survey) -> None:
    """A role would have to be guessed."""
    assert survey({"requirements.txt": "left-pad-for-python\n"}).technologies == ()


def test_every_name_that_can_be_found_is_known() -> None:
    """Packages of each ecosystem, patterns and tools known by their files."""
    names = {
        name for roles in table().values() for items in roles.values() for name in items.values()
    }
    assert names <= known_technologies()
    assert {"Docker", "GitHub Actions"} & known_technologies()
