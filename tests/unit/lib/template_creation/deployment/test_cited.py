"""Promises of cited templates: what a text names goes along, and its path leads there."""

from __future__ import annotations

from pathlib import Path

import pytest

from template_creation.deployment import cite_from, cited_templates, templates_home

PATHS = ("templates/api/{{=x=}} a.py.template", "templates/api/b.ts.template", "templates/c.py")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    root = tmp_path / "package"
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())
    (tmp_path / "secret").write_bytes(b"secret")
    (root / "templates/link.template").symlink_to(tmp_path / "secret")
    return root


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("`templates/api/{{=x=}} a.py.template`", PATHS[:1]),
        ("[it](../templates/api/b.ts.template) and ./templates/c.py", PATHS[1:]),
        ("templates/api/b.ts, by its name without the suffix.", PATHS[1:2]),
        ("templates/link.template, a link out of the package", ()),
        ("templates/../secret ../../secret /etc/passwd", ()),
        ("src/templates/c.py, app.templates/c.py, templates/c.pyx, templates/c.py/d: others", ()),
        ("", ()),
    ],
)
def test_only_templates_that_a_text_names_are_taken(
    text: str, cited: tuple[str, ...], package: Path
) -> None:
    assert cited_templates(package, [text]) == {path: path.encode() for path in cited}


def test_a_citation_leads_to_the_copy_and_every_other_word_stays(package: Path) -> None:
    text = (
        "See `../templates/c.py`, templates/api/b.ts and `templates/none.py` (src/templates/c.py)."
    )
    templates = cited_templates(package, [text])
    home = templates_home("shop")
    assert cite_from(text, templates, home) == (
        "See `.template-create/shop/templates/c.py`, .template-create/shop/templates/api/b.ts "
        "and `templates/none.py` (src/templates/c.py)."
    )


def test_without_templates_no_text_changes(tmp_path: Path) -> None:
    assert cited_templates(tmp_path, ["templates/a.py"]) == {}
    assert cite_from("templates/a.py", {}, "x/") == "templates/a.py"
