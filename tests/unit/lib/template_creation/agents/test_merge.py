"""What is written goes into the file that is there; what a user wrote stays in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.agents.frontmatter import read_frontmatter, write_frontmatter
from template_creation.agents.merge import GENERATED, mark_sections, merge_agent
from template_creation.agents.profiles import BOUNDARIES

HEAD = {"name": "api-specialist", "description": "Use when adding a route.", "enhancement": "none"}


def agent_file(*sections: str, enhancement: str = "none", **more: object) -> str:
    head = {**HEAD, "enhancement": enhancement, **more}
    return write_frontmatter(head) + "\n" + "\n".join(sections)


STUB = mark_sections(agent_file("# Api\n\nA stub.\n", "## Usage\n\nAsk for a route.\n"))
WRITTEN = mark_sections(
    agent_file(
        "# Api\n\nAdds routes.\n",
        "## Template References\n\n1. `templates/a.template`\n",
        "## Best Practices\n\n1. Use `Depends`.\n",
        "## Constraints\n\n- Never `commit` twice.\n",
        enhancement="model",
    )
)


def test_a_stub_of_ours_becomes_what_was_written() -> None:
    """Nobody touched it, so nothing of it stays."""
    merged = merge_agent(STUB, WRITTEN)
    assert merged.text == WRITTEN
    assert merged.issues == ()


def test_an_edited_section_stays_and_is_told() -> None:
    """F43: what a person made of our text is never replaced; the place says where it is."""
    edited = WRITTEN.replace("Use `Depends`.", "Use `Depends`. Except in `main.py`!")
    newer = mark_sections(
        WRITTEN.replace("Use `Depends`.", "Use `Annotated`.").replace("twice", "2")
    )
    merged = merge_agent(edited, newer, file="agents/api-specialist.md")
    assert "Except in `main.py`!" in merged.text
    assert "`Annotated`" not in merged.text
    assert "Never `commit` 2." in merged.text
    (issue,) = merged.issues
    line = 1 + merged.text[: merged.text.index("## Best Practices")].count("\n")
    assert issue.place == f"agents/api-specialist.md:{line}"
    assert merged.kept == ("Best Practices",)


def test_an_edited_section_stays_told_the_next_time_too() -> None:
    """Keeping it once does not make it ours."""
    edited = WRITTEN.replace("Use `Depends`.", "Mine.")
    once = merge_agent(edited, WRITTEN)
    assert merge_agent(once.text, WRITTEN).kept == ("Best Practices",)


def test_an_edited_section_that_is_not_written_again_is_told_too() -> None:
    """It stays, and the reader hears of it although there is nothing to put in its place."""
    edited = WRITTEN.replace("Use `Depends`.", "Mine.")
    newer = mark_sections(agent_file("# Api\n\nAdds routes.\n", enhancement="model"))
    merged = merge_agent(edited, newer)
    assert "1. Mine." in merged.text
    assert merged.kept == ("Best Practices",)


def test_a_title_of_the_owners_behind_ours_is_his() -> None:
    """What comes under a second title is no part of the section before it."""
    own = WRITTEN + "\n# My notes\n\nAsk Ada.\n"
    newer = mark_sections(WRITTEN.replace("twice", "2"))
    merged = merge_agent(own, newer)
    assert "Never `commit` 2." in merged.text
    assert merged.text.endswith("\n# My notes\n\nAsk Ada.\n")
    assert merged.kept == ()


def test_two_sections_of_one_heading_are_two() -> None:
    """Each is known by its own text: neither is lost, and a second time changes nothing."""
    parts = ("# Api\n", "## Notes\n\n- `a`\n", "## Notes\n\n- `b`\n")
    written = mark_sections(agent_file(*parts, enhancement="model"))
    merged = merge_agent(STUB, written)
    assert merged.text == written
    edited = written.replace("- `b`", "- `b`, mine")
    again = merge_agent(edited, mark_sections(written.replace("- `a`", "- `c`")))
    assert ("- `c`\n" in again.text, "- `b`, mine\n" in again.text) == (True, True)


def test_white_space_at_line_ends_makes_no_section_a_persons() -> None:
    """Editors add and strip it by themselves."""
    spaced = WRITTEN.replace("`Depends`.\n", "`Depends`.  \n\n\n")
    merged = merge_agent(spaced, mark_sections(WRITTEN.replace("`Depends`", "`Annotated`")))
    assert "Use `Annotated`." in merged.text
    assert merged.kept == ()


def test_unknown_sections_stay_where_they_are() -> None:
    """F42: a heading that no list knows is not dropped, and keeps its place."""
    own = WRITTEN.replace("## Constraints", "## House Rules\n\n- Ask Ada.\n\n## Constraints")
    newer = mark_sections(WRITTEN.replace("Adds routes.", "Adds and mends routes."))
    merged = merge_agent(own, newer)
    assert merged.text == newer.replace(
        "## Constraints", "## House Rules\n\n- Ask Ada.\n\n## Constraints"
    )


def test_a_section_of_the_same_meaning_is_not_doubled() -> None:
    """F41: a file that has Related Templates gets no Template References beside them."""
    foreign = agent_file("# Api\n", "## Related Templates\n\n- `templates/b.template`\n")
    merged = merge_agent(foreign, WRITTEN)
    assert "## Template References" not in merged.text
    assert merged.text.count("## Related Templates") == 1
    assert "## Constraints" in merged.text
    assert merged.kept == ("Related Templates", "the beginning")[::-1]


def test_a_file_that_has_every_section_stays_as_it_is() -> None:
    """F41: not a byte is added to a person's file that says it all under other headings."""
    own = agent_file(
        "# Api\n\nAdds.\n",
        "## Purpose\n\nAdds routes.\n",
        "## Related Templates\n\n- `templates/b.template`\n",
        "## Best Practices\n\n- Mine.\n",
        "## Boundaries\n\n- Ask Ada.\n",
    )
    written = mark_sections(WRITTEN.replace("# Api\n\nAdds routes.", "## Role\n\nIt adds."))
    merged = merge_agent(own, written)
    assert merged.text == own
    assert merged.kept[1:] == ("Purpose", "Related Templates", "Best Practices", "Boundaries")


