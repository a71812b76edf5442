"""The runs behind a package, from the run state: the one that made it, and those in place."""

from __future__ import annotations

import re
from pathlib import Path

from batch_engine.core import SqliteRunStore, StoreError, read_history
from batch_engine.core.sqlite_file import RUN_FILE
from template_creation.agents import Ledger
from template_creation.create import EnhanceOptions
from template_creation.create.runs import RunRecord, read_run
from template_creation.package import Package, default_state
from template_creation.reporting import NoRun, Run

__all__ = ["recorded_runs"]

_MADE = "The run that made the package"
_IN_PLACE = "The run that enhanced its agents in place"


def recorded_runs(package: Package, state: Path | None) -> list[Run | NoRun]:
    """The run that made ``package``, and one that enhanced its agents in place if there was one.

    With ``state`` the run in that folder, whatever package it wrote; without it the run state of
    the package's name, as far as it is about this folder. What cannot be read is a `NoRun` that
    says why.
    """
    root = package.root.expanduser().resolve()
    if state is not None:
        return [_run(_MADE, state.expanduser(), root, named=True)]
    runs = [_run(_MADE, default_state(str(package.manifest["name"])), root, named=False)]
    in_place = EnhanceOptions(package=root).state_folder
    if (in_place / RUN_FILE).exists():
        runs.append(_run(_IN_PLACE, in_place, root, named=False))
    return runs


def _run(title: str, folder: Path, root: Path, *, named: bool) -> Run | NoRun:
    if not (folder / RUN_FILE).is_file():
        return NoRun(title, "there is no run state of it; --state-dir names another folder")
    try:
        with SqliteRunStore(folder, read_only=True) as store:
            record = read_run(store)
            requests = Ledger(store).requests(all_runs=True)
        processes = read_history(folder)
    except (StoreError, ValueError, TypeError, KeyError) as exc:
        said = str(exc).replace(str(folder), folder.name)
        return NoRun(title, f"the run state cannot be read: {said}")
    if record is None:
        return NoRun(title, "the run state holds no run of template-create")
    elsewhere = Path(record.output) != root
    if elsewhere and not named:
        return NoRun(
            title,
            "the last run of this name wrote to another folder; if it made this package, "
            "--state-dir names its run state",
        )
    note = "This run wrote to another folder than the package is in now." if elsewhere else ""
    return Run(title, record.status, _asked(record), processes, requests, note)


def _asked(record: RunRecord) -> tuple[tuple[str, str], ...]:
    """What the run was asked for, without paths of the machine."""
    bridge = record.enhancement.bridge
    asked = [
        ("Bridge", bridge.describe()),
        ("Contract", record.enhancement.contract),
        ("Templates", f"at most {record.max_templates}"),
    ]
    if bridge.base_url:
        asked.append(("Server", re.sub(r"//[^/@]*@", "//", bridge.base_url)))
    if record.agents:
        asked.append(("Agents", ", ".join(record.agents)))
    if record.memories:
        asked.append(("Memories", f"{len(record.memories)} places"))
    if not record.with_agents:
        asked.append(("Agents", "none asked for"))
    return tuple(asked)
