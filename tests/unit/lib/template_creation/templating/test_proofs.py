"""Each bar fails when what it guards is broken, and names the place."""

from __future__ import annotations

import pytest

from template_creation.syntax import extract_facts, parse
from template_creation.templating.forms import Hit
from template_creation.templating.names import collect_names
from template_creation.templating.placeholders import Choice, to_segments
from template_creation.templating.proofs import (
    Subject,
    grade_of,
    measure_leaks,
    prove_names,
    prove_round_trip,
    prove_syntax,
)
from template_creation.templating.words import placeholder_for
from template_creation.values.template import Term

TERM = Term("entity", ("item",))


@pytest.fixture
def subject(make_tree):
    """A subject in which the ``places`` (text after which, case) are chosen by hand."""

    def build(path, source, *places, entity="item"):
        tree = make_tree({path: source})
        data = source.encode()
        language = tree.analysis.files[path].language
        term = Term("entity", (entity,))
        choices = []
        for start, text, case in places:
            number = "plural" if text.lower().endswith("s") else "singular"
            hit = Hit(start, start + len(text), term, number, (case,))
            choices.append(Choice(hit, case, "identifier", source.split()[-1]))
        names = collect_names(tree.analysis).for_file(path, extract_facts(data, language))
        return Subject(
            data, language, (term,), names, tuple(choices), to_segments(data, choices),
            parse(data, language),
        )  # fmt: skip

    return build


def test_b1_fails_where_the_original_value_gives_other_bytes():
    segments = (b"a ", placeholder_for("entity", "singular", "pascal"))
    assert prove_round_trip(segments, (TERM,), b"a Item").passed
    assert not prove_round_trip(segments, (TERM,), b"a item").passed


def test_b2_fails_where_a_keyword_is_replaced_and_names_the_place(subject):
    source = "class Box:\n    pass\n"
    _, faults = prove_syntax(subject("a.py", source, (0, "class", "snake"), entity="class"))
    assert {fault.proof.bar for fault in faults} == {"B2"}
    assert faults[0].offsets == {0}


def test_b2_fails_where_the_tree_changes_without_an_error(subject):
    """A number that becomes a name still parses, and is other code."""
    _, faults = prove_syntax(subject("a.py", "x = 1\n", (4, "1", "snake")))
    assert {fault.proof.bar for fault in faults} == {"B2"}


def test_b2_fails_where_the_tag_of_a_heredoc_is_replaced(subject):
    source = "x = <<~ITEM\n  text\nITEM\n"
    found = subject("a.rb", source, (7, "ITEM", "words"))
    assert "B2" in {fault.proof.bar for fault in prove_syntax(found)[1]}


def test_b3_fails_where_two_names_become_one(subject):
    """``item_id`` and ``itemId`` must not both be written in snake case."""
    source = "item_id = itemId\n"
    _, faults = prove_syntax(subject("a.py", source, (0, "item", "camel"), (10, "item", "camel")))
    assert {fault.proof.bar for fault in faults} == {"B3"}
    assert "item_id" in faults[0].identifiers


def test_b3_fails_where_one_name_is_replaced_here_and_kept_there(subject):
    _, faults = prove_syntax(subject("a.py", "item = item\n", (0, "item", "snake")))
    assert {fault.proof.bar for fault in faults} == {"B3"}


def test_b3_fails_where_two_names_are_given_one_new_name(subject):
    """Each is replaced alike everywhere and keeps its style, and still they meet."""
    source = "item_a = items_a\n"
    _, faults = prove_syntax(subject("a.py", source, (0, "item", "snake"), (9, "itemx", "snake")))
    assert {fault.proof.bar for fault in faults} == {"B3"}
    assert faults[0].identifiers == {"item_a", "items_a"}


def test_b4_fails_where_an_undeclared_name_is_replaced(subject):
    proof, fault = prove_names(subject("a.py", "use(theirItem)\n", (9, "Item", "pascal")))
    assert proof.passed is False
    assert fault is not None
    assert fault.offsets == {9}


def test_b5_counts_what_is_left_and_demands_none_of_the_project():
    terms = (TERM, Term("project", ("book", "shop")))
    proof, leaks = measure_leaks((b"superitem bookshop_x Book-Shop superitem",), terms)
    assert proof.passed is False
    assert leaks == ("superitem", "Book-Shop", "bookshop_x")
    assert proof.detail.endswith("2 of them the project's: Book-Shop (1), bookshop_x (1)")
    assert measure_leaks((b"superitem",), (TERM,))[0].passed is None


@pytest.mark.parametrize(
    ("values", "grade"),
    [
        ([0.8, 0.9], "pattern"), ([0.8], "pattern"), ([0.79], "shape"), ([0.75], "shape"),
        ([0.5, 0.79], "shape"), ([0.5], "shape"), ([0.49], "example"), ([], "example"),
        ([0.1, 0.4, 0.9], "example"), ([0.1, 0.6, 0.9], "shape"), ([0.2, 0.8, 0.9], "pattern"),
    ],
)  # fmt: skip
def test_b7_grades_by_the_median_similarity(values, grade):
    assert grade_of(values)[1] == grade


def test_b7_tells_the_median_of_the_similarities():
    proof, _, similarity = grade_of([0.1, 0.9, 0.6])
    assert similarity == 0.6
    assert proof.detail == "median line similarity 0.60 to 3 siblings"
