"""``template-create memory``: what assistants and teams learned, checked, stored and used; options
only, see `template_creation.cli.memory_actions` for what they do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from template_creation.cli.options import JsonOption, VerboseOption
from template_creation.cli.run import guarded

__all__ = ["memory_app"]

_EPILOG = """A first round:

\b
  template-create memory validate CLAUDE.md docs/adr lessons.md
  template-create memory import CLAUDE.md docs/adr lessons.md
  template-create memory review
  template-create --name shop --path ../shop --memories default

\b
Without --store memories are kept in memories.sqlite3 below ~/.agentecflow
(TEMPLATE_CREATE_HOME, TEMPLATE_CREATE_MEMORIES).
"""

memory_app = typer.Typer(
    help="Import, check and review what was learned, and hand it to the agents.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog=_EPILOG,
)

_BATCH = "Batches"
_DUPLICATES = "Duplicates"
PathsArgument = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Files or folders; see `memory formats`.")
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format", metavar="NAME", help="Their format.  [default: found from the content]"
    ),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        metavar="PLACE",
        help="PATH.sqlite3 or postgresql://...  [default: TEMPLATE_CREATE_MEMORIES, else "
        "~/.agentecflow/memories.sqlite3]",
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(help="TOML file with a table [memory]; options here and MEMORY_BATCH_* win."),
]
BatchSizeOption = Annotated[
    str | None,
    typer.Option(
        metavar="N|adaptive",
        help="Records in one transaction, 1 to 5000.  [default: 1000]",
        rich_help_panel=_BATCH,
    ),
]
RollbackOption = Annotated[
    str | None,
    typer.Option(
        metavar="WHAT",
        help="What a failing record takes with it: record, batch or run.  [default: record]",
        rich_help_panel=_BATCH,
    ),
]
ContinueOption = Annotated[
    bool | None,
    typer.Option(
        "--continue-on-error/--stop-on-error",
        help="Go on after a failing record.  [default: go on]",
        rich_help_panel=_BATCH,
    ),
]
FirstOption = Annotated[
    bool | None,
    typer.Option(
        "--validate-first/--validate-inline",
        help="Read and check everything before anything is written.  [default: inline]",
        rich_help_panel=_BATCH,
    ),
]
MaxFailuresOption = Annotated[
    int | None,
    typer.Option(
        metavar="N", help="End when more records than this failed.", rich_help_panel=_BATCH
    ),
]
ToleranceOption = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="End when more than this share of the records failed, 0 to 1.  [default: 1]",
        rich_help_panel=_BATCH,
    ),
]
LogOption = Annotated[
    bool | None,
    typer.Option(
        "--log-progress/--no-log-progress",
        help="Log each batch and failure to stderr.  [default: only with --verbose]",
        rich_help_panel=_BATCH,
    ),
]
ModeOption = Annotated[
    str | None,
    typer.Option(
        metavar="MODE",
        help="'memory+dedup' skips and merges duplicates; 'memory' stores each record and "
        "refuses known content.  [default: memory+dedup]",
        rich_help_panel=_DUPLICATES,
    ),
]
MergeOption = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Share of words in common from which a pair is merged.  [default: 0.85]",
        rich_help_panel=_DUPLICATES,
    ),
]
ReviewOption = Annotated[
    float | None,
    typer.Option(
        metavar="SHARE",
        help="Share from which a pair is put on the review list.  [default: 0.6]",
        rich_help_panel=_DUPLICATES,
    ),
]
GuardsOption = Annotated[
    str | None,
    typer.Option(
        metavar="A,B",
        help="Checks that a merge has to pass.  [default: all]",
        rich_help_panel=_DUPLICATES,
    ),
]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="A memory, or the start of its id.")]


@memory_app.command()
def validate(
    paths: PathsArgument,
    form: FormatOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what an import would do: invalid records with their remedies, duplicates, quality.

    Nothing is written. Exit code 1 when a record cannot be imported.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_actions import validate_paths

        validate_paths(console, paths, form=form, config=config)


@memory_app.command(
    "import",
    epilog="""Examples:

\b
  template-create memory import CLAUDE.md .claude/rules
  template-create memory import notes.json --format json --store notes.sqlite3
  template-create memory import big.jsonl --batch-size adaptive --max-failures 100
  template-create memory import chat.af --store postgresql://localhost/memories

