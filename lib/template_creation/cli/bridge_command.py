"""``template-create bridge``: the host's side of the file bridge; options only, see
`template_creation.cli.bridge_actions` for what they do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from template_creation.cli.options import JsonOption, VerboseOption
from template_creation.cli.run import guarded

__all__ = ["bridge_app"]

bridge_app = typer.Typer(
    help="See, answer and check the request that a run with --bridge file waits for.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

_WHERE = "Folder of the bridge, as in --bridge-dir."
NameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Package name: its state folder is the bridge's.")
]
DirOption = Annotated[Path | None, typer.Option("--dir", metavar="FOLDER", help=_WHERE)]


@bridge_app.command(
    epilog="""Examples:

\b
  template-create bridge show --name shop
  template-create bridge show --name shop --prompt | less
"""
)
def show(
    name: NameOption = None,
    folder: DirOption = None,
    prompt: Annotated[
        bool, typer.Option("--prompt", help="Print the whole prompt that a model reads.")
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of a whole answer.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what is asked: whom, for which agents, where the answer goes, what to do next.

    Exit code 2 when no request is pending.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.bridge_actions import run_show

        run_show(console, name=name, folder=folder, prompt=prompt, schema=schema)


@bridge_app.command(
    epilog="""Examples:

\b
  template-create bridge respond --name shop --from answer.json
  template-create bridge respond --name shop --from api.json --agent api-specialist
  some-model < prompt.md | template-create bridge respond --name shop --from -
  template-create bridge respond --name shop --error "no such agent" --type AGENT_NOT_FOUND
"""
)
def respond(
    name: NameOption = None,
    folder: DirOption = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="The answer, in any form; - is stdin."),
    ] = None,
    agent: Annotated[
        str, typer.Option(metavar="AGENT", help="FILE is the answer for this agent alone.")
    ] = "",
    error: Annotated[
        str | None, typer.Option(metavar="MESSAGE", help="There will be no answer, and why.")
    ] = None,
    error_type: Annotated[
        str,
        typer.Option(
            "--type",
            help="With --error: AGENT_NOT_FOUND, INVOCATION_FAILED, TIMEOUT, PARSE_ERROR, "
            "VALIDATION_ERROR or UNKNOWN.",
        ),
    ] = "UNKNOWN",
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Hand in an answer: checked first, then written where the run looks for it.

    Builds the envelope of protocol 1.0, so that no model has to. Exit code 2 when no request is
    pending, 5 when the file answers for no agent of it; nothing is written then.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.bridge_actions import run_respond

        run_respond(
            console,
            name=name,
            folder=folder,
            source=source,
            agent=agent,
            error=error,
            error_type=error_type,
        )


@bridge_app.command(
    epilog="""Examples:

\b
  template-create bridge check --name shop
  template-create bridge check --name shop --answer answer.json
"""
)
def check(
    name: NameOption = None,
    folder: DirOption = None,
    answer: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Check this file (- is stdin), not what is in place."),
    ] = None,
    agent: Annotated[
        str, typer.Option(metavar="AGENT", help="FILE is the answer for this agent alone.")
    ] = "",
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Check an answer against the request: form, agents, every id that it cites.

    Without --answer it checks what has been handed in by now. Exit code 0 when every agent is
    answered and nothing is wrong, 5 otherwise, 2 when no request is pending.
    """
    with guarded(as_json=as_json, verbose=verbose) as console:
        from template_creation.cli.bridge_actions import run_check

        run_check(console, name=name, folder=folder, answer=answer, agent=agent)
