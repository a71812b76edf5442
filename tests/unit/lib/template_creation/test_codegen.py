"""Promises of writing code from templates."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.codegen import Rendered, generate, select_templates, write_files
from template_creation.errors import BadInput, WriteError
from template_creation.values.template import Placeholder, Template, TemplateSet, Term

NAMES = Placeholder("entity_names", "entity", "plural", "snake")


def template(number: int, folder: str, layer: str) -> Template:
    return Template(
        id=f"T{number}",
        path=f"templates/{folder}/{{{{entity_names}}}}.py.template",
        source=f"{folder}/books.py",
        layer=layer,
        role=layer,
        language="python",
        purpose="",
        segments=(b"", NAMES, b" = []\n"),
        path_segments=(f"{folder}/".encode(), NAMES, b".py"),
        original=(Term("entity", ("book",)),),
        grade="pattern",
        support=2,
        similarity=0.9,
        siblings=(),
        proofs=(),
        symbols=(),
        technologies=(),
        sha256="",
        lines=1,
        verified="full",
    )


SET = TemplateSet((template(1, "api", "api"), template(2, "models", "models")))


def test_templates_are_chosen_by_id_or_by_layer_and_all_without_a_choice() -> None:
    assert [item.id for item in select_templates(SET, [])] == ["T1", "T2"]
    assert [item.id for item in select_templates(SET, ["T2"])] == ["T2"]
    assert [item.id for item in select_templates(SET, ["api"])] == ["T1"]


def test_a_choice_that_is_nothing_is_refused_with_what_there_is() -> None:
    with pytest.raises(BadInput) as refused:
        select_templates(SET, ["T3"])
    assert "T1, T2" in refused.value.hint
    assert "api, models" in refused.value.hint


def test_a_package_without_templates_renders_nothing_and_says_so() -> None:
    with pytest.raises(BadInput, match="no templates"):
        select_templates(TemplateSet(()), [])


def test_values_fill_content_and_path() -> None:
    files = generate(select_templates(SET, ["T1"]), {"entity": "gift card"})
    assert files == (Rendered("api/gift_cards.py", b"gift_cards = []\n", "T1"),)


def test_no_values_at_all_means_the_originals() -> None:
    assert generate(select_templates(SET, ["T1"]), None) == (
        Rendered("api/books.py", b"books = []\n", "T1"),
    )


def test_a_missing_or_unknown_value_is_refused() -> None:
    with pytest.raises(BadInput, match="no value for entity"):
        generate(tuple(SET), {})
    with pytest.raises(BadInput, match="ask for no 'entty'"):
        generate(tuple(SET), {"entty": "order"})


def test_two_templates_never_write_one_file() -> None:
    with pytest.raises(BadInput, match="gift_cards"):
        generate((template(1, "api", "api"), template(2, "api", "api")), {"entity": "gift card"})


def test_files_are_written_and_then_found_the_same(tmp_path: Path) -> None:
    files = generate(tuple(SET), {"entity": "order"})
    first = write_files(files, tmp_path / "new")
    assert {item.change for item in first} == {"new"}
    assert (tmp_path / "new/api/orders.py").read_bytes() == b"orders = []\n"
    again = write_files(files, tmp_path / "new")
    assert {item.change for item in again} == {"same"}


def test_one_file_in_the_way_stops_all_of_them(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/orders.py").write_text("mine")
    files = generate(tuple(SET), {"entity": "order"})
    with pytest.raises(BadInput, match=r"models/orders\.py"):
        write_files(files, tmp_path)
    assert not (tmp_path / "api").exists()
    assert {item.change for item in write_files(files, tmp_path, force=True)} == {"new", "replaced"}
    assert (tmp_path / "models/orders.py").read_bytes() == b"orders = []\n"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    files = generate(tuple(SET), {"entity": "order"})
    assert len(write_files(files, tmp_path / "new", dry_run=True)) == 2
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("path", ["../out.py", "a/../../out.py", "/etc/out.py"])
def test_no_path_leads_out_of_the_destination(tmp_path: Path, path: str) -> None:
    with pytest.raises(BadInput, match="leads out"):
        write_files([Rendered(path, b"", "T1")], tmp_path / "dest")


def test_a_link_in_the_destination_cannot_lead_out(tmp_path: Path) -> None:
    (tmp_path / "dest").mkdir()
    (tmp_path / "dest/api").symlink_to(tmp_path)
    with pytest.raises(BadInput, match="leads out"):
        write_files([Rendered("api/out.py", b"", "T1")], tmp_path / "dest")


def test_a_folder_in_the_way_of_a_file_is_an_error_without_leftovers(tmp_path: Path) -> None:
    (tmp_path / "api/orders.py").mkdir(parents=True)
    with pytest.raises(WriteError, match="cannot write"):
        write_files([Rendered("api/orders.py", b"x", "T1")], tmp_path, force=True)
    assert [item.name for item in (tmp_path / "api").iterdir()] == ["orders.py"]
