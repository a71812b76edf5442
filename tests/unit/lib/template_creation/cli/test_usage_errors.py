"""Whatever is wrong with a command line: exit code 2, and with ``--json`` one object on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from template_creation.cli.app import app

PROGRAM: Any = typer.main.get_command(app)


def commands(command: Any = PROGRAM, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and sub-command with its words, the program itself first."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, *path, name)


def wrong_lines() -> Iterator[list[str]]:
    """Of each command: an option that there is not, no argument where one has to be, a command
    that there is not."""
    for path, command in commands():
        yield [*path, "--no-such-option"]
        if any(param.param_type_name == "argument" and param.required for param in command.params):
            yield [*path]
        if getattr(command, "commands", None):
            yield [*path, "no-such-command"]
            if path:
                yield [*path]


NUMBERS = ("--max-templates", "--max-cost", "--timeout")
LINES = [*wrong_lines(), *([option, "many"] for option in NUMBERS), ["--max-templates", "0"]]
LINES += [["enhance", "pkg", "--max-cost=x"]]


def run(*words: str) -> int:
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as ended:
        PROGRAM.main([*words], "template-create")
    return int(ended.value.code or 0)


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_a_wrong_command_line_is_told_as_an_object(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Also by commands whose help does not name --json, since a script cannot know."""
    assert run(*line, "--json") == 2
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert (document["status"], document["exit_code"]) == ("failed", 2)
    assert set(document["error"]) == {"type", "message", "hint"}
    assert document["error"]["message"]
    assert "--help" in document["error"]["hint"]
    assert told.err, "and for a person"


def test_every_command_is_among_them() -> None:
    words = {tuple(word for word in line if not word.startswith("-")) for line in LINES}
    assert {path for path, _ in commands()} <= words


def test_without_json_nothing_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor where the word is only handed on."""
    for line in (["enhance", "--bogus"], ["render", "pkg", "dest", "--bogus", "--", "--json"]):
        assert run(*line) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert "--bogus" in told.err


def test_help_and_version_end_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    """What is no mistake is not told as one."""
    assert (run("--version"), run("enhance", "--help"), run("--help", "--json")) == (0, 0, 0)
    assert "Usage:" in capsys.readouterr().out
