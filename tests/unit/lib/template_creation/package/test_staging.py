"""Promises of placing a package: all at once, edits kept, kills mended, nothing else touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from template_creation.errors import BadInput, WriteError
from template_creation.package import (
    MANIFEST,
    Placement,
    check_target,
    digest,
    is_current,
    list_files,
    place,
    planned_changes,
    staging_folder,
)


def seal(folder: Path, inputs: str = "i1") -> None:
    hashes = {
        path: digest((folder / path).read_bytes())
        for path in list_files(folder)
        if path != MANIFEST
    }
    generator = {"name": "template-create", "version": "0", "inputs": inputs}
    (folder / MANIFEST).write_text(json.dumps({"generator": generator, "files": hashes}))


def put(target: Path, files: dict[str, str], inputs: str = "i1") -> Placement:
    with staging_folder(target) as staged:
        for path, text in files.items():
            (staged / path).parent.mkdir(parents=True, exist_ok=True)
            (staged / path).write_text(text)
        return place(staged, target, lambda folder: seal(folder, inputs))


def test_a_new_package_holds_exactly_the_staged_files(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "pkg"
    done = put(target, {"agents/a.md": "A", "README.md": "R"})
    assert list_files(target) == ["README.md", "agents/a.md", MANIFEST]
    assert done.written == ("README.md", "agents/a.md", MANIFEST)
    assert list(target.parent.iterdir()) == [target], "nothing is left beside the package"


def test_an_edited_file_is_kept_and_named(tmp_path: Path) -> None:
    target = tmp_path / "pkg"
    put(target, {"agents/a.md": "A", "agents/b.md": "B"})
    (target / "agents/a.md").write_text("mine")
    done = put(target, {"agents/a.md": "A2", "agents/b.md": "B2"})
    assert (target / "agents/a.md").read_text() == "mine"
    assert (target / "agents/b.md").read_text() == "B2"
    assert done.kept == ("agents/a.md",)
    assert "agents/a.md" not in done.written


def test_an_edit_is_still_known_as_one_on_the_run_after_the_next(tmp_path: Path) -> None:
    target = tmp_path / "pkg"
    put(target, {"a.md": "A"})
    (target / "a.md").write_text("mine")
    for text in ("A2", "A3", "A4"):
        assert put(target, {"a.md": text}).kept == ("a.md",)
    assert (target / "a.md").read_text() == "mine"


def test_a_file_that_a_user_added_stays(tmp_path: Path) -> None:
    target = tmp_path / "pkg"
    put(target, {"a.md": "A"})
    (target / "notes").mkdir()
    (target / "notes/mine.txt").write_text("mine")
    done = put(target, {"a.md": "A2"})
    assert (target / "notes/mine.txt").read_text() == "mine"
    assert done.foreign == ("notes/mine.txt",)


def test_a_file_that_is_no_longer_made_goes_unless_it_was_edited(tmp_path: Path) -> None:
    target = tmp_path / "pkg"
    put(target, {"old.md": "O", "edited.md": "E", "a.md": "A"})
    (target / "edited.md").write_text("mine")
    done = put(target, {"a.md": "A"})
    assert list_files(target) == ["a.md", "edited.md", MANIFEST]
    assert done.kept == ("edited.md",)


def test_a_deleted_file_comes_back_and_is_named(tmp_path: Path) -> None:
    target = tmp_path / "pkg"
    put(target, {"a.md": "A", "b.md": "B"})
    (target / "b.md").unlink()
    assert put(target, {"a.md": "A", "b.md": "B"}).restored == ("b.md",)


def test_a_package_is_current_only_for_the_same_inputs_and_with_all_files(tmp_path: Path) -> None:
    target = tmp_path / "pkg"
    put(target, {"a.md": "A"}, inputs="i1")
    assert is_current(target, "i1")
    assert not is_current(target, "i2")
    (target / "a.md").unlink()
    assert not is_current(target, "i1")


def test_a_plan_tells_new_changed_same_and_kept_and_writes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "pkg"
    put(target, {"same.md": "S", "changed.md": "C", "edited.md": "E"})
    (target / "edited.md").write_text("mine")
    before = {path: (target / path).read_bytes() for path in list_files(target)}
    with staging_folder(tmp_path / "scratch") as staged:
        for name, text in (("same", "S"), ("changed", "C2"), ("edited", "E2"), ("new", "N")):
            (staged / f"{name}.md").write_text(text)
        plan = planned_changes(staged, target)
    assert plan == {
        "same.md": "same",
        "changed.md": "changed",
        "edited.md": "kept",
        "new.md": "new",
    }
    assert before == {path: (target / path).read_bytes() for path in list_files(target)}


def test_a_folder_with_other_things_is_never_taken_for_a_package(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BadInput, match="no package of template-create"):
        check_target(tmp_path)
    (tmp_path / MANIFEST).write_text('{"files": {"thesis.txt": "0"}}')
    with pytest.raises(BadInput, match="no package of template-create"):
        check_target(tmp_path)


def test_an_empty_folder_may_become_a_package(tmp_path: Path) -> None:
    target = tmp_path / "pkg"
    target.mkdir()
    check_target(target)
    put(target, {"a.md": "A"})
    assert (target / "a.md").read_text() == "A"


@pytest.mark.parametrize("output", ["code", "code/out", "."])
def test_a_package_never_goes_into_or_around_the_codebase(tmp_path: Path, output: str) -> None:
    codebase = tmp_path / "code"
    codebase.mkdir()
    with pytest.raises(BadInput, match="codebase"):
        check_target(tmp_path / output, codebase)


def test_a_link_cannot_smuggle_the_output_into_the_codebase(tmp_path: Path) -> None:
    codebase = tmp_path / "code"
    codebase.mkdir()
    (tmp_path / "link").symlink_to(codebase)
    with pytest.raises(BadInput, match="inside the codebase"):
        check_target(tmp_path / "link" / "out", codebase)


def test_a_target_that_cannot_be_written_is_an_error_and_touches_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    with pytest.raises(WriteError, match="cannot write"):
        put(blocked / "pkg", {"a.md": "A"})
    assert blocked.read_text() == "a file"


_KILLED_IN_THE_SWAP = """
import os, signal, sys
from pathlib import Path
from template_creation.package import staging
staged, target = Path(sys.argv[1]), Path(sys.argv[2])
real = Path.rename
def rename(self, other):
    if self == staged:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, other)
Path.rename = rename
staging.place(staged, target, lambda folder: None)
"""


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path: Path) -> None:
    """The moment when the old package is away and the new one not yet there."""
    target = tmp_path / "pkg"
    put(target, {"a.md": "A"})
    staged = tmp_path / "staged"
    staged.mkdir()
    (staged / "a.md").write_text("A2")
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_IN_THE_SWAP, str(staged), str(target)], check=False
    )
    assert killed.returncode == -9
    assert not target.exists()
    check_target(target)
    assert (target / "a.md").read_text() == "A"


def test_staging_folders_of_dead_runs_are_swept(tmp_path: Path) -> None:
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    leftover = tmp_path / f".pkg.staging-{dead}"
    alive = tmp_path / f".pkg.staging-{os.getppid()}"
    for folder in (leftover, alive):
        folder.mkdir()
    put(tmp_path / "pkg", {"a.md": "A"})
    assert not leftover.exists()
    assert alive.exists(), "another live run's staging folder is not ours to remove"
