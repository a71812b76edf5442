"""PHP (composer.json) and Dart (pubspec.yaml): enough to name the technologies."""

from __future__ import annotations

import json

from template_creation.analysis.manifests.model import (
    Dependency,
    Manifest,
    ManifestError,
    load_yaml,
)
from template_creation.analysis.text import as_mapping, as_text, line_of_match, name_of

__all__ = ["is_other_manifest", "read_other"]


def is_other_manifest(path: str) -> bool:
    """Whether the file name is one that this module reads."""
    return name_of(path) in {"composer.json", "pubspec.yaml"}


def read_other(path: str, text: str) -> Manifest:
    """The manifest at ``path``. Raises `ManifestError` if it cannot be read."""
    if name_of(path) == "composer.json":
        return _read_composer(path, text)
    return _read_pubspec(path, text)


def _read_composer(path: str, text: str) -> Manifest:
    try:
        data = as_mapping(json.loads(text))
    except json.JSONDecodeError as error:
        raise ManifestError(f"not JSON: {error.msg}", error.lineno) from error
    found, languages = [], []
    for table in ("require", "require-dev"):
        for package, version in as_mapping(data.get(table)).items():
            line = line_of_match(text, f'"{package}"\\s*:')
            if package == "php":
                languages.append(("PHP", as_text(version), line))
            else:
                found.append(Dependency("php", package, as_text(version), path, line))
    return Manifest(
        path,
        "php",
        name=as_text(data.get("name")),
        is_root=True,
        licence=as_text(data.get("license")),
        dependencies=tuple(found),
        languages=tuple(languages),
    )


def _read_pubspec(path: str, text: str) -> Manifest:
    data = as_mapping(load_yaml(text))
    found = []
    for table in ("dependencies", "dev_dependencies"):
        for package, version in as_mapping(data.get(table)).items():
            line = line_of_match(text, rf"^\s+{package}\s*:")
            found.append(Dependency("dart", str(package), as_text(version), path, line))
    return Manifest(
        path, "dart", name=as_text(data.get("name")), is_root=True, dependencies=tuple(found)
    )
