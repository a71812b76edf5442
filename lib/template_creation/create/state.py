"""The run state of a package name: one store, bound to name and codebase."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batch_engine.core import (
    MemoryRunStore,
    RunStore,
    SqliteRunStore,
    StepRef,
    StoreError,
    StoreLockedError,
)
from template_creation.create.values import CreateOptions
from template_creation.errors import BadInput, WriteError
from template_creation.package import default_state
from template_creation.phases import WorkflowPhase

__all__ = ["open_state"]


@contextmanager
def open_state(options: CreateOptions) -> Iterator[RunStore]:
    """The store of this run; in memory for a dry run, which writes nothing.

    Raises `BadInput` when another live run has the same state, `WriteError` when the state
    cannot be used; nothing is ever started over silently.
    """
    if options.dry_run:
        yield MemoryRunStore()
        return
    folder = (options.state or default_state(options.name)).expanduser().absolute()
    with _translated(folder), _opened(folder) as store:
        if options.fresh:
            _forget(store)
        yield store


def _opened(folder: Path) -> SqliteRunStore:
    try:
        return SqliteRunStore(folder)
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


def _forget(store: RunStore) -> None:
    """Empty the store of every step that keeps results."""
    for step in ("scan", WorkflowPhase.ANALYSIS.title, WorkflowPhase.AGENT_ENHANCEMENT.title):
        store.prune(StepRef(step), keep=())


def _way_out(folder: Path, exc: StoreError) -> str:
    other = f"or remove {str(folder)!r}: it only holds what can be computed again"
    return f"{exc.hint}; {other}" if exc.hint else f"give another folder with --state-dir, {other}"
