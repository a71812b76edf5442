"""The commands and their options; what they do is imported when they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from template_creation.cli.assistant_commands import assistant_app
from template_creation.cli.bridge_command import bridge_app
from template_creation.cli.memory_command import memory_app
from template_creation.cli.options import (
    BaseUrlOption,
    BatchOption,
    BridgeDirOption,
    BridgeOption,
    ContractOption,
    EffortOption,
    JsonOption,
    MaxAnswerOption,
    MaxCostOption,
    MemoriesOption,
    ModelOption,
    PricesOption,
    ReadTimeoutOption,
    SchemaOption,
    StateOption,
    TimeoutOption,
    VerboseOption,
)
from template_creation.cli.report_command import report
from template_creation.cli.run import guarded
from template_creation.cli.runs_command import runs_app
from template_creation.cli.strict import StrictCommand, StrictGroup
from template_creation.cli.workflow_command import workflow_app
from template_creation.errors import BadInput, ExitCode

__all__ = ["app", "main"]

_EPILOG = """Examples:

\b
  template-create --name shop --path ../shop
  template-create --name shop --path ../shop --dry-run
  template-create --name shop --path ../shop --bridge api --model claude-sonnet-5-5 --max-cost 1
  template-create render ~/.agentecflow/templates/shop . --set entity="order line"
  template-create validate ~/.agentecflow/templates/shop

\b
Exit codes: 0 done; 1 failed; 2 bad input; 3 analysis failed; 4 generation
failed; 5 validation failed; 6 cannot write; 7 done in part; 42 an agent
invocation is pending; 70 internal error; 130 interrupted.
"""

app = typer.Typer(
    cls=StrictGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from template_creation.version import version

        typer.echo(f"template-create {version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=_EPILOG)
def create(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the package: 3 to 50 lower-case letters, digits, hyphens."),
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option(
            help="The codebase to learn from; it is never written to.  [default: this folder]"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the package.  [default: ~/.agentecflow/templates/NAME]"),
    ] = None,
    max_templates: Annotated[
        int | None,
        typer.Option(min=1, max=200, help="At most this many templates.  [default: 15]"),
    ] = None,
    no_agents: Annotated[bool, typer.Option("--no-agents", help="Templates only.")] = False,
    bridge: BridgeOption = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    contract: ContractOption = None,
    batch: BatchOption = None,
    bridge_dir: BridgeDirOption = None,
    timeout: TimeoutOption = None,
    read_timeout: ReadTimeoutOption = None,
    effort: EffortOption = None,
    schema: SchemaOption = None,
    max_answer: MaxAnswerOption = None,
    memories: MemoriesOption = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the run of this name that was paused or interrupted."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what would be written and what would be sent to a model; write nothing.",
        ),
    ] = False,
    state_dir: StateOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Make the package anew even if nothing changed.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Turn a codebase you like into a template package with agents that know it.

    The templates are proven to render back to the code byte for byte; the agents cite real
    files, lines and counts of it. TEMPLATE_CREATE_HOME moves ~/.agentecflow.
    """
    if ctx.invoked_subcommand is not None:
        return
    with guarded(as_json=as_json, verbose=verbose) as console:
        if name is None:
            raise BadInput(
                "no --name given",
                hint="template-create --name my-shop --path ../my-shop; --help shows all",
            )
        from template_creation.cli.create_command import run_create
        from template_creation.cli.enhancement_options import Flags, asking
        from template_creation.cli.memory_place import named_places
        from template_creation.create import CreateOptions

        flags = Flags(
            bridge=bridge,
            model=model,
            base_url=base_url,
            bridge_dir=bridge_dir,
            timeout=timeout,
            read_timeout=read_timeout,
            effort=effort,
            schema=schema,
            max_answer=max_answer,
            contract=contract,
            batch=batch,
            max_cost=max_cost,
            prices=prices,
        )
        asked = asking(flags, resume=resume)
        options = CreateOptions(
            name=name,
            path=path,
            output=output,
            state=state_dir,
            max_templates=max_templates,
            with_agents=False if no_agents else None,
            enhancement=asked.options,
            memories=named_places(memories),
            max_cost_usd=asked.max_cost_usd,
            prices=asked.prices,
            dry_run=dry_run,
            fresh=fresh,
            resume=resume,
            expected=asked.expected,
        )
        run_create(console, options)


