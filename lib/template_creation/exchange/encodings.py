"""A tiktoken encoding out of a file that is there already; nothing is ever downloaded."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

__all__ = ["KNOWN", "Encoding", "EncodingFile", "load_encoding"]


@dataclass(frozen=True, slots=True)
class Encoding:
    """A loaded encoding: its ``name`` (``o200k``), and how many tokens it makes of a text."""

    name: str
    count: Callable[[str], int]


@dataclass(frozen=True, slots=True)
class EncodingFile:
    """A data file of tiktoken: by what name its cache keeps it, and the hash it must have."""

    name: str
    function: str
    file: str
    sha256: str


KNOWN = (
    EncodingFile(
        name="o200k",
        function="o200k_base",
        file="fb374d419588a4632f3f557e76b4b70aebbca790",
        sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    EncodingFile(
        name="cl100k",
        function="cl100k_base",
        file="9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
)
"""Best first; both give the same count within 2 % (facts/llm-api.md section 5). A file may also
be called ``o200k_base.tiktoken``."""


def load_encoding(
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    known: Sequence[EncodingFile] = KNOWN,
) -> Encoding | None:
    """The first of the ``known`` encodings with an unharmed file, in ``folder`` or in the folder
    that ``TIKTOKEN_CACHE_DIR`` names; ``None`` where there is none."""
    named = (os.environ if environ is None else environ).get("TIKTOKEN_CACHE_DIR", "")
    folders = [item for item in (folder, Path(named) if named else None) if item is not None]
    for data in known:
        for place in folders:
            for name in (data.file, f"{data.function}.tiktoken"):
                found = _load(place / name, data)
                if found is not None:
                    return found
    return None


@cache
def _load(path: Path, data: EncodingFile) -> Encoding | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != data.sha256:
        return None
    return _built(content, data)


def _built(content: bytes, data: EncodingFile) -> Encoding | None:
    """tiktoken's own definition of the encoding, with the file's content in the place of the
    loader that would go to the network; ``None`` for a tiktoken that is built differently."""
    import tiktoken
    from tiktoken_ext import openai_public  # type: ignore[import-untyped]  # it ships no types

    def from_file(*_: object, **__: object) -> dict[bytes, int]:
        pairs = (line.split() for line in content.splitlines() if line)
        return {base64.b64decode(token): int(rank) for token, rank in pairs}

    define = getattr(openai_public, data.function, None)
    if not isinstance(define, FunctionType) or "load_tiktoken_bpe" not in define.__code__.co_names:
        return None
    offline = FunctionType(
        define.__code__, {**define.__globals__, "load_tiktoken_bpe": from_file}, data.function
    )
    arguments: dict[str, Any] = offline()
    encoding = tiktoken.Encoding(**arguments)
    return Encoding(data.name, lambda text: len(encoding.encode_ordinary(text)))
