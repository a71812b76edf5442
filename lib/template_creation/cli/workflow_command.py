"""``template-create workflow``: run, check and look at YAML workflows; options only, see
`template_creation.cli.workflow_actions` for what they do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from template_creation.cli.options import JsonOption, VerboseOption
from template_creation.cli.run import guarded

__all__ = ["workflow_app"]

workflow_app = typer.Typer(
    help="Run YAML workflows whose batch steps can be killed, resumed and retried.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The workflow file.")]
PairsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Parameters, as --param.")
]
ParamOption = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter; repeatable."),
]
WorkspaceOption = Annotated[
    Path | None,
    typer.Option(help="Folder of the run.  [default: BASE/NAME_run_N, N counts up]"),
]
BaseOption = Annotated[Path, typer.Option("--base-dir", help="Folder of numbered runs.")]
FlowOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="A flow of the file.  [default: its default]")
]
TasksOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tasks", metavar="MODULE", help="A module or .py file that registers tasks; repeatable."
    ),
]
CodeOption = Annotated[
    bool, typer.Option("--allow-python-code", help="Allow the Python code in the file to run.")
]
ExecutorOption = Annotated[
    str, typer.Option(metavar="KIND", help="Where items run: threads, processes or dask.")
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="With dask: an existing scheduler.  [default: a local cluster]"
    ),
]
BridgeOption = Annotated[
    str | None,
    typer.Option(
        "--bridge",
        metavar="WHO",
        help="Who answers agent steps: file, api, or MODULE:OBJECT with an invoke method.",
    ),
]
ModelOption = Annotated[
    str | None, typer.Option(metavar="MODEL", help="With --bridge api: the model.")
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(metavar="URL", help="With --bridge api: another server of its protocol."),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(metavar="USD", help="With --bridge api: spend no more than this."),
]
ChangedOption = Annotated[
    str,
    typer.Option(
        metavar="WHAT", help="Of finished steps that were changed since: refuse, rerun or keep."
    ),
]
AllowOption = Annotated[
    bool, typer.Option("--allow-failures", help="Exit 0, not 7, when only allowed things failed.")
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Take warnings as errors.")]
# What is always JSON takes --json too, so that a script can give it everywhere.
AlwaysJson = Annotated[bool, typer.Option("--json", hidden=True)]
RunArgument = Annotated[Path, typer.Argument(metavar="WORKSPACE", help="Folder of a run.")]


@workflow_app.command(
    epilog="""Examples:

\b
  template-create workflow run digest.yaml --param folder=docs
  template-create workflow run digest.yaml --param folder=docs --dry-run
  template-create workflow run digest.yaml --resume

\b
Exit codes: 0 done; 7 done, some allowed failures; 1 failed; 2 bad input;
42 an agent's answer is pending; 130 interrupted.
"""
)
def run(
    file: FileArgument,
    pairs: PairsArgument = None,
    param: ParamOption = None,
    workspace: WorkspaceOption = None,
    base_dir: BaseOption = Path("runs"),
    flow: FlowOption = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the run in --workspace, or with the latest."),
    ] = False,
    changed: ChangedOption = "refuse",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the steps and how many items; run nothing.")
    ] = False,
    executor: ExecutorOption = "threads",
    scheduler: SchedulerOption = None,
    bridge: BridgeOption = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    max_cost: MaxCostOption = None,
    tasks: TasksOption = None,
    allow_python_code: CodeOption = False,
    allow_failures: AllowOption = False,
    strict: StrictOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run a workflow. Every finished step and item is stored; --resume never repeats them."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.workflow_actions import RunOptions, run_workflow
        from template_creation.cli.workflow_agents import Asking

        options = RunOptions(
            file=file,
            pairs=[*(pairs or []), *(param or [])],
            workspace=workspace,
            base_dir=base_dir,
            flow=flow,
            resume=resume,
            changed=changed,
            executor=executor,
            scheduler=scheduler,
            asking=Asking(bridge=bridge, model=model, base_url=base_url, max_cost=max_cost),
            tasks=tasks or [],
            allow_code=allow_python_code,
            allow_failures=allow_failures,
            strict=strict,
        )
        run_workflow(console, options, dry_run=dry_run)


@workflow_app.command()
def retry(
    file: FileArgument,
    pairs: PairsArgument = None,
    param: ParamOption = None,
    workspace: WorkspaceOption = None,
    base_dir: BaseOption = Path("runs"),
    changed: ChangedOption = "refuse",
    executor: ExecutorOption = "threads",
    scheduler: SchedulerOption = None,
    bridge: BridgeOption = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    max_cost: MaxCostOption = None,
    tasks: TasksOption = None,
    allow_python_code: CodeOption = False,
    allow_failures: AllowOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run only what failed in a run (items and steps), and the steps that follow from it."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.workflow_actions import RunOptions, run_workflow
        from template_creation.cli.workflow_agents import Asking

        options = RunOptions(
            file=file,
            pairs=[*(pairs or []), *(param or [])],
            workspace=workspace,
            base_dir=base_dir,
            retry=True,
            changed=changed,
            executor=executor,
            scheduler=scheduler,
            asking=Asking(bridge=bridge, model=model, base_url=base_url, max_cost=max_cost),
            tasks=tasks or [],
            allow_code=allow_python_code,
            allow_failures=allow_failures,
        )
        run_workflow(console, options)


@workflow_app.command()
def validate(
    file: FileArgument,
    tasks: TasksOption = None,
    strict: StrictOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check a workflow file; every problem with file, line and column.

    Exit code 2 when something is wrong; warnings alone do not fail.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.workflow_actions import validate_workflow

        validate_workflow(console, file, tasks=tasks or [], strict=strict)


@workflow_app.command()
def status(
    workspace: RunArgument, as_json: JsonOption = False, verbose: VerboseOption = False
) -> None:
    """Show how far a run is, also while another process works on it."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.workflow_actions import show_status

        show_status(console, workspace)


@workflow_app.command()
def export(
    workspace: RunArgument,
    results: Annotated[
        bool, typer.Option("--results", help="With the results of all items.")
    ] = False,
    as_json: AlwaysJson = True,
    verbose: VerboseOption = False,
) -> None:
    """Print the state of a run as JSON: processed, failed and stats of each step."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.workflow_actions import export_run

        export_run(console, workspace, results=results)


@workflow_app.command("import-state")
def import_state(
    file: FileArgument,
    state: Annotated[
        Path,
        typer.Argument(
            metavar="STATE", help="A workspace of yaml-workflow, or a state file of it."
        ),
    ],
    pairs: PairsArgument = None,
    param: ParamOption = None,
    workspace: Annotated[
        Path | None, typer.Option(help="Folder of the run.  [default: where it ran]")
    ] = None,
    tasks: TasksOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Take over a run of yaml-workflow, so that 'run --resume' goes on with it here.

    Reads .workflow_metadata.json and .batch_state/*_state.json; they are left as they are.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.workflow_import import import_state as take_over

        pairs = [*(pairs or []), *(param or [])]
        take_over(console, file, state, pairs=pairs, workspace=workspace, tasks=tasks or [])


@workflow_app.command()
def schema(tasks: TasksOption = None, as_json: AlwaysJson = True) -> None:
    """Print the JSON Schema of workflow files, for editors."""
    with guarded(as_json=as_json, verbose=False) as console:
        from template_creation.cli.workflow_actions import print_schema

        print_schema(console, tasks=tasks or [])
