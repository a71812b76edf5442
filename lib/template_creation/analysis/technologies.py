"""Frameworks and tools from dependencies, by the table in ``technologies.toml``.

One technology per name and manifest; the first package in the file that names it is the
evidence. What the table does not know is not named: a role would have to be guessed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from template_creation.analysis.manifests import Dependency, Manifest, infra_tools
from template_creation.values.analysis import Technology

__all__ = ["find_technologies", "known_technologies"]

_ONCE = frozenset({"infra", "image"})


class _Table:
    """Patterns of one ecosystem: exact names first, then the longest fitting pattern."""

    def __init__(self, roles: Mapping[str, Mapping[str, str]]) -> None:
        entries = {
            key: (name, role) for role, items in roles.items() for key, name in items.items()
        }
        self._exact = {key: value for key, value in entries.items() if "*" not in key}
        wild = [(key.split("*"), value) for key, value in entries.items() if "*" in key]
        self._wild = sorted(wild, key=lambda item: (-len("".join(item[0])), item[0]))

    @property
    def names(self) -> frozenset[str]:
        """The names of all technologies of the ecosystem."""
        values = [*self._exact.values(), *(value for _, value in self._wild)]
        return frozenset(name for name, _ in values)

    def find(self, package: str) -> tuple[str, str] | None:
        """Name and role of ``package``, or ``None``."""
        key = package.lower()
        if key in self._exact:
            return self._exact[key]
        for parts, value in self._wild:
            if key.startswith(parts[0]) and key.endswith(parts[-1]) and _in_order(key, parts):
                return value
        return None


def _in_order(key: str, parts: list[str]) -> bool:
    position = 0
    for part in parts:
        found = key.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return True


@cache
def _tables() -> Mapping[str, _Table]:
    source = files("template_creation.analysis").joinpath("technologies.toml")
    data = tomllib.loads(source.read_text(encoding="utf-8"))
    return {ecosystem: _Table(roles) for ecosystem, roles in data.items()}


@cache
def known_technologies() -> frozenset[str]:
    """Every technology that the analysis can name, as it names it (``"FastAPI"``).

    >>> {"FastAPI", "Rails"} <= known_technologies()
    True
    """
    packages = {name for table in _tables().values() for name in table.names}
    return frozenset(packages | {name for name, _ in infra_tools().values()})


def find_technologies(manifests: Iterable[Manifest]) -> tuple[Technology, ...]:
    """The technologies that the manifests prove, sorted by path, line and name.

    Runtime versions have the role ``language``. Infrastructure tools are named once, by their
    first file; packages once per manifest.
    """
    found: dict[tuple[str, str], Technology] = {}
    for manifest in manifests:
        for label, version, line in manifest.languages:
            key = (label, manifest.path)
            found.setdefault(
                key,
                Technology(
                    label, "language", label, version, manifest.path, line, manifest.ecosystem
                ),
            )
        for item in manifest.dependencies:
            technology = _technology(item)
            if technology is None:
                continue
            once = item.ecosystem in _ONCE
            found.setdefault((technology.name, "" if once else item.path), technology)
    return tuple(sorted(found.values(), key=lambda item: (item.path, item.line, item.name)))


def _technology(item: Dependency) -> Technology | None:
    named = _role(item.ecosystem, item.package)
    if named is None:
        return None
    name, role = named
    return Technology(name, role, item.package, item.version, item.path, item.line, item.ecosystem)


def _role(ecosystem: str, package: str) -> tuple[str, str] | None:
    if ecosystem == "infra":
        return infra_tools().get(package)
    table = _tables().get(ecosystem)
    return table.find(package) if table else None
