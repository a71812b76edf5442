"""Our own format: one record per line, as JSON, in any known schema version."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from memory_processing.errors import TransformError
from memory_processing.importers.reading import MAX_LINE, opened
from memory_processing.importers.seam import RawRecord

__all__ = ["JsonLines"]

_MARK = re.compile(r"(?: starting)? at$")


class JsonLines:
    """Reads ``*.jsonl``: one JSON object per line, empty lines are passed over.

    A line that is no JSON object, is longer than a million bytes or holds a number beyond JSON
    (``NaN``) is one record with an error.
    """

    name = "jsonl"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The records in the order of their lines; no more of a line than that is kept."""
        with opened(path, label) as file:
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    yield _too_long(line, _rest_of_line(file, line), label, number)
                elif text := line.strip():
                    yield _record(text.removeprefix(codecs.BOM_UTF8), label, number)


def _rest_of_line(file: BinaryIO, line: bytes) -> int:
    """Reads to the end of a line that has begun; how many bytes that is."""
    size = 0
    while not line.endswith(b"\n") and (line := file.readline(MAX_LINE)):
        size += len(line)
    return size


def _too_long(line: bytes, rest: int, label: str, number: int) -> RawRecord:
    error = TransformError(
        f"the line has {len(line) + rest:,} bytes, expected at most {MAX_LINE:,}",
        hint="split the memory into several",
    )
    return RawRecord(source=label, line=number, format="jsonl", error=error, text=line)


def _record(line: bytes, label: str, number: int) -> RawRecord:
    try:
        data = _parsed(line)
    except TransformError as error:
        return RawRecord(source=label, line=number, format="jsonl", error=error, text=line)
    return RawRecord(source=label, line=number, format="jsonl", data=data, text=line)


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        data = json.loads(line, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise TransformError(
            f"the line is not UTF-8: {error.reason} at byte {error.start}",
            hint="save the file as UTF-8",
        ) from error
    except RecursionError as error:
        raise TransformError("the line is nested too deeply", hint="flatten it") from error
    except json.JSONDecodeError as error:
        raise TransformError(
            f"the line is not JSON: {_MARK.sub('', error.msg)} at column {error.colno}",
            hint="write one JSON object per line",
        ) from error
    except ValueError as error:
        raise TransformError(f"the line is not JSON: {error}", hint="write the number") from error
    if not isinstance(data, dict):
        raise TransformError(
            f"the line holds {type(data).__name__}, expected an object",
            hint='write one object per line, as {"text": "..."}',
        )
    return data


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")
