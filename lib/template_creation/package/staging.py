"""Put a finished package in place at once, and keep what a user edited there.

The new package is built in a folder beside the target and renamed into place, so that a
reader sees the old package or the new one, never half of one; a kill in between is mended by
the next run. (DESIGN section 5, Package; failures F22 and F48 of the facts.)
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from template_creation.errors import BadInput, WriteError
from template_creation.package.layout import MANIFEST

__all__ = [
    "Placement",
    "check_target",
    "digest",
    "is_current",
    "list_files",
    "place",
    "planned_changes",
    "read_recorded_hashes",
    "staging_folder",
]


def digest(data: bytes) -> str:
    """The hex SHA-256 of ``data``."""
    return hashlib.sha256(data).hexdigest()


def list_files(folder: Path) -> list[str]:
    """Every regular file below ``folder`` as sorted POSIX paths; links are not followed."""
    found: list[str] = []
    for parent, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        base = Path(parent).relative_to(folder)
        found.extend((base / name).as_posix() for name in names)
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Placement:
    """What a placement did, as sorted paths inside the package: files ``kept`` because a user
    edited them, ``foreign`` files that a user added, ``restored`` ones that had been deleted,
    and the other ``written`` ones."""

    target: Path
    written: tuple[str, ...]
    kept: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    restored: tuple[str, ...] = ()


def read_recorded_hashes(target: Path) -> Mapping[str, str] | None:
    """The hashes that the package at ``target`` recorded when it was written, by path;
    ``None`` where there is no package of ours."""
    try:
        manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        return None
    if manifest.get("generator", {}).get("name") != "template-create":
        return None
    return {str(path): str(value) for path, value in manifest["files"].items()}


def check_target(target: Path, codebase: Path | None = None) -> None:
    """Raise `BadInput` if a package may not be written to ``target``: it is a file, a folder
    with other things in it, inside the codebase, or around it."""
    resolved = target.resolve()
    if codebase is not None:
        source = codebase.resolve()
        if resolved == source or source in resolved.parents:
            raise BadInput(
                f"the output {str(target)!r} lies inside the codebase, which is never written to",
                hint="give --output a folder outside of it",
            )
        if resolved in source.parents:
            raise BadInput(
                f"the output {str(target)!r} contains the codebase and would replace it",
                hint="give --output a folder of its own",
            )
    _recover(target)
    if not target.exists():
        return
    if not target.is_dir():
        raise BadInput(f"the output {str(target)!r} is a file", hint="give --output a folder")
    if any(target.iterdir()) and read_recorded_hashes(target) is None:
        raise BadInput(
            f"the output {str(target)!r} holds files and is no package of template-create",
            hint="give --output a new or an empty folder, or the folder of an earlier package",
        )


def is_current(target: Path, inputs: str) -> bool:
    """Whether the package at ``target`` was made from ``inputs`` and none of its files is gone;
    edited files do not matter."""
    recorded = read_recorded_hashes(target)
    if recorded is None:
        return False
    manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    made_from: object = manifest["generator"].get("inputs")
    return made_from == inputs and all((target / path).is_file() for path in recorded)


def planned_changes(
    staged: Path, target: Path
) -> dict[str, Literal["new", "changed", "same", "kept"]]:
    """What `place` would do to each file of ``staged``, by path; nothing is written."""
    recorded = read_recorded_hashes(target) or {}
    changes: dict[str, Literal["new", "changed", "same", "kept"]] = {}
    for path in list_files(staged):
        present = target / path
        if not present.is_file():
            changes[path] = "new"
        elif digest(present.read_bytes()) == digest((staged / path).read_bytes()):
            changes[path] = "same"
        elif path != MANIFEST and digest(present.read_bytes()) != recorded.get(path):
            changes[path] = "kept"
        else:
            changes[path] = "changed"
    return changes


@contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """A fresh folder beside ``target``, on the same file system; removed afterwards."""
    folder = target.with_name(f".{target.name}.staging-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        folder.mkdir()
    except OSError as exc:
        raise _cannot_write(folder, exc) from exc
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def place(staged: Path, target: Path, seal: Callable[[Path], None]) -> Placement:
    """Move the ``staged`` package to ``target``, keeping a user's edits.

    A file whose bytes differ from the hash recorded for it was edited and stays as it is. A
    file that was never ours stays too. ``seal`` is called with the staged folder *before* the
    user's files are put back, and writes the manifest with the hashes of what was generated,
    so that the next run sees the same edits again. Raises `WriteError`; then the target is
    as it was.
    """
    recorded = read_recorded_hashes(target) if target.exists() else None
    generated = list_files(staged)
    try:
        seal(staged)
        kept, foreign, restored = _carry_over(staged, target, recorded or {}, set(generated))
        _swap(staged, target)
    except OSError as exc:
        raise _cannot_write(target, exc) from exc
    written = sorted((set(generated) | {MANIFEST}) - set(kept))
    return Placement(target, tuple(written), tuple(kept), tuple(foreign), tuple(restored))


def _carry_over(
    staged: Path, target: Path, recorded: Mapping[str, str], generated: set[str]
) -> tuple[list[str], list[str], list[str]]:
    """Copy edited and foreign files of ``target`` into ``staged``; say which they were."""
    kept: list[str] = []
    foreign: list[str] = []
    present = list_files(target) if target.exists() else []
    for path in present:
        if path == MANIFEST:
            continue
        if path not in recorded:
            (kept if path in generated else foreign).append(path)
            _copy(target / path, staged / path)
        elif digest((target / path).read_bytes()) != recorded[path]:
            kept.append(path)
            _copy(target / path, staged / path)
    restored = sorted((set(recorded) & generated) - set(present)) if present else []
    return kept, foreign, restored


def _copy(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, destination, follow_symlinks=False)


def _swap(staged: Path, target: Path) -> None:
    old = _old_name(target)
    if target.exists():
        target.rename(old)
    try:
        staged.rename(target)
    except OSError:
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _recover(target: Path) -> None:
    """Mend a swap that was killed half-way: the old package is put back or thrown away."""
    old = _old_name(target)
    if not old.exists():
        return
    try:
        if target.exists():
            shutil.rmtree(old)
        else:
            old.rename(target)
    except OSError as exc:
        raise _cannot_write(old, exc) from exc


def _sweep(target: Path) -> None:
    """Remove the staging folders that killed runs left beside ``target``."""
    for leftover in target.parent.glob(f".{glob.escape(target.name)}.staging-*"):
        owner = leftover.name.rpartition("-")[2]
        if owner == str(os.getpid()) or not _is_alive(owner):
            shutil.rmtree(leftover, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _old_name(target: Path) -> Path:
    return target.with_name(f".{target.name}.replaced")


def _cannot_write(path: Path, exc: OSError) -> WriteError:
    return WriteError(
        f"cannot write {str(path)!r}: {exc.strerror or exc}",
        hint="check that the folder exists, that it may be written to, and that there is room",
    )
