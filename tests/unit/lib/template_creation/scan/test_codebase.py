"""What the walk promises about each file: in with its shape, or out with its reason."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from template_creation.errors import AnalysisError, BadInput
from template_creation.scan import MAX_FILE_BYTES, MAX_LINE_BYTES, scan_codebase
from template_creation.values.source import Codebase

WriteTree = Callable[[Path, Mapping[str, bytes | str]], Path]


def left_out(codebase: Codebase) -> dict[str, str]:
    return {item.path: item.reason for item in codebase.excluded}


def paths(codebase: Codebase) -> list[str]:
    return [file.path for file in codebase.files]


def test_describes_a_text_file(tmp_path: Path, write_tree: WriteTree) -> None:
    """A file comes with its hash, size, lines and language."""
    data = b"import os\n\nprint(os.name)\n"
    codebase = scan_codebase(write_tree(tmp_path, {"src/tool.py": data}))
    (file,) = codebase.files
    assert (file.path, file.size, file.lines, file.language) == ("src/tool.py", 26, 3, "python")
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert (file.eol, file.bom, file.final_newline, file.generated) == ("lf", False, True, False)
    assert codebase.by_path["src/tool.py"] is file


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (b"a\r\nb\r\n", ("crlf", False, True, 2)),
        (b"a\nb", ("lf", False, False, 2)),
        (b"a\r\nb\nc\n", ("mixed", False, True, 3)),
        (b"a\rb\r", ("cr", False, True, 1)),
        (b"a\rb\n", ("mixed", False, True, 1)),
        (b"\xef\xbb\xbfclass A { }\r\n", ("crlf", True, True, 1)),
        (b"one line", ("none", False, False, 1)),
        (b"", ("none", False, False, 0)),
    ],
)
def test_keeps_line_ends_mark_and_file_end(
    data: bytes, shape: tuple[str, bool, bool, int], tmp_path: Path, write_tree: WriteTree
) -> None:
    """Line ends, byte order mark and final newline are reported, never changed."""
    codebase = scan_codebase(write_tree(tmp_path, {"a.cs": data}))
    (file,) = codebase.files
    assert (file.eol, file.bom, file.final_newline, file.lines) == shape
    assert codebase.read("a.cs") == data


@pytest.mark.parametrize(
    ("path", "data", "reason"),
    [
        ("logo.txt", b"head\0tail", "binary"),
        ("utf16.cs", "class A".encode("utf-16"), "binary"),
        ("latin.py", "# caf\u00e9\n".encode("cp1252"), "not-utf8"),
        ("big.json", b"[1]\n" * (MAX_FILE_BYTES // 4 + 1), "too-large"),
        ("big.bin", b"\0" * (MAX_FILE_BYTES + 1), "binary"),
        ("wide.js", b"x" * (MAX_LINE_BYTES + 1), "long-lines"),
        ("wide-cr.js", b"x" * (MAX_LINE_BYTES + 1) + b"\r", "long-lines"),
        ("model.bin", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "lfs-pointer"),
        ("uv.lock", b"version = 1\n", "lock-file"),
        ("web/pnpm-lock.yaml", b"a: 1\n", "lock-file"),
        ("node_modules/a/index.js", b"x\n", "vendored"),
        ("third_party/a.go", b"package a\n", "vendored"),
        (".template-create/shop/templates/a.go.template", b"package a\n", "vendored"),
        ("build/out.js", b"x\n", "vendored"),
        ("app/app.min.js", b"x\n", "generated"),
        ("ui/button.tsx.snap", b"x\n", "generated"),
        ("locales/de.json", b"{}\n", "generated"),
        ("api.json", b"// @generated\n{}\n", "generated"),
        (".env", b"A=1\n", "secret-file"),
        ("config/.env.production", b"A=1\n", "secret-file"),
        ("certs/server.pem", b"x\n", "secret-file"),
        ("home/.ssh/id_ed25519", b"x\n", "secret-file"),
        ("infra/prod.tfvars", b"x = 1\n", "secret-file"),
    ],
)
def test_leaves_out_with_the_reason(
    path: str, data: bytes, reason: str, tmp_path: Path, write_tree: WriteTree
) -> None:
    """A file that may not be used is listed once, with the reason, and counted."""
    codebase = scan_codebase(write_tree(tmp_path, {"keep.py": "x = 1\n", path: data}))
    assert paths(codebase) == ["keep.py"]
    assert [item.reason for item in codebase.excluded] == [reason]
    assert codebase.excluded_by_reason == {reason: 1}


@pytest.mark.parametrize(
    "path",
    [
        "packages/ui/button.tsx",
        "src/build/plan.py",
        "app/out/port.go",
        ".env.example",
        ".env.sample",
        "config/settings.env.template",
        "tests/fixtures/users.py",
        "db/migrate/001_create.sql",
        "env.py",
        "src/keys.py",
        "aux.py",
        "a:b?.py",
        "trailing. .py",
        "with\nnewline.py",
        "\u00fcber/\u65e5\u672c.py",
    ],
)
def test_keeps_what_only_looks_excluded(path: str, tmp_path: Path, write_tree: WriteTree) -> None:
    """Monorepo folders, examples of settings, fixtures in code and odd names stay."""
    codebase = scan_codebase(write_tree(tmp_path, {path: "x = 1\n"}))
    assert paths(codebase) == [path]
    assert codebase.read(path) == b"x = 1\n"


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("api/user.pb.go", b"package api\n"),
        ("client/sdk.gen.ts", b"export const a = 1\n"),
        ("Form.Designer.cs", b"class Form { }\n"),
        ("shop/migrations/0001_initial.py", b"x = 1\n"),
        ("mock.go", b"// Code generated by mockgen. DO NOT EDIT.\npackage mock\n"),
        ("t.ts", b"/**\n * @generated by tool\n */\nexport const a = 1\n"),
        ("T.cs", b"\xef\xbb\xbf// <auto-generated/>\nclass T { }\n"),
        ("c.ts", b"// This file is auto-generated by openapi-ts\nexport {}\n"),
        ("d.js", b"/**\n * Shop\n *\n * NOTE: This class is auto generated by a tool.\n */\nx\n"),
    ],
)
def test_generated_code_stays_and_says_so(
    path: str, data: bytes, tmp_path: Path, write_tree: WriteTree
) -> None:
    """Generated code declares names, so it stays, marked."""
    codebase = scan_codebase(write_tree(tmp_path, {path: data}))
    assert [(file.path, file.generated) for file in codebase.files] == [(path, True)]


@pytest.mark.parametrize(
    "data",
    [
        b"// let's imagine this file is autogenerated from the backend\nexport type A = 1\n",
        b"# writes the @generated mark into the output\nx = 1\n",
        b"x = 'Code generated by us. DO NOT EDIT.'\n",
        b"\n" * 700 + b"// @generated\n",
    ],
)
def test_talk_about_generated_code_is_not_a_header(
    data: bytes, tmp_path: Path, write_tree: WriteTree
) -> None:
    """Only a statement that begins its line near the top counts."""
    codebase = scan_codebase(write_tree(tmp_path, {"types.ts": data}))
    assert [file.generated for file in codebase.files] == [False]


def test_migrations_written_in_sql_are_no_generated_code(
    tmp_path: Path, write_tree: WriteTree
) -> None:
    """People write them; a tool writes those that are code."""
    tree = {"migrations/1_users.sql": "select 1;\n", "migrations/0001_users.py": "x = 1\n"}
    codebase = scan_codebase(write_tree(tmp_path, tree))
    assert [file.path for file in codebase.files if file.generated] == ["migrations/0001_users.py"]


def test_a_secret_leaves_the_file_out_and_stays_unsaid(
    tmp_path: Path, write_tree: WriteTree
) -> None:
    """The reason names rule and line; neither it nor the codebase holds the value."""
    value = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    tree = write_tree(tmp_path, {"a.py": f"x = 1\ntoken = '{value}'\n", "b.py": "x = 1\n"})
    codebase = scan_codebase(tree)
    (item,) = codebase.excluded
    assert (item.path, item.reason, item.detail) == ("a.py", "secret", "github-token, line 2")
    assert value not in repr(codebase)


def test_secret_files_are_never_opened(tmp_path: Path, write_tree: WriteTree) -> None:
    """A key file is left out by its name: a pipe in its place would block a reader."""
    write_tree(tmp_path, {"a.py": "x = 1\n"})
    os.mkfifo(tmp_path / "id_rsa")
    assert left_out(scan_codebase(tmp_path)) == {"id_rsa": "secret-file"}


def test_links_are_listed_and_not_followed(tmp_path: Path, write_tree: WriteTree) -> None:
    """Links to files, to folders, out of the tree, to themselves and to nothing stay out."""
    outside = write_tree(tmp_path / "outside", {"leak.py": "x = 1\n"})
    root = write_tree(tmp_path / "root", {"a.py": "x = 1\n", "sub/b.py": "x = 1\n"})
    (root / "to_file.py").symlink_to("a.py")
    (root / "to_folder").symlink_to("sub")
    (root / "out").symlink_to(outside)
    (root / "loop").symlink_to(".")
    (root / "sub" / "self").symlink_to("self")
    (root / "dangling.py").symlink_to("nowhere.py")
    codebase = scan_codebase(root)
    assert paths(codebase) == ["a.py", "sub/b.py"]
    assert codebase.excluded_by_reason == {"symlink": 6}


def test_pipes_and_sockets_are_no_files(tmp_path: Path, write_tree: WriteTree) -> None:
    """A named pipe or socket is left out at once and never waited for."""
    write_tree(tmp_path, {"a.py": "x = 1\n"})
    os.mkfifo(tmp_path / "pipe.py")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path)
        server.bind("s")
        codebase = scan_codebase(tmp_path)
    assert left_out(codebase) == {"pipe.py": "not-a-file", "s": "not-a-file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_unreadable_files_are_left_out(tmp_path: Path, write_tree: WriteTree) -> None:
    """A file that may not be read is counted, and the walk goes on."""
    write_tree(tmp_path, {"a.py": "x = 1\n", "b.py": "x = 1\n", "c/d.py": "x = 1\n"})
    (tmp_path / "b.py").chmod(0)
    (tmp_path / "c").chmod(0)
    codebase = scan_codebase(tmp_path)
    (tmp_path / "c").chmod(0o700)
    assert paths(codebase) == ["a.py"]
    assert left_out(codebase) == {"b.py": "unreadable", "c": "unreadable"}


def test_path_bytes_that_are_no_text_are_left_out(tmp_path: Path, write_tree: WriteTree) -> None:
    """A name that is not UTF-8 is counted under a printable form."""
    write_tree(tmp_path, {"a.py": "x = 1\n"})
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("x = 1\n")
    codebase = scan_codebase(tmp_path)
    assert paths(codebase) == ["a.py"]
    assert left_out(codebase) == {"caf\\xe9.py": "path-not-utf8"}


def test_reports_progress_for_every_path(tmp_path: Path, write_tree: WriteTree) -> None:
    """``on_file`` counts up to the number of listed paths, left out ones included."""
    write_tree(tmp_path, {"a.py": "x\n", "b.png": b"\0", "c.py": "x\n"})
    seen: list[tuple[int, int]] = []
    scan_codebase(tmp_path, on_file=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_reading_a_changed_file_fails(tmp_path: Path, write_tree: WriteTree) -> None:
    """Bytes that differ from the scanned ones are refused with the path and a way out."""
    codebase = scan_codebase(write_tree(tmp_path, {"a.py": "x = 1\n", "b.py": "x = 1\n"}))
    (tmp_path / "a.py").write_text("x = 2\n")
    (tmp_path / "b.py").unlink()
    with pytest.raises(AnalysisError, match=r"'a\.py' changed") as caught:
        codebase.read("a.py")
    assert "run again" in caught.value.hint
    with pytest.raises(AnalysisError, match=r"'b\.py' can no longer be read"):
        codebase.read("b.py")


def test_reading_never_leaves_the_tree(tmp_path: Path, write_tree: WriteTree) -> None:
    """A file or folder that becomes a link after the scan is not followed, and no path
    outside the scanned files is read."""
    outside = write_tree(tmp_path / "outside", {"b.py": "x = 1\n"})
    root = write_tree(tmp_path / "root", {"a.py": "x = 1\n", "sub/b.py": "x = 1\n"})
    codebase = scan_codebase(root)
    (root / "a.py").unlink()
    (root / "a.py").symlink_to(outside / "b.py")
    (root / "sub").rename(root / "old")
    (root / "sub").symlink_to(outside)
    for path in ("a.py", "sub/b.py", "../outside/b.py"):
        with pytest.raises(AnalysisError):
            codebase.read(path)


def test_bad_roots_are_bad_input(tmp_path: Path) -> None:
    """No such folder, and a file for a folder, are the caller's mistakes."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="no such codebase"):
        scan_codebase(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="not a folder"):
        scan_codebase(tmp_path / "file")


