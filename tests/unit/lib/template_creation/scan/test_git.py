"""With git, its own list counts; nothing that a repository asks for is run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from template_creation.scan import scan_codebase
from template_creation.values.source import Codebase

WriteTree = Callable[[Path, Mapping[str, bytes | str]], Path]
Git = Callable[..., str]
CommitAll = Callable[..., Path]

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def left_out(codebase: Codebase) -> dict[str, str]:
    return {item.path: item.reason for item in codebase.excluded}


def paths(codebase: Codebase) -> list[str]:
    return [file.path for file in codebase.files]


def test_tracked_and_untracked_files_without_ignored_ones(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll
) -> None:
    """Committed, new and ignored-but-tracked files are in; ignored ones are not."""
    tree = {"a.py": "x\n", ".gitignore": "*.log\nsecret/\n", "sub/.gitignore": "!keep.log\n"}
    commit_all(write_tree(tmp_path, tree))
    write_tree(
        tmp_path,
        {
            "new.py": "x\n",
            "b.log": "x\n",
            "sub/b.log": "x\n",
            "sub/keep.log": "x\n",
            "secret/c": "x\n",
        },
    )
    codebase = scan_codebase(tmp_path)
    assert paths(codebase) == [".gitignore", "a.py", "new.py", "sub/.gitignore", "sub/keep.log"]
    assert codebase.listed_by == "git"
    assert codebase.notes == ()


def test_info_exclude_and_the_user_file_count(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll, sealed: Path
) -> None:
    """Rules outside the tree are git's rules too."""
    commit_all(write_tree(tmp_path, {"a.py": "x\n"}))
    write_tree(tmp_path, {".git/info/exclude": "local.py\n", "local.py": "x\n", "user.py": "x\n"})
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "git" / "ignore"
    config.parent.mkdir(parents=True)
    config.write_text("user.py\n")
    assert paths(scan_codebase(tmp_path)) == ["a.py"]


def test_a_sub_folder_is_a_codebase_under_the_rules_above(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll
) -> None:
    """Started in a sub-folder, only it is listed, relative to it, and the root's rules hold."""
    commit_all(write_tree(tmp_path, {"top.py": "x\n", ".gitignore": "*.log\n", "app/a.py": "x\n"}))
    write_tree(tmp_path, {"app/b.log": "x\n", "app/new.py": "x\n"})
    codebase = scan_codebase(tmp_path / "app")
    assert paths(codebase) == ["a.py", "new.py"]
    assert codebase.read("a.py") == b"x\n"


def test_commit_and_newest_subjects_first(
    tmp_path: Path, write_tree: WriteTree, git: Git, commit_all: CommitAll
) -> None:
    """HEAD's hash, and the subjects as written."""
    commit_all(write_tree(tmp_path, {"a.py": "x\n"}), "feat: first")
    commit_all(tmp_path, "fix(\u00fc): second\n\nbody")
    codebase = scan_codebase(tmp_path)
    assert codebase.commit == git(tmp_path, "rev-parse", "HEAD").strip()
    assert codebase.log == ("fix(\u00fc): second", "feat: first")


def test_a_repository_without_commits(tmp_path: Path, write_tree: WriteTree, git: Git) -> None:
    """No commit is no error."""
    git(write_tree(tmp_path, {"a.py": "x\n"}), "init", "--quiet")
    codebase = scan_codebase(tmp_path)
    assert (paths(codebase), codebase.commit, codebase.log) == (["a.py"], None, ())


def test_deleted_files_are_missing(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll
) -> None:
    """A tracked file that is gone is counted, and the walk goes on."""
    commit_all(write_tree(tmp_path, {"a.py": "x\n", "gone.py": "x\n", "dir/gone.py": "x\n"}))
    (tmp_path / "gone.py").unlink()
    shutil.rmtree(tmp_path / "dir")
    assert left_out(scan_codebase(tmp_path)) == {"dir/gone.py": "missing", "gone.py": "missing"}


def test_a_sparse_checkout_says_what_it_left_out(
    tmp_path: Path, write_tree: WriteTree, git: Git, commit_all: CommitAll
) -> None:
    """Files outside the sparse cone are missing, with the reason."""
    commit_all(write_tree(tmp_path, {"a/a.py": "x\n", "b/b.py": "x\n"}))
    git(tmp_path, "sparse-checkout", "set", "a")
    codebase = scan_codebase(tmp_path)
    assert paths(codebase) == ["a/a.py"]
    assert [(i.path, i.reason, i.detail) for i in codebase.excluded] == [
        ("b/b.py", "missing", "left out by the sparse checkout")
    ]