\b
Exit codes: 0 done; 7 done, some records failed; 1 stopped, rolled back or
nothing could be stored; 2 bad input; 130 interrupted (run it again: it goes
on where it was).
""",
)
def import_(
    paths: PathsArgument,
    form: FormatOption = "",
    store: StoreOption = None,
    config: ConfigOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything, take it back, and say what it was.")
    ] = False,
    batch_size: BatchSizeOption = None,
    rollback: RollbackOption = None,
    continue_on_error: ContinueOption = None,
    validate_first: FirstOption = None,
    max_failures: MaxFailuresOption = None,
    failure_tolerance: ToleranceOption = None,
    log_progress: LogOption = None,
    mode: ModeOption = None,
    merge_threshold: MergeOption = None,
    review_threshold: ReviewOption = None,
    guards: GuardsOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Store memories: batch by batch, each in one transaction, no duplicate twice.

    Killed anywhere, the same command goes on where it was; run again after the end, it stores
    nothing new. Pairs that are alike but not surely the same wait for `memory review`.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_actions import import_paths

        settings: dict[str, Any] = {
            "batch_size": batch_size,
            "rollback": rollback,
            "continue_on_error": continue_on_error,
            "validate_first": validate_first,
            "max_failures": max_failures,
            "failure_tolerance": failure_tolerance,
            "log_progress": log_progress,
            "mode": mode,
            "merge_threshold": merge_threshold,
            "review_threshold": review_threshold,
            "guards": tuple(guards.split(",")) if guards is not None else None,
        }
        import_paths(
            console,
            paths,
            form=form,
            store=store,
            config=config,
            settings=settings,
            dry_run=dry_run,
        )


@memory_app.command()
def review(
    store: StoreOption = None,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="PAIR", help="They say the same: merge them; repeatable."),
    ] = None,
    reject: Annotated[
        list[str] | None,
        typer.Option("--reject", metavar="PAIR", help="Keep both, for good; repeatable."),
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Ask pair by pair on this terminal.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many pairs.")] = 20,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show pairs that are alike but not surely the same, and take decisions about them.

    A decision outranks all thresholds and holds for later imports; `memory unmerge` takes a
    merge back.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_review import review_pairs

        review_pairs(
            console,
            store=store,
            accept=accept or [],
            reject=reject or [],
            interactive=interactive,
            limit=limit,
        )


@memory_app.command()
def merge(
    first: IdArgument,
    second: Annotated[str, typer.Argument(metavar="ID", help="The memory that says the same.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Merge two memories of the same kind and scope, whatever their similarity."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_review import merge_two

        merge_two(console, first, second, store=store)


@memory_app.command()
def unmerge(
    memory: IdArgument,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Take a merge back: the records are again what they were, and stay apart."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_review import take_back

        take_back(console, memory, store=store)


@memory_app.command()
def stats(
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what the store holds and how the imports went: rates, errors, time, batch sizes."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_actions import show_stats

        show_stats(console, store=store)


@memory_app.command("list")
def list_(
    store: StoreOption = None,
    kind: Annotated[
        str, typer.Option(metavar="KIND", help="Only this kind, as constraint or lesson.")
    ] = "",
    text: Annotated[str, typer.Option(metavar="WORDS", help="Only those that say this.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """List memories: id, kind, pain, confidence, text, and where each comes from."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_actions import list_memories

        list_memories(console, store=store, kind=kind, text=text, limit=limit)


@memory_app.command()
def export(
    store: StoreOption = None,
    output: Annotated[
        Path | None, typer.Option(help="File to write (a folder for cogx).  [default: stdout]")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help="jsonl, markdown or cogx.")
    ] = "jsonl",
    members: Annotated[
        bool, typer.Option("--members", help="Merged records one by one, as they came.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the output.")] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write the memories out: JSON lines (imports to the same store again), Markdown, COGX."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_actions import export_store

        export_store(console, store=store, output=output, form=form, members=members, force=force)


@memory_app.command()
def agents(
    package: Annotated[Path, typer.Argument(help="Folder of a template package.")],
    memories: Annotated[
        list[str] | None,
        typer.Option(metavar="PLACE", help="As for the main command.  [default: default]"),
    ] = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show which memories would reach which agents of a package, with the parts of their scores,
    and why the others reach none.

    At most 3 for each agent and 1,200 tokens in all; nothing is written.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_agents import show_agents

        show_agents(console, package, memories=memories or ["default"])


@memory_app.command()
def formats(as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """List the formats that can be imported, in the order in which they are tried."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.memory_actions import show_formats

        show_formats(console)