def test_an_empty_folder_is_an_empty_codebase(tmp_path: Path) -> None:
    """Nothing in, nothing out, and no error."""
    codebase = scan_codebase(tmp_path)
    assert (codebase.files, codebase.excluded, codebase.commit) == ((), (), None)


def test_writes_nothing(tmp_path: Path, write_tree: WriteTree) -> None:
    """No file of the tree appears, disappears or changes, modes and times included."""
    write_tree(tmp_path, {"a.py": "x = 1\n", "sub/b.txt": "y\n", ".gitignore": "*.o\n"})
    before = _state(tmp_path)
    codebase = scan_codebase(tmp_path)
    for file in codebase.files:
        codebase.read(file.path)
    assert _state(tmp_path) == before


def _state(root: Path) -> dict[str, tuple[int, int, int]]:
    return {
        str(path): (path.lstat().st_mode, path.lstat().st_mtime_ns, path.lstat().st_size)
        for path in sorted(root.rglob("*"))
    }


def test_the_root_may_be_a_link_or_relative(
    tmp_path: Path, write_tree: WriteTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's own path is resolved; its files are the same from everywhere."""
    write_tree(tmp_path / "real", {"a.py": "x = 1\n"})
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    for root in (Path("real"), Path("link"), tmp_path / "real"):
        assert paths(scan_codebase(root)) == ["a.py"]
