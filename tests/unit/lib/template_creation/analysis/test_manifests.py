"""Manifests of every ecosystem: each technology with the line that proves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from template_creation.values.analysis import Analysis

Survey = Callable[[Mapping[str, bytes | str]], Analysis]


@dataclass(frozen=True)
class Case:
    name: str
    files: Mapping[str, str]
    expected: tuple[tuple[str, str, str, int], ...]


CASES = [
    Case(
        "PEP 621, groups, tools and runtime",
        {
            "pyproject.toml": (
                '[project]\nname = "shop"\nrequires-python = ">=3.12"\n'
                "dependencies = [\n"
                '  "fastapi[standard]>=0.115",\n'
                "  \"SQLAlchemy ~= 2.0 ; python_version > '3'\",\n]\n"
                '[dependency-groups]\ndev = ["pytest>=8", {include-group = "x"}]\n'
                "[tool.ruff.lint]\nselect = []\n"
            )
        },
        (
            ("Python", ">=3.12", "pyproject.toml", 3),
            ("FastAPI", ">=0.115", "pyproject.toml", 5),
            ("SQLAlchemy", "~= 2.0", "pyproject.toml", 6),
            ("pytest", ">=8", "pyproject.toml", 9),
            ("Ruff", "", "pyproject.toml", 10),
        ),
    ),
    Case(
        "Poetry tables",
        {
            "pyproject.toml": (
                '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\npython = "^3.11"\n'
                'Flask = "^3.0"\n[tool.poetry.group.dev.dependencies]\n'
                'mypy = {version = "^1.10", optional = true}\n'
            )
        },
        (
            ("Python", "^3.11", "pyproject.toml", 4),
            ("Flask", "^3.0", "pyproject.toml", 5),
            ("mypy", "^1.10", "pyproject.toml", 7),
        ),
    ),
    Case(
        "requirements files",
        {"requirements/dev.txt": "-r base.txt\n# tools\ncelery[redis]==5.4.0  # jobs\n"},
        (("Celery", "==5.4.0", "requirements/dev.txt", 3),),
    ),
    Case(
        "setup.cfg",
        {
            "setup.cfg": (
                "[metadata]\nname = shop\n[options]\ninstall_requires =\n    Django>=5\n"
                "[flake8]\nmax-line-length = 88\n"
            )
        },
        (("Django", ">=5", "setup.cfg", 5), ("Flake8", "", "setup.cfg", 6)),
    ),
    Case(
        "Pipfile",
        {
            "Pipfile": (
                '[packages]\nstarlette = "*"\n[dev-packages]\nblack = "==25.1"\n'
                '[requires]\npython_version = "3.12"\n'
            )
        },
        (
            ("Starlette", "*", "Pipfile", 2),
            ("Black", "==25.1", "Pipfile", 4),
            ("Python", "3.12", "Pipfile", 6),
        ),
    ),
    Case(
        "package.json with one technology of many packages",
        {
            "package.json": (
                '{\n  "name": "web",\n  "engines": {\n    "node": ">=20"\n  },\n'
                '  "dependencies": {\n    "@radix-ui/react-dialog": "1",\n'
                '    "@radix-ui/react-slot": "2",\n    "react": "^19"\n  },\n'
                '  "devDependencies": {\n    "vitest": "^3"\n  }\n}\n'
            )
        },
        (
            ("Node.js", ">=20", "package.json", 4),
            ("Radix UI", "1", "package.json", 7),
            ("React", "^19", "package.json", 9),
            ("Vitest", "^3", "package.json", 12),
        ),
    ),
    Case(
        ".NET with central package versions",
        {
            "Directory.Packages.props": (
                "<Project>\n  <ItemGroup>\n"
                '    <PackageVersion Include="MediatR" Version="12.4.1" />\n'
                '    <PackageVersion Include="Dapper" Version="2.1.0" />\n'
                "  </ItemGroup>\n</Project>\n"
            ),
            "src/Web/Web.csproj": (
                '\ufeff<Project Sdk="Microsoft.NET.Sdk.Web">\n  <PropertyGroup>\n'
                "    <TargetFramework>net9.0</TargetFramework>\n  </PropertyGroup>\n"
                '  <ItemGroup>\n    <PackageReference Include="MediatR" />\n  </ItemGroup>\n'
                "</Project>\n"
            ),
            "global.json": '{\n  "sdk": {\n    "version": "9.0.100"\n  }\n}\n',
        },
        (
            ("Dapper", "2.1.0", "Directory.Packages.props", 4),
            (".NET SDK", "9.0.100", "global.json", 3),
            ("ASP.NET Core", "", "src/Web/Web.csproj", 1),
            (".NET", "net9.0", "src/Web/Web.csproj", 3),
            ("MediatR", "12.4.1", "src/Web/Web.csproj", 6),
        ),
    ),
    Case(
        "Go modules without what came along",
        {
            "go.mod": (
                "module example.org/shop\n\ngo 1.22\n\nrequire (\n"
                "\tgithub.com/go-chi/chi/v5 v5.1.0\n"
                "\tgithub.com/lib/pq v1.10.9 // indirect\n)\n\n"
                "require github.com/stretchr/testify v1.9.0\n\n"
                "replace github.com/gin-gonic/gin => ../gin\n"
            )
        },
        (
            ("Go", "1.22", "go.mod", 3),
            ("chi", "v5.1.0", "go.mod", 6),
            ("testify", "v1.9.0", "go.mod", 10),
        ),
    ),
    Case(
        "Cargo with tables, renames and a workspace",
        {
            "Cargo.toml": (
                '[package]\nname = "shop"\nedition = "2021"\n[dependencies]\naxum = "0.8"\n'
                'db = { package = "sqlx", version = "0.8" }\n[dependencies.serde]\n'
                'version = "1.0"\n'
            )
        },
        (
            ("Rust edition", "2021", "Cargo.toml", 3),
            ("Axum", "0.8", "Cargo.toml", 5),
            ("SQLx", "0.8", "Cargo.toml", 6),
            ("Serde", "1.0", "Cargo.toml", 7),
        ),
    ),
    Case(
        "pom.xml with parent and properties",
        {
            "pom.xml": (
                '<project xmlns="http://maven.apache.org/POM/4.0.0">\n  <parent>\n'
                "    <groupId>org.springframework.boot</groupId>\n"
                "    <artifactId>spring-boot-starter-parent</artifactId>\n"
                "    <version>3.4.0</version>\n  </parent>\n  <artifactId>shop</artifactId>\n"
                "  <properties>\n    <java.version>21</java.version>\n"
                "    <map.version>1.6.3</map.version>\n  </properties>\n  <dependencies>\n"
                "    <dependency>\n      <groupId>org.mapstruct</groupId>\n"
                "      <artifactId>mapstruct</artifactId>\n"
                "      <version>${map.version}</version>\n    </dependency>\n"
                "  </dependencies>\n</project>\n"
            )
        },
        (
            ("Spring Boot", "3.4.0", "pom.xml", 4),
            ("Java", "21", "pom.xml", 9),
            ("MapStruct", "1.6.3", "pom.xml", 15),
        ),
    ),
    Case(
        "Gradle Kotlin script and version catalog",
        {
            "build.gradle.kts": (
                'plugins {\n    id("org.springframework.boot") version "3.4.0"\n}\n'
                'dependencies {\n    testImplementation("io.mockk:mockk:1.13.12")\n}\n'
                "kotlin { jvmToolchain(21) }\n"
            ),
            "gradle/libs.versions.toml": (
                '[versions]\nktor = "3.0.1"\n[libraries]\n'
                'server = { module = "io.ktor:ktor-server-core", version.ref = "ktor" }\n'
            ),
        },
        (
            ("Spring Boot", "3.4.0", "build.gradle.kts", 2),
            ("MockK", "1.13.12", "build.gradle.kts", 5),
            ("Java", "21", "build.gradle.kts", 7),
            ("Ktor", "3.0.1", "gradle/libs.versions.toml", 4),
        ),
    ),
    Case(
        "Gemfile and gemspec",
        {
            "Gemfile": (
                'source "https://gems.example"\nruby "3.3.4"\ngem "rails", "~> 8.0"\n'
                "# gem 'devise'\ngroup :test do\n  gem 'rspec-rails'\nend\n"
            ),
            "shop.gemspec": 'Gem::Specification.new do |s|\n  s.add_dependency "sidekiq", "7"\n',
        },
        (
            ("Ruby", "3.3.4", "Gemfile", 2),
            ("Rails", "~> 8.0", "Gemfile", 3),
            ("RSpec", "", "Gemfile", 6),
            ("Sidekiq", "7", "shop.gemspec", 2),
        ),
    ),
    Case(
        "PHP and Dart",
        {
            "composer.json": (
                '{\n  "require": {\n    "php": "^8.3",\n    "laravel/framework": "^11"\n  }\n}\n'
            ),
            "app/pubspec.yaml": "name: app\ndependencies:\n  flutter_bloc: ^8.1.0\n",
        },
        (
            ("Bloc", "^8.1.0", "app/pubspec.yaml", 3),
            ("PHP", "^8.3", "composer.json", 3),
            ("Laravel", "^11", "composer.json", 4),
        ),
    ),
    Case(
        "containers, pipelines and infrastructure",
        {
            ".github/workflows/ci.yml": "on: push\njobs:\n  a:\n    steps: []\n",
            ".github/workflows/nightly.yml": "on: push\njobs: {}\n",
            "Dockerfile": "# base\nFROM python:3.12\n",
            "compose.yml": "services:\n  db:\n    image: postgres:17\n  cache:\n    image: redis\n",
            "deploy/main.tf": 'resource "x" "y" {}\n',
            "k8s/app.yml": "apiVersion: apps/v1\nkind: Deployment\n",
        },
        (
            ("GitHub Actions", "", ".github/workflows/ci.yml", 2),
            ("Docker", "", "Dockerfile", 2),
            ("Docker Compose", "", "compose.yml", 1),
            ("PostgreSQL", "17", "compose.yml", 3),
            ("Redis", "", "compose.yml", 5),
            ("Terraform", "", "deploy/main.tf", 1),
            ("Kubernetes", "", "k8s/app.yml", 2),
        ),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_technology_comes_with_the_line_that_proves_it(case: Case, survey: Survey) -> None:
    found = survey(case.files).technologies
    assert tuple((t.name, t.version, t.path, t.line) for t in found) == case.expected


BROKEN = {
    "pyproject.toml": "[project\nname = 1\n",
    "package.json": '{"dependencies": {"react": }}',
    "list/package.json": "[1, 2]",
    "a/A.csproj": "<Project><ItemGroup></Project>",
    "b/B.csproj": '<!DOCTYPE x [<!ENTITY a "b">]><Project>&a;</Project>',
    "go.mod": "go 1.22\n",
    "Cargo.toml": 'name = "unclosed\n',
    "pom.xml": "<project>",
    "composer.json": "{",
    "pubspec.yaml": "a: [1\n",
    "global.json": "nothing",
    "gradle/libs.versions.toml": "= 3",
    "Pipfile": "[packages",
    "setup.cfg": "no section\n",
}


def test_a_broken_manifest_is_reported_with_its_path_and_never_fatal(survey: Survey) -> None:
    analysis = survey({**BROKEN, "requirements.txt": "flask\n"})
    assert {problem.path for problem in analysis.problems} == set(BROKEN)
    assert all(problem.line >= 1 and problem.message for problem in analysis.problems)
    assert [item.name for item in analysis.technologies] == ["Flask"]


def test_any_shape_of_values_is_survived(survey: Survey) -> None:
    """Manifests are written by people: a list where a table belongs stops nothing."""
    analysis = survey(
        {
            "pyproject.toml": 'project = 3\ntool = ["x"]\nbuild-system = "no"\n',
            "package.json": '{"dependencies": ["react"], "scripts": 4, "engines": null}',
            "Cargo.toml": 'package = "x"\ndependencies = 1\nworkspace = []\n',
            "composer.json": "[]",
        }
    )
    assert analysis.technologies == ()
    assert analysis.problems == ()
