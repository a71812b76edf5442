"""Mistakes in a command line, told as every other failure is: with ``--json`` by one object."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from template_creation.cli.run import Console, report_failure
from template_creation.errors import ExitCode

__all__ = ["ToldGroup"]

_UsageError: type[Exception] = typer.BadParameter.__mro__[2]
"""The base of all that shows itself in a command line, which typer does not export by name."""


class ToldGroup(TyperGroup):
    """A program whose usage errors are on stdout too where ``--json`` is among its words."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """See `typer`; ends the process with the exit code, unless not ``standalone_mode``."""
        given = list(sys.argv[1:] if args is None else args)

        def run() -> Any:
            return super(ToldGroup, self).main(
                args if args is None else given,
                prog_name,
                complete_var,
                False,
                windows_expand_args,
                **extra,
            )

        if not standalone_mode:
            return run()
        try:
            code = run()
        except typer.Abort:
            code = int(ExitCode.FAILED)
        except _UsageError as exc:
            _tell(exc, as_json=_asks_for_json(given))
            code = int(ExitCode.BAD_INPUT)
        raise SystemExit(code if isinstance(code, int) else 0)


def _asks_for_json(words: Sequence[str]) -> bool:
    end = words.index("--") if "--" in words else len(words)
    return "--json" in words[:end]


def _tell(error: Any, *, as_json: bool) -> None:
    """The error as typer shows it on stderr, and as an object on stdout."""
    error.show()
    if as_json:
        place = error.ctx.command_path if error.ctx else "template-create"
        without = type(error).__name__ == "NoArgsIsHelpError"
        message = "there is no command" if without else error.format_message()
        hint = f"`{place} --help` shows what there is"
        report_failure(Console(as_json, verbose=False), "UsageError", message, hint)
