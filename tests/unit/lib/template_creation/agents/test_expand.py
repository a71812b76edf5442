# ruff: noqa: E501 - snapshots hold lines as long as they are
"""Sections become a file: identity from the agent, counts and code from the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from inline_snapshot import snapshot

from template_creation.agents import (
    BOUNDARIES,
    EnhancementContext,
    expand_agent,
    read_frontmatter,
    validate_agent,
)
from template_creation.agents.merge import section_digests
from template_creation.values.response import (
    AgentSections,
    ConstraintItem,
    ExampleItem,
    PracticeItem,
    TemplateItem,
)
from template_creation.values.template import Template, TemplateSet

SECTIONS = AgentSections(
    agent_name="api-specialist",
    templates=(TemplateItem(id="T1", why="The routes of one resource."),),
    practices=(PracticeItem(text="Give functions a docstring.", cites=("C2",)),),
    examples=(ExampleItem(id="T1.s1", title="GET `/`: `read_items`", note="No paging."),),
    constraints=(ConstraintItem(text="Never leak database errors.", cites=("R1",)),),
    commands=("K1",),
    short_because="there are two templates",
)


@pytest.fixture
def text(shop) -> str:
    spec = shop.context.spec("api-specialist")
    return expand_agent(spec, SECTIONS, shop.context, template_source="shop").text


def test_an_agent_is_what_it_was(text: str) -> None:
    """The whole file; any change of its form is seen in review."""
    assert text == snapshot('''\
---
name: "api-specialist"
description: "Use when adding or changing API endpoints in app/api, with FastAPI. Copies from `items.py`; 11 of 12 functions take a parameter of type `SessionDep`."
tools: "Read, Grep, Glob, Edit, Write, Bash"
technologies: ["FastAPI (pyproject.toml:7)"]
layer: "api"
evidence: {files: 3, templates: 2}
generated_by: "template-create"
template_source: "shop"
enhancement: "offline"
short_because: "there are two templates"
generated_sections: {"": "be63151c", role: "a89db7cf", "prove your work": "a9320365", "template references": "2a7d8feb", "best practices": "81aadfb2", "code examples": "f783862f", constraints: "3bb63655"}
---
# API specialist

## Role

Adds and changes API endpoints of shop in the form its existing endpoints have.
Its 3 files are in `app/api`.
It works with FastAPI.
Hand over tests to `testing-specialist`.

## Prove your work

Run these before you hand the work over:

- `pytest` (test, from `pyproject.toml:20`)

## Template References

Most useful first. Alike is the share of lines that a template, rendered for its sibling files, has in
common with them. Fill in a `pattern`.
New files: `template-create render PACKAGE DEST`.

1. `templates/app/api/items.py.template`
   The routes of one resource.
   From `app/api/items.py` (41 lines); pattern, 90 % alike with 2 sibling files.

## Best Practices

1. Give functions a docstring.
   10 of 12, for example `app/api/clients.py:9`; the other 2: no docstring (`app/api/orders.py:25`).

## Code Examples

### GET `/`: `read_items`

`app/api/items.py:9-13`; follows practice 1

No paging.

```python
@router.get("/")
def read_items(session: SessionDep) -> list[Item]:
    """Retrieve every item."""
    statement = select(Item)
    return session.exec(statement).all()
```

## Constraints

- Never leak database errors.
  The project says: "Never return a database error from a route handler." (`CONTRIBUTING.md:8`).
''')


def test_the_frontmatter_is_the_agents_own(text: str, shop) -> None:
    """Only how it was enhanced, and why it is short, is added; what we wrote is marked."""
    head, body, _ = read_frontmatter(text)
    assert head["generated_sections"] == section_digests(body)
    stub, _, _ = read_frontmatter(shop.agent("api-specialist").read_text(encoding="utf-8"))
    assert {**head, "generated_sections": {}} == {
        **stub,
        "enhancement": "offline",
        "short_because": "there are two templates",
        "generated_sections": {},
    }


def test_no_reason_is_kept_where_none_is_needed(shop) -> None:
    """The answer's reason counts only below the window."""
    spec = shop.context.spec("api-specialist")
    expanded = expand_agent(spec, SECTIONS, shop.context, min_lines=20)
    assert expanded.short_because == ""
    assert "short_because" not in expanded.text


def test_above_the_window_examples_are_left_out_from_the_last_on(shop) -> None:
    """Nothing else is cut, and what was left out is told."""
    spec = shop.context.spec("api-specialist")
    ids = ("T1.s1", "T1.s2", "T1.s3", "T2.s1")
    many = SECTIONS.model_copy(
        update={"examples": tuple(ExampleItem(id=key, title=f"`{key}`") for key in ids)}
    )
    whole = expand_agent(spec, many, shop.context)
    cut = expand_agent(spec, many, shop.context, min_lines=10, max_lines=whole.lines - 12)
    assert cut.dropped == ("T2.s1",)
    assert cut.lines <= whole.lines - 12
    assert "Never leak database errors." in cut.text


