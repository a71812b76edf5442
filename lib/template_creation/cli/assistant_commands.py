"""What a package and this program give to assistants: install, doctor, apply, export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from template_creation.cli.options import JsonOption, VerboseOption
from template_creation.cli.run import guarded

__all__ = ["assistant_app"]

assistant_app = typer.Typer(rich_markup_mode=None)

CheckOption = Annotated[
    bool, typer.Option("--check", help="Tell what differs from the package (exit code 5).")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show the files; change nothing.")]

UserOption = Annotated[
    bool, typer.Option("--user", help="For all your projects, in ~/.claude.  [default]")
]
ProjectOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="For one project, in its .claude folder."),
]


@assistant_app.command()
def install(
    user: UserOption = False,
    project: ProjectOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace also files that were edited.")
    ] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Put the commands /template-create and /agent-enhance into Claude Code.

    Run it again after an update. Files that you edited are kept and told. CLAUDE_CONFIG_DIR
    moves ~/.claude.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.install_command import run_install

        run_install(console, user=user, project=project, dry_run=dry_run, force=force)


@assistant_app.command()
def uninstall(
    user: UserOption = False,
    project: ProjectOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Remove also files that were edited.")
    ] = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Take what `install` wrote out of Claude Code; files that you edited stay."""
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.install_command import run_uninstall

        run_uninstall(console, user=user, project=project, dry_run=dry_run, force=force)


@assistant_app.command()
def doctor(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A project.", show_default="this folder")
    ] = Path(),
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Find what would silently not work in Claude Code, with a fix for each finding.

    Looks at the agents of the project, of the folders above it, of the user and of plugins; at
    what `install` and `apply` placed; at Claude Code itself. Exit code 5 when something does not
    work, 0 when there are warnings at most.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.doctor_command import run_doctor

        run_doctor(console, folder=folder)


@assistant_app.command()
def apply(
    package: Annotated[Path, typer.Argument(help="Folder of a template package.")],
    dest: Annotated[Path, typer.Argument(help="Folder of the project that is to use it.")],
    templates: Annotated[
        list[str] | None,
        typer.Option("--template", metavar="ID", help="Also code of this template or layer."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Values of the code, as for render."),
    ] = None,
    like: Annotated[
        str, typer.Option(metavar="ENTITY", help="The original entity to start from.")
    ] = "",
    remove: Annotated[
        bool, typer.Option("--remove", help="Take agents and guides away that were not edited.")
    ] = False,
    check: CheckOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Put a package's agents, guides and chosen code into a project.

    Agents go into .claude/agents, the guides into CLAUDE.md and AGENTS.md between two marks. What
    you wrote or edited is never written over.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.apply_command import run_apply

        run_apply(
            console,
            package=package,
            dest=dest,
            templates=templates or [],
            sets=sets or [],
            like=like,
            remove=remove,
            check=check,
            dry_run=dry_run,
        )


@assistant_app.command()
def export(
    package: Annotated[Path, typer.Argument(help="A package, or a folder with agents/.")],
    dest: Annotated[Path, typer.Argument(help="Folder to write into.")],
    to: Annotated[
        list[str],
        typer.Option(
            metavar="FORMAT",
            help="claude-plugin, copilot, codex, opencode, gemini, cursor or agents-md; "
            "repeatable.",
        ),
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Replace also files that were edited.")
    ] = False,
    check: CheckOption = False,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write a package's agents in the form of another assistant.

    Each file is checked against that assistant's own rules before it is written; what its form
    cannot hold is told. Files that you edited are kept.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.export_command import run_export

        run_export(
            console,
            package=package,
            dest=dest,
            formats=to,
            force=force,
            check=check,
            dry_run=dry_run,
        )
