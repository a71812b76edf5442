"""A package may say itself what its agents have to contain."""

from __future__ import annotations

from typing import Any

import pytest

from template_creation.agents import BOUNDARIES, SEED, validate_agent
from template_creation.agents.profiles import profile_from_settings
from template_creation.errors import BadInput


def test_a_name_of_ours_is_that_profile() -> None:
    """``"agent_profile": "boundaries"`` needs no more."""
    assert profile_from_settings("boundaries") is BOUNDARIES
    assert profile_from_settings("seed") is SEED
    assert (BOUNDARIES.has_boundaries, SEED.has_boundaries) == (True, False)


def test_only_what_is_told_differs_from_what_it_extends() -> None:
    """A section of the same title takes the old one's place; others are added at the end."""
    profile = profile_from_settings(
        {
            "name": "house",
            "max_lines": 300,
            "sections": [
                {"title": "Constraints", "needs": "prose", "aliases": ["House Rules"]},
                {"title": "Quick Start", "needs": "code"},
            ],
        }
    )
    assert (profile.name, profile.min_lines, profile.max_lines) == ("house", 150, 300)
    titles = [rule.title for rule in profile.sections]
    assert titles == [*(rule.title for rule in SEED.sections), "Quick Start"]
    assert profile.sections[3].names == ("constraints", "house rules")
    assert profile.sections[3].needs == "prose"


def test_a_profile_of_its_own_is_what_validation_asks_for() -> None:
    """An alias of the settings is as good as the title."""
    profile = profile_from_settings(
        {
            "extends": "nothing",
            "min_lines": 1,
            "sections": [{"title": "Rules", "aliases": ["House Rules"]}],
        }
    )
    good = "# A\n\n## 1. House Rules (all)\n\nAsk Ada before you change it.\n"
    assert validate_agent(good, profile=profile) == ()
    (issue,) = validate_agent(good.replace("House", "Your"), profile=profile)
    assert issue.rule == "missing-section"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("mine", "no agent profile 'mine'"),
        ({"min_lines": 9, "max_lines": 3}, "at least 9 and at most 3"),
        ({"min_lines": -1, "section": []}, "min_lines: .*; section: "),
        ({"sections": [{"title": "A", "needs": "magic"}]}, "sections.0.needs: "),
        (["seed"], "it: "),
    ],
)
def test_everything_wrong_with_it_is_told_at_once(settings: Any, said: str) -> None:
    """The keys are named, so that the file can be mended in one go."""
    with pytest.raises(BadInput, match=said):
        profile_from_settings(settings)
