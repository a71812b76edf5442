"""Every format is found from its content, read record by record, and one bad record costs one.

``tests/data/memories`` holds one file of each format with what can go wrong in it;
``expected.json`` the records and errors that a person has read and found right.
"""

from __future__ import annotations

import json
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batch_engine.core import ConfigurationError, EngineError
from memory_processing import (
    BatchProcessingConfig,
    MemoryStoreError,
    RawRecord,
    TransformError,
    preview_memories,
    validate_memory,
)
from memory_processing.importers import FORMATS, FileSource, detect_format, source_for

FIXTURES = {
    "CLAUDE.md": "instructions",
    "rules": "instructions",
    "adr": "adr",
    "adr/0001-use-sqlite.md": "adr",
    "lessons.md": "lessons",
    "lesson-frontmatter.md": "lessons",
    "legacy-v1.json": "json",
    "mem0-results.json": "mem0",
    "mem0-list.json": "mem0",
    "mem0-export-bookshop-2026-06-01.md": "mem0",
    "memory.jsonl": "mcp",
    "agent.af": "letta",
    "cogx": "cogx",
    "cogx/facts.jsonl": "cogx",
    "own.jsonl": "jsonl",
}


def _shown(raw: RawRecord) -> dict[str, Any]:
    if raw.error is not None:
        assert isinstance(raw.error, EngineError)
        assert raw.error.hint
        said = raw.error.message.partition("not JSON")  # what follows is the decoder's
        return {"place": raw.place, "error": said[0] + said[1], "hint": raw.error.hint}
    return {"place": raw.place, **dict(raw.data or {})}


@pytest.mark.parametrize("name", FIXTURES)
def test_the_format_is_found_from_the_content(name: str, memories: Path) -> None:
    assert detect_format(Path(name)) == FIXTURES[name]


@pytest.mark.parametrize("name", FIXTURES)
def test_a_file_of_each_format_gives_the_records_that_were_read_and_approved(
    name: str, memories: Path
) -> None:
    expected = json.loads((memories / "expected.json").read_text(encoding="utf-8"))[name]
    source = source_for(Path(name))
    assert [_shown(raw) for raw in source.read()] == expected
    assert [_shown(raw) for raw in source.read()] == expected  # again, as a resumed run does


@pytest.mark.parametrize("name", FIXTURES)
def test_what_an_importer_reads_can_be_stored_or_says_why_not(name: str, memories: Path) -> None:
    for raw in source_for(Path(name)).read():
        if raw.data is None:
            continue
        result = validate_memory(raw.data)
        assert result.is_valid or all(issue.hint for issue in result.errors), result.errors
        if result.record:
            assert result.record.kind in raw.data.get("kind", result.record.kind)


def test_an_import_goes_on_after_each_bad_record(memories: Path) -> None:
    report = preview_memories([source_for(Path("memory.jsonl"))])
    assert (report.counts.processed, report.counts.successful, report.counts.failed) == (9, 4, 5)
    assert [error.place for error in report.errors] == [
        f"memory.jsonl:{line}" for line in (1, 4, 5, 6, 7)
    ]


def test_a_file_is_only_read_never_changed(memories: Path, tmp_path: Path) -> None:
    copy = tmp_path / "all"
    shutil.copytree(memories, copy)
    for item in copy.rglob("*"):
        item.chmod(0o555 if item.is_dir() else 0o444)
    before = {item: item.read_bytes() for item in copy.rglob("*") if item.is_file()}
    for name in FIXTURES:
        assert list(source_for(copy / name).read())
    assert {item: item.read_bytes() for item in copy.rglob("*") if item.is_file()} == before
    for item in copy.rglob("*"):
        item.chmod(0o755)


def test_a_document_that_is_json_inside_json_is_unwrapped(memories: Path, tmp_path: Path) -> None:
    plain = (memories / "agent.af").read_text(encoding="utf-8")
    for wrapped in (json.dumps(plain), json.dumps(json.dumps(plain))):
        path = tmp_path / "agent.af"
        path.write_text(wrapped, encoding="utf-8")
        assert detect_format(path) == "letta"
        texts = [raw.data["text"] for raw in source_for(path).read() if raw.data]
        assert "The team reviews within a day." in texts