def test_a_fence_in_the_code_does_not_end_the_example(
    shop, make_template: Callable[..., Template]
) -> None:
    """Markdown inside code is code."""
    code = 'def doc() -> str:\n    """\n    ```python\n    x\n    ```\n    """\n    return ""\n'
    template = make_template(1, "app/doc.py", code, "api")
    context = EnhancementContext(shop.analysis, TemplateSet((template,)), shop.context.agents)
    spec = replace(shop.context.spec("api-specialist"), templates=("T1",))
    text = expand_agent(spec, SECTIONS, context).text
    assert "````python\ndef doc()" in text
    found = validate_agent(text, spec=spec, context=context)
    assert [issue.rule for issue in found] == ["short"]


def test_templates_say_how_far_their_siblings_bear_them_out(shop) -> None:
    """Measured, and nothing claimed where there is hardly anything alike."""
    lone = [replace(item, support=1, similarity=0.29) for item in shop.templates]
    context = replace(shop.context, templates=TemplateSet(tuple(lone)))
    spec = shop.context.spec("api-specialist")
    assert "90 % alike with 2 sibling files" in expand_agent(spec, SECTIONS, shop.context).text
    assert "one example of its layer." in expand_agent(spec, SECTIONS, context).text


def test_examples_name_the_practices_that_they_follow(text: str) -> None:
    """A reader sees the habit at work."""
    assert "`app/api/items.py:9-13`; follows practice 1" in text


def test_saying_why_it_is_short_makes_a_file_no_longer(shop) -> None:
    """One line below the window stays below it: the reason agrees with the count."""
    spec = shop.context.spec("api-specialist")
    plain = expand_agent(spec, SECTIONS, shop.context, min_lines=1)
    short = expand_agent(spec, SECTIONS, shop.context, min_lines=plain.lines + 1)
    assert short.short_because
    assert short.lines == plain.lines


def test_limits_may_be_told_as_boundaries(shop) -> None:
    """ALWAYS, NEVER and ASK before everything else, each with its evidence; what is only usual
    is a practice, and a part without anything to say is left out."""
    usual = PracticeItem(text="Usually take a `SessionDep`.", cites=("C1",))
    ask = ConstraintItem(text="Add no dependency without asking: it uses FastAPI.", cites=("D1",))
    sections = SECTIONS.model_copy(
        update={
            "practices": (*SECTIONS.practices, usual),
            "constraints": (*SECTIONS.constraints, ask),
        }
    )
    spec = shop.context.spec("api-specialist")
    text = expand_agent(spec, sections, shop.context, boundaries=True).text
    assert [line for line in text.splitlines() if line.startswith("#")][2:] == [
        "## Boundaries",
        "### ALWAYS",
        "### NEVER",
        "### ASK",
        "## Related Templates",
        "## Best Practices",
        "## Code Examples",
        "### GET `/`: `read_items`",
        "## Prove your work",
    ]
    always, never, asking = (
        text.partition(f"### {part}\n\n")[2].partition("\n\n")[0].split("\n")
        for part in ("ALWAYS", "NEVER", "ASK")
    )
    assert always[0] == "- ✅ Give functions a docstring."
    assert always[1].startswith("  ")
    assert never[0] == "- ❌ Never leak database errors."
    assert asking[0] == "- ⚠️ Add no dependency without asking: it uses FastAPI."
    assert "1. Usually take a `SessionDep`." in text
    assert "follows practice" not in text
    assert [issue.rule for issue in validate_agent(text, profile=BOUNDARIES)] == ["short"]
    bare = SECTIONS.model_copy(update={"practices": (usual,)})
    assert "ALWAYS" not in expand_agent(spec, bare, shop.context, boundaries=True).text


def test_one_example_stays_however_narrow_the_window(shop) -> None:
    """Without code an agent shows nothing to copy; too long is told by the validator."""
    spec = shop.context.spec("api-specialist")
    both = (*SECTIONS.examples, ExampleItem(id="T1.s2", title="GET"))
    sections = SECTIONS.model_copy(update={"examples": both})
    expanded = expand_agent(spec, sections, shop.context, min_lines=1, max_lines=10)
    assert expanded.dropped == ("T1.s2",)
    assert "### GET `/`: `read_items`" in expanded.text


@pytest.mark.parametrize(
    ("elsewhere", "said"),
    [(0, "Its 5 files are in `app/api`."), (1, "Its 6 files are mostly in `app/api`.")],
)
def test_where_its_files_are_is_said_as_it_is(shop, elsewhere: int, said: str) -> None:
    """``mostly`` where some are in other folders."""
    files = (*(f"app/api/{n}.py" for n in range(5)), *("tools/x.py",) * elsewhere)
    spec = replace(shop.context.spec("api-specialist"), files=files)
    assert said in expand_agent(spec, SECTIONS, shop.context).text
