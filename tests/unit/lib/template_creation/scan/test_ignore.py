"""Without git, the ignore files give the list that git would give."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from template_creation.scan import scan_codebase

WriteTree = Callable[[Path, Mapping[str, bytes | str]], Path]
Git = Callable[..., str]


def listed(root: Path) -> list[str]:
    return [file.path for file in scan_codebase(root).files]


TREES: dict[str, Mapping[str, bytes | str]] = {
    "nested": {
        ".gitignore": "*.log\n/only-top\n",
        "a.log": "", "a.py": "", "only-top": "", "sub/only-top": "", "sub/b.log": "",
        "sub/.gitignore": "c.py\n", "sub/c.py": "", "sub/deep/c.py": "", "c.py": "",
    },
    "negation": {
        ".gitignore": "*.log\n!keep.log\ndata/\n!data/keep.txt\n",
        "a.log": "", "keep.log": "", "sub/keep.log": "", "data/keep.txt": "", "data/x.py": "",
        "sub/.gitignore": "!a.log\nkeep.log\n", "sub/a.log": "",
    },
    "anchors": {
        ".gitignore": "/doc/*.txt\nfoo/**/bar\n**/logs\nx/\n# comment\n\\#odd\n\\!bang\ntrail \n",
        "doc/a.txt": "", "doc/deep/b.txt": "", "foo/bar": "", "foo/a/b/bar": "", "logs/z": "",
        "deep/logs/z": "", "x": "", "y/x/z.py": "", "#odd": "", "!bang": "", "trail": "",
        "bar": "",
    },
    "everything but": {
        ".gitignore": "*\n!.gitignore\n!src/\n!src/**\n", "a.py": "", "src/b.py": "",
    },
    "crlf and mark": {
        ".gitignore": b"\xef\xbb\xbf*.log\r\n*.tmp\r\n", "a.log": "", "b.tmp": "", "c": "",
    },
    "no end": {".gitignore": "*.log", "a.log": "", "b.py": ""},
    "case": {".gitignore": "Build\n", "build": "", "Build": "", "a[1].py": ""},
}  # fmt: skip


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@pytest.mark.parametrize("name", TREES)
def test_the_list_is_gits(
    name: str, tmp_path: Path, write_tree: WriteTree, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nested files, negation, anchors, line ends: the same files with and without git."""
    root = write_tree(tmp_path, TREES[name])
    without = listed(root)
    git(root, "init", "--quiet")
    assert scan_codebase(root).listed_by == "git"
    assert without == listed(root)


def test_a_linked_ignore_file_is_not_read(tmp_path: Path, write_tree: WriteTree) -> None:
    """Git does not follow a symbolic .gitignore; it may lead out of the tree."""
    write_tree(tmp_path, {"rules": "*.py\n", "root/a.py": "", "root/b.txt": ""})
    (tmp_path / "root" / ".gitignore").symlink_to("../rules")
    assert listed(tmp_path / "root") == ["a.py", "b.txt"]


def test_big_foreign_folders_are_not_entered(tmp_path: Path, write_tree: WriteTree) -> None:
    """A folder of dependencies costs one entry, however much it holds."""
    tree = {f"node_modules/p{n}/index.js": "x" for n in range(50)}
    codebase = scan_codebase(write_tree(tmp_path, {**tree, "a.js": "x"}))
    assert [(i.path, i.reason, i.detail) for i in codebase.excluded] == [
        ("node_modules", "vendored", "folder not entered")
    ]


def test_version_control_folders_are_no_part(tmp_path: Path, write_tree: WriteTree) -> None:
    """The stores of other version control systems are never listed."""
    write_tree(tmp_path, {".hg/store": "x", ".svn/entries": "x", "a.py": "x"})
    assert listed(tmp_path) == ["a.py"]


def test_a_repository_inside_is_named_and_not_entered(
    tmp_path: Path, write_tree: WriteTree
) -> None:
    """As git does: another repository's files belong to it."""
    write_tree(tmp_path, {"a.py": "x", "inner/.git/HEAD": "x", "inner/b.py": "x"})
    codebase = scan_codebase(tmp_path)
    assert [file.path for file in codebase.files] == ["a.py"]
    assert [(i.path, i.reason) for i in codebase.excluded] == [("inner", "submodule")]
