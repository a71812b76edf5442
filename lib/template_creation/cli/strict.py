"""Command lines that say one thing: no option twice, and none in front of a command.

An assistant may be allowed every command line that begins with certain words, as
``template-create --bridge file``. So what follows may not take them back: not by another
``--bridge``, nor by a command such as ``workflow run`` behind them. (docs/claude-code.md)
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import typer
from typer.core import TyperCommand

from template_creation.cli.usage import ToldGroup

__all__ = ["StrictCommand", "StrictGroup"]


class StrictCommand(TyperCommand):
    """A command whose options may be given once each, unless they are lists or plain flags."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See `typer`; raises `typer.BadParameter`."""
        _given(self, ctx, args)
        return super().parse_args(ctx, args)


class StrictGroup(ToldGroup):
    """The same for a program that has commands and options of its own, which then stand alone."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See `typer`; raises `typer.BadParameter`."""
        options, rest = _given(self, ctx, args)
        if options and rest:
            raise typer.BadParameter(
                f"it stands before {rest[0]!r}; options of a command stand behind it",
                ctx=ctx,
                param=options[0],
            )
        return super().parse_args(ctx, args)


def _given(command: Any, ctx: Any, args: list[str]) -> tuple[list[Any], list[str]]:
    """The options that are given, and what stands behind them; raises for one given twice."""
    _, rest, order = command.make_parser(ctx).parse_args(args=list(args))
    options = [item for item in order if item.param_type_name == "option" and not item.is_eager]
    for option, times in Counter(options).items():
        adds = option.multiple or option.count or (option.is_flag and not option.secondary_opts)
        if times > 1 and not adds:
            raise typer.BadParameter("it is given more than once", ctx=ctx, param=option)
    return options, rest
