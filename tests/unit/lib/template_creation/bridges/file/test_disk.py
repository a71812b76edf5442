"""Files whole or not at all, and one process at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.bridges.file.disk import at_work, decoded, keep, write_whole
from template_creation.errors import BadInput


def test_one_process_at_a_time_changes_a_folder(tmp_path: Path) -> None:
    """The other one is told, and may go on as soon as the first is done."""
    home = tmp_path / "home"
    with (
        at_work(tmp_path, home),
        pytest.raises(BadInput, match="another process"),
        at_work(tmp_path, home, patience_s=0),
    ):
        raise AssertionError("two at once")
    with at_work(tmp_path, home, patience_s=0):
        pass


def test_a_write_leaves_no_temporary_file(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.json", b"{}")
    write_whole(tmp_path / "a.json", b"[]")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_bytes() == b"[]"


def test_keeping_never_overwrites_and_is_no_error_for_a_file_that_is_gone(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    for content in ("one", "two", "three"):
        (tmp_path / ".answer.json").write_text(content)
        keep(tmp_path / ".answer.json", kept)
    keep(tmp_path / ".answer.json", kept)
    assert {path.name: path.read_text() for path in kept.iterdir()} == {
        "answer.json": "one",
        "answer-2.json": "two",
        "answer-3.json": "three",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_as_hosts_write_it(encoding: str) -> None:
    assert decoded("é {}".encode(encoding)) == "é {}"
    assert decoded(b"\xff\xfe\x00") is not None
