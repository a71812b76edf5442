"""Our part of a file that is somebody else's: the lines between two marks.

The marks are HTML comments, which no reader of Markdown shows. Every byte outside them stays.
"""

from __future__ import annotations

import re

__all__ = ["BrokenMarks", "find_block", "put_block", "remove_block"]


class BrokenMarks(ValueError):  # noqa: N818 - reads as what it is
    """The marks of a block are there, but not once each and in order."""


def find_block(data: bytes, name: str) -> bytes | None:
    """What stands between the marks of ``name``, with LF; ``None`` without them.

    Raises `BrokenMarks` where one mark is missing, or both are there twice.
    """
    found = _span(data, name)
    return None if found is None else data[found[1] : found[2]].replace(b"\r\n", b"\n")


def put_block(data: bytes | None, name: str, content: bytes) -> bytes:
    r"""``data`` with ``content`` between the marks of ``name``: where they are, else at its end.

    >>> put_block(b"mine\n", "shop", b"ours\n").decode().splitlines()[2]
    '<!-- template-create:begin shop -->'
    """
    newline = b"\r\n" if data and b"\r\n" in data else b"\n"
    begin, end = _marks(name)
    inner = content if content.endswith(b"\n") else content + b"\n"
    block = b"\n".join((begin, inner + end, b"")).replace(b"\r\n", b"\n").replace(b"\n", newline)
    if not data:
        return block
    found = _span(data, name)
    if found is not None:
        return data[: found[0]] + block + data[found[3] :]
    gap = newline if data.endswith(b"\n") else newline * 2
    return data + gap + block


def remove_block(data: bytes, name: str) -> bytes:
    """``data`` without the block and the empty line that came with it."""
    found = _span(data, name)
    if found is None:
        return data
    before, after = data[: found[0]], data[found[3] :]
    for gap in (b"\r\n\r\n", b"\n\n"):
        if before.endswith(gap):
            before = before[: -len(gap) // 2]
            break
    return before + after


def _marks(name: str) -> tuple[bytes, bytes]:
    word = name.encode()
    begin = b"<!-- template-create:begin " + word + b" -->"
    return begin, b"<!-- template-create:end " + word + b" -->"


def _span(data: bytes, name: str) -> tuple[int, int, int, int] | None:
    """Where the block, its content and the rest begin and end."""
    begin, end = _marks(name)
    begins = list(re.finditer(rb"^" + re.escape(begin) + rb"[ \t]*\r?\n", data, re.MULTILINE))
    ends = list(re.finditer(rb"^" + re.escape(end) + rb"[ \t]*(?:\r?\n|\Z)", data, re.MULTILINE))
    if not begins and not ends:
        return None
    if len(begins) != 1 or len(ends) != 1 or ends[0].start() < begins[0].end():
        raise BrokenMarks(f"the marks of {name!r} are not there once each, in order")
    return begins[0].start(), begins[0].end(), ends[0].start(), ends[0].end()
