"""Promises of reading one agent file: what Claude Code loads, and a reason with a fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from template_creation.doctor import MEASURED, read_as_host
from template_creation.doctor.yamlcore import UnreadableYaml, load_core

DATA = Path(__file__).parents[4] / "data" / "agent_files" / "cases.json"
CORPUS: dict[str, Any] = json.loads(DATA.read_bytes())


def encoded(case: dict[str, Any]) -> bytes:
    text: str = case["text"]
    return text.encode(case.get("encoding", "utf-8"))


def test_every_measured_file_is_read_as_claude_code_reads_it() -> None:
    """The outcomes were measured, not thought out: integration/claude_code asks the CLI again."""
    assert CORPUS["claude_code"] == MEASURED
    assert len(CORPUS["cases"]) > 450
    wrong = {}
    for case in CORPUS["cases"]:
        reading = read_as_host(encoded(case))
        expected = (case.get("name", ""), case.get("rule", ""))
        if (reading.name, reading.rule) != expected:
            wrong[case["id"]] = (reading.name, reading.rule, expected)
    assert wrong == {}


def test_every_dropped_file_has_a_problem_and_a_fix() -> None:
    readings = [read_as_host(encoded(case)) for case in CORPUS["cases"] if "rule" in case]
    assert len(readings) > 150
    assert all(reading.problem and reading.fix and reading.line >= 1 for reading in readings)


@pytest.mark.parametrize(
    ("text", "problem", "fix"),
    [
        (b"\xef\xbb\xbf---\nname: a\ndescription: b\n---\n", "byte order mark", "without"),
        (b"```\n---\nname: a\n---\n```\n", "code fence", "remove the fence"),
        (b"\n---\nname: a\n---\n", "before the first ---", "begin the file"),
        (b"---\nname: a\ndescription: b\n", "does not end", "put a line ---"),
        (b"---\rname: a\r---\r", "carriage return", "LF"),
        (b"---\nname: a\ndescription: 7\n---\n", "a number, not a text", 'description: "..."'),
        (b"---\ndescription: a---b\nname: c\n---\n", "ends at the ---", "without ---"),
        (b"---\nname: a\ndescription: b\nc\n---\n", "no YAML", "value of description"),
    ],
)
def test_the_reason_names_what_is_wrong_and_the_fix_what_to_do(
    text: bytes, problem: str, fix: str
) -> None:
    reading = read_as_host(text)
    assert problem in reading.problem
    assert fix in reading.fix
    assert not reading.loads


def test_an_error_is_told_at_its_line_of_the_file() -> None:
    text = b"---\nname: a\nmodel: opus\ndescription: b\nno key here\n---\nbody\n"
    assert read_as_host(text).line == 5


def test_a_value_that_was_quoted_for_it_is_told() -> None:
    assert read_as_host(b"---\nname: a\ndescription: Use when: b\n---\n").rescued
    assert not read_as_host(b'---\nname: a\ndescription: "Use when: b"\n---\n').rescued


def test_a_merge_of_itself_and_a_deep_nest_end() -> None:
    """Hostile YAML ends in values or an error, never in a loop or a crash."""
    assert load_core("a: &a [*a]\nname: b")["name"] == "b"
    assert load_core("a: &a\n  <<: *a\nname: b")["name"] == "b"
    with pytest.raises(UnreadableYaml):
        load_core("[" * 5_000)
