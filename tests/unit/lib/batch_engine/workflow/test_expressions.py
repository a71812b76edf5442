"""Expressions keep types, never touch data, and cannot leave their sandbox."""

from __future__ import annotations

import pickle
from pathlib import PurePosixPath
from typing import Any

import pytest

from batch_engine.workflow import ExpressionError, UndefinedNameError
from batch_engine.workflow.expressions import Text, Value, check_syntax, compile_value
from batch_engine.workflow.references import references

ITEMS = ["007", "1.10", "0x1F", "1_000", "true", "a/b", "", None, 1, "1", 1.0, True,
         {"k": "v"}, ["x"], "2\nlines", "é😀", "{{ x }}", "{% raw %}", " {{ 6*7 }} "]  # fmt: skip


@pytest.mark.parametrize("item", ITEMS, ids=repr)
def test_an_item_arrives_unchanged(item: Any) -> None:
    value = compile_value({"a": "{{ item }}", "b": ["{{ item }}"], "c": "{{- item -}}\n"})
    rendered = value.render({"item": item})
    for got in (rendered["a"], rendered["b"][0], rendered["c"]):
        assert got == item
        assert type(got) is type(item)
    assert compile_value("<{{ item }}>").render({"item": item}) == f"<{item}>"


def test_a_text_without_expressions_is_the_very_object() -> None:
    given = {"a": ["007\n", {"b": None}]}
    assert compile_value(given).render({}) is given


def test_fields_come_before_methods_of_a_mapping() -> None:
    assert Text("{{ a.items }}").render({"a": {"items": 3}}) == 3


def test_a_plain_path_gives_what_the_same_path_gives_within_a_larger_expression() -> None:
    """Values, lazy ones, missing ones and forbidden ones: looked up without Jinja, and by it."""
    variables = {
        "a": {"b": {"c": "007"}, "n": None, "values": (1, 2)},
        "lazy": iter("xy"),
        "path": PurePosixPath("x/y.txt"),
    }
    paths = "a a.b a.b.c a.n a.values a.keys path.name range nope a.x a.x.y nope.x a.n.x"
    forbidden = "a.__class__ path.__init__.__globals__"
    for path in f"{paths} {forbidden}".split():
        alone, within = (
            _outcome(text, variables) for text in (f"{{{{ {path} }}}}", f"{{{{ [{path}][0] }}}}")
        )
        assert alone == within, path
    assert Text("{{ lazy }}").render(variables) == ["x", "y"]


def _outcome(text: str, variables: dict[str, Any]) -> Any:
    try:
        value = Text(text).render(variables)
    except ExpressionError as error:
        return type(error), error.message.partition(": ")[2]
    return value if not callable(value) else getattr(value, "__name__", value)


def test_a_value_can_be_sent_to_another_process() -> None:
    value = compile_value({"a": "{{ 1 + n }}", "b": "x"})
    copy: Value = pickle.loads(pickle.dumps(value))
    assert copy.render({"n": 1}) == {"a": 2, "b": "x"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ steps.fetsh.result }}", "no result of a step 'fetsh' is there; did you mean 'fetch'?"),
        ("{{ nam }}", "'nam' is not defined; did you mean 'name'?"),
        ("{{ [name, args.x] }}", "'args.x' is not defined; there is none"),
        ("{{ {'k': nope} }}", "'nope' is not defined"),
        ("a{{ args.x }}b", "'args.x'"),
        ("{{ args['x'] }}", "'args.x'"),
    ],
)
def test_an_undefined_name_is_an_error_that_names_what_is_near(text: str, said: str) -> None:
    with pytest.raises(UndefinedNameError) as caught:
        Text(text, "typed", "w.yaml:3:5").render({"name": 1, "args": {}, "steps": {"fetch": {}}})
    assert said in str(caught.value)
    assert str(caught.value).startswith("w.yaml:3:5: ")


def test_what_may_be_missing_says_so() -> None:
    text = "{{ a | default('-') }}{% if b is defined %}{{ b }}{% endif %}"
    assert Text(text).render({}) == "-"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ steps.skipped.result | default('none') }}", "none"),
        ("{{ steps.skipped.result['a'].b | default(0) }}", 0),
        ("{{ steps.skipped.status is defined }}", False),
        ("{% if steps.skipped.x is defined %}a{% else %}b{% endif %}", "b"),
    ],
)
def test_what_is_in_a_missing_thing_may_be_missing_too(text: str, value: Any) -> None:
    assert Text(text).render({"steps": {}}) == value


@pytest.mark.parametrize(
    "text", ["{{ steps.skipped.result }}", "{{ steps.skipped.n + 1 }}", "{{ steps.skipped.f() }}"]
)
def test_what_is_missing_is_an_error_as_soon_as_it_is_used(text: str) -> None:
    with pytest.raises(UndefinedNameError, match="no result of a step 'skipped' is there"):
        Text(text).render({"steps": {}})


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ x.__init__.__globals__ }}",
        "{{ 'a' * 100000000 }}",
        "{{ [1] * 100000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '%*d' % (1000000000, 1) }}",
        "{{ 'a'.ljust(1000000000) | length }}",
        "{{ range(10000000) | list }}",
        "{{ 9 ** 99999 }}",
        "{{ l.append(1) }}",
        "{{ '{0.__class__}'.format(x) }}",
        "{{ 1 / 0 }}",
    ],
)
def test_the_sandbox_holds_and_its_errors_are_ours(text: str) -> None:
    with pytest.raises(ExpressionError):
        Text(text).render({"x": object(), "l": []})


def test_syntax_errors_have_their_line() -> None:
    assert check_syntax("{{ a }}") is None
    message, line = check_syntax("one\n{{ a( }}") or ("", 0)
    assert "expected" in message
    assert line == 2


def test_references_are_read_from_the_syntax() -> None:
    text = "{{ steps.a.result['k'][i].z }}{% for x in args.l %}{{ x }}{% endfor %}{{ b|d(c.e) }}"
    assert {path for path, _ in references(text)} == {
        ("steps", "a", "result", "k"), ("i",), ("args", "l"), ("b",), ("c", "e"),
    }  # fmt: skip
