"""What a manifest says, in the same words for every ecosystem."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

__all__ = ["Dependency", "Manifest", "ManifestError", "load_yaml"]

# The loader in C is ten times as fast and is not on every platform.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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


def load_yaml(text: str) -> object:
    """The value of a YAML document. Raises `ManifestError` with the line where it breaks."""
    try:
        return yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ManifestError("not YAML", mark.line + 1 if mark else 1) from error
    except (ValueError, RecursionError) as error:  # an impossible date; nesting without end
        raise ManifestError(f"not YAML: {type(error).__name__}") from error
