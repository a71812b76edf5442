"""Our own format: one record per line, as JSON, in any known schema version."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from memory_processing.errors import MemoryStoreError, TransformError
from memory_processing.importers.seam import RawRecord

__all__ = ["JsonLines"]

_MAX_LINE = 1_000_000
_MARK = re.compile(r"(?: starting)? at$")


class JsonLines:
    """Reads ``*.jsonl``: UTF-8, one JSON object per line, empty lines are passed over.

    A line that is no JSON object, is longer than a million bytes or holds a number beyond JSON
    (``NaN``) is one record with an error.
    """

    name = "jsonl"

    def read(self, path: Path, *, label: str) -> Iterator[RawRecord]:
        """The records in the order of their lines."""
        try:
            with Path(path).open("rb") as file:
                for number, line in enumerate(file, start=1):
                    if text := line.strip():
                        yield _record(text.removeprefix(b"\xef\xbb\xbf"), label, number)
        except OSError as error:
            raise MemoryStoreError(
                f"cannot read {label!r}: {error.strerror or error}",
                hint="check the path and its permissions",
            ) from error


def _record(line: bytes, label: str, number: int) -> RawRecord:
    try:
        data = _parsed(line)
    except TransformError as error:
        return RawRecord(source=label, line=number, format="jsonl", error=error, text=line)
    return RawRecord(source=label, line=number, format="jsonl", data=data, text=line)


def _parsed(line: bytes) -> dict[str, Any]:
    if len(line) > _MAX_LINE:
        raise TransformError(
            f"the line has {len(line):,} bytes, expected at most {_MAX_LINE:,}",
            hint="split the memory into several",
        )
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
