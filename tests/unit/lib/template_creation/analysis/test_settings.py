"""Settings of formatters and checkers are the lines that set them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from template_creation.values.analysis import Analysis

Survey = Callable[[Mapping[str, bytes | str]], Analysis]


def test_settings_that_decide_how_code_is_written_are_quoted(survey: Survey) -> None:
    analysis = survey(
        {
            "pyproject.toml": (
                "[project]\nstrict = 1\n[tool.ruff]\nline-length = 100\n[tool.ruff.lint]\n"
                'select = ["E", "F"]\n[tool.mypy]\nstrict = true\n'
                "[tool.pytest.ini_options]\naddopts = [\n  '-q',\n]\n"
            ),
            "web/.prettierrc": '{\n  "singleQuote": true,\n  "plugins": []\n}\n',
            "web/tsconfig.json": '{ "compilerOptions": {\n    "strict": true,\n    "lib": []\n}}\n',
            "Directory.Build.props": "<Project>\n  <Nullable>enable</Nullable>\n</Project>\n",
        }
    )
    assert [(item.tool, item.text, item.path, item.line) for item in analysis.settings] == [
        ("MSBuild", "<Nullable>enable</Nullable>", "Directory.Build.props", 2),
        ("Ruff", "line-length = 100", "pyproject.toml", 4),
        ("Ruff", 'select = ["E", "F"]', "pyproject.toml", 6),
        ("mypy", "strict = true", "pyproject.toml", 8),
        ("Prettier", '"singleQuote": true', "web/.prettierrc", 2),
        ("TypeScript", '"strict": true', "web/tsconfig.json", 2),
    ]
