"""An agent file is accepted for what it says and proves, not for the words it contains."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from template_creation.agents import (
    BOUNDARIES,
    EnhancementContext,
    build_request,
    expand_agent,
    has_errors,
    parse_answer,
    shared_prose,
    validate_agent,
)
from template_creation.agents.parse import KnownIds
from template_creation.bridges import OfflineBridge
from template_creation.exchange import request_document
from template_creation.values.agent import AgentSpec, Issue


@pytest.fixture
def good(shop) -> str:
    """The offline agent for the shop's API."""
    request = request_document(build_request(shop.context, shop.context.agents))
    answer = OfflineBridge().invoke(agent_name="a", input_data=request, context={})
    names = [spec.name for spec in shop.context.agents]
    parsed = parse_answer(answer, names, KnownIds.of(shop.context))
    spec = shop.context.spec("api-specialist")
    return expand_agent(spec, parsed.sections[spec.name], shop.context).text


@pytest.fixture
def check(shop) -> Callable[[str], list[Issue]]:
    """The errors of a text as the API agent of the shop."""
    spec: AgentSpec = shop.context.spec("api-specialist")
    context: EnhancementContext = shop.context

    def errors(text: str) -> list[Issue]:
        found = validate_agent(text, spec=spec, context=context)
        return [issue for issue in found if issue.severity == "error"]

    return errors


def rules(issues: list[Issue]) -> list[str]:
    return [issue.rule for issue in issues]


def test_an_expanded_agent_has_no_errors(good: str, check) -> None:
    """What we render ourselves passes our own judge."""
    assert check(good) == []


def test_a_missing_section_is_named(good: str, check) -> None:
    """Rule, place and fix."""
    (issue,) = check(good.replace("## Constraints", "## Other"))
    assert (issue.rule, issue.place, issue.fix) == (
        "missing-section",
        "Constraints",
        "add ## Constraints",
    )


def test_numbered_and_marked_headings_count(good: str, check) -> None:
    """``## 3. Code Examples (REQUIRED)`` is the section (F38)."""
    assert check(good.replace("## Code Examples", "## 3. Code Examples (REQUIRED)")) == []


def test_a_section_name_in_the_text_is_no_section() -> None:
    """160 lines that repeat the four names were accepted and written once (F39)."""
    words = "Template References, Best Practices, Code Examples, Constraints\n"
    found = validate_agent(words * 160)
    assert [issue.rule for issue in found].count("missing-section") == 4


def test_headings_without_substance_are_refused() -> None:
    """Empty sections, however long the file."""
    heads = ("Template References", "Best Practices", "Code Examples", "Constraints")
    text = "".join(f"## {head}\n" + "\n" * 45 for head in heads)
    found = validate_agent(text)
    assert [issue.rule for issue in found].count("empty-section") == 4


def test_a_template_that_is_not_there_is_no_reference(good: str, check) -> None:
    """The section needs one that the package has, not only one that looks like it."""
    start = good.index("1. `templates/")
    end = good.index("## Best Practices")
    invented = good[:start] + "1. `templates/app/nothing.py.template`\n\n" + good[end:]
    assert "empty-section" in rules(check(invented))


def test_saying_the_same_over_and_over_is_padding(good: str, check) -> None:
    """Lines are no evidence."""
    padded = good.replace("## Constraints\n", "## Constraints\n\n" + "- Keep it clean here.\n" * 9)
    assert rules(check(padded)) == ["repeated"]


def test_an_open_fence_is_refused(good: str, check) -> None:
    """Everything after it would be code."""
    at = good.index("## Constraints")
    assert "open-fence" in rules(check(good[:at] + "```python\nx = 1\n" + good[at:]))


def test_a_short_agent_has_to_say_why(good: str, check, shop) -> None:
    """Then it is a warning; without a reason it is refused."""
    cut = good[: good.index("## Code Examples")] + good[good.index("### ") :]
    short = "\n".join(line for line in good.split("\n") if line.strip())
    assert short.count("\n") < 150
    unexplained = "\n".join(x for x in short.split("\n") if not x.startswith("short_because"))
    assert "short" in rules(check(unexplained))
    spec = shop.context.spec("api-specialist")
    found = validate_agent(good, spec=spec, context=shop.context)
    assert [(issue.rule, issue.severity) for issue in found] == [("short", "warning")]
    assert cut


