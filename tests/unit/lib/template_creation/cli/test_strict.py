"""A command line that begins with certain words means what these words say."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from template_creation.cli.app import app


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--bridge file --bridge api --name demo", "'--bridge': it is given more than once"),
        ("--bridge=file --bridge=api --name demo", "'--bridge': it is given more than once"),
        ("enhance . --bridge file --bridge api", "'--bridge': it is given more than once"),
        ("--batch --name demo --no-batch", "it is given more than once"),
        ("--bridge file workflow run x.yaml", "'--bridge': it stands before 'workflow'"),
        ("--bridge file --name demo install", "'--bridge': it stands before 'install'"),
        ("--json runs list", "'--json': it stands before 'runs'"),
    ],
)
def test_what_would_take_back_the_first_words_is_refused(line: str, says: str) -> None:
    """An assistant may run whatever begins with `template-create --bridge file` unasked."""
    done = CliRunner().invoke(app, line.split(), prog_name="template-create")
    assert done.exit_code == 2
    assert says in done.stderr


@pytest.mark.parametrize(
    "line",
    ["--version", "--help", "runs list --json", "enhance x --agent a --agent b --resume --resume"],
)
def test_lists_flags_and_commands_by_themselves_are_taken(line: str) -> None:
    """A host that adds --resume to a command line that has it says nothing else."""
    done = CliRunner().invoke(app, line.split(), prog_name="template-create")
    assert "Invalid value" not in done.stderr
