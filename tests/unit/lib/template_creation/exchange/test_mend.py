"""Objects that are not quite JSON: mended in their punctuation, never in what they say."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.exchange.mend import decode_string, read_object

STRICT = ['{"a": "\\ud83d\\ude00"}']


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
        ("{'a': 'it\\'s', 'b': \"so\"}", {"a": "it's", "b": "so"}),
        ("{a: True, b: None}", {"a": True, "b": None}),
        ('{"a": "\\d+ in C:\\temp"}', {"a": "\\d+ in C:\temp"}),
        ('{"a": 1 // one\n, /* two */ "b": 2} # three\n', {"a": 1, "b": 2}),
        ('{"a": "1"\n "b": [{"c": 1} {"c": 2}]}', {"a": "1", "b": [{"c": 1}, {"c": 2}]}),
        ('{"a": "he said "hi" twice"}', {"a": 'he said "hi" twice'}),
        ('{"a": [1, 2, "b": 3}', {"a": [1, 2], "b": 3}),
        ("{\u201ca\u201d: \u201cb\u201d}", {"a": "b"}),
        ('{"a": "x\ty\nz"}', {"a": "x\ty\nz"}),
        ('{"a": ["b", ...]}', {"a": ["b"]}),
        ('{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        ('{"a": "\\ud83d"}', {"a": "\ufffd"}),
        ("{'a': 'it's so'}", {"a": "it's so"}),
        ('{"a": C#, "b": 1}', {"a": "C#", "b": 1}),
    ],
)
def test_punctuation_is_mended_and_it_is_told(text: str, data: object) -> None:
    """Commas, quotes, escapes, comments, brackets inside; what it says stays."""
    found = read_object(text)
    assert found.data == data
    assert bool(found.repaired) is (text not in STRICT)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "b"',
        '{"a": {"b": 1}',
        '{"a": ["b", "c',
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": "b"} and more',
        '{"a" "b" "c"}',
        '{"a": "x" "b": 1}',
        "[1, 2]",
        '{"a": "b" c "d": 1}',
        '{"a": 1 2, "b": 3}',
        '{"a": nul, "b": 01}',
        '{"a": ' + "[" * 5000 + "]" * 5000 + "}",
        "{'a': " + "{'b': " * 200 + "1" + "}" * 201,
    ],
)
def test_what_cannot_be_read_for_certain_is_not_read(text: str) -> None:
    """Half objects, two values for a key, no numbers, words that mending would drop or join,
    more behind it, depths."""
    found = read_object(text)
    assert found.data is None
    assert found.problem


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"note": "the "id": is", "id": "T1"}', {"note": 'the "id": is', "id": "T1"}),
        ('{"a": "x "b": "y"}', {"a": 'x "b": "y"'}),
        ('{"a": "one", "two", "b": "c"}', None),
    ],
)
def test_mending_never_makes_a_key_out_of_words(text: str, data: object) -> None:
    """A quoted word in a text stays text, or the object is refused."""
    assert read_object(text).data == data


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
def test_strict_json_is_read_as_it_is(data: dict[str, object]) -> None:
    """Nothing is mended that is right, whatever the characters."""
    found = read_object(json.dumps(data))
    assert found.data == data
    assert found.repaired == ""


@given(st.dictionaries(st.text(max_size=5), values, min_size=1, max_size=4), st.data())
def test_a_cut_object_is_never_completed(data: dict[str, object], draws: st.DataObject) -> None:
    """However it is cut, a half object is no object."""
    text = json.dumps(data)
    cut = draws.draw(st.integers(1, len(text) - 1))
    assert read_object(text[:cut]).data is None


@given(st.text(max_size=40))
def test_a_string_in_a_string_says_the_same(text: str) -> None:
    """Decoding is the way back of encoding, also where the end is missing."""
    assert decode_string(json.dumps(text)) == text
    assert text.startswith(decode_string(json.dumps(text)[:-1]).rstrip("\ufffd")) or not text


@pytest.mark.parametrize("piece", ['x "y" ', '"x" "y", ', 'x": ', "{'a': ", '\\"', "'"])
def test_hostile_objects_take_bounded_time(piece: str) -> None:
    """Four times the text, at most eight times the work."""

    def cost(count: int) -> float:
        text = '{"a": "' + piece * count + '"}'
        best = 9.0
        for _ in range(2):
            started = time.process_time()
            read_object(text)
            best = min(best, time.process_time() - started)
        return best

    assert cost(8_000) < 8 * cost(2_000) + 0.1