def test_more_than_250_lines_are_refused(good: str, check) -> None:
    """The window has two ends."""
    more = "".join(f"- Rule {n} is about thing {n}.\n" for n in range(200))
    assert "too-long" in rules(check(good + more))


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ('name: "api-specialist"', 'name: "evil"', "identity"),
        ('name: "api-specialist"', "title: x", "frontmatter"),
        ("(pyproject.toml:7)", "(pyproject.toml:99)", "technology"),
        ("FastAPI (pyproject.toml:7)", "Express (package.json:3)", "technology"),
        (
            "templates/app/api/items.py.template",
            "templates/app/api/things.py.template",
            "dangling-template",
        ),
        ("CONTRIBUTING.md:8", "docs/RULES.md:8", "dangling-path"),
        ("session.commit()", "session.flush()", "misquoted"),
        ("## Constraints\n", "## Constraints\n\nSee `/home/me/app/x.py`.\n", "absolute-path"),
        ("## Constraints\n", "## Constraints\n\nSee `app/api/items.py:900`.\n", "dangling-lines"),
        (
            "## Constraints\n",
            "## Constraints\n\n```python\nimport os\nos.remove(1)\n```\n",
            "not-from-a-template",
        ),
    ],
)
def test_what_is_invented_is_refused(good: str, check, before: str, after: str, rule: str) -> None:
    """Each invention by its own rule, with the place."""
    assert before in good
    changed = good.replace(before, after)
    assert rule in rules(check(changed))
    assert all(issue.place and issue.fix for issue in check(changed))


def test_a_wrong_template_comes_with_a_suggestion(good: str, check) -> None:
    """Did you mean?"""
    issues = check(good.replace("items.py.template", "itemz.py.template"))
    assert any("did you mean 'templates/app/api/items.py.template'?" in i.fix for i in issues)


def test_a_few_lines_marked_as_adapted_are_allowed(good: str, check) -> None:
    """A counter-example is not in any template; it says so and stays small."""
    small = "Adapted:\n\n```python adapted\nraise DatabaseError(1)\n```\n"
    large = "Adapted:\n\n```python adapted\n" + "x = 1\ny = 2\n" * 5 + "```\n"
    assert check(good.replace("## Constraints\n", f"## Constraints\n\n{small}\n")) == []
    assert rules(check(good.replace("## Constraints\n", f"## Constraints\n\n{large}\n"))) == [
        "not-from-a-template"
    ]


def test_code_quoted_without_a_caption_is_found_in_any_template(good: str, check) -> None:
    """Indent and blank lines aside, the lines have to follow one another in one original."""
    quote = "```python\nassert response.status_code == 404\ncontent = response.json()\n```\n"
    apart = "```python\nassert response.status_code == 404\nsession.commit()\n```\n"
    assert check(good.replace("## Constraints\n", f"## Constraints\n\n{quote}\n")) == []
    assert rules(check(good.replace("## Constraints\n", f"## Constraints\n\n{apart}\n"))) == [
        "not-from-a-template"
    ]


def test_files_that_the_projects_own_rules_name_need_not_exist(good: str, check) -> None:
    """A quoted rule may speak of anything; we only vouch that it is quoted."""
    assert check(good) == []


def test_another_profile_asks_for_other_sections(good: str) -> None:
    """The boundaries form of public packages has its own names and window."""
    found = validate_agent(good.replace("## Constraints", "## Boundaries"), profile=BOUNDARIES)
    assert not has_errors(found)


def test_a_sentence_in_two_agents_is_reported(good: str) -> None:
    """Once in CLAUDE.md would do."""
    found = shared_prose({"a": good, "b": good})
    assert found
    assert {(issue.rule, issue.severity) for issue in found} == {("shared-prose", "warning")}
    assert shared_prose({"a": good}) == ()
