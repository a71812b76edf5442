"""Promises of placing files in somebody's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from template_creation.deployment import (
    RECORD,
    Item,
    Plan,
    Site,
    carry_out,
    plan,
    read_record,
    take_away,
)
from template_creation.errors import BadInput, WriteError


@pytest.fixture
def site(tmp_path: Path) -> Site:
    root = tmp_path / "site"
    root.mkdir()
    return Site(root, root / ".claude", "package:shop")


ITEMS = (
    Item(".claude/agents/a.md", b"a 1\n"),
    Item(".claude/agents/b.md", b"b 1\n"),
    Item("CLAUDE.md", b"guide 1\n", block="shop"),
)
NEWER = tuple(Item(item.path, item.data.replace(b"1", b"2"), item.block) for item in ITEMS)


def place(site: Site, *items: Item, force: bool = False) -> dict[str, str]:
    planned = plan(site, items, force=force)
    carry_out(planned)
    return changes(planned)


def changes(planned: Plan) -> dict[str, str]:
    return {Path(step.path).name: step.change for step in planned.steps}


def tree(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_planning_writes_nothing(site: Site) -> None:
    assert set(changes(plan(site, ITEMS)).values()) == {"new"}
    assert tree(site.root) == {}


def test_placed_once_is_the_same_ever_after(site: Site) -> None:
    assert set(place(site, *ITEMS).values()) == {"new"}
    before = tree(site.root)
    assert set(place(site, *ITEMS).values()) == {"same"}
    assert tree(site.root) == before


def test_files_that_nobody_edited_are_updated(site: Site) -> None:
    place(site, *ITEMS)
    assert set(place(site, *NEWER).values()) == {"updated"}
    assert (site.root / ".claude/agents/a.md").read_bytes() == b"a 2\n"
    assert b"guide 2" in (site.root / "CLAUDE.md").read_bytes()


def test_a_file_of_another_package_is_kept_and_its_owner_named(site: Site) -> None:
    place(site, *ITEMS)
    (site.root / "mine.md").write_bytes(b"mine\n")
    other = Site(site.root, site.record_folder, "package:garage")
    found = plan(other, (*NEWER[:1], Item("mine.md", b"ours\n")))
    assert [(step.change, step.why) for step in found.steps] == [
        ("kept", "is there for shop, and differs"),
        ("kept", "was there before and differs"),
    ]


def test_what_two_packages_placed_stays_until_both_are_taken_away(site: Site) -> None:
    other = Site(site.root, site.record_folder, "package:garage")
    for owner in (site, other):
        carry_out(plan(owner, ITEMS[:1]))
    first = take_away(site)
    assert [(step.change, step.why) for step in first.steps] == [
        ("kept", "is there for garage too")
    ]
    carry_out(first)
    assert (site.root / ITEMS[0].path).read_bytes() == b"a 1\n"
    carry_out(take_away(other))
    assert tree(site.root) == {}


def test_an_edit_is_kept_through_every_later_run(site: Site) -> None:
    place(site, *ITEMS)
    edited = site.root / ".claude/agents/a.md"
    edited.write_bytes(b"mine\n")
    for items in (ITEMS, NEWER, ITEMS):
        assert place(site, *items)["a.md"] == "kept"
        assert edited.read_bytes() == b"mine\n"


def test_an_edit_taken_back_is_ours_again(site: Site) -> None:
    place(site, *ITEMS)
    edited = site.root / ".claude/agents/a.md"
    edited.write_bytes(b"mine\n")
    place(site, *NEWER)
    edited.write_bytes(b"a 1\n")
    assert place(site, *NEWER)["a.md"] == "updated"


def test_force_replaces_an_edit_and_says_so(site: Site) -> None:
    place(site, *ITEMS)
    (site.root / ".claude/agents/a.md").write_bytes(b"mine\n")
    assert place(site, *ITEMS, force=True)["a.md"] == "replaced"
    assert (site.root / ".claude/agents/a.md").read_bytes() == b"a 1\n"


def test_a_file_that_was_there_before_is_not_ours(site: Site) -> None:
    theirs = site.root / ".claude/agents/a.md"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs\n")
    assert place(site, *ITEMS)["a.md"] == "kept"
    carry_out(take_away(site))
    assert tree(site.root) == {".claude/agents/a.md": b"theirs\n"}


def test_a_deleted_file_is_placed_again_and_told(site: Site) -> None:
    place(site, *ITEMS)
    (site.root / ".claude/agents/a.md").unlink()
    planned = plan(site, ITEMS)
    (step,) = planned.drift
    assert (step.change, step.why) == ("new", "was deleted")


def test_the_text_around_a_block_is_the_users(site: Site) -> None:
    guide = site.root / "CLAUDE.md"
    guide.write_bytes(b"# Mine\n")
    place(site, *ITEMS)
    guide.write_bytes(guide.read_bytes() + b"\nalso mine\n")
    assert place(site, *NEWER)["CLAUDE.md"] == "updated"
    text = guide.read_bytes()
    assert text.startswith(b"# Mine\n")
    assert text.endswith(b"\nalso mine\n")


def test_an_edited_block_and_one_with_broken_marks_are_kept(site: Site) -> None:
    place(site, *ITEMS)
    guide = site.root / "CLAUDE.md"
    placed = guide.read_bytes()
    for damaged in (placed.replace(b"guide 1", b"my guide"), placed.replace(b":end ", b":fin ")):
        guide.write_bytes(damaged)
        assert place(site, *NEWER)["CLAUDE.md"] == "kept"
        assert guide.read_bytes() == damaged


def test_what_is_no_longer_wanted_goes_unless_edited(site: Site) -> None:
    place(site, *ITEMS)
    (site.root / ".claude/agents/b.md").write_bytes(b"mine\n")
    done = place(site, ITEMS[2])
    assert done == {"CLAUDE.md": "same", "a.md": "removed", "b.md": "kept"}
    assert sorted(tree(site.root)) == [f".claude/{RECORD}", ".claude/agents/b.md", "CLAUDE.md"]


def test_taking_away_leaves_the_folder_as_it_was(site: Site) -> None:
    (site.root / "CLAUDE.md").write_bytes(b"# Mine\n")
    place(site, *ITEMS)
    carry_out(take_away(site))
    assert tree(site.root) == {"CLAUDE.md": b"# Mine\n"}
    assert not (site.root / ".claude").exists()


def test_code_is_placed_once_and_then_the_users(site: Site) -> None:
    code = Item("app.py", b"x = 1\n", once=True)
    assert place(site, code) == {"app.py": "new"}
    (site.root / "app.py").write_bytes(b"x = 2\n")
    assert place(site, code) == {"app.py": "kept"}
    assert place(site, *ITEMS)["a.md"] == "new"
    carry_out(take_away(site))
    assert tree(site.root) == {"app.py": b"x = 2\n"}


def test_owners_do_not_touch_each_others_files(site: Site) -> None:
    other = Site(site.root, site.record_folder, "package:other")
    place(site, *ITEMS)
    place(other, Item(".claude/agents/o.md", b"o\n"), Item("CLAUDE.md", b"o\n", block="other"))
    carry_out(take_away(other))
    assert set(changes(plan(site, ITEMS)).values()) == {"same"}
    assert list(read_record(site.record_folder).owners) == ["package:shop"]


def test_nothing_is_written_through_a_link_that_leads_out(site: Site, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (site.root / ".claude").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="leads out"):
        plan(site, ITEMS)
    assert tree(tmp_path / "elsewhere") == {}


def test_two_blocks_go_into_one_linked_file(site: Site) -> None:
    (site.root / "AGENTS.md").write_bytes(b"# Mine\n")
    (site.root / "CLAUDE.md").symlink_to("AGENTS.md")
    place(site, Item("AGENTS.md", b"1\n", block="x"), Item("CLAUDE.md", b"2\n", block="y"))
    text = (site.root / "AGENTS.md").read_bytes()
    assert (site.root / "CLAUDE.md").is_symlink()
    assert text.count(b"template-create:begin") == 2


def test_a_folder_in_the_way_is_refused_before_anything_is_written(site: Site) -> None:
    (site.root / "CLAUDE.md").mkdir()
    with pytest.raises(BadInput, match="cannot read"):
        plan(site, ITEMS)
    assert tree(site.root) == {}


def test_a_place_that_cannot_be_written_is_told_and_nothing_changes(site: Site) -> None:
    planned = plan(site, ITEMS)
    (site.root / ".claude").write_bytes(b"a file in the way\n")
    with pytest.raises(WriteError):
        carry_out(planned)
    assert list(tree(site.root)) == [".claude"]


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"schema_version": "9.0", "placed": {}}'])
def test_a_record_that_cannot_be_understood_is_refused(content: bytes, site: Site) -> None:
    """Without it nobody knows what was edited."""
    place(site, *ITEMS)
    (site.record_folder / RECORD).write_bytes(content)
    with pytest.raises(BadInput, match="record"):
        plan(site, NEWER)


def test_the_record_names_no_path_of_this_machine(site: Site) -> None:
    place(site, *ITEMS)
    text = (site.record_folder / RECORD).read_text(encoding="utf-8")
    assert str(site.root) not in text
    assert set(json.loads(text)["placed"]) == {"package:shop"}


@pytest.fixture
def half_done(site: Site) -> Site:
    """A run that updates everything and ends in the middle: ``a.md`` is new, the guide is not."""
    place(site, *ITEMS)
    planned = plan(site, (NEWER[0], Item("sub/x.md", b"x 1\n"), NEWER[2]))
    (site.root / "sub").write_bytes(b"in the way\n")
    with pytest.raises(WriteError, match="cannot write"):
        carry_out(planned)
    (site.root / "sub").unlink()
    assert (site.root / ".claude/agents/a.md").read_bytes() == b"a 2\n"
    assert b"guide 1" in (site.root / "CLAUDE.md").read_bytes()
    return site


def test_after_a_run_that_ended_in_the_middle_all_is_still_known_as_ours(half_done: Site) -> None:
    """Also by a later version: neither the old nor the new bytes count as somebody's edit."""
    third = tuple(Item(item.path, item.data.replace(b"1", b"3"), item.block) for item in ITEMS)
    assert read_record(half_done.record_folder).of("package:shop").unfinished
    done = place(half_done, *third)
    assert done.pop("x.md") == "removed"
    assert set(done.values()) == {"updated"}
    assert not read_record(half_done.record_folder).of("package:shop").unfinished


def test_an_edit_after_a_run_that_ended_in_the_middle_is_kept(half_done: Site) -> None:
    (half_done.root / ".claude/agents/a.md").write_bytes(b"mine\n")
    assert place(half_done, *NEWER)["a.md"] == "kept"
