"""``template-create runs``: the state of runs, seen, taken along and removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from template_creation.cli.options import JsonOption, VerboseOption
from template_creation.cli.run import Console, guarded
from template_creation.errors import BadInput

if TYPE_CHECKING:
    from template_creation.create.history import PastRun

__all__ = ["runs_app"]

runs_app = typer.Typer(
    help="See, export and remove the state of runs (below ~/.agentecflow/state).",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

NameArgument = Annotated[
    str | None, typer.Argument(metavar="NAME", help="The run, as `runs list` calls it.")
]
StateOption = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Its state folder, as in --state-dir of the run."),
]


@runs_app.command("list")
def list_runs(as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """List the runs that have state: name, how it stands, who answers, what is done and spent."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.create.history import find_runs

        root = _root()
        runs = find_runs(root)
        document = {"status": "done", "exit_code": 0, "runs": [run.to_document() for run in runs]}
        text = "\n".join(_table(runs)) if runs else f"There are no runs in {root}."
        console.result(text, document)


@runs_app.command()
def show(
    name: NameArgument = None,
    state_dir: StateOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show one run: what it was asked for, its steps, its request that waits, what it spent."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        run = _run(name, state_dir)
        document = {**run.to_document(), "run_status": run.status, "status": "done"}
        console.result("\n".join(_shown(run)), {**document, "exit_code": 0})


@runs_app.command()
def export(
    name: NameArgument = None,
    state_dir: StateOption = None,
    results: Annotated[
        bool, typer.Option("--results/--no-results", help="With what each item gave.")
    ] = True,
    verbose: VerboseOption = False,
) -> None:
    """Print the state of a run as JSON: for each step processed, failed, stats and results."""
    with guarded(as_json=True, verbose=verbose) as console:
        from template_creation.create.history import export_run

        run = _run(name, state_dir)
        if run.status == "unreadable":
            raise BadInput(f"the run {run.name!r} cannot be exported: {run.problem}")
        console.result("", {"run": run.name, "steps": export_run(run.folder, results=results)})


@runs_app.command()
def clean(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="These runs.  [default: all that are finished]"),
    ] = None,
    state_dir: StateOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also runs that are paused, interrupted or failed.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Remove the state of finished runs; packages stay. A run that is at work is never removed,
    one that can go on only by name and with --force."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        _clean(console, names or [], state_dir, force=force)


def _clean(console: Console, names: Sequence[str], state_dir: Path | None, *, force: bool) -> None:
    from template_creation.create.history import clean_run, find_runs

    named = [_run(name, None) for name in names]
    named += [_run(None, state_dir)] if state_dir is not None else []
    if force and not named:
        raise BadInput("--force needs the names of runs", hint="see `template-create runs list`")
    found = named or [run for run in find_runs(_root()) if run.status in ("finished", "empty")]
    lines = []
    for run in found:
        clean_run(run, force=force)
        lines.append(f"Removed {run.name}: {_agents(run)}{_spent(run, ', ')}.")
    document = {
        "status": "done",
        "exit_code": 0,
        "removed": [run.to_document() for run in found],
        "spent_usd": sum(run.spent.usd for run in found),
    }
    if not found:
        lines = ["There is nothing to remove: no run is finished."]
    console.result("\n".join(lines), document)


def _root() -> Path:
    from template_creation.package import product_home

    return product_home() / "state"


def _run(name: str | None, state_dir: Path | None) -> PastRun:
    from template_creation.create.history import read_past_run

    if state_dir is not None:
        return read_past_run(state_dir.expanduser().absolute())
    if not name or Path(name).name != name:
        raise BadInput(f"no run {name!r}", hint="give a NAME of `template-create runs list`")
    return read_past_run(_root() / name)


def _table(runs: Sequence[PastRun]) -> Iterator[str]:
    width = max(len(run.name) for run in runs)
    for run in runs:
        yield f"{run.name:<{width}}  {run.status:<11}  {_what(run)}"


def _what(run: PastRun) -> str:
    """One run in a line: who answers, what is done, what waits, what was spent, about what."""
    if run.record is None:
        return run.problem or "no run began here"
    waits = ""
    if run.pending:
        count = len(run.pending["agents"] or ())
        waits = f", a request for {count} {'agent' if count == 1 else 'agents'} waits"
    who = run.record.enhancement.bridge.describe()
    return f"{who}: {_agents(run)}{waits}{_spent(run, ', ')}; {run.record.path}"


def _agents(run: PastRun) -> str:
    count = len(run.agents_done)
    text = f"{count} {'agent' if count == 1 else 'agents'} done"
    return f"{text}, {len(run.agents_failed)} failed" if run.agents_failed else text


def _spent(run: PastRun, before: str = "") -> str:
    return f"{before}{run.spent.says} spent" if run.spent.requests else ""


def _shown(run: PastRun) -> Iterator[str]:
    yield f"{run.name}: {run.status}"
    yield f"  state     {run.folder}"
    if run.problem:
        yield f"  problem   {run.problem}"
    if run.record is not None:
        yield f"  codebase  {run.record.path}"
        yield f"  package   {run.record.output}"
        yield f"  bridge    {run.record.enhancement.bridge.describe()}"
        yield f"  contract  {run.record.enhancement.contract}"
    for step, done, failed in run.steps:
        yield f"  step      {step}: {done} done" + (f", {failed} failed" if failed else "")
    if run.agents_done:
        yield f"  agents    {', '.join(run.agents_done)}"
    if run.agents_failed:
        yield f"  failed    {', '.join(run.agents_failed)}"
    if run.pending:
        yield f"  waits     {run.pending['request_id']}, for {', '.join(run.pending['agents'])}"
        yield f"  answer    {run.pending['response_path']}"
    if run.spent.requests:
        tokens = f"{run.spent.input_tokens:,} tokens in, {run.spent.output_tokens:,} out"
        yield f"  spent     {run.spent.says}: {tokens}"
