"""Rust: Cargo.toml of crates and workspaces."""

from __future__ import annotations

import re
import tomllib

from template_creation.analysis.manifests.model import Dependency, Manifest, ManifestError
from template_creation.analysis.text import as_mapping, as_text, line_of, name_of

__all__ = ["is_rust_manifest", "read_rust"]

_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")


def is_rust_manifest(path: str) -> bool:
    """Whether the file name is one that this module reads."""
    return name_of(path) == "Cargo.toml"


def read_rust(path: str, text: str) -> Manifest:
    """The Cargo.toml at ``path``. Raises `ManifestError` if it is not TOML."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+)", str(error))
        raise ManifestError(f"not TOML: {error}", int(where.group(1)) if where else 1) from error
    package, workspace = as_mapping(data.get("package")), as_mapping(data.get("workspace"))
    tables = [as_mapping(data.get(table)) for table in _TABLES]
    tables.append(as_mapping(workspace.get("dependencies")))
    tables += [
        as_mapping(as_mapping(target).get(table))
        for target in as_mapping(data.get("target")).values()
        for table in _TABLES
    ]
    found: dict[str, Dependency] = {}
    for table in tables:
        for name, value in table.items():
            entry = as_mapping(value)
            crate = as_text(entry.get("package")) or name
            version = as_text(value) or as_text(entry.get("version"))
            match = re.search(
                rf"^\s*(?:\"?{re.escape(name)}\"?\s*[.=]|\[.*dependencies\.{re.escape(name)}\])",
                text,
                re.MULTILINE,
            )
            line = text.count("\n", 0, match.end()) + 1 if match else 1
            found.setdefault(crate, Dependency("rust", crate, version, path, line))
    languages = []
    for key, label in (("rust-version", "Rust"), ("edition", "Rust edition")):
        value = as_text(package.get(key))
        if value:
            languages.append((label, value, line_of(text, f"\n{key}") + 1))
    return Manifest(
        path,
        "rust",
        name=as_text(package.get("name")),
        is_root=bool(package),
        licence=as_text(package.get("license")),
        dependencies=tuple(found.values()),
        languages=tuple(languages[:1]),
        module=as_text(package.get("name")).replace("-", "_"),
    )
