"""What the importers share: opening files, errors with their place, times, fields with aliases."""

from __future__ import annotations

import codecs
import io
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from batch_engine.core import EngineError
from memory_processing.errors import MemoryStoreError, TransformError
from memory_processing.importers.seam import RawRecord

__all__ = [
    "MAX_LINE",
    "Maker",
    "a_time",
    "first_of",
    "kind_of_value",
    "numbered_lines",
    "opened",
    "texts_of",
    "unlike",
]

MAX_LINE = 1_000_000
"""The longest line of text that is read, in bytes."""

_MARKS = {
    codecs.BOM_UTF8: "",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_ZEROS: dict[tuple[bool, ...], str] = {(False, True): "utf-16-le", (True, False): "utf-16-be"}
_PIECE = 65_536
_KINDS: dict[type, str] = {
    str: "text",
    list: "a list",
    dict: "an object",
    bool: "true or false",
    int: "a number",
    float: "a number",
    type(None): "null",
}
_FINER_EPOCH = 2e10
"""Numbers above it are no seconds any more but milliseconds or finer."""


class Maker:
    """Makes the raw records of one source: each with the source's label and the format's name.

    >>> Maker("notes.md", "instructions").record(3, kind="note", text="Use tabs.").place
    'notes.md:3'
    """

    def __init__(self, label: str, form: str) -> None:
        self.label = label
        self.form = form

    def record(self, line: int | None, **fields: Any) -> RawRecord:
        """A record of the current schema; fields that are empty are left out."""
        data = {name: value for name, value in fields.items() if value not in (None, "", (), [])}
        data = {name: value for name, value in data.items() if value != {}}
        data["schema_version"] = 2
        data.setdefault("text", "")
        return RawRecord(source=self.label, line=line, format=self.form, data=data)

    def failed(self, line: int | None, error: EngineError) -> RawRecord:
        """A record that could not be read."""
        return RawRecord(source=self.label, line=line, format=self.form, error=error)


@contextmanager
def opened(path: Path, label: str) -> Iterator[BinaryIO]:
    """The file as UTF-8 for reading, behind its byte order mark; one in UTF-16 or UTF-32 (as
    PowerShell writes them) is translated on the way. `MemoryStoreError` if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            encoding, mark = _encoding(file.read(4))
            file.seek(mark)
            if encoding:
                yield io.BufferedReader(_Translated(file, encoding))
            else:
                yield file
    except OSError as error:
        raise MemoryStoreError(
            f"cannot read {label!r}: {error.strerror or error}",
            hint="check the path and its permissions",
        ) from error


def _encoding(head: bytes) -> tuple[str, int]:
    """The encoding that is not UTF-8, if it is one, and the length of the mark before the text.
    Without a mark, zeros beside an ASCII character tell."""
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding, len(mark)
    return _ZEROS.get(tuple(not byte for byte in head[:2]), ""), 0


class _Translated(io.RawIOBase):
    """The bytes of a text file in another encoding as UTF-8, a piece in memory at a time."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self._given = 0
        self._ended = False

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See `io.RawIOBase.readinto`; `TransformError` where the text is not in the encoding."""
        while not self._ready and not self._ended:
            piece = self._file.read(_PIECE)
            self._ended = not piece
            try:
                text = self._decoder.decode(piece, final=self._ended)
            except UnicodeDecodeError as error:
                raise TransformError(
                    f"the file is not {self._encoding.upper()}: {error.reason}",
                    hint="save the file as UTF-8",
                ) from error
            self._ready = text.encode("utf-8", "surrogatepass")
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        self._given += size
        return size

    def tell(self) -> int:
        """How many bytes were given."""
        return self._given


def numbered_lines(path: Path, label: str) -> Iterator[tuple[int, str]]:
    """The lines of a text file from 1 on, without their ends, one in memory at a time.

    Raises `TransformError` for text that is not UTF-8 and for a line beyond `MAX_LINE`.
    """
    with opened(path, label) as file:
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise TransformError(
                    f"line {number} has more than {MAX_LINE:,} bytes, expected lines of text",
                    hint="this is no text file, or one for another --format",
                )
            try:
                yield number, line.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise TransformError(
                    f"line {number} is not UTF-8: {error.reason} at byte {error.start}",
                    hint="save the file as UTF-8",
                ) from error


def unlike(place: str, expected: str, got: object, hint: str = "") -> TransformError:
    """The error for a value of another kind: where it stands, expected, got, and the remedy.

    >>> print(unlike("/results/3", "an object", [1]))
    /results/3: expected an object, got a list
    """
    found = kind_of_value(got)
    if isinstance(got, str):
        found = f"{got[:60]!r}" if got.strip() else "an empty text"
    return TransformError(f"{place}: expected {expected}, got {found}", hint=hint)


def kind_of_value(value: object) -> str:
    """What JSON calls the value's kind, for messages."""
    return _KINDS.get(type(value), type(value).__name__)


def first_of(data: Mapping[str, Any], *names: str) -> Any:
    """The first of the fields that holds something: an empty one does not hide a filled one."""
    for name in names:
        if data.get(name) not in (None, "", [], {}):
            return data[name]
    return None


def texts_of(value: object) -> tuple[str, ...]:
    """A list of texts, or a text with commas, as texts without the empty ones, each once."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return ()
    texts = (part.strip() for part in parts if isinstance(part, str))
    return tuple(dict.fromkeys(text for text in texts if text))


def a_time(value: object) -> str | None:
    """A moment as ISO 8601 with its zone: from ISO text (without a zone it is UTC) or from
    seconds, milli-, micro- or nanoseconds since 1970; nothing if it is no moment.

    >>> a_time("2026-01-31"), a_time(1769817600000)
    ('2026-01-31T00:00:00+00:00', '2026-01-31T00:00:00+00:00')
    """
    moment: datetime | None = None
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        seconds = float(value)
        while abs(seconds) > _FINER_EPOCH:
            seconds /= 1000
        moment = datetime.fromtimestamp(seconds, tz=UTC)
    elif isinstance(value, str) or hasattr(value, "isoformat"):
        text = value if isinstance(value, str) else value.isoformat()
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            return None
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()
