"""Write what documents take from the code, or check that it is up to date.

``docs/cli.md`` is the program's own help, ``docs/architecture.md`` has a table of every module.

python docs/generate.py
python docs/generate.py --check
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import typer.main

from template_creation.cli.app import app

DOCS = Path(__file__).resolve().parent
CHECKOUT = DOCS.parent
CLI = DOCS / "cli.md"
ARCHITECTURE = DOCS / "architecture.md"
MARKS = ("<!-- modules: begin -->", "<!-- modules: end -->")
PROGRAM = "template-create"

HEAD = f"""# The command line

This page is written by `make docs` from the help of the program itself; a test keeps the two
equal. Progress and messages go to stderr, results to stdout; `--json` prints one
machine-readable object instead. Without `--path` the codebase is the working directory.

## Exit codes

| code | meaning | what to do |
|---:|---|---|
| 0 | everything that was asked for succeeded | |
| 1 | the work ran and failed | read the last lines on stderr |
| 2 | bad input: usage, no such codebase, bad name, refused value | the message says the way out |
| 3 | the codebase could not be read or understood | `--verbose` says where it stopped |
| 4 | templates, agents or guides could not be generated | `--verbose` says where it stopped |
| 5 | a package breaks a rule | `{PROGRAM} validate PACKAGE` lists every finding |
| 6 | the result cannot be written; nothing at the target was changed | free the target folder |
| 7 | done in part: the package is usable, and the summary says what is missing | |
| 42 | an agent invocation is pending | |
| 70 | internal error: a bug | report the traceback and the command |
| 130 | interrupted | run it again |
"""


def commands() -> Iterator[tuple[str, ...]]:
    """The words that lead to each command, groups before their own; the program itself first."""

    def below(group: object, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, command in sorted(getattr(group, "commands", {}).items()):
            yield from below(command, (*words, name))

    yield from below(typer.main.get_command(app), ())


def help_of(words: tuple[str, ...]) -> str:
    """What ``--help`` prints, on a terminal of 80 columns."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        app([*words, "--help"], prog_name=PROGRAM)
    return "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines())


def cli_page() -> str:
    """The whole of ``docs/cli.md``."""
    parts = [HEAD]
    for arguments in commands():
        title = " ".join((PROGRAM, *arguments))
        parts.append(f"## `{title}`\n\n```text\n{help_of(arguments)}\n```\n")
    return "\n".join(parts)


def first_sentence(path: Path) -> str:
    """The first sentence of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(text.partition("\n\n")[0].split())
    return paragraph.partition(". ")[0].removesuffix(".").replace("|", "\\|")


def module_tables() -> str:
    """One table per package, with a row per module: its path and what it owns."""
    lines: list[str] = []
    for root in (CHECKOUT / "lib", CHECKOUT / "installer"):
        for door in sorted(root.rglob("__init__.py")):
            modules = [path for path in sorted(door.parent.glob("*.py")) if path != door]
            name = ".".join(door.parent.relative_to(root).parts)
            lines += [f"### {name}", "", f"{first_sentence(door)}.", ""]
            if modules:
                lines += ["| module | what it owns |", "|---|---|"]
                lines += [
                    f"| `{path.relative_to(root).as_posix()}` | {first_sentence(path)} |"
                    for path in modules
                ]
                lines.append("")
    return "\n".join(lines)


def architecture_page() -> str:
    """``docs/architecture.md`` as it is, with the module tables as they should be."""
    page = ARCHITECTURE.read_text(encoding="utf-8")
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n\n{module_tables()}\n{MARKS[1]}{after}"


def main(arguments: list[str]) -> int:
    """Write the pages; with ``--check`` compare only, and return 1 where they differ."""
    os.environ.update(COLUMNS="80", TERMINAL_WIDTH="80", NO_COLOR="1")
    stale = []
    for path, text in ((CLI, cli_page()), (ARCHITECTURE, architecture_page())):
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if arguments != ["--check"]:
                path.write_text(text, encoding="utf-8")
    for path in stale if arguments == ["--check"] else ():
        print(f"docs/{path.name} is out of date: run `make docs`", file=sys.stderr)
    return 1 if stale and arguments == ["--check"] else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