def test_a_partial_clone_fetches_nothing(
    tmp_path: Path, write_tree: WriteTree, git: Git, commit_all: CommitAll
) -> None:
    """Missing blobs stay missing: the files are counted and the object store is unchanged."""
    origin = commit_all(write_tree(tmp_path / "origin", {"a.py": "x\n", "b.py": "y\n"}))
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(
        tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none",
        f"file://{origin}", "clone",
    )  # fmt: skip
    clone = tmp_path / "clone"
    git(clone, "read-tree", "HEAD")
    before = git(clone, "count-objects", "-v")
    codebase = scan_codebase(clone)
    assert left_out(codebase) == {"a.py": "missing", "b.py": "missing"}
    assert codebase.log == ("First",)
    assert git(clone, "count-objects", "-v") == before


def test_submodules_and_nested_repositories(
    tmp_path: Path, write_tree: WriteTree, git: Git, commit_all: CommitAll
) -> None:
    """Other repositories inside are named once and not entered."""
    other = commit_all(write_tree(tmp_path / "other", {"lib.py": "x\n"}))
    root = commit_all(write_tree(tmp_path / "root", {"a.py": "x\n"}))
    git(root, "submodule", "--quiet", "add", f"file://{other}", "libs/other")
    commit_all(write_tree(root / "nested", {"n.py": "x\n"}))
    codebase = scan_codebase(root)
    assert paths(codebase) == [".gitmodules", "a.py"]
    assert left_out(codebase) == {"libs/other": "submodule", "nested": "submodule"}


def test_tracked_links_and_linked_folders(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll
) -> None:
    """A tracked folder that was replaced by a link does not lead out of the tree."""
    outside = write_tree(tmp_path / "outside", {"b.py": "leak\n"})
    root = write_tree(tmp_path / "root", {"a.py": "x\n", "sub/b.py": "x\n"})
    (root / "link.py").symlink_to("a.py")
    commit_all(root)
    shutil.rmtree(root / "sub")
    (root / "sub").symlink_to(outside)
    codebase = scan_codebase(root)
    assert paths(codebase) == ["a.py"]
    assert set(codebase.excluded_by_reason) == {"symlink"}
    assert "sub/b.py" in left_out(codebase)


def test_a_tracked_file_that_is_a_folder_now(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll
) -> None:
    """What was a file and is a folder is no file; the folder's own files are in."""
    commit_all(write_tree(tmp_path, {"a.py": "x\n", "b": "x\n"}))
    (tmp_path / "b").unlink()
    write_tree(tmp_path, {"b/c.py": "x\n"})
    codebase = scan_codebase(tmp_path)
    assert paths(codebase) == ["a.py", "b/c.py"]
    assert left_out(codebase) == {"b": "not-a-file"}


def test_unmerged_files_are_listed_once(
    tmp_path: Path, write_tree: WriteTree, git: Git, commit_all: CommitAll
) -> None:
    """A conflict puts three stages into git's list and one file into ours."""
    commit_all(write_tree(tmp_path, {"a.py": "x = 1\n"}))
    git(tmp_path, "checkout", "--quiet", "-b", "other")
    commit_all(write_tree(tmp_path, {"a.py": "x = 2\n"}))
    git(tmp_path, "checkout", "--quiet", "main")
    commit_all(write_tree(tmp_path, {"a.py": "x = 3\n"}))
    with pytest.raises(Exception, match="merge"):
        git(tmp_path, "merge", "other")
    assert paths(scan_codebase(tmp_path)) == ["a.py"]


