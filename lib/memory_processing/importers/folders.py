"""Folders as sources: their files in one order everywhere, and the label of each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from memory_processing.errors import MemoryStoreError

__all__ = ["files_below", "label_below"]

_PASSED_OVER = frozenset({"node_modules", "__pycache__", "venv", "dist", "build", "target"})


def files_below(folder: Path, suffixes: Sequence[str], label: str) -> Iterator[Path]:
    """The files with these endings, by path as POSIX text; links to folders are not followed,
    and ``.git`` and folders of dependencies are passed over."""
    if not folder.is_dir():
        raise MemoryStoreError(f"cannot read {label!r}: no such folder", hint="check the path")
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _PASSED_OVER - {".git", ".venv"})
        found += [Path(place, name) for name in names if name.lower().endswith(tuple(suffixes))]
    yield from sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def label_below(path: Path, base: Path, label: str, *, beside: bool = False) -> str:
    """The label of a file in a folder with this label: ``rules`` and ``rules/api.md`` alike on
    every machine. ``beside`` says that the label is that of a file in ``base``, not of it."""
    relative = Path(os.path.relpath(path, base)).as_posix()
    folder = label.rpartition("/")[0] if beside else label.rstrip("/")
    return f"{folder}/{relative}" if folder else relative
