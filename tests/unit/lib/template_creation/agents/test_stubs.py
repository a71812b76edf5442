"""Stubs are small, valid for Claude Code, and say what is behind them."""

from __future__ import annotations

import yaml

from template_creation.agents import MAX_STUB_LINES, read_frontmatter, render_stub
from template_creation.values.template import TemplateSet


def test_a_stub_is_short_and_says_that_it_is_one(shop) -> None:
    """At most 33 lines, and not to be taken for an enhanced agent."""
    text = shop.agent("api-specialist").read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_STUB_LINES
    assert read_frontmatter(text)[0]["enhancement"] == "none"
    assert "\r" not in text


def test_frontmatter_has_what_claude_code_loads_and_our_evidence(shop) -> None:
    """Strict YAML; tools as one comma-separated text; each technology with its manifest."""
    text = shop.agent("api-specialist").read_text(encoding="utf-8")
    head = yaml.safe_load(text.split("---")[1])
    assert head["name"] == "api-specialist"
    assert head["description"].startswith("Use when ")
    assert head["tools"] == "Read, Grep, Glob, Edit, Write, Bash"
    assert head["technologies"] == ["FastAPI (pyproject.toml:7)"]
    assert head["layer"] == "api"
    assert head["evidence"] == {"files": 3, "templates": 2}
    assert head["generated_by"] == "template-create"
    assert head["template_source"] == "shop"


def test_a_stub_without_technologies_or_templates_renders(shop) -> None:
    """Nothing in the form is required but the agent itself."""
    spec = shop.context.spec("testing-specialist")
    text = render_stub(spec, TemplateSet(()), template_source="x")
    assert read_frontmatter(text)[2] == ""
