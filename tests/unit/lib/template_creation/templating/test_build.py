"""From a codebase to proven templates, on small trees of several stacks."""

from __future__ import annotations

import random

import pytest

from template_creation.templating import (
    check_values,
    decode_template,
    encode_template,
    render_original,
    render_path,
    render_template,
)
from template_creation.templating.paths import illegal_path

ROUTE = '''"""Routes of {many}."""
from fastapi import APIRouter

from app.models.{one} import {One}, {One}Create

router = APIRouter(prefix="/{many}")


@router.get("/")
def list_{many}() -> list[{One}]:
    return []


@router.post("/")
def create_{one}({one}_in: {One}Create) -> {One}:
    {one} = {One}(**{one}_in.dict())
    return {one}
'''
MODEL = '''"""What a {one} is."""


class {One}:
    """One of the {many}."""

    id: int
    name: str


class {One}Create:
    name: str
'''
TEST = '''"""Tests of {many}."""


def test_list_{many}(client):
    assert client.get("/{many}").json() == []


def test_create_{one}(client):
    {one} = client.post("/{many}", json={{"name": "x"}}).json()
    assert {one}["name"] == "x"
'''


def _fill(text: str, one: str, many: str) -> str:
    return text.format(one=one, many=many, One=one.capitalize(), Many=many.capitalize())


@pytest.fixture
def python_shop(make_tree):
    files = {}
    for one, many in (("item", "items"), ("order", "orders"), ("parcel", "parcels")):
        files[f"app/routes/{many}.py"] = _fill(ROUTE, one, many)
        files[f"app/models/{one}.py"] = _fill(MODEL, one, many)
        files[f"tests/test_{many}.py"] = _fill(TEST, one, many)
    return make_tree(files)


def test_files_that_differ_in_one_noun_become_patterns(python_shop):
    build = python_shop.build()
    assert {entity.name for entity in build.entities} == {"item", "order", "parcel"}
    assert [(item.layer, item.grade, item.support) for item in build.templates] == [
        ("api", "pattern", 2),
        ("models", "pattern", 2),
        ("tests", "pattern", 2),
    ]
    assert all(item.verified == "full" for item in build.templates)


def test_every_template_renders_its_source_back_and_passes_every_bar(python_shop):
    build = python_shop.build()
    delimiter = build.templates.delimiter
    for item in build.templates:
        assert render_original(item) == python_shop.contents[item.source]
        assert render_path(item, {}) == item.source
        encoded = encode_template(item, delimiter)
        assert decode_template(encoded, delimiter, item.placeholders) == item.segments
        assert [proof.bar for proof in item.proofs] == [f"B{number}" for number in range(1, 9)]
        assert all(proof.passed is not False for proof in item.proofs)


def test_rendering_for_another_entity_gives_what_its_file_says(python_shop):
    template = python_shop.build().templates.in_layers(["api"])[0]
    values = {"entity": "parcel"}
    assert render_path(template, values) == "app/routes/parcels.py"
    assert render_template(template, values) == python_shop.contents["app/routes/parcels.py"]


def test_several_words_take_the_style_of_their_place(python_shop):
    template = python_shop.build().templates.in_layers(["api"])[0]
    values = {"entity": "order line"}
    check_values([template], values)
    text = render_template(template, values).decode()
    assert render_path(template, values) == "app/routes/order_lines.py"
    assert "def create_order_line(order_line_in: OrderLineCreate) -> OrderLine:" in text
    assert 'APIRouter(prefix="/order-lines")' in text
    assert '"""Routes of order lines."""' in text


def test_the_order_of_files_and_layers_does_not_matter(python_shop, make_tree):
    paths = list(python_shop.contents)
    random.Random(7).shuffle(paths)
    again = make_tree({path: python_shop.contents[path] for path in paths})
    assert again.build() == python_shop.build()


def test_ids_follow_layer_and_path_and_symbols_are_citable(python_shop):
    templates = python_shop.build().templates
    assert [item.id for item in templates] == ["T1", "T2", "T3"]
    route = templates.get("T1")
    assert route is not None
    assert [(symbol.id, symbol.line) for symbol in route.symbols] == [("T1.s1", 9), ("T1.s2", 14)]
    assert "2 endpoints" in route.purpose


def test_a_file_with_a_secret_never_becomes_a_template(python_shop, make_tree):
    files = dict(python_shop.contents)
    for path in [path for path in files if "/models/" in path]:
        files[path] += b'\nTOKEN = "ghp_' + b"a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8" + b'"\n'
    build = make_tree(files).build()
    assert not build.templates.in_layers(["models"])
    assert {item.bar for item in build.dropped} == {"B6"}
    assert not any("ghp_" in item.reason for item in build.dropped)


def test_generated_and_named_secret_files_are_left_alone(python_shop):
    from template_creation.templating import build_templates

    secret = [path for path in python_shop.contents if "/routes/" in path]
    read = []

    def reader(path, /):
        read.append(path)
        return python_shop.contents[path]

    build = build_templates(python_shop.analysis, reader, secret_paths=secret)
    assert not build.templates.in_layers(["api"])
    assert not set(read) & set(secret)


def test_crlf_and_a_byte_order_mark_survive(make_tree):
    files = {}
    for one, many in (("item", "items"), ("order", "orders")):
        text = _fill(ROUTE, one, many).replace("\n", "\r\n").rstrip()
        files[f"app/routes/{many}.py"] = b"\xef\xbb\xbf" + text.encode()
        files[f"app/models/{one}.py"] = _fill(MODEL, one, many)
    tree = make_tree(files)
    template = tree.build().templates.in_layers(["api"])[0]
    assert template.verified == "full"
    assert render_original(template) == files[template.source]


