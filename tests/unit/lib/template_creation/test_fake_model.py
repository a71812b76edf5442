"""The fake model reads the prompt, and nothing else, as a real one does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from template_creation.exchange import read_answer, render_batch_prompt, response_schema
from template_creation.fake_model import good_answer

DOCUMENT: dict[str, Any] = {
    "version": "1.0",
    "contract": "sections",
    "project": "shop",
    "languages": ["python"],
    "agents": [
        {
            "name": name,
            "title": name.title(),
            "purpose": "Adds endpoints.",
            "technologies": [],
            "layers": ["api"],
            "files": 6,
            "templates": templates,
            "conventions": ["C1"] if templates else [],
            "rules": ["R1"] if templates else [],
            "commands": ["K1"] if templates else [],
        }
        for name, templates in (("api-specialist", ["T1", "T2"]), ("bare-specialist", []))
    ],
    "template_catalog": [
        {
            "id": f"T{number}",
            "name": f"file{number}.py",
            "category": "api",
            "path": f"templates/app/file{number}.py.template",
            "source": f"app/file{number}.py",
            "purpose": "Routes",
            "technologies": [],
            "grade": "pattern",
            "support": 3,
            "lines": 40,
            "symbols": symbols,
        }
        for number, symbols in (
            (
                1,
                [
                    {
                        "id": "T1.s1",
                        "name": "read_items",
                        "kind": "function",
                        "lines": "10-30",
                        "signature": "def read_items(session)",
                    }
                ],
            ),
            (2, []),
        )
    ],
    "conventions": [
        {
            "id": "C1",
            "kind": "docstring",
            "statement": "Functions of the api layer have a docstring",
            "layer": "api",
            "language": "python",
            "k": 22,
            "n": 23,
            "example": "app/file1.py:12",
        }
    ],
    "rules": [{"id": "R1", "text": "Never log", "source": "R.md:3", "modality": "must-not"}],
    "commands": [
        {"id": "K1", "purpose": "test", "command": "pytest", "folder": "", "source": "p:3"}
    ],
    "enhancement_instructions": "Do it.",
}


def test_it_answers_for_every_agent_with_ids_of_its_own() -> None:
    """Templates, what was measured, what the project wrote, declarations, commands."""
    first, second = json.loads(good_answer(render_batch_prompt(DOCUMENT)))["enhancements"]
    assert first["agent_name"] == "api-specialist"
    assert [item["id"] for item in first["templates"]] == ["T1", "T2"]
    assert first["practices"] == [
        {"text": "Keep to this: Functions have a docstring.", "cites": ["C1"]},
        {"text": "Keep to this: Never log.", "cites": ["R1"]},
    ]
    assert [item["id"] for item in first["examples"]] == ["T1.s1", "T2"]
    assert first["examples"][0]["title"] == "How read_items is made"
    assert first["commands"] == ["K1"]
    assert second["agent_name"] == "bare-specialist"
    assert second["templates"] == []


@pytest.mark.parametrize("style", ["per_agent", "plain"])
def test_it_keeps_to_the_schema_that_it_is_given(style: Any) -> None:
    """By name where there is one property for each agent; the reader takes both."""
    prompt = render_batch_prompt(DOCUMENT, style=style)
    text = good_answer(prompt, response_schema(DOCUMENT, style=style))
    keyed = isinstance(json.loads(text)["enhancements"], dict)
    assert keyed == (style == "per_agent")
    found = read_answer(text, ["api-specialist"])
    assert "api-specialist" in [getattr(item, "name", "") for item in found]


def test_any_other_text_gets_no_answer() -> None:
    """It is no model for anything else."""
    assert good_answer("What is the weather in Paris?") == ""
