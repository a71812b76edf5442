"""The state of a workflow's run: what it was asked, how far it is, what came of each step.

It lives in the run store beside the items of the batches, one record per step, each written on
its own. The seed's view of it is `WorkflowState.export`.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, Self

from batch_engine.core import ItemRow, RunStore, StepCounts, StepRef, export_state
from batch_engine.workflow.arrange import Present
from batch_engine.workflow.errors import WorkflowError
from batch_engine.workflow.secrets import Secrets, SecretStore

__all__ = [
    "RunRecord",
    "RunStatus",
    "StepRecord",
    "StepStatus",
    "WorkflowState",
]

STATE_FORMAT = 1
SINGLE_KEY = "step"
"""The key under which the one result of a step without items is stored."""

RunStatus = Literal[
    "running", "completed", "completed_with_errors", "failed", "paused", "interrupted"
]
StepStatus = Literal["running", "completed", "completed_with_errors", "skipped", "failed"]

_RUN = StepRef(":run")
_STEPS = StepRef(":steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What a run was asked to do, and who does it. Times are UTC in ISO 8601; ``secrets`` are
    names, whose values are not in the store."""

    workflow: str
    file: str
    flow: str
    params: Mapping[str, Any]
    run_number: int
    timestamp: str
    status: RunStatus = "running"
    error: str = ""
    pid: int = 0
    host: str = ""
    started: str = ""
    ended: str = ""
    secrets: tuple[str, ...] = ()
    format: int = STATE_FORMAT

    @property
    def alive(self) -> bool:
        """Whether the process that runs it is there, as far as this machine can tell."""
        if self.status != "running":
            return False
        if self.host != socket.gethostname():
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What is remembered of a step. ``total`` counts the items of a batch, and is None for a
    step without items; ``shape`` tells whether other items of it have a result than before;
    ``error`` is the error record of a step that failed; ``gone`` counts the items of a batch that
    are stored and no longer in its list."""

    name: str
    status: StepStatus
    task: str = ""
    fingerprint: str = ""
    total: int | None = None
    reason: str = ""
    error: Mapping[str, Any] | None = None
    shape: str = ""
    position: int = 0
    gone: int = 0
    started: str = ""
    ended: str = ""

    @property
    def ref(self) -> StepRef:
        """Where its items are in the store."""
        return StepRef(self.name, self.fingerprint)

    @property
    def finished(self) -> bool:
        """Whether its result may be used again."""
        return self.status in ("completed", "completed_with_errors")


class WorkflowState:
    """Reads and writes the state of the run in ``store``."""

    def __init__(
        self, store: RunStore, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.store = store
        self._now = now

    @classmethod
    def shown(cls, store: RunStore) -> Self:
        """The state in ``store`` for people: with ``***`` where a secret was."""
        state = cls(store)
        run = state.run
        return cls(SecretStore(store, Secrets())) if run is not None and run.secrets else state

    # -- the run ----------------------------------------------------------------------------

    @property
    def run(self) -> RunRecord | None:
        """The run, or None where none was begun. Raises `WorkflowError` for a newer format."""
        row = self.store.get_many(_RUN, ["run"]).get("run")
        if row is None:
            return None
        data = json.loads(row.data or "{}")
        if data.get("format", 0) > STATE_FORMAT:
            raise WorkflowError(
                f"the run has state of format {data['format']}, this program knows {STATE_FORMAT}",
                hint="update the program, or start in another workspace",
            )
        known = {name: data[name] for name in RunRecord.__dataclass_fields__ if name in data}
        return RunRecord(**{**known, "secrets": tuple(known.get("secrets", ()))})

    @property
    def status(self) -> RunStatus | Literal["not_started"]:
        """How the run stands; one whose process is gone is interrupted."""
        run = self.run
        if run is None:
            return "not_started"
        return "interrupted" if run.status == "running" and not run.alive else run.status

    def begin(self, run: RunRecord) -> RunRecord:
        """Stores the run as running, in this process."""
        run = replace(
            run,
            status="running",
            error="",
            pid=os.getpid(),
            host=socket.gethostname(),
            started=run.started or self.at(),
            ended="",
        )
        self._put(_RUN, "run", asdict(run), 0)
        return run

    def end(self, status: RunStatus, error: str = "") -> None:
        """Stores how the run ended."""
        run = self.run
        if run is not None:
            ended = replace(run, status=status, error=error, ended=self.at())
            self._put(_RUN, "run", asdict(ended), 0)

    # -- its steps --------------------------------------------------------------------------

    def step(self, name: str) -> StepRecord | None:
        """What is remembered of the step ``name``."""
        row = self.store.get_many(_STEPS, [name]).get(name)
        return _step_record(row) if row else None

    def steps(self) -> list[StepRecord]:
        """What is remembered of all steps, in the order in which they came."""
        records = [_step_record(row) for row in self.store.items(_STEPS)]
        return sorted(records, key=lambda record: record.position)

    def put_step(self, record: StepRecord) -> StepRecord:
        """Stores what is to be remembered of a step."""
        self._put(_STEPS, record.name, asdict(record), record.position)
        return record

    def counts(self, record: StepRecord) -> StepCounts:
        """How many items of a batch have a result, and how many failed, of those in its list."""
        store = Present(self.store) if record.gone else self.store
        return store.counts(record.ref)

    def result(self, record: StepRecord) -> Any:
        """The stored result of a step without items; None where there is none."""
        row = self.store.get_many(record.ref, [SINGLE_KEY]).get(SINGLE_KEY)
        return json.loads(row.data) if row and row.status == "ok" and row.data else None

    def export(self, *, results: bool = False) -> dict[str, Any]:
        """The run as one JSON-able value: ``{version, workflow, status, steps: {name:
        {status, processed, failed, stats}}}``; the step parts are the seed's state format."""
        run = self.run
        if run is None:
            raise WorkflowError("there is no run to export", hint="name the workspace of a run")
        steps = {}
        for record in self.steps():
            state = export_state(Present(self.store), record.ref, results=results)
            state.pop("version")
            steps[record.name] = {"task": record.task, "status": record.status, **state}
            if record.reason:
                steps[record.name]["reason"] = record.reason
        return {
            "version": STATE_FORMAT,
            "workflow": run.workflow,
            "status": self.status,
            "params": dict(run.params),
            "steps": steps,
        }

    def at(self) -> str:
        """The time now, as it is stored."""
        return self._now().isoformat(timespec="milliseconds")

    def _put(self, step: StepRef, key: str, data: Mapping[str, Any], position: int) -> None:
        text = json.dumps(data, separators=(",", ":"))
        self.store.begin_step(step)
        self.store.put(step, [ItemRow(key, "ok", text, None, 1, position)])


def _step_record(row: ItemRow) -> StepRecord:
    data = json.loads(row.data or "{}")
    return StepRecord(**{n: data[n] for n in StepRecord.__dataclass_fields__ if n in data})