def test_nothing_of_a_hostile_configuration_runs(
    tmp_path: Path, write_tree: WriteTree, git: Git, commit_all: CommitAll
) -> None:
    """The monitor, hook, pager, signature, filter and transport commands of the repository
    stay unrun."""
    root = commit_all(write_tree(tmp_path / "root", {"a.py": "x\n"}))
    marker = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    program.chmod(0o755)
    hooks = root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "fsmonitor-watchman", "post-checkout"):
        shutil.copy(program, hooks / name)
    for key in (
        "core.fsmonitor", "core.pager", "pager.log", "pager.ls-files", "gpg.program",
        "core.sshCommand", "filter.x.clean", "filter.x.process", "diff.external",
        "core.askPass", "core.editor", "alias.ls-files", "alias.log",
    ):  # fmt: skip
        git(root, "config", key, str(program))
    git(root, "config", "log.showSignature", "true")
    _sign_head(root, git)
    write_tree(root, {".gitattributes": "* filter=x diff=x\n", "a.py": "changed\n"})
    assert "a.py" in paths(scan_codebase(root))
    assert not marker.exists()


def _sign_head(root: Path, git: Git) -> None:
    """Replaces HEAD by a commit with a signature, which git would show to a program."""
    head, _, message = git(root, "cat-file", "commit", "HEAD").partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----"
    signed = root / ".git" / "signed"
    signed.write_text(f"{head}\n{signature}\n\n{message}")
    name = git(root, "hash-object", "-t", "commit", "-w", str(signed)).strip()
    git(root, "update-ref", "HEAD", name)


def test_git_writes_nothing(tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll) -> None:
    """Not even the index is refreshed."""
    commit_all(write_tree(tmp_path, {"a.py": "x\n"}))
    os.utime(tmp_path / "a.py", (1, 1))
    before = _state(tmp_path)
    scan_codebase(tmp_path)
    assert _state(tmp_path) == before


def _state(root: Path) -> dict[str, tuple[int, int]]:
    found = sorted(root.rglob("*"))
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in found}


def test_the_callers_git_variables_do_not_mislead(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``GIT_DIR`` and friends of a hook or a shell are not for us."""
    elsewhere = commit_all(write_tree(tmp_path / "elsewhere", {"wrong.py": "x\n"}))
    root = commit_all(write_tree(tmp_path / "root", {"a.py": "x\n"}))
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(elsewhere))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere / ".git" / "index"))
    assert paths(scan_codebase(root)) == ["a.py"]


def test_a_folder_that_its_repository_ignores_is_still_a_codebase(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll
) -> None:
    """A codebase under an ignored folder (a home kept in git) is listed by the ignore files
    of its own, and the notes say so."""
    commit_all(write_tree(tmp_path, {".gitignore": "work/\n"}))
    root = write_tree(tmp_path / "work", {"a.py": "x\n", ".gitignore": "*.o\n", "a.o": "x\n"})
    codebase = scan_codebase(root)
    assert paths(codebase) == [".gitignore", "a.py"]
    assert codebase.listed_by == "pathspec"
    assert codebase.notes == ("listed without git: the repository around this folder ignores it",)


def test_without_git_the_repository_is_listed_all_the_same(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git not installed: the same files, and a note."""
    tree = {
        "a.py": "x\n",
        ".gitignore": "*.log\n",
        "b.log": "x\n",
        "app/c.py": "x\n",
        "app/d.log": "x\n",
    }
    commit_all(write_tree(tmp_path, tree))
    write_tree(tmp_path, {".git/info/exclude": "mine.py\n", "mine.py": "x\n", "app/mine.py": "x\n"})
    with_git = scan_codebase(tmp_path), scan_codebase(tmp_path / "app")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    without = scan_codebase(tmp_path), scan_codebase(tmp_path / "app")
    assert [paths(c) for c in without] == [paths(c) for c in with_git]
    assert without[0].notes == ("listed without git: git is not installed",)
    assert without[0].listed_by == "pathspec"


def test_a_broken_repository_is_listed_without_git(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll
) -> None:
    """Git refuses a damaged index; the files are still there, and the note says why."""
    commit_all(write_tree(tmp_path, {"a.py": "x\n"}))
    (tmp_path / ".git" / "index").write_bytes(b"damaged")
    codebase = scan_codebase(tmp_path)
    assert paths(codebase) == ["a.py"]
    assert codebase.notes == ("listed without git: git could not read this repository",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_user_is_listed_without_git(
    tmp_path: Path, write_tree: WriteTree, commit_all: CommitAll
) -> None:
    """Git does not trust another owner's repository; we do not make it."""
    root = commit_all(write_tree(tmp_path / "root", {"a.py": "x\n"}))
    for path in (root, *root.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    codebase = scan_codebase(root)
    assert paths(codebase) == ["a.py"]
    assert "safe.directory" in codebase.notes[0]
