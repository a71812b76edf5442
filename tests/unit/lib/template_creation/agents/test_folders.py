"""Folders are told in few words."""

from __future__ import annotations

import pytest

from template_creation.agents import folder_globs


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/b.py"], ("a/b.py",)),
        (["app/api/a.py", "app/api/b.py", "app/api/v1/c.py"], ("app/api",)),
        (
            ["apps/x/src/api/a.ts", "apps/y/src/api/b.ts", "apps/z/src/api/c.ts"],
            ("apps/*/src/api",),
        ),
        (["a.py", "b.py", "c.py"], (".",)),
        (["x/a.py", "y/b.py", "z/c.py"], ("x", "y", "z")),
        ([], ()),
    ],
)
def test_folders_are_told_by_what_they_share(paths: list[str], expected: tuple[str, ...]) -> None:
    """Few files stand for themselves; alike folders become one; one home stands for all."""
    assert folder_globs(paths) == expected


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/models.py", "b/models.py", "c/models.py", "d/other.py"], ("*/models.py",)),
        (["a/models.py", "x/b/models.py", "c/models.py"], ("**/models.py",)),
        (["x/a/page.tsx", "x/b/page.tsx", "x/c/page.tsx"], ("x/*/page.tsx",)),
    ],
)
def test_files_of_one_name_are_told_by_it(paths: list[str], expected: tuple[str, ...]) -> None:
    """Layouts by application have a ``models.py`` in each folder."""
    assert folder_globs(paths) == expected
