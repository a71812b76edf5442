"""Which program is called, with which options, and what it may see of our environment."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from template_creation.errors import BadInput

__all__ = [
    "LONGEST_SCHEMA",
    "PROGRAM_VARIABLE",
    "answer_room",
    "arguments",
    "child_environment",
    "find_program",
    "without_secrets",
]

PROGRAM_VARIABLE = "TEMPLATE_CREATE_CLAUDE"
"""Names the program where it is neither on the PATH nor where its installer puts it."""

LONGEST_SCHEMA = 100_000
"""Bytes. The schema is an argument of the program, and Linux takes 131,072 in one."""

ROOM_VARIABLE = "CLAUDE_CODE_MAX_OUTPUT_TOKENS"
LEAST_ROOM = 32_000
"""Tokens that an answer may be where nobody says another number: of the model that has the
least, as an alias may stand for any (facts/claude-code-and-agent-files.md)."""

_USUAL_PLACES = (".local/bin/claude", ".claude/local/claude")

_SYSTEM_PROMPT = (
    "You answer one request, from the facts in it alone. Give the whole answer by calling the "
    "StructuredOutput tool once, and write nothing else."
)

_KEPT = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TERM", "TZ"),
        *("TMPDIR", "TMP", "TEMP", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
        *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    )
)
_KEPT_PREFIXES = ("LC_", "XDG_", "ANTHROPIC_", "CLAUDE_")
_CLOUDS = {
    "CLAUDE_CODE_USE_BEDROCK": ("AWS_",),
    "CLAUDE_CODE_USE_VERTEX": ("GOOGLE_", "GCLOUD_", "CLOUD_ML_", "CLOUDSDK_", "VERTEX_"),
    "CLAUDE_CODE_USE_FOUNDRY": ("AZURE_",),
}
"""Variables of a cloud go along only where the CLI is told to reach its model through it."""

_OUTER = frozenset(
    (
        "CLAUDE_CODE_ENTRYPOINT",
        "CLAUDE_CODE_SSE_PORT",
        "CLAUDE_CODE_SESSION_ID",
        "CLAUDE_PROJECT_DIR",
    )
)
"""What a Claude Code that runs us says of itself, not of the one that we run."""

_SET = {
    "CLAUDE_CODE_MAX_RETRIES": "0",  # asking again is the engine's
    "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK": "1",  # that would be asking again as well
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
}


def find_program(environ: Mapping[str, str] = os.environ) -> str:
    """The absolute path of the CLI: what ``TEMPLATE_CREATE_CLAUDE`` names, else ``claude`` on
    the PATH, else where its installers put it.

    Raises `BadInput` where there is none.
    """
    named = environ.get(PROGRAM_VARIABLE, "")
    path = environ.get("PATH", os.defpath)
    home = Path(environ.get("HOME") or "~").expanduser()
    usual = [str(home / place) for place in _USUAL_PLACES]
    for candidate in [named] if named else ["claude", *usual]:
        found = shutil.which(candidate, path=path)
        if found:
            return str(Path(found).absolute())
    if named:
        raise BadInput(
            f"{PROGRAM_VARIABLE} is {named!r}, and no program is there",
            hint="name the claude program, or leave the variable out",
        )
    raise BadInput(
        "the claude bridge runs the Claude Code CLI, and there is no 'claude' on the PATH",
        hint=f"install it, or name it in {PROGRAM_VARIABLE}; --bridge offline needs no model",
    )


def answer_room(environ: Mapping[str, str]) -> int:
    """How many tokens the program lets an answer be.

    >>> answer_room({}), answer_room({"CLAUDE_CODE_MAX_OUTPUT_TOKENS": "8000"})
    (32000, 8000)
    """
    said = environ.get(ROOM_VARIABLE, "").strip()
    return int(said) if said.isascii() and said.isdigit() and int(said) > 0 else LEAST_ROOM


def arguments(model: str, schema: str, budget_usd: float | None) -> list[str]:
    """The options of one call: one turn, no tool but the one that takes the answer, nothing of
    the user's own set-up but login and model, nothing kept of the session."""
    options = [
        "--print",
        *("--output-format", "stream-json", "--verbose", "--include-partial-messages"),
        *("--max-turns", "1", "--effort", "low"),
        *("--tools", "", "--strict-mcp-config", "--disable-slash-commands", "--safe-mode"),
        *("--setting-sources", "user", "--no-session-persistence"),
        *("--system-prompt", _SYSTEM_PROMPT, "--json-schema", schema),
    ]
    if model:
        options += ["--model", model]
    if budget_usd is not None:
        options += ["--max-budget-usd", f"{budget_usd:.6f}"]
    return options


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What of ``environ`` the CLI gets: what it finds its login, its model and the network by,
    and no secret of anything else."""
    prefixes = list(_KEPT_PREFIXES)
    for switch, names in _CLOUDS.items():
        if environ.get(switch, "") not in ("", "0", "false"):
            prefixes += names
    kept = {
        name: value
        for name, value in environ.items()
        if (name in _KEPT or name.startswith(tuple(prefixes))) and name not in _OUTER
    }
    return {**kept, **_SET}


_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|AUTH|HEADERS", re.IGNORECASE)
_SHORTEST_SECRET = 8


def without_secrets(text: str, environ: Mapping[str, str]) -> str:
    """``text`` of the CLI with the secrets taken out that it got from ``environ``.

    >>> without_secrets("bad key sk-ant-12345", {"ANTHROPIC_API_KEY": "sk-ant-12345"})
    'bad key [hidden]'
    """
    for name, value in environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "[hidden]")
    return text
