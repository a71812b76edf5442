"""Settings of formatters, linters and type checkers, as the lines that set them.

What a formatter decides needs no counting: the line of its configuration is the fact. Only
settings that change what one writes are kept: width, quotes, strictness, chosen rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from template_creation.analysis.text import TextCache, name_of
from template_creation.values.analysis import ToolSetting
from template_creation.values.source import Codebase

__all__ = ["MAX_SETTINGS", "find_settings"]

MAX_SETTINGS = 40
"""How many settings are kept, in path order."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Lines of a tool in files of a name: ``keys`` is matched at the start of a stripped line,
    inside sections whose header matches ``section`` where there is one."""

    file: re.Pattern[str]
    tool: str
    keys: re.Pattern[str]
    section: re.Pattern[str] | None = None


def _source(file: str, tool: str, keys: str, section: str = "") -> _Source:
    return _Source(
        re.compile(file),
        tool,
        re.compile(rf"[\"']?(?:{keys})[\"']?\s*[:=>]"),
        re.compile(section) if section else None,
    )


_PRETTIER = "singleQuote|semi|printWidth|tabWidth|trailingComma|useTabs|arrowParens"
_SOURCES = (
    _source(
        r"pyproject\.toml|ruff\.toml",
        "Ruff",
        "line-length|select|extend-select|quote-style|indent-width|convention",
        r"\[tool\.ruff|\[lint|\[format",
    ),
    _source(r"ruff\.toml", "Ruff", "line-length|select|extend-select|indent-width"),
    _source(r"pyproject\.toml", "Black", "line-length|skip-string-normalization", r"\[tool\.black"),
    _source(
        r"pyproject\.toml|mypy\.ini|setup\.cfg",
        "mypy",
        "strict|disallow_untyped_defs|disallow_any_generics|warn_unreachable",
        r"\[(?:tool\.)?mypy",
    ),
    _source(
        r"pyproject\.toml|pytest\.ini|setup\.cfg|tox\.ini",
        "pytest",
        "asyncio_mode|testpaths|filterwarnings|addopts|DJANGO_SETTINGS_MODULE",
        r"\[(?:tool\.|tool:)?pytest",
    ),
    _source(r"setup\.cfg|\.flake8|tox\.ini", "Flake8", "max-line-length", r"\[flake8"),
    _source(r"\.prettierrc(?:\.json|\.ya?ml|\.js|\.cjs|\.mjs)?", "Prettier", _PRETTIER),
    _source(r"prettier\.config\.[cm]?[jt]s", "Prettier", _PRETTIER),
    _source(
        r"biome\.jsonc?",
        "Biome",
        "quoteStyle|semicolons|indentStyle|lineWidth|indentWidth|noDefaultExport|noExplicitAny",
    ),
    _source(
        r"tsconfig(?:\.\w+)?\.json",
        "TypeScript",
        "strict|noUncheckedIndexedAccess|noImplicitAny|exactOptionalPropertyTypes|@/\\*",
    ),
    _source(
        r"rustfmt\.toml|\.rustfmt\.toml",
        "rustfmt",
        "max_width|edition|imports_granularity|group_imports|tab_spaces",
    ),
    _source(r"\.standard\.yml|\.rubocop\.yml", "RuboCop", "TargetRubyVersion|EnforcedStyle|Max"),
)
_PROPERTY = re.compile(
    r"<(?:TreatWarningsAsErrors|Nullable|ImplicitUsings|AnalysisLevel|EnforceCodeStyleInBuild)>"
)


def find_settings(codebase: Codebase, texts: TextCache) -> tuple[ToolSetting, ...]:
    """The settings in path and line order, each as its own stripped line."""
    found: list[ToolSetting] = []
    for file in codebase.files:
        name = name_of(file.path)
        if name.endswith((".csproj", ".props")):
            found += _properties(file.path, texts.text(file.path))
        for source in _SOURCES:
            if source.file.fullmatch(name):
                found += _lines(source, file.path, texts.text(file.path))
    unique = {(item.path, item.line): item for item in found}
    return tuple(unique[key] for key in sorted(unique))[:MAX_SETTINGS]


def _lines(source: _Source, path: str, text: str) -> Iterator[ToolSetting]:
    inside = source.section is None
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if source.section is not None and stripped.startswith("["):
            inside = source.section.match(stripped) is not None
        whole = len(stripped) <= 160 and not stripped.endswith(("[", "{"))
        if inside and whole and source.keys.match(stripped):
            yield ToolSetting(source.tool, stripped.rstrip(","), path, number)


def _properties(path: str, text: str) -> Iterator[ToolSetting]:
    for number, line in enumerate(text.split("\n"), start=1):
        if _PROPERTY.match(line.strip()):
            yield ToolSetting("MSBuild", line.strip(), path, number)
