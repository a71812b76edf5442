"""A run remembers where its memories are, so that it goes on with the same ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.create import CreateOptions, create_template
from template_creation.create.runs import RunRecord, settled_places
from template_creation.errors import BadInput, InvocationPending
from template_creation.testing import FakeBridge
from template_creation.values.enhancement import EnhancementOptions


def _record(*memories: str) -> RunRecord:
    return RunRecord(
        run_id="1",
        name="shop",
        path="shop",
        output="out",
        enhancement=EnhancementOptions(),
        memories=memories,
    )


def test_places_are_kept_absolute_and_without_passwords(tmp_path: Path) -> None:
    """Run state is a plain file: a password has no place in it."""
    places = ["notes.md", "postgresql://ann:s3cret@db:5432/shop", "postgresql://db/shop"]
    assert settled_places(places) == (
        str(Path.cwd() / "notes.md"),
        "postgresql://ann@db:5432/shop",
        "postgresql://db/shop",
    )


def test_a_record_comes_back_and_one_of_an_older_version_has_no_memories() -> None:
    record = _record("a.md", "b.md")
    assert RunRecord.from_json(record.to_json()) == record
    older = record.to_json()
    del older["memories"]
    assert RunRecord.from_json(older).memories == ()


def test_a_paused_run_goes_on_with_its_memories_and_refuses_others(
    bookshop: Path, tmp_path: Path
) -> None:
    notes, others = tmp_path / "notes.md", tmp_path / "others.md"
    notes.write_text("- Never test with real e-mails.\n", encoding="utf-8")
    others.write_text("- Never test on Fridays.\n", encoding="utf-8")
    output = tmp_path / "out"
    first = CreateOptions(name="bookshop", path=bookshop, output=output, memories=(str(notes),))
    with pytest.raises(InvocationPending):
        create_template(first, bridge=FakeBridge(InvocationPending("waiting")))
    changed = CreateOptions(name="bookshop", resume=True, memories=(str(others),))
    with pytest.raises(BadInput, match="goes on with memories"):
        create_template(changed, bridge=FakeBridge())
    result = create_template(CreateOptions(name="bookshop", resume=True), bridge=FakeBridge())
    text = (result.package / "agents" / "testing-specialist.md").read_text(encoding="utf-8")
    assert "Never test with real e-mails." in text
    assert [memory.source for memory in result.memories] == ["notes.md:1"]
