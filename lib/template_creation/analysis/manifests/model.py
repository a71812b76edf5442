"""What a manifest says, in the same words for every ecosystem."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Dependency", "Manifest", "ManifestError"]


class ManifestError(ValueError):
    """A manifest that cannot be read; the message says what is wrong, ``line`` where (or 1)."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Dependency:
    """A package that a manifest asks for, with the line that does."""

    ecosystem: str
    package: str
    version: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest file. ``is_root`` tells whether its folder is a package root; ``weak``
    roots (a workspace's own file) name the folder and nothing more. ``languages`` are runtime
    versions as (name, version, line)."""

    path: str
    ecosystem: str
    name: str = ""
    is_root: bool = False
    licence: str = ""
    dependencies: tuple[Dependency, ...] = ()
    languages: tuple[tuple[str, str, int], ...] = ()
    module: str = ""
