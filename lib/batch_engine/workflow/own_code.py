"""The files of Python code that a file is made of: itself, and what it imports of the user's own.

Imports are read, not run. The standard library and installed packages do not count: they change
with an installation, and not with the work on a workflow.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import batch_engine

__all__ = ["own_files"]

_MOST = 500
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_ENGINE = Path(batch_engine.__file__).parent


def own_files(file: Path) -> list[Path]:
    """``file`` and the files that it imports, directly or not, sorted; at most 500."""
    found: set[Path] = set()
    waiting = [file]
    while waiting and len(found) < _MOST:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path)
    return sorted(found)


def _imported(file: Path) -> Iterator[Path]:
    for level, name in _names(file.read_bytes()):
        for path in _files_of(file, level, name.split(".") if name else []):
            if path.suffix == ".py" and _is_own(path):
                yield path


def _is_own(path: Path) -> bool:
    return not _INSTALLED.intersection(path.parts) and not path.is_relative_to(_ENGINE)


@lru_cache(maxsize=256)
def _names(source: bytes) -> tuple[tuple[int, str], ...]:
    """What a source imports: how many dots stand in front (0: none), and the dotted name. Of
    ``from a import b`` it is ``a.b``, which may be no module: then ``a`` is what counts."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ()
    names: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = f"{node.module}." if node.module else ""
            names += [(node.level, base + alias.name) for alias in node.names]
    return tuple(dict.fromkeys(names))


def _files_of(file: Path, level: int, parts: list[str]) -> Iterator[Path]:
    """The files that an import runs: those of the packages on the way, and the module's."""
    if level:
        folder = file.parents[level - 1] if level <= len(file.parents) else file.parent
        yield from filter(Path.is_file, [folder / "__init__.py"])
    else:
        if not parts or parts[0] in sys.stdlib_module_names:
            return
        top, parts = parts[0], parts[1:]
        origin = _origin(top)
        if origin is None:
            return
        yield origin
        if origin.name != "__init__.py":
            return
        folder = origin.parent
    for part in parts:
        module, package = folder / f"{part}.py", folder / part / "__init__.py"
        yield from filter(Path.is_file, [module, package])
        folder = folder / part


def _origin(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.origin or not spec.has_location:
        return None
    return Path(spec.origin)
