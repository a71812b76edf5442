"""Prose may name a well-known technology only where the package proves it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from template_creation.agents.markdown import read_markdown
from template_creation.agents.technologies import check_technologies
from template_creation.values.analysis import Rule


def named(text: str, context) -> list[str]:
    found = check_technologies(read_markdown(text), context)
    return [issue.message.split("'")[1] for issue in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Validate bodies with Zod.", ["Zod"]),
        ("## Use of Django\n\nWrite views.", ["Django"]),
        ("Text.\n\n### A React Router route\n\nText.", ["React Router"]),
        ("Write handlers as in Express.", ["Express"]),
        ("- Query with SQLAlchemy 2.", ["SQLAlchemy"]),
        ("Serve with Next.js, never alone.", ["Next.js"]),
    ],
)
def test_a_technology_without_evidence_is_refused(shop, text: str, expected: list[str]) -> None:
    """In sentences, lists and headings of any level."""
    assert named(text, shop.context) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Write endpoints with FastAPI.",
        "Express the price in cents. React to errors.",
        "- Express amounts in cents.",
        "Go through the spring sale; flask and rails are words.",
        "See `Django` in the code.",
        'The project says: "Use Django".',
        "```python\nimport Django\n```",
        "Call the Zodiac, not PreDjango or Django-like things.",
    ],
)
def test_what_is_proved_or_only_looks_like_a_name_is_not(shop, text: str) -> None:
    """Words of English, code, quotes and parts of words raise no alarm."""
    assert named(text, shop.context) == []


def test_what_the_projects_own_rules_name_may_be_named(shop) -> None:
    """A rule about a technology is its evidence."""
    rule = Rule("r", "Never use Django here.", "RULES.md", 1, 1, "must-not")
    context = replace(shop.context, analysis=replace(shop.analysis, rules=(rule,)))
    assert named("Never use Django here.", context) == []


def test_without_facts_nothing_is_said(shop) -> None:
    """A foreign package tells no technologies, so none is missing."""
    bare = replace(shop.analysis, layers=(), languages=())
    assert named("Use Django.", replace(shop.context, analysis=bare)) == []
