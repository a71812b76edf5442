"""Promises of names and folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.errors import BadInput
from template_creation.package import check_name, default_output, default_state, product_home


@pytest.mark.parametrize("name", ["abc", "my-shop", "a" * 50, "007"])
def test_a_good_name_passes_unchanged(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "ab", "a" * 51, "My-Shop", "my shop", "../etc", "a\nb", "ä-b"]
)
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot name a package"):
        check_name(name)


def test_a_refused_name_comes_with_a_good_one() -> None:
    with pytest.raises(BadInput) as refused:
        check_name("My Shop!")
    assert "'my-shop'" in refused.value.hint


def test_one_variable_moves_the_whole_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPLATE_CREATE_HOME", str(tmp_path / "elsewhere"))
    assert product_home() == tmp_path / "elsewhere"
    assert default_output("shop") == tmp_path / "elsewhere/templates/shop"
    assert default_state("shop") == tmp_path / "elsewhere/state/shop"


def test_a_relative_home_does_not_depend_on_where_one_moves_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEMPLATE_CREATE_HOME", "home")
    assert product_home() == tmp_path / "home"
