"""The language of a file is told by its name alone."""

from __future__ import annotations

import pytest

from template_creation.syntax import GRAMMAR_LANGUAGES, language_of, parse
from template_creation.values.languages import EXTENSIONS, FILE_NAMES


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "python"),
        ("src/a.test.tsx", "tsx"),
        ("types.d.ts", "typescript"),
        ("A.CS", "csharp"),
        ("Gemfile", "ruby"),
        ("lib/tasks/a.rake", "ruby"),
        ("Dockerfile.dev", "dockerfile"),
        ("deploy/api.dockerfile", "dockerfile"),
        ("Makefile", "make"),
        (".env.example", "dotenv"),
        (".gitignore", "ignore"),
        ("go.mod", "gomod"),
        ("Shop.csproj", "xml"),
        ("v1.2/readme", None),
        ("LICENSE", "text"),
        ("noname", None),
        (".hidden", None),
        ("photo.unknown", None),
    ],
)
def test_language_by_name(path: str, language: str | None) -> None:
    """Names come before extensions; case does not matter; unknown is nothing."""
    assert language_of(path) == language


def test_the_tables_are_large_and_lower_case() -> None:
    """About seventy extensions and more; each is written as it is looked up."""
    assert len(EXTENSIONS) >= 70
    assert all(key == key.lower() for key in (*EXTENSIONS, *FILE_NAMES))
    assert set(GRAMMAR_LANGUAGES) <= set(EXTENSIONS.values())


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
def test_every_grammar_loads(language: str) -> None:
    """Each language of the list has a parser on this machine, without a network."""
    tree = parse(b"", language)
    assert tree is not None
    assert not tree.root_node.has_error
