"""What in an agent's file rules out every answer: found before anything is asked, let alone paid.

The file stays as it is, byte for byte; the reason names the place and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from template_creation.agents.frontmatter import read_frontmatter
from template_creation.agents.markdown import open_block

__all__ = ["find_obstacles", "obstacle"]


def obstacle(data: bytes, file: str) -> str:
    """Why nothing can be added to the agent file ``file`` with the bytes ``data``, and what to
    do about it; or nothing.

    >>> obstacle(b"# A", "agents/a.md").partition(";")[0]
    'its file cannot be enhanced: no frontmatter block at the start of the file'
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        return f"the file is not UTF-8 text (byte {exc.start}); save it as UTF-8"
    head, body, problem = read_frontmatter(text)
    if problem:
        fix = "begin it with a --- block of YAML that has a name and a description"
        return f"its file cannot be enhanced: {problem}; {fix}"
    description = head.get("description")
    if not isinstance(description, str) or not description.strip():
        said = (
            "there is no description" if not description else f"the description is {description!r}"
        )
        return f"{file}:1: {said}, so no host would load the agent; say when to use it, as text"
    opened = open_block(body)
    if opened is None:
        return ""
    line = text.count("\n", 0, len(text) - len(body)) + 1 + opened[0]
    return (
        f"{file}:{line} opens {opened[1]} that is never closed, so what is added would be a part "
        "of it; close it"
    )


def find_obstacles(files: Iterable[Path]) -> dict[Path, str]:
    """The `obstacle` of each of ``files`` that has one."""
    found = {path: obstacle(path.read_bytes(), f"agents/{path.name}") for path in files}
    return {path: reason for path, reason in found.items() if reason}
