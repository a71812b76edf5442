"""What a host is told: the instruction in the request, and the text at exit code 42.

Hosts cut the output of a command that ends with another code than 0, so that text stays under
1 KB, however long the paths are; and they shorten long prompts, so the instruction is short and
names the file with the prompt. (F20; facts/claude-code-and-agent-files.md section 1.)
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["MAX_TEXT", "instruction", "instructions", "pending_message"]

MAX_TEXT = 800
"""The most bytes of UTF-8 that a pause says: with what a run prints before it, under 1 KB."""


def instruction(prompt: Path, schema: Path, responses: Path) -> str:
    """The ``prompt`` of the request: what a host hands to its agent, word by word."""
    return (
        f"Read the file {prompt} whole, from its first line to its last, and do what it says. "
        f"For each agent NAME that it lists, write its JSON object into {responses}/NAME.json "
        f"(JSON Schema of a whole answer: {schema}). Write no other file. "
        "Then answer with one line: how many files you wrote."
    )


def pending_message(request: Mapping[str, Any], note: str = "") -> str:
    """The first line at exit code 42, with ``note`` when something has to be said before."""
    count = len(request["agents"])
    asked = f"{count} agent" + ("" if count == 1 else "s")
    line = f"pending: {request['agent_name']} has to answer for {asked}"
    return f"{line}\n  note: {note}" if note else line


def instructions(request: Mapping[str, Any], *, used: int = 0) -> str:
    """What to do next, for a host or a person: in at most `MAX_TEXT` bytes with the ``used``
    ones of the message before it.

    ``request`` is the document of ``.agent-request.json``. Long paths are left out in favour
    of the command that prints them.
    """
    folder = str(Path(request["response_path"]).parent)
    at = f"--dir {shlex.quote(folder)}"
    agent = request["agent_name"]
    end = "2. Run the same command again with --resume."
    long = (
        f'1. Run the subagent {agent} with exactly the text of "prompt" in\n'
        f"   {folder}/.agent-request.json\n"
        "   (it reads the prompt file and writes one JSON file per agent).\n"
        f"{end}\n"
        "It answers with JSON instead of writing files?\n"
        f"   template-create bridge respond {at} --from FILE\n"
        "All else:\n"
        f"   template-create bridge show {at}"
    )
    short = (
        f"1. Run the subagent {agent} with exactly the instruction that this prints:\n"
        f"   template-create bridge show {at}\n{end}"
    )
    shortest = "See .agent-request.json in the bridge folder, then run again with --resume."
    room = MAX_TEXT - used
    return next((text for text in (long, short) if len(text.encode()) <= room), shortest)