def test_messages_of_an_agent_come_only_when_asked_for(memories: Path) -> None:
    said = [raw.data or {} for raw in source_for(Path("agent.af"), form="letta-messages").read()]
    assert [data["text"] for data in said] == ["Keep it short.", "I will."]
    assert said[0]["created_at"] == "2026-05-01T10:00:00+00:00"


def test_a_document_that_breaks_off_keeps_what_stands_before(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text('{"results": [{"memory": "One whole memory"}, {"memory": "Half', "utf-8")
    first, second = source_for(path, form="mem0").read()
    assert (first.data or {})["text"] == "One whole memory"
    assert second.error is not None
    assert "not JSON from here on" in second.error.message


@pytest.mark.parametrize(
    ("name", "text", "form", "message"),
    [
        ("empty.json", "", "mem0", "premature EOF"),
        ("other.json", '{"a": 1}', "mem0", "no memories: expected a list"),
        ("other.json", '{"a": [1]}', "json", "no records: expected a list"),
        ("other.af", '{"a": [1]}', "letta", "no agent file"),
        ("plain.md", "nothing here", "mem0", "no memories: expected blocks"),
    ],
)
def test_a_file_that_is_not_in_the_named_format_says_what_was_expected(
    name: str, text: str, form: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EngineError, match=message) as caught:
        list(source_for(path, form=form).read())
    assert caught.value.hint


def test_an_unknown_file_names_every_format_that_was_tried_and_why_not(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        source_for(path, label="table.csv")
    said = caught.value.message
    tried = [name for name in FORMATS if name != "letta-messages"]
    assert [name for name in tried if f"{name} (" not in said] == []
    assert "--format" in caught.value.hint


def test_an_unknown_format_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no format 'xml'") as caught:
        source_for(tmp_path, form="xml")
    assert "instructions" in caught.value.hint


def test_a_missing_path_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(MemoryStoreError, match="no such file") as caught:
        source_for(tmp_path / "gone.md", label="gone.md")
    assert caught.value.hint == "check the path"


def test_a_newer_archive_is_refused_as_a_whole(memories: Path, tmp_path: Path) -> None:
    shutil.copytree(memories / "cogx", tmp_path / "cogx")
    (tmp_path / "cogx" / "manifest.json").write_text('{"cogx_version": "1.0"}', "utf-8")
    with pytest.raises(EngineError, match=r"COGX 1\.0, expected 0\.x"):
        list(source_for(tmp_path / "cogx").read())


def test_the_older_form_of_the_mcp_file_is_one_object(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    graph = {
        "entities": [{"name": "Ann", "entityType": "person", "observations": ["Likes tea"]}],
        "relations": [{"from": "Ann", "to": "Bob", "relationType": "knows"}],
    }
    path.write_text(json.dumps(graph, indent=1), encoding="utf-8")
    assert detect_format(path) == "mcp"
    assert [(raw.data or {})["text"] for raw in source_for(path).read()] == [
        "Ann: Likes tea",
        "Ann knows Bob",
    ]


@pytest.mark.parametrize("lines", ["\n", "\r\n"])
def test_line_ends_and_byte_order_marks_do_not_matter(lines: str, tmp_path: Path) -> None:
    path = tmp_path / "CLAUDE.md"
    path.write_bytes(b"\xef\xbb\xbf" + f"# A{lines}{lines}- Never use tabs.{lines}".encode())
    (raw,) = source_for(path).read()
    assert (raw.data or {})["text"] == "Never use tabs."
    assert raw.line == 3


def test_text_that_is_not_utf8_is_an_error_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "AGENTS.md"
    path.write_bytes(b"- Never use tabs here.\n\n- Caf\xe9 is not UTF-8.\n")
    first, second = source_for(path).read()
    assert (first.data or {})["text"] == "Never use tabs here."
    assert second.error is not None
    assert "line 3 is not UTF-8" in second.error.message


def test_imports_stay_inside_the_folder_and_end_after_five_hops(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "secret.md").write_text("- A secret outside of it.\n", "utf-8")
    (root / "CLAUDE.md").write_text("See @hop1.md and @../secret.md and @gone.md now.\n", "utf-8")
    for hop in range(1, 8):
        text = f"- This is hop {hop}.\n\nMore in @hop{hop + 1}.md here.\n"
        (root / f"hop{hop}.md").write_text(text, encoding="utf-8")
    texts = [(raw.data or {})["text"] for raw in source_for(root / "CLAUDE.md").read()]
    assert texts == [f"This is hop {hop}." for hop in range(1, 6)]


def test_of_a_project_only_the_files_of_assistants_are_read(tmp_path: Path) -> None:
    for name in ("README.md", "AGENTS.md", "docs/guide.md", ".claude/rules/db.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"- Never forget what {name} says.\n", encoding="utf-8")
    read = [raw.source for raw in source_for(tmp_path, label="shop").read()]
    assert read == ["shop/.claude/rules/db.md", "shop/AGENTS.md"]


def test_a_short_rule_is_a_memory_and_a_text_that_is_too_long_is_reported(tmp_path: Path) -> None:
    """What the author wrote is stored or named, never passed over in silence."""
    path = tmp_path / "CLAUDE.md"
    path.write_text(f"- Use tabs.\n- React\n- Never {'x' * 20_001} it.\n", encoding="utf-8")
    report = preview_memories([source_for(path)], BatchProcessingConfig(log_progress=False))
    assert (report.counts.successful, report.counts.failed) == (1, 1)
    assert report.errors[0].place.endswith("CLAUDE.md:3")


def _items(count: int) -> Iterator[str]:
    for number in range(count):
        yield json.dumps({"id": str(number), "memory": f"Fact number {number} " + "x " * 200})


def _peak_mb(source: FileSource) -> float:
    tracemalloc.start()
    try:
        for _ in source.read():
            pass
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["mem0", "json"])
def test_a_long_document_is_read_in_the_memory_of_one_record(form: str, tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    text = '{"results": [' + ",\n".join(_items(1_000)) + "]}"
    path.write_text(text.replace('"memory"', '"text"') if form == "json" else text, "utf-8")
    assert path.stat().st_size > 430_000
    assert _peak_mb(source_for(path, form=form)) < 0.3


@pytest.mark.parametrize(
    "encoding",
    ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
def test_a_file_in_another_unicode_encoding_is_read_the_same(tmp_path: Path, encoding: str) -> None:
    """PowerShell writes UTF-16 with a mark, others without one."""
    records = [{"text": f"Überall Tabs – {n} 𝄞"} for n in range(3)]
    lines = "".join(f"{json.dumps(one, ensure_ascii=False)}\r\n" for one in records)
    files = {
        "a.jsonl": lines,
        "a.json": json.dumps(records, ensure_ascii=False),
        "CLAUDE.md": "# Rules\n\n- Immer Tabs für Einrückungen benutzen.\n",
    }
    for name, text in files.items():
        for folder in ("plain", encoding):
            path = tmp_path / folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode("utf-8" if folder == "plain" else encoding))
        both = [
            list(source_for(tmp_path / one / name, label=name).read())
            for one in ("plain", encoding)
        ]
        assert [raw.data for raw in both[0]] == [raw.data for raw in both[1]]
        assert [raw.line for raw in both[0]] == [raw.line for raw in both[1]]
        assert not any(raw.error for raw in both[1])


def test_a_file_that_is_cut_in_a_character_names_its_encoding(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl"
    path.write_bytes('{"text": "Use tabs."}\n'.encode("utf-16")[:-1])
    with pytest.raises(TransformError, match="not UTF-16-LE"):
        list(source_for(path).read())


def test_of_a_line_that_is_too_long_no_more_is_kept_than_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "one"}\n{"text": "' + b"a" * 8_000_000 + b'"}\n{"text": "two"}\n')
    tracemalloc.start()
    found = list(source_for(path).read())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [raw.line for raw in found if raw.error is None] == [1, 3]
    assert "8,000,0" in str(found[1].error)
    assert peak < 5_000_000