def test_new_sections_come_after_what_a_person_begins_with() -> None:
    """F46: the purpose and the usage that a file begins with stay its beginning; what is new
    goes before the limits, as the form has it."""
    own = agent_file("# Api\n", "## Purpose\n\nRoutes.\n", "## Usage\n\nAsk.\n")
    own += "\n## Boundaries\n\n- Ask Ada.\n\n## More\n\nSee `api-ext.md`.\n"
    merged = merge_agent(
        own, WRITTEN.replace("Adds routes.\n", "Adds routes.\n\n## Role\n\nOur.\n")
    )
    assert [line for line in merged.text.splitlines() if line.startswith("## ")] == [
        "## Purpose",
        "## Usage",
        "## Template References",
        "## Best Practices",
        "## Boundaries",
        "## More",
    ]


@pytest.mark.parametrize(
    "left_open",
    ["```python\nx = 1\n", "<!-- to do\n", "<pre>\n\nx\n"],
)
def test_what_would_be_swallowed_is_not_written(left_open: str) -> None:
    """Behind a block that never ends, sections would be a part of it: the file stays, and the
    reason is told."""
    own = agent_file("# Api\n", f"## Notes\n\n{left_open}")
    merged = merge_agent(own, WRITTEN, file="agents/api-specialist.md")
    assert merged.text == own
    (issue,) = merged.issues
    assert (issue.rule, issue.severity) == ("unplaced-section", "error")
    assert "Template References" in issue.message


def test_a_fence_that_ends_with_its_item_swallows_nothing() -> None:
    """The next heading ends the list, and the fence in it."""
    own = agent_file("# Api\n", "## Notes\n\n- a\n\n  ```\n  x\n", "## More\n\n- b\n")
    merged = merge_agent(own, WRITTEN)
    assert merged.issues[0].severity == "warning"
    assert "## Constraints" in merged.text


def test_why_it_is_short_is_not_said_of_a_long_file() -> None:
    """With a person's text in it the file is not short, so no reason for it stays."""
    short = agent_file("# Api\n", "## Constraints\n\n- No `x`.\n", short_because="small")
    own = agent_file("# Api\n", "## Notes\n\n" + "Word.\n" * 200)
    assert "short_because" not in merge_agent(own, mark_sections(short)).text
    assert "short_because" in merge_agent(agent_file("# Api\n"), mark_sections(short)).text


@pytest.mark.parametrize("words", range(138, 150))
def test_why_it_is_short_is_said_wherever_the_file_is_short_without_saying_so(words: int) -> None:
    """The line of the reason may be what makes the file long enough; then it stays."""
    short = agent_file("# Api\n", "## Constraints\n\n- No `x`.\n", short_because="small")
    own = agent_file("# Api\n", "## Notes\n\n" + "Word.\n" * words)
    text = merge_agent(own, mark_sections(short)).text
    assert ("short_because" in text) is (text.count("\n") <= 150)
    assert "short_because" in text or text.count("\n") >= 150


def test_an_introduction_does_not_say_again_what_the_file_says() -> None:
    """The purpose that was taken from the file is not put beside itself."""
    written = mark_sections(agent_file("## Role\n\nAdds the routes.\nIt works with `Redis`.\n"))
    merged = merge_agent(agent_file("# Api\n\nAdds\nthe routes.\n"), written)
    assert merged.text.endswith("Adds\nthe routes.\n\n## Role\n\nIt works with `Redis`.\n")
    nothing = mark_sections(agent_file("## Role\n\nAdds the routes.\n"))
    assert "## Role" not in merge_agent(agent_file("# Api\n\nAdds the routes.\n"), nothing).text


def test_generic_text_never_replaces_specific_text() -> None:
    """F43: a section that names nothing of the code does not push out one that does."""
    vague = mark_sections(WRITTEN.replace("1. Use `Depends`.", "1. Write clean code."))
    merged = merge_agent(WRITTEN, vague)
    assert "Use `Depends`." in merged.text
    assert [issue.rule for issue in merged.issues] == ["generic"]


