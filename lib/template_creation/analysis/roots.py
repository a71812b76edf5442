"""Package roots: folders with a manifest of their own, the units of a monorepo."""

from __future__ import annotations

from collections.abc import Iterable

from template_creation.analysis.manifests import Manifest
from template_creation.analysis.text import folder_of
from template_creation.values.analysis import PackageRoot

__all__ = ["find_roots"]

_RANK = ("dotnet", "java", "go", "rust", "python", "php", "dart", "ruby", "javascript")


def find_roots(manifests: Iterable[Manifest]) -> tuple[PackageRoot, ...]:
    """One root per folder, sorted by path; where a folder has several manifests (a Rails
    application with a package.json), the one whose ecosystem carries the code wins."""
    best: dict[str, Manifest] = {}
    for manifest in manifests:
        if not manifest.is_root:
            continue
        folder = folder_of(manifest.path)
        held = best.get(folder)
        if held is None or _rank(manifest) < _rank(held):
            best[folder] = manifest
    return tuple(
        PackageRoot(folder, found.path, found.ecosystem, found.name)
        for folder, found in sorted(best.items())
    )


def _rank(manifest: Manifest) -> tuple[int, str]:
    known = manifest.ecosystem in _RANK
    return (_RANK.index(manifest.ecosystem) if known else len(_RANK), manifest.path)
