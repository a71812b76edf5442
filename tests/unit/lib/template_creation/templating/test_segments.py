"""Encoding and decoding: the package's bytes say exactly what the segments say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.errors import BadInput
from template_creation.templating.segments import (
    choose_delimiter,
    choose_marks,
    decode_template,
    encode_segments,
    merge,
)
from template_creation.templating.words import CASE_STYLES, placeholder_for
from template_creation.values.template import Delimiter

PLACEHOLDERS = st.builds(
    placeholder_for,
    st.sampled_from(["entity", "project"]),
    st.sampled_from(["singular", "plural"]),
    st.sampled_from(CASE_STYLES),
)
TRICKY = st.sampled_from(
    [b"{", b"{{", b"}}", b"}", b"[[", b"]]", b"{{=", b"=}}", b"{@", b"[[=", b"(@", b"\r\n", b"\r",
     b"\xef\xbb\xbf", b"{@1~", b"EntityName", b"{{EntityName}}"]
)  # fmt: skip
SEGMENTS = st.lists(st.one_of(st.binary(max_size=12), TRICKY, PLACEHOLDERS), max_size=12)


@given(st.lists(SEGMENTS, min_size=1, max_size=4))
def test_decoding_gives_back_what_was_encoded_whatever_the_bytes(contents):
    delimiter = choose_delimiter(contents)
    for segments in contents:
        placeholders = [item for item in segments if not isinstance(item, bytes)]
        encoded = encode_segments(segments, delimiter)
        assert decode_template(encoded, delimiter, placeholders) == merge(segments)


@given(st.lists(SEGMENTS, min_size=1, max_size=4))
def test_the_delimiter_may_stand_in_a_windows_path(contents):
    delimiter = choose_delimiter(contents)
    assert not set(delimiter.start + delimiter.end) & set('<>:"/\\|?*')


def test_braces_are_used_where_they_collide_with_nothing():
    name = placeholder_for("entity", "singular", "pascal")
    assert choose_delimiter([(b"class ", name, b": pass")]) == Delimiter("{{", "}}")


def test_a_brace_before_a_placeholder_asks_for_another_delimiter():
    """``f"{item}"`` would read as three braces, which Jinja takes from the left."""
    name = placeholder_for("entity", "singular", "snake")
    delimiter = choose_delimiter([(b'f"{', name, b'}"')])
    assert encode_segments((b"{", name, b"}"), delimiter) == b"{[[entity_name]]}"


def test_an_unknown_name_is_refused_with_its_line():
    with pytest.raises(BadInput, match="line 2"):
        decode_template(b"a\n{{Other}}", Delimiter("{{", "}}"), [])


@given(st.lists(st.binary(max_size=30), max_size=5), st.integers(0, 5))
def test_marks_of_blocks_occur_in_no_text(texts, tildes):
    texts.append(b"(%" + b"~" * tildes + b" " + b"~" * tildes + b"%)")
    start, end = choose_marks(texts, "%")
    assert not any(start.encode() in text or end.encode() in text for text in texts)
