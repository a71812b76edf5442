"""Manifests of all ecosystems in one form; a broken one is reported and never fatal."""

from __future__ import annotations

from collections.abc import Callable

from template_creation.analysis.manifests.dotnet import (
    is_dotnet_manifest,
    read_dotnet,
    with_central_versions,
)
from template_creation.analysis.manifests.go import is_go_manifest, read_go
from template_creation.analysis.manifests.infra import (
    infra_tools,
    is_infra_manifest,
    read_infra,
)
from template_creation.analysis.manifests.java import is_java_manifest, read_java
from template_creation.analysis.manifests.javascript import (
    is_javascript_manifest,
    read_javascript,
)
from template_creation.analysis.manifests.model import (
    Dependency,
    Manifest,
    ManifestError,
    load_yaml,
)
from template_creation.analysis.manifests.other import is_other_manifest, read_other
from template_creation.analysis.manifests.python import is_python_manifest, read_python
from template_creation.analysis.manifests.ruby import is_ruby_manifest, read_ruby
from template_creation.analysis.manifests.rust import is_rust_manifest, read_rust
from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Problem
from template_creation.values.source import Codebase

__all__ = ["Dependency", "Manifest", "ManifestError", "infra_tools", "load_yaml", "read_manifests"]

_READERS: tuple[tuple[Callable[[str], bool], Callable[[str, str], Manifest]], ...] = (
    (is_python_manifest, read_python),
    (is_javascript_manifest, read_javascript),
    (is_dotnet_manifest, read_dotnet),
    (is_go_manifest, read_go),
    (is_rust_manifest, read_rust),
    (is_java_manifest, read_java),
    (is_ruby_manifest, read_ruby),
    (is_other_manifest, read_other),
    (is_infra_manifest, read_infra),
)


def read_manifests(
    codebase: Codebase, texts: TextCache
) -> tuple[tuple[Manifest, ...], tuple[Problem, ...]]:
    """All manifests in path order, and the ones that could not be read with the reason."""
    found: list[Manifest] = []
    problems: list[Problem] = []
    for file in codebase.files:
        reader = next((read for claims, read in _READERS if claims(file.path)), None)
        if reader is None:
            continue
        try:
            found.append(reader(file.path, texts.text(file.path)))
        except ManifestError as error:
            problems.append(Problem(file.path, error.line, f"manifest not read: {error}"))
    return with_central_versions(found), tuple(problems)
