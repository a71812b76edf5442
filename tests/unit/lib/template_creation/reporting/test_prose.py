"""An agent's text is shown as it reads, and nothing in it can act."""

from __future__ import annotations

import re

import pytest

from template_creation.reporting.prose import prose


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "![picture](https://example.org/a.png)",
        "[text](javascript:alert(1))",
        "<https://example.org>",
        "[a]: https://example.org\n\n[a]",
        "<!-- comment -->",
        "```<script>\n</code></pre><script>alert(1)</script>\n```",
        "`</code><script>`",
        '```" onfocus=alert(1) x="\ny\n```',
        "| a |\n|---|\n| <b onclick=x> |",
    ],
)
def test_nothing_loads_runs_or_leads_away(text: str) -> None:
    shown = str(prose(text, anchors={}))
    tags = set(re.findall(r"<(\w+)", shown))
    assert tags <= {"p", "pre", "code", "i", "table", "thead", "tbody", "tr", "th", "td"}
    assert not re.search(r"<[^>]*(?:\son\w+=|href|src)", shown)


def test_headings_go_below_the_agents_own_and_skip_no_level() -> None:
    shown = prose("# A\n\n## B\n\n##### C\n\n## D\n\n### E\n\n> # F\n", anchors={}, title="A")
    assert re.findall(r"<h(\d)>(\w)", shown) == [
        ("4", "B"), ("5", "C"), ("4", "D"), ("5", "E"), ("4", "F"),
    ]  # fmt: skip


def test_a_title_of_its_own_is_kept() -> None:
    assert "Mine" in prose("# Mine\n", anchors={}, title="API specialist")


def test_a_path_of_a_template_leads_to_its_place() -> None:
    shown = prose("1. `a<b.template`\n   Start here.\n", anchors={"a<b.template": "T1"})
    assert '<a href="#T1"><code>a&lt;b.template</code></a><span class=ev>Start here.' in shown


def test_what_proves_a_sentence_is_set_apart_and_wrapped_lines_are_not() -> None:
    proved = prose("- Annotate.\n  26 of 26.\n  See `a.py:1`.\n", anchors={})
    assert "Annotate.<span class=ev>26 of 26.<br />" in proved
    wrapped = prose("- a line that a person\n  wrapped by hand.\n", anchors={})
    assert "<span" not in wrapped
    assert prose("- *a.\n  b*\n", anchors={}).count("<span") == 0
