"""The documents tell the truth: links lead somewhere, transcripts run, the help is the help.

A ``console`` block after the comment ``<!-- runs -->`` is run: lines that start with ``$ `` are
commands, the others their output, in which ``...`` stands for anything. The blocks of a document
run one after the other in one folder, which holds ``examples/bookshop`` as the checkout does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from template_creation.errors import ExitCode

CHECKOUT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path.relative_to(CHECKOUT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md")
    for path in CHECKOUT.glob(pattern)
)
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_RUNS = re.compile(r"^<!-- runs -->\n```console\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def _text(document: str) -> str:
    return (CHECKOUT / document).read_text(encoding="utf-8")


def _prose(document: str) -> str:
    return _FENCE.sub("", _text(document))


def _anchors(text: str) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (CHECKOUT / document).parent / name if name else CHECKOUT / document
        if not path.exists() or (
            anchor and anchor not in _anchors(path.read_text(encoding="utf-8"))
        ):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_fence_is_closed(document: str) -> None:
    assert len(re.findall(r"^```", _text(document), flags=re.MULTILINE)) % 2 == 0


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_verb_exists(document: str) -> None:
    verbs = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`|\$ )make ([a-z]+)", _text(document), re.MULTILINE))
    assert named <= verbs


def _steps(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a transcript, each with the output that it should print."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        while command.endswith("\\"):
            more, _, output = output.partition("\n")
            command = command[:-1] + more.removeprefix("> ").lstrip()
        while output.startswith("> "):
            more, _, output = output.partition("\n")
            command += "\n" + more.removeprefix("> ")
        yield command, output


def _matches(expected: str, got: str) -> bool:
    """Whether ``got`` is ``expected``, in which ``...`` stands for anything, and a line of its
    own for any number of lines, none included."""
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*?") + r"\n"
        for line in expected.strip().splitlines()
    )
    got = "".join(f"{line.rstrip()}\n" for line in got.strip().splitlines())
    return re.fullmatch(pattern, got) is not None


RUNNING = [document for document in DOCUMENTS if _RUNS.search(_text(document))]


def test_the_readme_has_a_transcript_that_runs() -> None:
    assert "README.md" in RUNNING


@pytest.mark.slow
@pytest.mark.parametrize("document", RUNNING)
def test_every_transcript_is_what_happens(
    document: str, warm: Any, bookshop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README by the installed program, as its reader runs it; the others by warm starts."""
    folder = tmp_path / "checkout"
    (folder / "examples").mkdir(parents=True)
    bookshop.rename(folder / "examples" / "bookshop")
    scripts = Path(sys.executable).parent if document == "README.md" else warm.folder
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("COLUMNS", "100")
    for block in _RUNS.findall(_text(document)):
        for command, expected in _steps(block):
            ran = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            assert ran.returncode == 0, f"$ {command}\n{ran.stdout}"
            assert _matches(expected, ran.stdout), f"$ {command}\n{ran.stdout}"


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("took ... s\n", "took 1.2 s\n", True),
        ("took ... s\n", "took 1.2\n", False),
        ("a\n...\nz\n", "a\nb\nc\nz\n", True),
        ("a\n...\nz\n", "a\nz\n", True),
        ("...\nz\n", "z\n", True),
        ("a\n...\n", "a\n", True),
        ("a ...\n", "a b\nc\n", False),
        ("a\n...\nz\n", "a\nb\n", False),
        ("a (b) *\n", "a (b) *\n", True),
    ],
)
def test_a_transcript_that_differs_is_noticed(expected: str, got: str, same: bool) -> None:
    assert _matches(expected, got) is same


def test_what_the_documents_take_from_the_code_is_up_to_date() -> None:
    script = CHECKOUT / "docs" / "generate.py"
    ran = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


def test_the_exit_codes_of_the_reference_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (\d+) \| \S", _text("docs/cli.md"), flags=re.MULTILINE)
    assert [int(code) for code in rows] == sorted(int(code) for code in ExitCode)


def test_every_option_that_the_readme_names_exists() -> None:
    known = set(re.findall(r"--[a-z][a-z-]+", _text("docs/cli.md")))
    ours = [line for line in _text("README.md").splitlines() if "pip" not in line]
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(ours)))
    assert named - known == set()


def test_no_word_of_the_glossary_is_explained_twice() -> None:
    words = re.findall(r"^\| \*\*([^*]+)\*\* \|", _text("docs/glossary.md"), re.MULTILINE)
    assert len(words) > 40
    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_the_changelog_keeps_its_form() -> None:
    heads = re.findall(r"^#+ .*$", _text("CHANGELOG.md"), flags=re.MULTILINE)
    kinds = "Added|Changed|Deprecated|Removed|Fixed|Security"
    version = r"\[Unreleased\]|\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}"
    allowed = re.compile(rf"# Changelog|## ({version})|### ({kinds})")
    assert [head for head in heads if not allowed.fullmatch(head)] == []
    assert heads[:2] == ["# Changelog", "## [Unreleased]"]