@app.command(cls=StrictCommand)
def enhance(
    package: Annotated[
        Path, typer.Argument(help="A folder with agents/ and templates/, ours or anyone's.")
    ],
    agents: Annotated[
        list[str] | None,
        typer.Option("--agent", metavar="NAME", help="Only this agent; repeatable."),
    ] = None,
    bridge: BridgeOption = None,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    max_cost: MaxCostOption = None,
    prices: PricesOption = None,
    contract: ContractOption = None,
    batch: BatchOption = None,
    bridge_dir: BridgeDirOption = None,
    timeout: TimeoutOption = None,
    read_timeout: ReadTimeoutOption = None,
    effort: EffortOption = None,
    schema: SchemaOption = None,
    max_answer: MaxAnswerOption = None,
    memories: MemoriesOption = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run on this package that was paused.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what would be asked and, for the offline bridge, what would change.",
        ),
    ] = False,
    state_dir: StateOption = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Ask again also for agents that are finished.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Enhance the agents of a package in place, all by one request where it fits.

    Each agent is written whole or not at all; what a person wrote in it stays. Exit code 7
    when some agents stay as they are, 1 when all do.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.enhance_command import run_enhance
        from template_creation.cli.enhancement_options import Flags, asking
        from template_creation.cli.memory_place import named_places
        from template_creation.create import EnhanceOptions

        flags = Flags(
            bridge=bridge,
            model=model,
            base_url=base_url,
            bridge_dir=bridge_dir,
            timeout=timeout,
            read_timeout=read_timeout,
            effort=effort,
            schema=schema,
            max_answer=max_answer,
            contract=contract,
            batch=batch,
            max_cost=max_cost,
            prices=prices,
        )
        asked = asking(flags, resume=resume)
        options = EnhanceOptions(
            package=package,
            agents=tuple(agents or ()),
            enhancement=asked.options,
            memories=named_places(memories),
            max_cost_usd=asked.max_cost_usd,
            prices=asked.prices,
            state=state_dir,
            dry_run=dry_run,
            fresh=fresh,
            resume=resume,
            expected=asked.expected,
        )
        run_enhance(console, options)


@app.command()
def validate(
    package: Annotated[Path, typer.Argument(help="Folder of a template package.")],
    codebase: Annotated[
        Path | None,
        typer.Option(help="Also compare with this codebase: bytes of templates, every count."),
    ] = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check a package: files, proofs, secrets, agents, references.

    Exit code 0 when nothing is broken, 5 when something is; warnings alone do not fail.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.validate_command import run_validate

        run_validate(console, package=package, codebase=codebase)


@app.command()
def render(
    package: Annotated[Path, typer.Argument(help="Folder of a template package.")],
    dest: Annotated[Path, typer.Argument(help="Folder to write the code into.")],
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="entity=..., project=..., repeatable."),
    ] = None,
    original: Annotated[
        bool, typer.Option("--original", help="Write the source files back, byte for byte.")
    ] = False,
    every: Annotated[
        bool,
        typer.Option("--all", help="Every template, also copies and those from other entities."),
    ] = False,
    like: Annotated[
        str,
        typer.Option(
            metavar="ENTITY",
            help="The entity of the original code to start from.  [default: the most frequent]",
        ),
    ] = "",
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ID", help="A template id (T3) or layer; repeatable."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that are there and differ.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the files; write nothing.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write code from the templates of a package.

    --set entity="order line" gives the new name in the singular; its other forms follow, and
    --set entity_plural=... overrides the plural. Values that would break the code are refused.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.render_command import run_render

        run_render(
            console,
            package=package,
            dest=dest,
            sets=sets or [],
            original=original,
            every=every,
            like=like,
            only=only or [],
            force=force,
            dry_run=dry_run,
        )


app.add_typer(assistant_app)
app.command()(report)
app.add_typer(bridge_app, name="bridge")
app.add_typer(memory_app, name="memory")
app.add_typer(runs_app, name="runs")
app.add_typer(workflow_app, name="workflow")


def main() -> None:
    """The entry point; ends the process with an `ExitCode`."""
    try:
        app(prog_name="template-create")
    except KeyboardInterrupt:
        raise SystemExit(int(ExitCode.INTERRUPTED)) from None
