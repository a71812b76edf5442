"""What a file's bytes say: text or not, generated or not, its line ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from template_creation.values.source import Eol, ExclusionReason

__all__ = [
    "BINARY_PROBE_BYTES",
    "MAX_FILE_BYTES",
    "MAX_LINE_BYTES",
    "TextShape",
    "has_generated_header",
    "refusal",
    "text_shape",
]

MAX_FILE_BYTES: Final = 200_000
"""Larger files are left out: no template and no excerpt comes from them, and a parser's time
must stay bounded (facts, section 2)."""
MAX_LINE_BYTES: Final = 5_000
"""Files with a longer line are minified or data, and slow for every pattern."""
BINARY_PROBE_BYTES: Final = 8_192
"""A NUL in the first bytes means binary (measured: no misses on eight repositories)."""

_HEADER_BYTES: Final = 600
_LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_BOM: Final = b"\xef\xbb\xbf"
_COMMENT: Final = rb"(?m)^[ \t]*(?://+|#+|/\*+|\*|--+|<!--|;+|\"\"\"|''')?[ \t]*"
_GENERATED: Final = re.compile(
    _COMMENT + rb"(?:@generated\b|<auto-?generated\b|Code generated [^\n]{0,200}DO NOT EDIT"
    rb"|(?:NOTE: *)?(?:This (?:file|code|class|module|program) (?:is|was|has been) )?"
    rb"(?:auto(?:matically)?[- ]?generated)"
    rb"[ \t]+(?:by|from|with|using)[ \t])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class TextShape:
    """Line ends, byte order mark and end of a text, as they must be kept."""

    lines: int
    eol: Eol
    bom: bool
    final_newline: bool


def refusal(data: bytes, size: int) -> tuple[ExclusionReason, str] | None:
    """Why a file is not usable text, or ``None``. ``data`` is the whole file, or its first
    bytes if ``size`` is above `MAX_FILE_BYTES`."""
    if data.startswith(_LFS_POINTER) and size < 1_024:
        return "lfs-pointer", ""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "binary", "UTF-16 text"
    if b"\0" in data[:BINARY_PROBE_BYTES]:
        return "binary", ""
    if size > MAX_FILE_BYTES:
        return "too-large", f"{size} bytes"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return "not-utf8", f"line {line}"
    if size > MAX_LINE_BYTES:
        longest = max(map(len, data.replace(b"\r", b"\n").split(b"\n")))
        if longest > MAX_LINE_BYTES:
            return "long-lines", f"{longest} bytes in one line"
    return None


def has_generated_header(data: bytes) -> bool:
    """Whether one of the first lines is a tool's statement that it wrote the file.

    The statement must begin its line or comment: a hand-written comment that only talks about
    generated code does not count (facts, section 2).
    """
    return _GENERATED.search(data[:_HEADER_BYTES].removeprefix(_BOM)) is not None


def text_shape(data: bytes) -> TextShape:
    """The shape of the text ``data``.

    >>> text_shape(b"a\\r\\nb")
    TextShape(lines=2, eol='crlf', bom=False, final_newline=False)
    """
    line_feeds = data.count(b"\n")
    returns = data.count(b"\r")
    pairs = data.count(b"\r\n") if returns and line_feeds else 0
    kinds: list[Eol] = []
    if pairs:
        kinds.append("crlf")
    if line_feeds > pairs:
        kinds.append("lf")
    if returns > pairs:
        kinds.append("cr")
    unfinished = bool(data) and not data.endswith(b"\n")
    return TextShape(
        lines=line_feeds + unfinished,
        eol="none" if not kinds else kinds[0] if len(kinds) == 1 else "mixed",
        bom=data.startswith(_BOM),
        final_newline=data.endswith((b"\n", b"\r")),
    )