def test_whether_it_is_ours_is_told_by_digests_not_by_length() -> None:
    """F48: a long text of a user is a user's; without digests everything is."""
    long = agent_file("# Api\n\n" + "Word.\n" * 200, "## Constraints\n\n- None of `x`.\n")
    merged = merge_agent(long, WRITTEN)
    assert "Word.\n" * 200 in merged.text
    assert "None of `x`." in merged.text


def test_the_frontmatter_keeps_every_byte_that_is_not_ours() -> None:
    """F45: comments, order, quotes and keys of a user stay; only our own keys change."""
    head = "---\nmodel: opus   # the good one\nname: 'api-specialist'\ntools:\n  - Read\n  - Bash\n"
    head += "description: Use when: adding a route\nenhancement: none\n---\n"
    merged = merge_agent(head + "\n# Api\n", WRITTEN)
    before, _, after = merged.text.partition("enhancement:")
    assert before == head.partition("enhancement:")[0]
    assert after.startswith(' "model"\ngenerated_sections: {')
    assert read_frontmatter(merged.text)[0]["description"] == "Use when: adding a route"


def test_boundaries_come_after_quick_start_and_before_capabilities() -> None:
    """F46: the profile's order decides where a new section goes among a user's own."""
    foreign = agent_file(
        "# Api\n",
        "## Quick Start\n\nRun `make`.\n",
        "## Capabilities\n\nMany.\n",
        "## Notes\n\nX.\n",
    )
    written = mark_sections(
        agent_file("## Boundaries\n\n- Never `x`.\n", "## Code Examples\n\n`y`\n")
    )
    merged = merge_agent(foreign, written, profile=BOUNDARIES)
    headings = [line for line in merged.text.split("\n") if line.startswith("## ")]
    assert headings == [
        "## Quick Start",
        "## Boundaries",
        "## Capabilities",
        "## Code Examples",
        "## Notes",
    ]


def test_headings_in_code_are_code() -> None:
    """A fence with a heading in it is not cut in two."""
    own = "## Notes\n\n```\n## Constraints\n```\n"
    merged = merge_agent(agent_file("# Api\n", own), WRITTEN)
    assert own in merged.text
    assert "- Never `commit` twice." in merged.text


def test_line_ends_of_the_file_are_kept() -> None:
    """A file with CRLF gets its new sections with CRLF."""
    current = agent_file("# Api\n", "## Notes\n\nMine.\n").replace("\n", "\r\n")
    merged = merge_agent(current, WRITTEN)
    assert "Mine.\r\n" in merged.text
    assert merged.text.replace("\r\n", "").count("\n") == 0


def test_what_was_written_must_have_a_frontmatter() -> None:
    """Whoever calls makes whole files."""
    with pytest.raises(ValueError, match="no frontmatter"):
        merge_agent(STUB, "# Api")


HEADINGS = ["Template References", "Best Practices", "Constraints", "Notes", "Quick Start", "Usage"]
section = st.builds(
    lambda title, text, end: f"## {title}\n\n{text}{end}",
    st.sampled_from(HEADINGS),
    st.text(alphabet="ab `\n-#>", max_size=24),
    st.sampled_from(["\n", "\n\n", "", "\r\n"]),
)
files = st.builds(
    lambda sections, mark, crlf: (
        mark_sections(agent_file(*sections)) if mark else agent_file(*sections)
    ).replace("\n", "\r\n" if crlf else "\n"),
    st.lists(section, max_size=5),
    st.booleans(),
    st.booleans(),
)
written_files = st.builds(
    lambda sections: mark_sections(agent_file(*sections, enhancement="model")),
    st.lists(section, max_size=5),
)


@given(files, written_files)
def test_merging_twice_is_merging_once(current: str, written: str) -> None:
    """Idempotent, for every file and every text."""
    once = merge_agent(current, written)
    assert merge_agent(once.text, written).text == once.text


@given(files, written_files)
def test_no_line_of_a_user_is_lost(current: str, written: str) -> None:
    """Without digests every line is a user's: all of them stay, in their order."""
    head, body, _ = read_frontmatter(current)
    if GENERATED in head:
        current = agent_file() + body
    merged = merge_agent(current, written)
    lines = iter(merged.text.splitlines())
    assert all(any(line == kept for kept in lines) for line in body.splitlines() if line.strip())


@given(files, written_files)
def test_the_result_is_readable_and_marks_what_is_ours(current: str, written: str) -> None:
    """The frontmatter is YAML, and the next merge knows the sections of this one."""
    merged = merge_agent(current, written)
    head, _, problem = read_frontmatter(merged.text)
    assert problem == ""
    if GENERATED not in head or any(issue.severity == "error" for issue in merged.issues):
        assert merged.text == current  # it had every section, or would swallow what is added
        return
    assert isinstance(head[GENERATED], dict)
    assert head["enhancement"] == "model"