def test_two_templates_never_render_to_one_path(make_tree):
    """``routes/items.py`` and ``api/items.js`` may both be shapes, two ``{E}s.py`` of one folder
    may not."""
    files = {}
    for one, many in (("item", "items"), ("order", "orders")):
        files[f"app/routes/{many}.py"] = _fill(ROUTE, one, many)
        files[f"app/models/{one}.py"] = _fill(MODEL, one, many)
        files[f"app/models/{one}_note.py"] = _fill(MODEL, one, many).replace("One of", "Note of")
    paths = [render_path(item, {"entity": "parcel"}) for item in make_tree(files).build().templates]
    assert len(set(paths)) == len(paths)


def test_a_language_without_a_grammar_gives_path_placeholders_only(make_tree):
    page = "<template>\n" + "<p>one</p>\n" * 9 + "</template>\n"
    files = {f"src/components/{name}Card.vue": page for name in ("Item", "Order")}
    for one, many in (("item", "items"), ("order", "orders")):
        files[f"app/routes/{many}.py"] = _fill(ROUTE, one, many)
        files[f"app/models/{one}.py"] = _fill(MODEL, one, many)
    vue = [item for item in make_tree(files).build().templates if item.language == "vue"]
    assert [item.verified for item in vue] == ["text-only"]
    assert vue[0].segments == (page.encode(),)
    assert render_path(vue[0], {"entity": "parcel"}) == "src/components/ParcelCard.vue"


@pytest.mark.parametrize("line", ["<p>one item</p>", "<ItemList />", "<p>{{ ITEMS }}</p>"])
def test_a_file_without_grammar_that_names_its_entity_is_no_template(make_tree, line):
    """Its path would be the new entity's and its content the old one's."""
    page = "<template>\n" + "<p>one</p>\n" * 9
    files = {
        "src/components/ItemCard.vue": f"{page}{line}\n",
        "src/components/OrderCard.vue": f"{page}<p>none</p>\n",
    }
    for one, many in (("item", "items"), ("order", "orders")):
        files[f"app/routes/{many}.py"] = _fill(ROUTE, one, many)
        files[f"app/models/{one}.py"] = _fill(MODEL, one, many)
    build = make_tree(files).build()
    vue = [item.source for item in build.templates if item.language == "vue"]
    assert vue == ["src/components/OrderCard.vue"]
    assert (
        "names what its path is about"
        in {item.path: item.reason for item in build.dropped}["src/components/ItemCard.vue"]
    )


def test_a_codebase_without_code_gives_no_template_and_no_entity(make_tree):
    build = make_tree({"README.md": "# Nothing\n" * 20, "docs/a.md": "text\n" * 20}).build()
    assert (len(build.templates), build.entities, build.dropped) == (0, (), ())


def test_names_of_a_copied_library_are_not_the_entity(make_tree):
    """``FormItem`` of a form library stays: the order form uses it too (facts section 7)."""
    form = (
        'import {{ FormItem }} from "../ui/form";\n'
        'import type {{ {One} }} from "../models/{one}";\n'
        "export const {One}Form = ({one}: {One}) => {{\n"
        "  return <FormItem>{{{one}.name}}</FormItem>;\n}};\n" + "// more\n" * 6
    )
    files = {"src/ui/form.tsx": "export const FormItem = () => null;\n" + "// ui\n" * 9}
    for one in ("item", "order"):
        files[f"src/components/{one}-form.tsx"] = _fill(form, one, one + "s")
        files[f"src/models/{one}.ts"] = (
            f"export interface {one.capitalize()} {{ name: string }}\n"
            f"export const {one}s: {one.capitalize()}[] = [];\n" + "// m\n" * 8
        )
    template = make_tree(files).build().templates.in_layers(["components"])[0]
    text = render_template(template, {"entity": "parcel"}).decode()
    assert "FormItem" in text
    assert "ParcelForm" in text


@pytest.mark.parametrize(
    ("path", "legal"),
    [
        ("a/b.py", True), ("a/con.py", False), ("a/b.", False), ("a:b", False), ("../a", False),
        ("a//b", False), ("x" * 241, False), ("[id]/page.tsx", True), ("a/aux", False),
    ],
)  # fmt: skip
def test_paths_are_legal_on_windows(path, legal):
    assert (illegal_path(path) is None) is legal


def test_no_entity_of_the_package_makes_two_templates_one_file(make_tree):
    """``owner/Pet.java`` and ``vet/Vet.java`` would both be ``owner/Owner.java`` for an owner."""
    java = "package org.clinic.{pkg};\n\nclass {One} {{\n" + "    int a;\n" * 8 + "}}\n"
    owns = (
        "package org.clinic.{pkg};\n\nclass {One}Store {{\n    {One}[] {one}s;\n"
        + "    int a;\n" * 8
    )
    files = {}
    for pkg, one in (("owner", "owner"), ("owner", "pet"), ("vet", "vet"), ("owner", "visit")):
        names = {"pkg": pkg, "one": one, "One": one.capitalize()}
        files[f"src/model/{pkg}/{names['One']}.java"] = java.format(**names)
        files[f"src/service/{pkg}/{names['One']}Store.java"] = owns.format(**names) + "}\n"
    build = make_tree(files).build()
    assert {"owner", "pet", "vet", "visit"} == {entity.name for entity in build.entities}
    assert {item.bar for item in build.dropped} == {"B8"}
    for value in ("owner", "pet", "vet", "parcel"):
        paths = [render_path(item, {"entity": value}).lower() for item in build.templates]
        assert len(set(paths)) == len(paths) >= 2
