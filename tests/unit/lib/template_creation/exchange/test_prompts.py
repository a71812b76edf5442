"""Prompts are files that are found, rendered without holes, and cannot be left."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from template_creation.errors import GenerationError
from template_creation.exchange import fence_for, prompt_text, prompts_folder, render_prompt


def test_the_prompts_are_found() -> None:
    """In a checkout next to ``lib``, in a wheel inside the package; here one of the two."""
    names = {item.name for item in prompts_folder().iterdir()}
    assert {"agent.md.j2", "agent_stub.md.j2", "enhance_shared.md.j2"} <= names


def test_a_prompt_never_goes_out_with_a_hole_in_it() -> None:
    """A forgotten variable is an error, not an empty place."""
    with pytest.raises(UndefinedError):
        render_prompt("agent_stub.md.j2", {"title": "x"})


@pytest.mark.parametrize("name", ["../pyproject.toml", "/etc/passwd", "a/b.md", "agent.py"])
def test_a_name_cannot_lead_out_of_the_folder(name: str) -> None:
    """Names are names of prompts, nothing else."""
    with pytest.raises(GenerationError):
        prompt_text(name)


@pytest.mark.parametrize(("text", "fence"), [("", "```"), ("``", "```"), ("a ```` b", "`````")])
def test_a_fence_is_longer_than_any_inside(text: str, fence: str) -> None:
    """So that quoted text cannot close it."""
    assert fence_for(text) == fence
