"""Commands come from the project's own configuration, each with the line that declares it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from template_creation.analysis.commands import purpose_of
from template_creation.values.analysis import Analysis

Survey = Callable[[Mapping[str, bytes | str]], Analysis]


def listed(analysis: Analysis) -> list[tuple[str, str, str, str, int]]:
    return [(c.purpose, c.folder, c.command, c.path, c.line) for c in analysis.commands]


def test_scripts_of_a_package_use_the_project_s_own_package_manager(survey: Survey) -> None:
    package = (
        '{\n  "scripts": {\n    "dev": "vite",\n    "pretest": "x",\n    "test": "vitest",\n'
        '    "lint": "eslint .",\n    "deploy": "sh deploy.sh"\n  }\n}\n'
    )
    analysis = survey(
        {"pnpm-lock.yaml": "a: 1\n", "web/package.json": package, "old/package.json": package}
    )
    assert ("test", "web", "pnpm test", "web/package.json", 5) in listed(analysis)
    assert {c.command for c in analysis.commands} == {"pnpm dev", "pnpm test", "pnpm lint"}


def test_targets_and_tool_tables_are_commands(survey: Survey) -> None:
    analysis = survey(
        {
            "Makefile": (
                "VERSION := 3\n.PHONY: test\ntest: build\n\tpytest\nbuild:\n\techo\n"
                "out/file.txt:\n\ttouch $@\nrelease:\n\t./release\n"
            ),
            "justfile": "fmt:\n  ruff format\n",
            "Taskfile.yml": "version: '3'\ntasks:\n  types:\n    cmds: [mypy .]\n",
            "uv.lock": "",
            "pyproject.toml": (
                '[project]\nname = "shop"\n[tool.mypy]\nstrict = true\n'
                '[tool.poe.tasks]\nmigrate = "alembic upgrade head"\n'
            ),
        }
    )
    assert listed(analysis) == [
        ("install", "", "uv sync", "pyproject.toml", 1),
        ("test", "", "make test", "Makefile", 3),
        ("format", "", "just fmt", "justfile", 1),
        ("types", "", "task types", "Taskfile.yml", 3),
        ("types", "", "uv run mypy .", "pyproject.toml", 3),
        ("build", "", "make build", "Makefile", 5),
        ("migrate", "", "poe migrate", "pyproject.toml", 6),
    ]


WORKFLOW = """\
on: push
jobs:
  test:
    defaults:
      run:
        working-directory: backend
    steps:
      - uses: actions/checkout@v4
      - run: uv sync
      - name: Test
        run: |
          cd /tmp
          echo "hello"
          uv run pytest tests/
          TOKEN=abc uv run pytest --token
          uv run ruff check . && true
      - run: echo ${{ secrets.KEY }}
      - run: npm run lint
        working-directory: ./frontend
      - run: kubectl apply -f x.yml
      - run: pytest nowhere
        working-directory: made/by/the/pipeline
"""


def test_a_pipeline_s_own_lines_are_commands_and_its_plumbing_is_not(survey: Survey) -> None:
    analysis = survey(
        {
            ".github/workflows/ci.yml": WORKFLOW,
            ".github/workflows/broken.yml": "a: [\n",
            "backend/x.py": "X = 1\n",
            "frontend/x.ts": "export {}\n",
        }
    )
    path = ".github/workflows/ci.yml"
    assert listed(analysis) == [
        ("install", "backend", "uv sync", path, 9),
        ("test", "backend", "uv run pytest tests/", path, 14),
        ("lint", "frontend", "npm run lint", path, 18),
    ]


def test_the_build_tools_of_an_ecosystem_speak_through_their_manifests(survey: Survey) -> None:
    analysis = survey(
        {
            "go.mod": "module example.org/shop\n",
            "cart_test.go": "package shop\n",
            "Cargo.toml": '[package]\nname = "shop"\n',
            "pom.xml": "<project><artifactId>shop</artifactId></project>",
            "mvnw": "#!/bin/sh\n",
            "Shop.sln": "\n",
            "Gemfile": 'gem "rspec"\n',
            "manage.py": "import django\n",
        }
    )
    commands = {c.command: c.path for c in analysis.commands if c.purpose == "test"}
    assert commands == {
        "go test ./...": "go.mod",
        "cargo test": "Cargo.toml",
        "./mvnw test": "pom.xml",
        "bundle exec rspec": "Gemfile",
        "dotnet test": "Shop.sln",
        "python manage.py test": "manage.py",
    }
    everything = {c.command for c in analysis.commands}
    assert {"bundle install", "dotnet build", "python manage.py migrate"} <= everything


def test_nothing_that_deploys_publishes_or_carries_a_secret_is_offered(survey: Survey) -> None:
    scripts = [
        "deploy", "publish:npm", "release", "push-image", "docker:push", "kubectl:apply",
    ]  # fmt: skip
    body = ", ".join(f'"{name}": "x"' for name in scripts)
    runs = ["aws s3 sync . x", "test --password=$PASSWORD", "curl https://x.example/test"]
    steps = "".join(f"      - run: {run}\n" for run in runs)
    analysis = survey(
        {
            "package.json": f'{{"scripts": {{{body}}}}}',
            ".github/workflows/ci.yml": f"jobs:\n  a:\n    steps:\n{steps}",
        }
    )
    assert analysis.commands == ()


def test_each_command_stands_once_per_folder(survey: Survey) -> None:
    step = "jobs:\n  a:\n    steps:\n      - run: npm test\n"
    analysis = survey(
        {
            "package.json": '{"scripts": {"test": "vitest"}}',
            ".github/workflows/a.yml": step,
            ".github/workflows/b.yml": step,
        }
    )
    assert listed(analysis) == [("test", "", "npm test", "package.json", 1)]
    assert [c.id for c in analysis.commands] == ["C1"]


@pytest.mark.parametrize(
    ("name", "command", "purpose"),
    [
        ("", "python -m pip install -r requirements/tests.txt", "install"),
        ("", "uv run mypy app", "types"),
        ("", "uv run ruff check .", "lint"),
        ("", "uv run ruff format .", "format"),
        ("", "bundle exec rspec", "test"),
        ("", "prettier --check .", "lint"),
        ("", "./gradlew build", "build"),
        ("test:e2e", "playwright test", "test"),
        ("generate-client", "openapi-ts", "generate"),
        ("hello", "true", "other"),
    ],
)
def test_a_command_s_purpose_is_known_by_its_name_or_text(
    name: str, command: str, purpose: str
) -> None:
    assert purpose_of(name, command) == purpose
