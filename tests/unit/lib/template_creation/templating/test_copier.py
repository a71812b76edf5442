"""The real copier renders a package as our own renderer does."""

from __future__ import annotations

import warnings

import pytest

from template_creation.templating import (
    copier_config,
    encode_template,
    render_path,
    render_template,
)

PAGE = """import {{ load{One} }} from "../api/load-{one}";

// A page.
// GitHub says ${{{{ secrets.X }}}}; Jinja says {{% if %}} and {{# #}}.
export const {One}Page = ({{ {one}Id }}: {{ {one}Id: string }}) => {{
  const {many} = [load{One}({one}Id)];
  return <ul title="The {one} list" style={{{{ a: 1 }}}}>{{{many}}}</ul>;
}};
"""
LOAD = """// Loads one {one} of all {many}.
// The second line.
export type {One} = {{ id: string }};

export function load{One}(id: string): {One} {{
  return {{ id }};
}}
// no final newline
// {One}"""


def _files(newline="\n"):
    files = {}
    for one, many in (("box", "boxes"), ("category", "categories")):
        names = {"one": one, "many": many, "One": one.capitalize(), "Many": many.capitalize()}
        files[f"src/components/{names['One']}Page.tsx"] = PAGE.format(**names)
        files[f"src/api/load-{one}.ts"] = LOAD.format(**names).replace("\n", newline)
        files[f"src/models/[id]/{many}.ts"] = LOAD.format(**names)
    return files


def _write(templates, folder):
    for item in templates:
        target = folder / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encode_template(item, templates.delimiter))
    config = copier_config(templates)
    (folder / "copier.yml").write_text(config.text, encoding="utf-8")
    return config


def _copy(package, target, **data):
    from copier import run_copy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run_copy(str(package), str(target), data=data, defaults=True, quiet=True)


@pytest.mark.parametrize("answer", [None, "orderLine", "gift-card", "child", "Bus"])
def test_copier_gives_what_render_gives(answer, make_tree, tmp_path):
    templates = make_tree(_files()).build().templates
    assert len(templates) == 3
    config = _write(templates, tmp_path / "package")
    assert (config.excluded, config.retargeted) == ((), ())
    _copy(tmp_path / "package", tmp_path / "out", **({"entity": answer} if answer else {}))
    values = {"entity": answer} if answer else {}
    expected = {render_path(item, values): render_template(item, values) for item in templates}
    found = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == expected


@pytest.mark.parametrize("answer", ["function", "two/three", "", "9lives"])
def test_copier_refuses_what_render_refuses(answer, make_tree, tmp_path):
    _write(make_tree(_files()).build().templates, tmp_path / "package")
    with pytest.raises(ValueError, match=r"[Uu]se letters|reserved|required"):
        _copy(tmp_path / "package", tmp_path / "out", entity=answer)


def test_files_with_other_line_ends_are_left_out_and_named(make_tree, tmp_path):
    """Jinja would rewrite CRLF, so that copier must not touch these files."""
    templates = make_tree(_files(newline="\r\n")).build().templates
    config = _write(templates, tmp_path / "package")
    left_out = [item for item in templates if item.layer == "api"]
    assert config.excluded == tuple(item.source for item in left_out)
    _copy(tmp_path / "package", tmp_path / "out")
    assert not (tmp_path / "out" / left_out[0].source).exists()
    kept = [item for item in templates if item.layer != "api"]
    assert all(
        (tmp_path / "out" / item.source).read_bytes() == render_template(item, {}) for item in kept
    )
