"""Descriptions say when to use an agent and what it alone knows, within 250 characters."""

from __future__ import annotations

from dataclasses import replace

from template_creation.agents.describe import MAX_DESCRIPTION, describe


def test_it_says_what_it_copies_from_and_its_best_habit(shop) -> None:
    """Two agents of one codebase never have the same description."""
    spec = shop.context.spec("api-specialist")
    text = describe(spec, "API endpoints", shop.analysis, shop.templates)
    assert text == (
        "Use when adding or changing API endpoints in app/api, with FastAPI. Copies from "
        "`items.py`; 11 of 12 functions take a parameter of type `SessionDep`."
    )


def test_what_does_not_fit_is_left_out_whole(shop) -> None:
    """Folders and technologies give way to what the agent knows; nothing is cut."""
    long = "/".join(["a-very-long-folder-name"] * 8)
    spec = replace(
        shop.context.spec("api-specialist"), files=(f"{long}/a.py", f"{long}/b.py", f"{long}/c.py")
    )
    text = describe(spec, "API endpoints", shop.analysis, shop.templates)
    assert len(text) <= MAX_DESCRIPTION
    assert long not in text
    assert "Copies from `items.py`" in text


def test_a_habit_is_told_only_where_it_is_one(shop) -> None:
    """Below four of five it is left out."""
    weak = [
        replace(item, hits=item.hits[:3], misses=item.hits[3:])
        for item in shop.analysis.conventions
    ]
    analysis = replace(shop.analysis, conventions=tuple(weak))
    text = describe(shop.context.spec("api-specialist"), "API endpoints", analysis, shop.templates)
    assert text.endswith("Copies from `items.py`.")


def test_migrations_are_named_where_there_are_any(shop) -> None:
    """Data access of a browser has none."""
    spec = shop.context.spec("api-specialist")
    work = "data access and migrations"
    assert "migrations" not in describe(spec, work, shop.analysis, shop.templates)
    with_some = replace(spec, files=(*spec.files, "app/migrations/1.sql"))
    assert "migrations" in describe(with_some, work, shop.analysis, shop.templates)
