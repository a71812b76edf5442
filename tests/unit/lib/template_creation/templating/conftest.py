"""A small codebase as a dictionary, with the real facts and a plain analysis around it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from template_creation.syntax import GRAMMAR_LANGUAGES, extract_facts, language_of
from template_creation.templating import TemplateBuild, build_templates
from template_creation.values.analysis import Analysis, Layer, PackageRoot, ProjectIdentity
from template_creation.values.source import SourceFile

_FOLDER_LAYERS = (
    ("test", "tests"), ("spec", "tests"), ("route", "api"), ("controller", "api"),
    ("api", "api"), ("handler", "api"), ("endpoints", "api"), ("model", "models"),
    ("domain", "domain"), ("repositor", "data"), ("service", "services"), ("views", "views"),
    ("component", "components"), ("command", "commands"),
)  # fmt: skip


@dataclass(frozen=True)
class Tree:
    """Files by path, and what the templating needs to know of them."""

    contents: Mapping[str, bytes]
    analysis: Analysis

    def read(self, path: str, /) -> bytes:
        return self.contents[path]

    def build(self, max_templates: int = 15) -> TemplateBuild:
        return build_templates(self.analysis, self.read, max_templates=max_templates)


def _layer(path: str) -> str:
    return next((layer for mark, layer in _FOLDER_LAYERS if mark in path.lower()), "utilities")


@pytest.fixture
def make_tree() -> Callable[..., Tree]:
    """Build a `Tree`: ``make_tree({path: text}, roots={"": "name"}, project=("my", "shop"))``."""

    def build(
        files: Mapping[str, str | bytes],
        *,
        roots: Mapping[str, str] | None = None,
        project: Sequence[str] = (),
    ) -> Tree:
        contents = {
            path: text.encode() if isinstance(text, str) else text for path, text in files.items()
        }
        sources = {
            path: SourceFile(
                path, hashlib.sha256(data).hexdigest(), len(data), data.count(b"\n"),
                language_of(path),
            )
            for path, data in sorted(contents.items())
        }  # fmt: skip
        facts = {
            path: extract_facts(contents[path], source.language)
            for path, source in sources.items()
            if source.language in GRAMMAR_LANGUAGES
        }
        layers: dict[str, list[str]] = {}
        for path in sources:
            layers.setdefault(_layer(path), []).append(path)
        analysis = Analysis(
            project=ProjectIdentity("p", "p", tuple(project), None, None, len(sources), ""),
            languages=(),
            roots=tuple(
                PackageRoot(path, "", "any", name)
                for path, name in sorted((roots or {"": ""}).items())
            ),
            technologies=(),
            layers=tuple(
                Layer(name, name, tuple(sorted(paths))) for name, paths in sorted(layers.items())
            ),
            conventions=(),
            commands=(),
            rules=(),
            facts=facts,
            files=sources,
            excluded_by_reason={},
        )
        return Tree(contents, analysis)

    return build
