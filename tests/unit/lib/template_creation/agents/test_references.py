"""References to templates are found however they are written, and checked."""

from __future__ import annotations

import pytest

from template_creation.agents.references import dangling_references, find_references

KNOWN = {
    "templates/api/items.py.template",
    "templates/api/orders.py.template",
    "templates/host / root/Program.cs.template",
    "templates/web/list.tsx.j2",
}


@pytest.mark.parametrize(
    "text",
    [
        "`templates/api/items.py.template`",
        "`templates/api/items.py`",
        "`../templates/api/items.py.template`",
        "[the routes](../../templates/api/items.py.template)",
        "**templates/api/items.py.template** - the routes",
        "see templates/api/items.py.template.",
        "`templates/api/items.py.template:12-30`",
        "`templates/host / root/Program.cs.template`",
        "`templates/host / root/Program.cs.template` and `templates/web/list.tsx.j2`",
        "`templates/web/list.tsx`",
        "the folder `templates/api/`",
        "`templates/api/*.template`, `templates/{layer}/x`, `templates/...`",
        "`my-templates/none.template` is not ours",
        "`templates/`",
    ],
)
def test_what_is_there_is_found_in_every_form(text: str) -> None:
    """With suffix or without, relative, as a link, in bold, with lines, with spaces, a folder; a
    pattern is no reference."""
    assert dangling_references(text, KNOWN, file="agents/a.md") == ()


def test_what_is_not_there_is_told_with_its_place_and_the_nearest() -> None:
    """A file that was moved is found by its name, one that was misspelt by its letters."""
    text = "# A\n\n`templates/v2/items.py.template`\n\n- templates/api/order.py.template\n"
    moved, misspelt = dangling_references(text, KNOWN, file="agents/a.md")
    assert (moved.place, moved.fix) == (
        "agents/a.md:3",
        "did you mean 'templates/api/items.py.template'?",
    )
    assert (misspelt.place, misspelt.fix) == (
        "agents/a.md:5",
        "did you mean 'templates/api/orders.py.template'?",
    )


def test_a_file_of_another_kind_is_no_suggestion() -> None:
    """Nobody means a C# program by a Dockerfile."""
    (issue,) = dangling_references("`templates/host/Dockerfile.template`", KNOWN, file="a.md")
    assert issue.fix == "leave it out, or add the template"


def test_each_reference_of_a_line_is_found_once() -> None:
    """Two on a line are two; lines count from one."""
    text = "x\n`templates/a.b` [c](templates/c.d) templates/e.f,"
    assert list(find_references(text)) == [
        (2, "templates/a.b"),
        (2, "templates/c.d"),
        (2, "templates/e.f"),
    ]
