"""What a walk yields: paths as bytes, the commit and the subjects of the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Entry", "Listing"]

EntryMark = Literal["file", "symlink", "submodule", "vendored", "sparse", "unreadable"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One path relative to the codebase, as bytes; ``mark`` is what the list already knows:
    ``vendored`` is a folder that was not entered, ``unreadable`` one that could not be,
    ``sparse`` a file not checked out."""

    path: bytes
    mark: EntryMark = "file"


@dataclass(frozen=True, slots=True)
class Listing:
    """The paths of a codebase, in no particular order, and what git says of it."""

    entries: tuple[Entry, ...]
    listed_by: Literal["git", "pathspec"]
    commit: str | None = None
    log: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = ()
