"""Frontmatter is written for every reader, and read with tolerance."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from template_creation.agents import read_frontmatter, write_frontmatter


@given(st.text())
def test_any_text_comes_back_as_it_was(value: str) -> None:
    """Quotes, colons, hashes, line ends and odd characters survive a strict YAML reader."""
    value = value.encode("utf-8", "ignore").decode()
    block = write_frontmatter({"name": "x", "description": value})
    assert "\r" not in block
    assert yaml.safe_load(block.split("---\n", 2)[1]) == {"name": "x", "description": value}


def test_words_that_yaml_takes_for_values_stay_text() -> None:
    """``on`` is True in YAML 1.1 and a name for Claude Code."""
    head, _, problem = read_frontmatter(write_frontmatter({"name": "on", "n": 3, "b": True}))
    assert (head, problem) == ({"name": "on", "n": 3, "b": True}, "")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("description: Use when: a thing is asked", "Use when: a thing is asked"),
        ("description: [unclosed", "[unclosed"),
        ("description: *star", "*star"),
        ("description: @at", "@at"),
        ("description: a\\nb", "a\\nb"),
        ("description: 2026-13-45", "2026-13-45"),
    ],
)
def test_values_that_claude_code_rescues_are_read(line: str, value: str) -> None:
    """Other people's agents are full of them; a host would load them."""
    head, body, problem = read_frontmatter(f"---\nname: x\n{line}\n---\nBody\n")
    assert (head["description"], body, problem) == (value, "Body\n", "")


@pytest.mark.parametrize("text", ["no block", "---\nname: x\n", "---\n- a\n---\n"])
def test_without_a_mapping_the_problem_is_told(text: str) -> None:
    """Never a silent skip: the reader says what is missing."""
    head, _, problem = read_frontmatter(text)
    assert head == {}
    assert problem
