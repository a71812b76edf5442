"""Measured habits become instructions, in English."""

from __future__ import annotations

import pytest

from template_creation.bridges.habits import instruct


@pytest.mark.parametrize(
    ("statement", "do", "avoid"),
    [
        (
            "Functions of the api layer carry `@router.<verb>`",
            "Put `@router.<verb>` on functions.",
            "Do not leave `@router.<verb>` off functions.",
        ),
        (
            "Functions of the data layer take a parameter of type `Session`",
            "Give functions a parameter of type `Session`.",
            "Do not write functions without a parameter of type `Session`.",
        ),
        (
            "Errors of the cli layer are raised as `RuntimeError`",
            "Raise errors as `RuntimeError`.",
            "Raise nothing but `RuntimeError` for errors.",
        ),
        (
            "Route handlers are plain `def`",
            "Write route handlers as plain `def`.",
            "Do not write route handlers as anything but plain `def`.",
        ),
        (
            "Files of the api layer call `APIRouter`",
            "Call `APIRouter` in every file.",
            "Do not add a file without a call of `APIRouter`.",
        ),
        (
            "Classes of the models layer inherit from `SQLModel`",
            "Derive classes from `SQLModel`.",
            "Do not derive classes from anything but `SQLModel`.",
        ),
        (
            "Exports of the pages layer are named exports",
            "Export by name.",
            "Do not add a default export.",
        ),
        (
            "Props of components of the pages layer have a type named `*Props`",
            "Name the type of a component's props `*Props`.",
            "Do not name the type of a component's props anything but `*Props`.",
        ),
        (
            "Files of the ui layer with more than one word in the name are kebab-case",
            "Name files in kebab-case.",
            "Do not name files in any other case than kebab-case.",
        ),
        (
            "Tests are functions, not classes",
            "Write tests as functions, not classes.",
            "Do not put tests into classes.",
        ),
        (
            "Tests stand under `backend/tests/`",
            "Put tests under `backend/tests/`.",
            "Do not put tests anywhere but under `backend/tests/`.",
        ),
        (
            "Classes of the services layer take what they need by an ordinary constructor",
            "Pass what classes need through an ordinary constructor.",
            "Do not pass what classes need in any other way than an ordinary constructor.",
        ),
        (
            "Imports inside the project use the alias `@/`",
            "Use the alias `@/` in imports inside the project.",
            "Do not write imports inside the project without the alias `@/`.",
        ),
        (
            "Tests call `t.Parallel()` first",
            "Call `t.Parallel()` first in tests.",
            "Do not begin tests without `t.Parallel()`.",
        ),
        ("Test names begin with `should`", "Begin test names with `should`.", ""),
        ("Something nobody foresaw happens", "Something nobody foresaw happens.", ""),
    ],
)
def test_a_habit_is_told_as_what_to_do_and_what_not_to(statement: str, do: str, avoid: str) -> None:
    """An unknown form stays as it was stated, and makes no constraint."""
    said = instruct(statement)
    assert (said.do, said.avoid) == (do, avoid)


def test_the_layer_is_kept_for_agents_with_several() -> None:
    """Else the reader would not know which files are meant."""
    said = instruct("Classes of the queries layer extend `Base`", keep_layer=True)
    assert said.do == "Let classes of the queries layer extend `Base`."


def test_names_keep_their_capital_letter() -> None:
    """``JWT tokens`` does not become ``jWT tokens``."""
    assert instruct("JWT tokens are in `HttpOnly` cookies").do == (
        "Put JWT tokens in `HttpOnly` cookies."
    )
