"""What rules out every answer is found in the file itself, before anything is asked."""

from __future__ import annotations

import pytest

from template_creation.agents.markdown import open_block
from template_creation.agents.obstacles import obstacle

HEAD = "---\nname: a\ndescription: Use when testing.\n---\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"# A\n\nNo head.\n", "no frontmatter block at the start"),
        (b"---\n- name: a\n---\n# A\n", "not a YAML mapping"),
        (b"---\nname: a\n# A\n", "no frontmatter block at the start"),
        (HEAD.encode("utf-16"), "is not UTF-8 text (byte 0); save it as UTF-8"),
        (HEAD.encode() + "café".encode("latin-1"), "is not UTF-8 text (byte 50)"),
        (b"---\nname: a\n---\n# A\n", "agents/a.md:1: there is no description"),
        (b"---\nname: a\ndescription: [b]\n---\n", "agents/a.md:1: the description is ['b']"),
        (HEAD.encode() + b"# A\n\n```py\nx\n", "agents/a.md:7 opens a fence (```) that is never"),
        (HEAD.encode() + b"# A\n\n<!-- to do\n\n## B\n", "agents/a.md:7 opens a comment (<!--)"),
        (("\ufeff" + HEAD + "# A\n\n~~~\n").replace("\n", "\r\n").encode(), "agents/a.md:7 opens"),
    ],
)
def test_why_nothing_can_be_added_is_said_with_place_and_way_out(data: bytes, reason: str) -> None:
    """The reason names the place, and what the owner can do."""
    found = obstacle(data, "agents/a.md")
    assert reason in found
    assert any(word in found for word in ("save it", "begin it", "say when", "close it"))


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("# A\n\n```python\nx = 1\n", 2),
        ("# A\n\n````\n```\n", 2),
        ("# A\n\n~~~\n```\n", 2),
        ("# A\n\n```\n    ```\n", 2),
        ("```\r\nx\r\n", 0),
        ("a\n\n<!-- b\n\n## C\n", 2),
        ("<pre>\nfoo\n\nbar\n", 0),
        ("<script>\n\n</scripts>\n", 0),
        ("<details>\n<summary>b</summary>\n\nc\n", 0),
        ("<details>\n\n<details>\n\n</details>\n", 0),
        ("a\n\n<![CDATA[ b\n\n> c\n", 2),
    ],
)
def test_what_a_text_leaves_open_is_found(body: str, line: int) -> None:
    """A fence, a comment, a block of HTML that goes on, folded text."""
    found = open_block(body)
    assert found is not None
    assert found[0] == line


@pytest.mark.parametrize(
    "body",
    [
        "# A\n\n```\nx\n```\n",
        "```\r\nx\r\n```\r\n",
        "- a\n\n  ```\n  the item ends, and the fence with it\n",
        "> ```\n> the quote ends\n",
        "<!-- a -->\n\n<!-->\n\ntext <!-- b\n",
        "<details>\n\na\n\n</details>\n",
        "<div>\n\na\n",
        "`<details>` and `<pre>`\n",
        "    ```\n    an indented block\n",
        "a <pre> b\n",
    ],
)
def test_what_ends_by_itself_is_no_obstacle(body: str) -> None:
    """What follows it is seen as what it is."""
    assert open_block(body) is None
    assert obstacle((HEAD + body).encode(), "agents/a.md") == ""
