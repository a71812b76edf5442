"""Memories come from stores and from files, and nothing is written where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from memory_processing import RecordSource, import_memories, open_store
from template_creation.errors import BadInput
from template_creation.evidence import load_memories


def test_a_store_and_files_are_read_together_without_duplicates(tmp_path: Path) -> None:
    place = tmp_path / "kept"  # a store is known by its content, not by its name
    with open_store(place) as store:
        records = [{"kind": "constraint", "text": "Never log a card number."}]
        import_memories([RecordSource(records)], store)
    notes = tmp_path / "CLAUDE.md"
    notes.write_text("- Never log a card number.\n- Never mock the clock.\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    loaded = load_memories([place, notes])
    texts = sorted(record.text for record in loaded.records)
    assert texts == ["Never log a card number.", "Never mock the clock."]
    assert loaded.warnings == ()
    assert {path: path.read_bytes() for path in (place, notes)} == {
        path: before[path] for path in (place, notes)
    }


def test_what_cannot_be_read_is_a_warning_and_the_rest_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text('{"text": "Never mock the clock."}\nnot json\n', encoding="utf-8")
    loaded = load_memories([path])
    assert [record.provenance[0].source for record in loaded.records] == ["notes.jsonl"]
    (warning,) = loaded.warnings
    assert warning.startswith("notes.jsonl:2: ")


def test_no_places_are_no_memories() -> None:
    assert load_memories([]).records == ()


@pytest.mark.parametrize("text", ["", "# Only a heading\n"])
def test_a_file_without_a_memory_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "CLAUDE.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match="no memories") as caught:
        load_memories([path])
    assert "memory validate" in caught.value.hint


def test_a_missing_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such memories"):
        load_memories([tmp_path / "gone.md"])


def test_a_file_that_is_no_store_and_no_notes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(BadInput, match="no known format"):
        load_memories([path])
    path.write_bytes(b"SQLite format 3\x00 but broken")
    with pytest.raises(BadInput, match="cannot be read"):
        load_memories([path])
