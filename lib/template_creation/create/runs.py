"""The record of a run in its store: what was asked for, so that ``--resume`` can go on.

It is bound to the package's name by the state folder, and to the codebase by its own words.
(DESIGN section 4; F05-F08 of the facts.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from batch_engine.core import ItemRow, RunStore, SqliteRunStore, StepRef
from template_creation.create.values import DEFAULT_TEMPLATES, CreateOptions
from template_creation.errors import BadInput, InvocationPending
from template_creation.package import check_name, check_target, default_output
from template_creation.phases import WorkflowPhase
from template_creation.values.enhancement import EnhancementOptions

__all__ = [
    "RunRecord",
    "begin_run",
    "nothing_to_resume",
    "read_run",
    "resume_run",
    "run_open",
    "settle",
    "settled_places",
    "stored_agents",
]

_STEP = StepRef("run", "1")
_KEY = "record"

RunStatus = Literal["open", "paused", "finished", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What a run is asked for, nothing left open; ``path`` and ``output`` are absolute.

    Where agents of a finished package are enhanced, both are the package, and ``agents`` names
    those asked for (none: all). ``memories`` are places of memories: absolute paths, and
    addresses without passwords.
    ``status`` is ``open`` while it runs, and stays so after a kill.
    """

    run_id: str
    name: str
    path: str
    output: str
    enhancement: EnhancementOptions
    max_templates: int = DEFAULT_TEMPLATES
    with_agents: bool = True
    agents: tuple[str, ...] = ()
    memories: tuple[str, ...] = ()
    status: RunStatus = "open"

    def asks_for(self) -> dict[str, Any]:
        """What is asked for, as plain JSON values, without who asks and how it stands."""
        fields = self.to_json()
        del fields["run_id"], fields["status"]
        return fields

    def to_json(self) -> dict[str, Any]:
        """This as plain JSON values."""
        fields = {key: getattr(self, key) for key in self.__dataclass_fields__}
        return {
            **fields,
            "enhancement": self.enhancement.to_json(),
            "agents": list(self.agents),
            "memories": list(self.memories),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunRecord:
        """What `to_json` gave."""
        enhancement = EnhancementOptions.from_json(data["enhancement"])
        listed = {key: tuple(data.get(key, ())) for key in ("agents", "memories")}
        return cls(**{**data, "enhancement": enhancement, **listed})


def read_run(store: RunStore) -> RunRecord | None:
    """The record of the last run in ``store``, if there is one."""
    row = store.get_many(_STEP, [_KEY]).get(_KEY)
    return None if row is None or row.data is None else RunRecord.from_json(json.loads(row.data))


def settle(options: CreateOptions) -> RunRecord:
    """A new run of what ``options`` ask for, defaults filled in.

    Raises `BadInput` for a codebase or an output that cannot be.
    """
    root = _existing_folder(options.path or Path())
    output = (options.output or default_output(options.name)).expanduser().resolve()
    check_target(output, root)
    return RunRecord(
        run_id=uuid4().hex,
        name=check_name(options.name),
        path=str(root),
        output=str(output),
        max_templates=options.max_templates or DEFAULT_TEMPLATES,
        with_agents=options.with_agents is not False,
        enhancement=options.enhancement or EnhancementOptions(),
        memories=settled_places(options.memories or ()),
    )


def settled_places(places: Sequence[str]) -> tuple[str, ...]:
    """Places of memories as a run keeps them: paths made absolute, addresses without their
    passwords (PGPASSWORD or a password file give them)."""
    return tuple(
        re.sub(r"(://[^/@:]*):[^/@]*@", r"\1@", place)
        if "://" in place
        else str(Path(place).expanduser().resolve())
        for place in places
    )


def begin_run(store: RunStore, run: RunRecord, *, fresh: bool = False) -> RunRecord:
    """``run``, under the id that it had where it was interrupted.

    Raises `BadInput` where a run about another codebase waits for its answer.
    """
    before = read_run(store)
    if before is None or before.status not in ("open", "paused") or fresh:
        return run
    if before.status == "paused" and before.path != run.path:
        raise BadInput(
            f"a run of {run.name!r} waits for an answer, about another codebase: {before.path!r}",
            hint="go on with it by --resume, or drop it by --fresh",
        )
    return replace(run, run_id=before.run_id) if before.asks_for() == run.asks_for() else run


def resume_run(store: RunStore, name: str, asked: Mapping[str, object]) -> RunRecord:
    """The last run in ``store``, open again.

    Raises `BadInput` where there is none, or where ``asked``, (dotted) fields of a record,
    says something else than it; None says nothing.
    """
    run = read_run(store)
    if run is None:
        raise nothing_to_resume(name)
    for field, value in asked.items():
        has = attrgetter(field)(run)
        if value is not None and value != has:
            raise BadInput(
                f"--resume goes on with {field.rpartition('.')[2].replace('_', ' ')} {has!r}, "
                f"not with {value!r}",
                hint="leave that option out, or start anew without --resume",
            )
    return replace(run, status="open")


@contextmanager
def run_open(store: RunStore, run: RunRecord) -> Iterator[None]:
    """Records that ``run`` is open, and in the end how it stands; a pause is told which agents
    have a stored result (`InvocationPending.finished`)."""
    _write(store, run)
    try:
        yield
    except InvocationPending as pause:
        _write(store, replace(run, status="paused"))
        waiting = pause.request.get("agents", ())
        done, _ = stored_agents(store)
        pause.finished = pause.finished or tuple(name for name in done if name not in waiting)
        raise
    except Exception:
        _write(store, replace(run, status="failed"))
        raise
    _write(store, replace(run, status="finished"))


def stored_agents(store: RunStore) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the agents with a stored result, and of those that failed."""
    steps = store.steps() if isinstance(store, SqliteRunStore) else ()
    named = [step for step in steps if step.name == WorkflowPhase.AGENT_ENHANCEMENT.title]
    rows = {
        row.key.partition("@")[0]: row.status for step in named[-1:] for row in store.items(step)
    }
    done = tuple(name for name, status in rows.items() if status == "ok")
    return done, tuple(name for name in rows if name not in done)


def nothing_to_resume(name: str) -> BadInput:
    """What is said where there is no run to go on with."""
    return BadInput(
        f"there is no run of {name!r} to go on with",
        hint="start it without --resume; give --state-dir if its state is elsewhere",
    )


def _existing_folder(path: Path) -> Path:
    folder = path.expanduser().resolve()
    if not folder.exists():
        raise BadInput(f"no such codebase: {str(path)!r}", hint="give --path an existing folder")
    if not folder.is_dir():
        raise BadInput(f"the codebase {str(path)!r} is a file", hint="give --path a folder")
    return folder


def _write(store: RunStore, run: RunRecord) -> None:
    store.put(_STEP, [ItemRow(_KEY, "ok", json.dumps(run.to_json(), sort_keys=True))])
