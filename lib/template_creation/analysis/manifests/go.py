"""Go: go.mod files, one per module."""

from __future__ import annotations

import re

from template_creation.analysis.manifests.model import Dependency, Manifest, ManifestError
from template_creation.analysis.text import name_of

__all__ = ["is_go_manifest", "read_go"]

_REQUIRE = re.compile(
    r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+(?:/[^\s]+)+|[\w.-]+/[^\s]+)\s+(v[^\s]+)"
)


def is_go_manifest(path: str) -> bool:
    """Whether the file name is one that this module reads."""
    return name_of(path) == "go.mod"


def read_go(path: str, text: str) -> Manifest:
    """The go.mod at ``path``; indirect requirements are left out, since nobody chose them."""
    module = ""
    version: tuple[tuple[str, str, int], ...] = ()
    found: list[Dependency] = []
    inside = ""
    for number, line in enumerate(text.split("\n"), start=1):
        code, _, comment = line.partition("//")
        words = code.split()
        if not words:
            continue
        if words[0] == ")":
            inside = ""
        elif len(words) >= 2 and words[1] == "(":
            inside = words[0]
        elif words[0] == "module" and len(words) > 1:
            module = words[1].strip('"')
        elif words[0] == "go" and len(words) > 1:
            version = (("Go", words[1], number),)
        elif inside in {"", "require"} and (inside or words[0] == "require"):
            match = _REQUIRE.match(code)
            if match and "indirect" not in comment:
                found.append(Dependency("go", match.group(1), match.group(2), path, number))
    if not module:
        raise ManifestError("no module line")
    return Manifest(
        path,
        "go",
        name=module,
        is_root=True,
        dependencies=tuple(found),
        languages=version,
        module=module,
    )
