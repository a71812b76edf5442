"""Text of files and the lines in it: what every reader of manifests and rules starts from."""

from __future__ import annotations

import re
from collections.abc import Mapping

from template_creation.values.source import FileReader

__all__ = ["TextCache", "decode", "folder_of", "line_at", "line_of", "name_of"]


def decode(data: bytes) -> str:
    """The text of a file: UTF-8 without BOM, line ends as ``\\n``, bad bytes replaced."""
    text = data.decode("utf-8-sig", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def line_at(text: str, offset: int) -> int:
    """The 1-based line of a character offset."""
    return text.count("\n", 0, offset) + 1


def line_of(text: str, needle: str, *, start: int = 0) -> int:
    """The 1-based line of the first ``needle`` at or after the offset ``start``; 1 if absent."""
    found = text.find(needle, max(start, 0))
    return line_at(text, found) if found >= 0 else 1


def line_of_match(text: str, pattern: str) -> int:
    """The 1-based line where ``pattern`` first matches (multi-line mode); 1 if it does not."""
    found = re.search(pattern, text, re.MULTILINE)
    return line_at(text, found.start()) if found else 1


def folder_of(path: str) -> str:
    """The folder of a POSIX path, ``""`` at the top."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """The last part of a POSIX path."""
    return path.rpartition("/")[2]


class TextCache:
    """Reads each file once and hands out its text or the text of some of its lines.

    >>> cache = TextCache(lambda path: b"one\\r\\ntwo\\n")
    >>> cache.lines("a.txt", 2, 2)
    'two'
    """

    def __init__(self, read: FileReader) -> None:
        self._read = read
        self._lines: dict[str, list[str]] = {}

    def text(self, path: str) -> str:
        """The whole text of ``path``; empty if it cannot be read any more."""
        return "\n".join(self._split(path))

    def lines(self, path: str, line: int, end_line: int) -> str:
        """The text of the 1-based inclusive lines ``line..end_line`` without a final newline."""
        return "\n".join(self._split(path)[max(line, 1) - 1 : end_line])

    def _split(self, path: str) -> list[str]:
        if path not in self._lines:
            try:
                self._lines[path] = decode(self._read(path)).split("\n")
            except OSError:
                self._lines[path] = []
        return self._lines[path]


def as_mapping(value: object) -> Mapping[str, object]:
    """``value`` if it is a mapping, else an empty one: manifests hold anything anywhere."""
    return value if isinstance(value, Mapping) else {}


def as_strings(value: object) -> tuple[str, ...]:
    """The strings in ``value`` if it is a list, else nothing."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def as_text(value: object) -> str:
    """``value`` if it is a string, else empty."""
    return value if isinstance(value, str) else ""
