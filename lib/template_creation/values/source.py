"""What the walk finds: files that may be used, and files left out with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

__all__ = ["Codebase", "Eol", "Exclusion", "ExclusionReason", "FileReader", "SourceFile"]

Eol = Literal["lf", "crlf", "cr", "mixed", "none"]

ExclusionReason = Literal[
    "symlink",
    "submodule",
    "lfs-pointer",
    "missing",
    "unreadable",
    "not-a-file",
    "path-not-utf8",
    "vendored",
    "generated",
    "lock-file",
    "binary",
    "not-utf8",
    "too-large",
    "long-lines",
    "secret-file",
    "secret",
]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One text file of the codebase.

    ``path`` is POSIX, relative to the codebase. ``sha256`` is the hex digest of the bytes,
    ``size`` is in bytes, ``lines`` counts line feeds plus an unfinished last line.
    ``language`` is a name of `syntax.languages` or ``None``. ``generated`` files count as
    declaring names and as nothing else: they are never templates, exemplars or evidence.
    """

    path: str
    sha256: str
    size: int
    lines: int
    language: str | None
    eol: Eol = "lf"
    bom: bool = False
    final_newline: bool = True
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A file that was left out. ``detail`` names the rule and, for secrets, ``line N``; it
    never holds what was found there."""

    path: str
    reason: ExclusionReason
    detail: str = ""


class FileReader(Protocol):
    """Reads the bytes of a file by its path relative to the codebase."""

    def __call__(self, path: str, /) -> bytes:
        """The bytes of the file at ``path``."""


@dataclass(frozen=True)
class Codebase:
    """The reference codebase as the walk saw it; it is never written to.

    ``listed_by`` is ``"git"`` or ``"pathspec"``; ``commit`` is the full hash or ``None``
    outside git; ``files`` and ``excluded`` are sorted by path. ``log`` holds the subjects of
    up to 200 commits, newest first, for measuring the commit format. ``notes`` says what a
    reader should know of the list (git refused this repository), one sentence each.
    """

    root: Path
    files: tuple[SourceFile, ...]
    excluded: tuple[Exclusion, ...]
    read: FileReader
    listed_by: Literal["git", "pathspec"] = "pathspec"
    commit: str | None = None
    log: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    by_path: Mapping[str, SourceFile] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_path", {file.path: file for file in self.files})

    @property
    def excluded_by_reason(self) -> dict[str, int]:
        """How many files each reason left out, by reason name."""
        return dict(sorted(Counter(item.reason for item in self.excluded).items()))
