"""Templates as bytes: literal segments and placeholders, and the marks between them.

One delimiter serves a whole package. It is chosen so that it occurs nowhere in what the
package's templates say literally, so that decoding an encoded template gives exactly its
segments, in our decoder and in Jinja's. (Facts section 8.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count

from template_creation.errors import BadInput
from template_creation.values.template import Delimiter, Placeholder, Segment, Template

__all__ = [
    "choose_delimiter",
    "choose_marks",
    "decode_template",
    "encode_path",
    "encode_segments",
    "encode_template",
    "merge",
]

_DELIMITERS = (
    Delimiter("{{", "}}"),
    Delimiter("[[", "]]"),
    Delimiter("{{=", "=}}"),
    Delimiter("[[=", "=]]"),
    Delimiter("{@", "@}"),
    Delimiter("(@", "@)"),
)


def merge(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """The same content with neighbouring literals joined and empty ones left out."""
    merged: list[Segment] = []
    for segment in segments:
        if isinstance(segment, Placeholder):
            merged.append(segment)
        elif segment:
            if merged and isinstance(merged[-1], bytes):
                merged[-1] += segment
            else:
                merged.append(segment)
    return tuple(merged)


def encode_segments(segments: Iterable[Segment], delimiter: Delimiter) -> bytes:
    """The bytes of a template file: literals as they are, placeholders between the marks."""
    start, end = delimiter.start.encode(), delimiter.end.encode()
    return b"".join(
        start + segment.name.encode() + end if isinstance(segment, Placeholder) else segment
        for segment in segments
    )


def encode_template(template: Template, delimiter: Delimiter) -> bytes:
    """The content of ``template`` as it stands in the package."""
    return encode_segments(template.segments, delimiter)


def encode_path(template: Template, delimiter: Delimiter) -> str:
    """The path of ``template`` as it stands in the package, below the templates folder and
    without the suffix."""
    return encode_segments(template.path_segments, delimiter).decode()


def decode_template(
    data: bytes, delimiter: Delimiter, placeholders: Iterable[Placeholder]
) -> tuple[Segment, ...]:
    """The segments that ``data`` encodes. It reads from the left, as Jinja does.

    Raises `BadInput` at a mark that no name of ``placeholders`` and no end mark follow.

    >>> from template_creation.templating.words import placeholder_for
    >>> name = placeholder_for("entity", "singular", "pascal")
    >>> decode_template(b"class {{EntityName}}:", Delimiter("{{", "}}"), [name])[2]
    b':'
    """
    known = {placeholder.name.encode(): placeholder for placeholder in placeholders}
    start, end = delimiter.start.encode(), delimiter.end.encode()
    segments: list[Segment] = []
    position = 0
    while True:
        mark = data.find(start, position)
        if mark < 0:
            segments.append(data[position:])
            return merge(segments)
        close = data.find(end, mark + len(start))
        name = data[mark + len(start) : close] if close >= 0 else b""
        if name not in known:
            line = data.count(b"\n", 0, mark) + 1
            raise BadInput(
                f"line {line}: {delimiter.start!r} does not open a placeholder of this template",
                hint=f"use one of {', '.join(sorted(item.decode() for item in known)) or 'none'}",
            )
        segments += [data[position:mark], known[name]]
        position = close + len(end)


def choose_delimiter(contents: Sequence[Sequence[Segment]]) -> Delimiter:
    """The first pair of marks that collides with nothing in ``contents`` (segments of files
    and of paths); always legal in a Windows path."""
    literals = b"\0".join(
        segment for segments in contents for segment in segments if isinstance(segment, bytes)
    )
    for delimiter in _candidates():
        if delimiter.start.encode() in literals:
            continue
        if all(_survives(segments, delimiter) for segments in contents):
            return delimiter
    raise AssertionError("the candidates never end")


def _candidates() -> Iterable[Delimiter]:
    yield from _DELIMITERS
    for number in count(1):
        yield Delimiter(f"{{@{number}~", f"~{number}@}}")


def _survives(segments: Sequence[Segment], delimiter: Delimiter) -> bool:
    placeholders = [item for item in segments if isinstance(item, Placeholder)]
    try:
        decoded = decode_template(encode_segments(segments, delimiter), delimiter, placeholders)
    except BadInput:
        return False
    return decoded == merge(segments)


def choose_marks(texts: Iterable[bytes], kind: str) -> tuple[str, str]:
    """A start and an end mark around ``kind`` (one character) that occur in none of
    ``texts``; for the blocks and comments of Jinja, which our templates never use."""
    joined = b"\0".join(texts)
    longest = max((len(run) for run in re.findall(rb"~+", joined)), default=0)
    for length in range(1, longest + 2):
        tildes = "~" * length
        start, end = f"({kind}{tildes}", f"{tildes}{kind})"
        if start.encode() not in joined and end.encode() not in joined:
            return start, end
    raise AssertionError("a run of more tildes than any in the texts cannot occur in them")
