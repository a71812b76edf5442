"""``template-create report``: one page about a package, to be read in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from template_creation.cli.run import guarded

__all__ = ["report"]


def report(
    package: Annotated[Path, typer.Argument(help="Folder of a template package.")],
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The file to write.  [default: ./NAME-report.html]"),
    ] = None,
    open_it: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser afterwards.")
    ] = False,
    state_dir: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the run state to tell the run from.  [default: that of the package's "
            "name, below ~/.agentecflow/state]"
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is no report of ours.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout instead of text.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more, and show tracebacks.")
    ] = False,
) -> None:
    """Write one HTML page about a package: agents, templates, proofs, counts, cost.

    The page loads nothing and works without scripts. The package is validated for it; what that
    finds is on the page, and does not change the exit code (`validate` does that).
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.report_actions import write_report

        write_report(
            console,
            package=package,
            output=output,
            state=state_dir,
            open_it=open_it,
            force=force,
        )
