"""Promises of the JSON documents."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from template_creation.package import to_json

values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=40,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), values))
def test_what_is_written_reads_back_the_same(document: dict[str, Any]) -> None:
    assert json.loads(to_json(document)) == document


def test_what_fits_on_a_line_stays_on_one_and_the_rest_is_indented() -> None:
    document = {"name": "x" * 90, "hits": {"app/items.py": [[12, 18], [30, 41]]}}
    assert to_json(document).decode().splitlines() == [
        "{",
        f'  "name": "{"x" * 90}",',
        '  "hits": {"app/items.py": [[12, 18], [30, 41]]}',
        "}",
    ]


def test_text_stays_readable_and_the_file_ends_with_a_newline() -> None:
    assert to_json({"title": "Bücher"}) == '{"title": "Bücher"}\n'.encode()
