"""Options that several commands take, each written once: its name, its type, its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "BaseUrlOption",
    "BatchOption",
    "BridgeDirOption",
    "BridgeOption",
    "ContractOption",
    "EffortOption",
    "JsonOption",
    "MaxAnswerOption",
    "MaxCostOption",
    "MemoriesOption",
    "ModelOption",
    "PricesOption",
    "ReadTimeoutOption",
    "SchemaOption",
    "StateOption",
    "TimeoutOption",
    "VerboseOption",
]

_ENHANCEMENT = "Enhancement"
BridgeOption = Annotated[
    str | None,
    typer.Option(
        help="Who enhances the agents: 'offline' extracts from the code, without key or network; "
        "'api' asks a model (ANTHROPIC_API_KEY); 'claude' runs your own Claude Code CLI, without "
        "a key; 'file' writes the request for another process, "
        "such as your assistant, and ends with exit code 42.  [default: TEMPLATE_CREATE_BRIDGE, "
        "else config.toml, else offline]",
        rich_help_panel=_ENHANCEMENT,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        help="Model of the api bridge, or of the claude bridge if not its default.",
        rich_help_panel=_ENHANCEMENT,
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        help="Server of the api bridge, if another one speaks its protocol.",
        rich_help_panel=_ENHANCEMENT,
    ),
]
MaxCostOption = Annotated[
    float | None,
    typer.Option(
        metavar="USD",
        help="Stop before the request that could bring the run above this.",
        rich_help_panel=_ENHANCEMENT,
    ),
]
PricesOption = Annotated[
    Path | None,
    typer.Option(
        help="TOML file with prices and models that go over the shipped list.",
        rich_help_panel=_ENHANCEMENT,
    ),
]
ContractOption = Annotated[
    str | None,
    typer.Option(
        help="Form of the answer: 'sections' (compact, cites ids; code comes from the templates) "
        "or 'markdown' (whole texts).  [default: sections]",
        rich_help_panel=_ENHANCEMENT,
    ),
]
BatchOption = Annotated[
    bool | None,
    typer.Option(
        "--batch/--no-batch",
        help="One request for all agents, or one for each.  [default: batch]",
        rich_help_panel=_ENHANCEMENT,
    ),
]
BridgeDirOption = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the file bridge's request and answer.  [default: the run's state]",
        rich_help_panel=_ENHANCEMENT,
    ),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS", help="How long one answer may take.", rich_help_panel=_ENHANCEMENT
    ),
]
EffortOption = Annotated[
    str | None,
    typer.Option(
        metavar="LEVEL",
        help="How much the api bridge's model thinks: low, medium, high, xhigh or max; thinking is "
        "paid for as output.  [default: low, where the model is known to think]",
        rich_help_panel=_ENHANCEMENT,
    ),
]
SchemaOption = Annotated[
    str | None,
    typer.Option(
        metavar="auto|on|off",
        help="Whether the api bridge sends a JSON Schema that the answer has to keep to. 'auto': "
        "to models that are known to take one, never to a server at --base-url; try 'on' if yours "
        "answers in broken JSON, 'off' if it refuses the request.  [default: auto]",
        rich_help_panel=_ENHANCEMENT,
    ),
]
ReadTimeoutOption = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="How long the api bridge's server may be silent, such as while it reads the prompt; "
        "--timeout is for the whole answer.  [default: 60, or 300 with --base-url]",
        rich_help_panel=_ENHANCEMENT,
    ),
]
MaxAnswerOption = Annotated[
    int | None,
    typer.Option(
        metavar="TOKENS",
        min=1,
        help="How long an answer to the api bridge may be, thinking included; requests are planned "
        "to fit.  [default: 64000, or 16000 for models that are not known and --base-url]",
        rich_help_panel=_ENHANCEMENT,
    ),
]
MemoriesOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PLACE",
        help="Hand what was learned to the agents: a store, a file or folder of notes, or "
        "'default'; repeatable. See `template-create memory`.",
        rich_help_panel=_ENHANCEMENT,
    ),
]

StateOption = Annotated[
    Path | None,
    typer.Option(help="Folder of the run state.  [default: below ~/.agentecflow/state]"),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout instead of text.")
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Say more, and show tracebacks.")
]
