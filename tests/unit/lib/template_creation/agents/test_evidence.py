# ruff: noqa: E501 - snapshots hold lines as long as they are
"""What proves a statement is told in one line: counts, places, quotes."""

from __future__ import annotations

from dataclasses import replace

from inline_snapshot import snapshot

from template_creation.agents.evidence import evidence


def test_each_kind_of_cite_has_its_words(shop) -> None:
    """Habits by k of n with an example, code by its place, commands by their source."""
    context = shop.context
    assert evidence("x", ["C1"], context) == snapshot(
        ("12 of 12, for example `app/api/clients.py:9`.",)
    )
    assert evidence("x", ["T1.s2", "T2", "K1"], context) == snapshot(
        (
            "See `app/api/items.py:16-22`.",
            "See `tests/api/test_items.py`.",
            "Command: `pytest` (`pyproject.toml:20`).",
        )
    )
    assert evidence("x", ["D1", "D2"], context) == snapshot(
        ("In use: FastAPI (`pyproject.toml:7`); pytest (`pyproject.toml:12`).",)
    )


def test_the_places_that_do_otherwise_are_told(shop) -> None:
    """With what they do where it is known, else where to look."""
    (with_words,) = evidence("x", ["C2"], shop.context)
    assert with_words == snapshot(
        "10 of 12, for example `app/api/clients.py:9`; the other 2: no docstring (`app/api/orders.py:25`)."
    )
    habits = [replace(item, otherwise="") for item in shop.analysis.conventions]
    context = replace(shop.context, analysis=replace(shop.analysis, conventions=tuple(habits)))
    (without,) = evidence("x", ["C3"], context)
    assert without == snapshot(
        "11 of 12, for example `app/api/clients.py:9`; the exception is `app/api/orders.py:34`."
    )


def test_a_rule_is_quoted_unless_the_statement_is_the_rule(shop) -> None:
    """Nothing is said twice."""
    rule = shop.analysis.rules[0]
    assert evidence(rule.text.rstrip("."), ["R1"], shop.context) == (
        "The project's own words, `CONTRIBUTING.md:8`.",
    )
    assert rule.text in evidence("Keep errors inside.", ["R1"], shop.context)[0]


def test_technologies_told_before_are_not_proved_again(shop) -> None:
    """The agent's role names them with their manifests."""
    assert evidence("x", ["D1"], shop.context, told=shop.analysis.technologies) == ()


def test_a_cite_given_twice_is_told_once(shop) -> None:
    """Models repeat themselves."""
    assert len(evidence("x", ["C1", "C1"], shop.context)) == 1
