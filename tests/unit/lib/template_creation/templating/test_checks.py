"""Values that would break the code are refused, and the message says why."""

from __future__ import annotations

import pytest

from template_creation.errors import BadInput
from template_creation.templating import check_values, render_path, render_template

SERVICE = """package {pkg};

class {One}Service {{
    private final {One}Store store;
    private final Ledger ledger;

    {One}Service({One}Store store, Ledger ledger) {{
        this.store = store;
        this.ledger = ledger;
    }}

    void save({One} {one}, String {many}) {{
        store.put({one}, {many});
    }}
}}
"""
STORE = """package {pkg};

class {One}Store {{
    void put({One} {one}, String {many}) {{
        return;
    }}
}}

class {One} {{
}}
"""


@pytest.fixture
def templates(make_tree):
    files = {}
    for one, many in (("item", "items"), ("coupon", "coupons")):
        names = {"one": one, "many": many, "One": one.capitalize(), "pkg": "org.bookshop.core"}
        files[f"src/services/{names['One']}Service.java"] = SERVICE.format(**names)
        files[f"src/models/{names['One']}Store.java"] = STORE.format(**names)
    build = make_tree(files, project=("bookshop",)).build()
    assert len(build.templates) == 2
    return build.templates


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"entity": ""}, "empty"),
        ({"entity": "---"}, "empty"),
        ({"entity": "news"}, "plural"),
        ({"entity": "class"}, "reserved word"),
        ({"entity": "ledger"}, "already has the names"),
        ({"entity": "注文"}, "upper and lower case"),
        ({"entity": "2pack"}, "digit"),
        ({"entity": "x" * 80}, "longer"),
        ({"entity": "../etc"}, "holds"),
        ({"entity": "a/b"}, "holds"),
        ({"entity": "a\\b"}, "holds"),
        ({"entity": "parcel", "project": "parcel"}, "both"),
        ({"entity": "parcel", "entity_plural": "parcel"}, "plural"),
        ({"entitty": "parcel"}, "no template has a place"),
    ],
)
def test_a_value_that_would_break_the_code_is_refused(templates, values, reason):
    with pytest.raises(BadInput, match=reason) as caught:
        check_values(templates, values)
    assert caught.value.hint


@pytest.mark.parametrize("value", ["order line", "OrderLine", "order-line", "order_line"])
def test_any_case_style_is_understood(templates, value):
    check_values(templates, {"entity": value})
    assert render_path(templates.templates[1], {"entity": value}).endswith("OrderLineService.java")


def test_the_user_may_give_the_plural(templates):
    values = {"entity": "news", "entity_plural": "news items"}
    check_values(templates, values)
    assert b"String newsItems" in render_template(templates.templates[1], values)


def test_names_of_the_package_are_taken(templates):
    with pytest.raises(BadInput, match="ParcelService"):
        check_values(templates, {"entity": "parcel"}, names={"ParcelService"})


def test_the_original_value_is_always_fine(templates):
    for template in templates:
        check_values([template], {term.key: " ".join(term.words) for term in template.original})
