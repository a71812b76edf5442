"""Promises of a second scan: files that are still the same are not read again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batch_engine.core import Event, ItemsLoaded, MemoryRunStore
from template_creation.scan import scan_codebase
from template_creation.values.source import Codebase

LATER = 3_600_000_000_000


@pytest.fixture
def scan(tmp_path: Path) -> Callable[[], tuple[Codebase, int]]:
    """Scans ``tmp_path`` with one store, an hour after everything there was written; gives the
    codebase and how many files were taken from the store."""
    store = MemoryRunStore()

    def run() -> tuple[Codebase, int]:
        heard: list[Event] = []
        codebase = scan_codebase(
            tmp_path,
            store=store,
            listeners=[heard.append],
            now_ns=lambda: time.time_ns() + LATER,
        )
        loaded = [event for event in heard if isinstance(event, ItemsLoaded)]
        return codebase, sum(len(event.keys) for event in loaded)

    return run


Scan = Callable[[], tuple[Codebase, int]]


def test_unchanged_files_come_from_the_store_and_are_the_same(tmp_path: Path, scan: Scan) -> None:
    (tmp_path / "a.py").write_text("A = 1\n")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG\0\0")
    first, loaded = scan()
    assert loaded == 0
    again, loaded = scan()
    assert loaded == 2
    assert (again.files, again.excluded) == (first.files, first.excluded)


def test_a_file_with_other_content_is_read_again(tmp_path: Path, scan: Scan) -> None:
    """Same size, and the modification time set back: the change time still tells."""
    file = tmp_path / "a.py"
    file.write_text("A = 1\n")
    times = (file.stat().st_atime_ns, file.stat().st_mtime_ns)
    first, _ = scan()
    file.write_text("B = 2\n")
    os.utime(file, ns=times)
    again, loaded = scan()
    assert loaded == 0
    assert again.files[0].sha256 != first.files[0].sha256


def test_a_file_that_was_written_a_moment_ago_is_not_trusted_to_stay(tmp_path: Path) -> None:
    """A write within the clock's grain leaves no trace in the times (git's racy index)."""
    (tmp_path / "a.py").write_text("A = 1\n")
    store = MemoryRunStore()
    for _ in range(2):
        heard: list[Event] = []
        scan_codebase(tmp_path, store=store, listeners=[heard.append])
        assert not [event for event in heard if isinstance(event, ItemsLoaded)]


def test_a_file_that_is_gone_is_forgotten(tmp_path: Path, scan: Scan) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("A = 1\n")
    scan()
    (tmp_path / "b.py").unlink()
    codebase, loaded = scan()
    assert [file.path for file in codebase.files] == ["a.py"]
    assert loaded == 1
