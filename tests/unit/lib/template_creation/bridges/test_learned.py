"""What was learned becomes a sentence that says what to do, in the memory's own words."""

from __future__ import annotations

import pytest

from template_creation.bridges.learned import instructs, statement
from template_creation.values.request import MemoryFact


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("constraint", "Never mock the clock", "Never mock the clock."),
        ("preference", "Prefer fakes over mocks.", "Prefer fakes over mocks."),
        (
            "failure",
            "It ran twice. Cause: no lock. Fix: took a lock. Prevention: take a lock.",
            'Do not repeat this: "It ran twice." Take a lock.',
        ),
        ("failure", "It ran twice", 'Do not repeat this: "It ran twice."'),
        (
            "decision",
            "Use SQLite for state: We keep it in one file. It is small.",
            'Keep to what was decided: "Use SQLite for state."',
        ),
        (
            "outcome",
            "The retry cut failures.",
            'Do it as it worked before: "The retry cut failures."',
        ),
        ("lesson", f"First sentence. {'More of it. ' * 30}", "First sentence."),
    ],
)
def test_each_kind_has_its_form(kind: str, text: str, said: str) -> None:
    assert statement(MemoryFact(id="M1", kind=kind, text=text)) == said


@pytest.mark.parametrize(("kind", "told"), [("fact", False), ("note", False), ("lesson", True)])
def test_facts_and_notes_say_nothing_of_what_to_do(kind: str, told: bool) -> None:
    assert instructs(MemoryFact(id="M1", kind=kind, text="a b c")) is told
