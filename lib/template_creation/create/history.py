"""The state of runs as others read it: what there is, how it stands, what may go.

Reading locks and writes nothing, so a run can be looked at while it works.
(DESIGN sections 4 and 5; F15, F19 of the facts.)
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from batch_engine.core import SqliteRunStore, StepRef, StoreError, export_state
from template_creation.agents import Ledger, Spent
from template_creation.bridges.file import Layout, pending_request
from template_creation.create.pauses import PAUSE_STEP
from template_creation.create.runs import RunRecord, read_run, stored_agents
from template_creation.errors import BadInput, WriteError
from template_creation.values.enhancement import BridgeChoice

__all__ = ["PastRun", "clean_run", "export_run", "find_runs", "read_past_run"]

RUN_FILE = "run.sqlite3"
_STATE_FILES = (RUN_FILE, f"{RUN_FILE}-wal", f"{RUN_FILE}-shm", "run.lock")

Standing = Literal["running", "interrupted", "paused", "finished", "failed", "empty", "unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """The run whose state is in ``folder``, called ``name`` by that folder.

    ``status`` is ``running`` for a live process, ``interrupted`` where it was killed, ``empty``
    where no run began, and ``unreadable`` where ``problem`` says why. ``agents_done`` are those
    whose result is stored; ``pending`` is the request of the file bridge that waits, with its
    id, agents and paths. ``spent`` counts all requests of this state.
    """

    name: str
    folder: Path
    status: Standing
    record: RunRecord | None = None
    agents_done: tuple[str, ...] = ()
    agents_failed: tuple[str, ...] = ()
    pending: dict[str, Any] | None = None
    spent: Spent = field(default_factory=Spent)
    steps: tuple[tuple[str, int, int], ...] = ()
    problem: str = ""

    def to_document(self) -> dict[str, Any]:
        """This as one JSON object."""
        record = self.record
        return {
            "name": self.name,
            "status": self.status,
            "state": str(self.folder),
            "run": None if record is None else record.to_json(),
            "agents_done": list(self.agents_done),
            "agents_failed": list(self.agents_failed),
            "pending": self.pending,
            "spent": {
                "requests": self.spent.requests,
                "input_tokens": self.spent.input_tokens,
                "output_tokens": self.spent.output_tokens,
                "usd": self.spent.usd,
                "unpriced_requests": self.spent.unpriced,
            },
            "steps": [
                {"step": step, "done": done, "failed": failed} for step, done, failed in self.steps
            ],
            "problem": self.problem,
        }


def find_runs(root: Path) -> list[PastRun]:
    """Every run whose state is in a folder of ``root``, by name."""
    if not root.is_dir():
        return []
    return [read_past_run(path.parent) for path in sorted(root.glob(f"*/{RUN_FILE}"))]


def read_past_run(folder: Path) -> PastRun:
    """The run whose state is in ``folder``; raises `BadInput` where there is none."""
    name = folder.name
    if not (folder / RUN_FILE).is_file():
        raise BadInput(
            f"there is no run {name!r}: no {RUN_FILE} in {str(folder)!r}",
            hint="see `template-create runs list`; --state-dir gives a folder elsewhere",
        )
    at_work = SqliteRunStore.is_in_use(folder)
    try:
        with SqliteRunStore(folder, read_only=True) as store:
            record = read_run(store)
            done, failed = stored_agents(store)
            return PastRun(
                name=name,
                folder=folder,
                status=_standing(record, at_work=at_work),
                record=record,
                agents_done=done,
                agents_failed=failed,
                pending=_pending(folder, record),
                spent=Ledger(store).spent(all_runs=True),
                steps=tuple(_counted(store)),
            )
    except (StoreError, BadInput, ValueError, KeyError, TypeError) as exc:  # of others, or damaged
        told = f"{type(exc).__name__}: {exc}" if not isinstance(exc, StoreError) else str(exc)
        return PastRun(name=name, folder=folder, status="unreadable", problem=told)


def export_run(folder: Path, *, results: bool = True) -> dict[str, Any]:
    """The state of every step of the run in ``folder``, by name, each in the shape of seed 003
    (`export_state`); of a step that was made with several settings, the last.

    Raises `BadInput` where there is no run, `StoreError` where it cannot be read.
    """
    read_past_run(folder)
    with SqliteRunStore(folder, read_only=True) as store:
        return {step.name: export_state(store, step, results=results) for step in _latest(store)}


def clean_run(run: PastRun, *, force: bool = False) -> None:
    """Removes the state of ``run``: its store, and what the file bridge left. Other files of the
    folder stay, and so does a package.

    Raises `BadInput` for a run that is at work, and without ``force`` for one that can go on;
    `WriteError`.
    """
    if run.status == "running" or SqliteRunStore.is_in_use(run.folder):
        raise BadInput(f"the run {run.name!r} is at work", hint="wait until it ends, or stop it")
    if run.status not in ("finished", "empty") and not force:
        raise BadInput(
            f"the run {run.name!r} is {run.status}: {_lost(run)}",
            hint=f"go on with it by --resume, or add --force (state: {run.folder})",
        )
    try:
        for layout in {Layout(run.folder), Layout(_bridge_folder(run.folder, run.record))}:
            _remove_bridge(layout, run)
        for name in _STATE_FILES:
            (run.folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # other files are in it
            run.folder.rmdir()
    except OSError as exc:
        raise WriteError(f"cannot remove {str(run.folder)!r}: {exc.strerror or exc}") from exc


def _lost(run: PastRun) -> str:
    if run.status == "unreadable":
        return run.problem
    count = len(run.agents_done)
    return f"{count} finished {'agent' if count == 1 else 'agents'} would be lost"


def _standing(record: RunRecord | None, *, at_work: bool) -> Standing:
    if at_work:
        return "running"
    if record is None:
        return "empty"
    return "interrupted" if record.status == "open" else record.status


def _latest(store: SqliteRunStore) -> tuple[StepRef, ...]:
    return tuple({step.name: step for step in store.steps()}.values())


def _counted(store: SqliteRunStore) -> Iterator[tuple[str, int, int]]:
    for step in _latest(store):
        counts = store.counts(step)
        if step != PAUSE_STEP and counts.ok + counts.failed:  # texts that are kept are no work
            yield step.name, counts.ok, counts.failed


def _bridge_folder(folder: Path, record: RunRecord | None) -> Path:
    choice = BridgeChoice() if record is None else record.enhancement.bridge
    return Path(choice.folder or folder)


def _pending(folder: Path, record: RunRecord | None) -> dict[str, Any] | None:
    """The request of this run that waits in the bridge folder, by our own record of it: the
    file for hosts may be gone, or damaged."""
    if record is None:
        return None
    request = pending_request(_bridge_folder(folder, record), run_id=record.run_id)
    keys = ("request_id", "agents", "prompt_path", "response_path", "responses_dir", "created_at")
    return None if request is None else {key: request.get(key) for key in keys}


def _remove_bridge(layout: Layout, run: PastRun) -> None:
    """What the bridge keeps for this run: all of it in the run's own folder; in a folder that
    others may share, only a request of this run."""
    if layout.folder == run.folder:
        for path in (layout.request, *layout.responses):
            path.unlink(missing_ok=True)
        if layout.home.is_dir():
            shutil.rmtree(layout.home)
    elif run.pending is not None:
        waiting = str(run.pending["request_id"])
        with suppress(FileNotFoundError):
            if waiting.encode() in layout.request.read_bytes():
                layout.request.unlink()
        known = layout.of_request(waiting)
        if known.is_dir():
            shutil.rmtree(known)
