"""Encodings come out of files that are there and unharmed, and from nowhere else."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from template_creation.exchange.encodings import KNOWN, Encoding, EncodingFile, load_encoding

VOCABULARY = b"\n".join(
    base64.b64encode(token) + b" " + str(rank).encode()
    for rank, token in enumerate([*(bytes([byte]) for byte in range(256)), b"he", b"ll", b"hell"])
)


def tiny(content: bytes = VOCABULARY) -> tuple[EncodingFile, ...]:
    """An encoding like o200k with a vocabulary of 259 entries."""
    digest = hashlib.sha256(content).hexdigest()
    return (EncodingFile("tiny", "o200k_base", "abc123", digest),)


@pytest.mark.parametrize("name", ["abc123", "o200k_base.tiktoken"])
def test_a_file_with_the_right_hash_is_used(tmp_path: Path, name: str) -> None:
    """By the name that tiktoken's cache gives it, or by its plain name."""
    (tmp_path / name).write_bytes(VOCABULARY)
    found = load_encoding(tmp_path, {}, known=tiny())
    assert isinstance(found, Encoding)
    assert found.name == "tiny"
    assert found.count("hello") == 2
    assert found.count("") == 0


def test_special_tokens_and_broken_text_are_counted_as_text(tmp_path: Path) -> None:
    """What a codebase holds is never control of the tokenizer, and never an error."""
    (tmp_path / "abc123").write_bytes(VOCABULARY)
    found = load_encoding(tmp_path, {}, known=tiny())
    assert found is not None
    assert found.count("<|endoftext|>") == len("<|endoftext|>")
    assert found.count("\ud800") > 0


def test_the_folder_of_the_environment_is_the_second_choice(tmp_path: Path) -> None:
    """As tiktoken's own users have set it."""
    (tmp_path / "abc123").write_bytes(VOCABULARY)
    found = load_encoding(tmp_path / "none", {"TIKTOKEN_CACHE_DIR": str(tmp_path)}, known=tiny())
    assert found is not None


def test_a_damaged_file_is_left_alone_and_not_used(tmp_path: Path) -> None:
    """tiktoken would delete it and fetch another; here it counts as not there."""
    file = tmp_path / "abc123"
    file.write_bytes(VOCABULARY[:-5])
    assert load_encoding(tmp_path, {}, known=tiny()) is None
    assert file.read_bytes() == VOCABULARY[:-5]


def test_without_a_file_there_is_no_encoding_and_no_attempt_to_get_one(tmp_path: Path) -> None:
    """The guard of these tests refuses every socket; nothing here needs one."""
    assert load_encoding(tmp_path, {}) is None
    assert load_encoding(None, {}) is None
    assert list(tmp_path.iterdir()) == []


def test_a_definition_that_does_not_load_by_the_known_function_is_not_trusted(
    tmp_path: Path,
) -> None:
    """It might reach the network; `ENCODING_CONSTRUCTORS` is no function at all."""
    (tmp_path / "abc123").write_bytes(VOCABULARY)
    (known,) = tiny()
    for name in ("ENCODING_CONSTRUCTORS", "o200k_harmony", "no_such_encoding"):
        other = EncodingFile("tiny", name, known.file, known.sha256)
        assert load_encoding(tmp_path, {}, known=(other,)) is None


def test_the_known_files_are_those_of_this_tiktoken() -> None:
    """Their hashes and cache names are what tiktoken itself would check."""
    from tiktoken_ext import openai_public

    for item in KNOWN:
        constants = getattr(openai_public, item.function).__code__.co_consts
        texts = [text for text in constants if isinstance(text, str)]
        assert item.sha256 in texts
        url = f"https://openaipublic.blob.core.windows.net/encodings/{item.function}.tiktoken"
        assert url in texts
        assert item.file == hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
