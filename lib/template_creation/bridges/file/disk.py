"""Files written whole or not at all, moved and never deleted, under a lock that dies with us."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from batch_engine.core import EngineError
from batch_engine.core.failpoints import failpoint
from template_creation.errors import BadInput, WriteError

__all__ = ["at_work", "decoded", "json_bytes", "keep", "write_whole"]


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """``document`` as indented JSON: short lines, so that a host can page through it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def write_whole(path: Path, data: bytes, *, point: str = "") -> None:
    """``data`` into ``path``, synced and then renamed; ``point`` names a failpoint between."""
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        if point:
            failpoint(point)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def keep(path: Path, folder: Path, *, copy: bool = False) -> Path:
    """``path`` moved into ``folder`` (or copied there), under a name that is free; where it is
    now. A file that is gone meanwhile is no error."""
    folder.mkdir(parents=True, exist_ok=True)
    target, number = folder / path.name.lstrip("."), 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem.lstrip('.')}-{number}{path.suffix}"
    try:
        if copy:
            shutil.copy2(path, target)
        else:
            shutil.move(path, target)
    except FileNotFoundError:
        pass
    return target


def decoded(data: bytes) -> str:
    """A host's file as text: UTF-8 with or without a byte order mark, or UTF-16 with one."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


@contextmanager
def at_work(folder: Path, home: Path, *, patience_s: float = 10.0) -> Iterator[None]:
    """The right to change the bridge's files in ``folder``, whose own are in ``home``.

    The operating system takes it back from a process that dies. Raises `BadInput` when another
    process keeps it for longer than ``patience_s``, `WriteError` when the folder cannot be used.
    """
    try:
        _make(home)
        with _locked(folder, home, patience_s):
            yield
    except EngineError:  # a `WorkTimeoutError` is an ``OSError`` too
        raise
    except OSError as exc:
        raise WriteError(
            f"cannot use the bridge folder {str(folder)!r}: {exc.strerror or exc}",
            hint="give another one with --bridge-dir; nothing that was answered is lost",
        ) from exc


def _make(home: Path) -> None:
    """The bridge's own folder; git does not see it (F15)."""
    (home / "requests").mkdir(parents=True, exist_ok=True)
    ignore = home / ".gitignore"
    if not ignore.exists():
        write_whole(ignore, b"*\n")


@contextmanager
def _locked(folder: Path, home: Path, patience_s: float) -> Iterator[None]:
    """An exclusive transaction on an empty SQLite file, as the run store does it."""
    with closing(sqlite3.connect(home / "lock", isolation_level=None, timeout=patience_s)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as exc:
            raise BadInput(
                f"another process is working in the bridge folder {str(folder)!r}",
                hint="wait until it ends, or give another folder with --bridge-dir",
            ) from exc
        yield
