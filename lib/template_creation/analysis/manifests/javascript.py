"""JavaScript and TypeScript: package.json with its dependency tables and workspaces."""

from __future__ import annotations

import json
import re

from template_creation.analysis.manifests.model import Dependency, Manifest, ManifestError
from template_creation.analysis.text import as_mapping, as_text, line_at, name_of

__all__ = ["is_javascript_manifest", "read_javascript"]

_TABLES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")


def is_javascript_manifest(path: str) -> bool:
    """Whether the file name is one that this module reads."""
    return name_of(path) == "package.json"


def read_javascript(path: str, text: str) -> Manifest:
    """The package.json at ``path``. Raises `ManifestError` if it is not a JSON object."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ManifestError(f"not JSON: {error.msg}", error.lineno) from error
    if not isinstance(data, dict):
        raise ManifestError("not a JSON object")
    found = []
    for table in _TABLES:
        start = _key_offset(text, table, 0)
        for package, version in as_mapping(data.get(table)).items():
            offset = _key_offset(text, package, start)
            line = line_at(text, offset)
            found.append(Dependency("javascript", package, as_text(version), path, line))
    node = as_text(as_mapping(data.get("engines")).get("node"))
    languages = []
    if node:
        start = _key_offset(text, "engines", 0)
        languages.append(("Node.js", node, line_at(text, _key_offset(text, "node", start))))
    return Manifest(
        path,
        "javascript",
        name=as_text(data.get("name")),
        is_root=True,
        licence=as_text(data.get("license")),
        dependencies=tuple(found),
        languages=tuple(languages),
    )


def _key_offset(text: str, key: str, start: int) -> int:
    found = re.compile(rf"{re.escape(json.dumps(key))}\s*:").search(text, start)
    return found.start() if found else start
