"""The run state of a package: one store, bound to its name or its place."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from batch_engine.core import (
    MemoryRunStore,
    RunStore,
    SqliteRunStore,
    StepRef,
    StoreError,
    StoreLockedError,
)
from template_creation.create.runs import RunRecord, nothing_to_resume
from template_creation.errors import BadInput, WriteError
from template_creation.phases import WorkflowPhase

__all__ = ["Durability", "durability_for", "forget_results", "open_store", "state_copy"]

Durability = Literal["process", "power"]

RUN_FILE = "run.sqlite3"


def durability_for(run: RunRecord | None) -> Durability:
    """What was paid for has to survive a power cut too; a run that goes on (None) may be one
    that pays."""
    return "process" if run is not None and not run.enhancement.bridge.costs else "power"


@contextmanager
def open_store(
    folder: Path, *, durability: Durability = "process", resume: str = ""
) -> Iterator[RunStore]:
    """The store in ``folder``, which is made where it is not there; with ``resume``, the name
    of what is to go on, it has to be.

    Raises `BadInput` when another live run has the same state, `WriteError` when the state
    cannot be used; nothing is ever started over silently.
    """
    if resume and not folder.is_dir():
        raise nothing_to_resume(resume)
    with _translated(folder), _opened(folder, durability) as store:
        yield store


@contextmanager
def state_copy(folder: Path) -> Iterator[RunStore]:
    """The store in ``folder`` as it is now, to try out on: what is put into it is forgotten.
    Empty where there is none. ``folder`` is only read, also while a run works in it."""
    if not (folder / RUN_FILE).is_file():
        yield MemoryRunStore()
        return
    with tempfile.TemporaryDirectory(prefix="template-create-") as temporary:
        with _translated(folder):
            _copy_store(folder / RUN_FILE, Path(temporary) / RUN_FILE)
        with open_store(Path(temporary)) as store:
            yield store


def _copy_store(store: Path, copy: Path) -> None:
    if SqliteRunStore.is_in_use(store.parent):
        uri = f"{store.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as live, closing(sqlite3.connect(copy)) as new:
            live.backup(new)
        return
    # SQLite would write beside a file that it opens, and its journal may hold the last of it.
    for ending in ("", "-wal"):
        part = store.with_name(store.name + ending)
        if part.is_file():
            shutil.copyfile(part, copy.with_name(copy.name + ending))


def forget_results(store: RunStore) -> None:
    """Empty the store of every step that keeps results; what was spent stays known."""
    for step in ("scan", WorkflowPhase.ANALYSIS.title, WorkflowPhase.AGENT_ENHANCEMENT.title):
        store.prune(StepRef(step), keep=())


def _opened(folder: Path, durability: Durability) -> SqliteRunStore:
    try:
        return SqliteRunStore(folder, durability=durability)
    except OSError as exc:
        raise WriteError(
            f"cannot use the state folder {str(folder)!r}: {exc.strerror or exc}",
            hint="give another one with --state-dir",
        ) from exc


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    """What the store raises, as errors of the product."""
    try:
        yield
    except StoreLockedError as exc:
        raise BadInput(str(exc), hint=exc.hint or "wait for the other run, or stop it") from exc
    except StoreError as exc:
        raise WriteError(str(exc), hint=_way_out(folder, exc)) from exc


def _way_out(folder: Path, exc: StoreError) -> str:
    other = f"or remove {str(folder)!r}: it only holds what can be computed or asked again"
    return f"{exc.hint}; {other}" if exc.hint else f"give another folder with --state-dir, {other}"
