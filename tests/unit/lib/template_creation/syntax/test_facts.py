"""What holds for the facts of every language."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.syntax import (
    FACTS_VERSION,
    GRAMMAR_LANGUAGES,
    extract_facts,
    facts_from_json,
    facts_to_json,
)

PIECES = {
    "python": b"@a.b('x')\nclass A(B):\n    def f(self, x: int = 1) -> C:\n        raise D('e')\n",
    "javascript": b"export const f = async ({ a, b }, ...c) => { throw new E(`x ${a}`) }\n",
    "jsx": b"export default function P(props) { return <A b='c'>{props.d}</A> }\n",
    "typescript": b"export interface A<T> extends B { c: T; d(e: string): void }\n",
    "tsx": b"@A() class B extends C { d = () => <E f={1} />; }\n",
    "csharp": b'[A("b")]\npublic class C : D<E> { public int F(G h) { throw new I(); } }\n',
    "go": b'package a\nfunc (b *C) D(e F) (g H, err error) { i := j.K("l") }\n',
    "java": b'package a.b;\n@C("d")\nclass E extends F { G h(I j) { throw new K(); } }\n',
    "rust": b"#[a(b)]\nimpl A for B { fn c(&self, d: E) -> F { Err(G::H) } }\n",
    "ruby": b"class A < B\n  has_many :c\n  def d(e, f: 1)\n    raise G, 'h'\n  end\nend\n",
}


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
@given(data=st.data())
def test_damaged_code_never_raises(language: str, data: st.DataObject) -> None:
    """Cut, doubled and overwritten code gives facts whose lines lie in the file, and which
    survive the cache."""
    text = PIECES[language] * 2
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    damaged = text[:start] + data.draw(st.binary(max_size=12)) + text[end:]
    facts = extract_facts(damaged, language)
    lines = damaged.count(b"\n") + 1
    for symbol in facts.symbols:
        assert 1 <= symbol.line <= symbol.body_line <= symbol.end_line <= lines
    for item in (*facts.imports, *facts.calls, *facts.raises):
        assert 1 <= item.line <= lines
    assert facts_from_json(json.loads(json.dumps(facts_to_json(facts)))) == facts


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
def test_whole_code_has_no_errors_and_sorted_sets(language: str) -> None:
    """Names come sorted and once; types are declared; everything declared is used."""
    facts = extract_facts(PIECES[language], language)
    assert facts.errors == 0
    assert facts.language == language
    for names in (facts.declared, facts.declared_types, facts.identifiers):
        assert list(names) == sorted(set(names))
    assert set(facts.declared_types) <= set(facts.declared)
    assert facts.symbols
    assert facts.calls or facts.raises or language in {"typescript", "jsx"}
    assert sum(count for _, count in facts.shape) > 3


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
def test_carriage_returns_and_mark_change_no_fact(language: str) -> None:
    """The same code with CRLF and a byte order mark says the same."""
    plain = extract_facts(PIECES[language], language)
    windows = extract_facts(b"\xef\xbb\xbf" + PIECES[language].replace(b"\n", b"\r\n"), language)
    assert windows == plain


def test_a_language_without_grammar_has_empty_facts() -> None:
    """Text is no error."""
    facts = extract_facts(b"<a></a>", "html")
    assert (facts.language, facts.symbols, facts.identifiers, facts.errors) == ("html", (), (), 0)


def test_errors_are_counted() -> None:
    """Broken places are counted and the rest is read."""
    facts = extract_facts(b"def f(:\n    pass\n\nclass A:\n    pass\n", "python")
    assert facts.errors > 0
    assert "A" in facts.declared


def test_syntax_newer_than_the_host_is_read() -> None:
    """The judge is the grammar, not the running Python."""
    facts = extract_facts(b"try:\n    f()\nexcept A, B:\n    pass\n", "python")
    assert facts.errors == 0
    assert [(item.name, item.caught) for item in facts.raises] == [("A", True), ("B", True)]


def test_callees_of_long_chains_are_bounded() -> None:
    """A chain of calls costs linear time and each callee at most 80 characters."""
    facts = extract_facts(b"a = b" + b".c(1)" * 400, "python")
    assert len(facts.calls) == 400
    assert max(len(call.callee) for call in facts.calls) == 80


def test_a_cache_of_another_shape_is_refused() -> None:
    """What `facts_to_json` did not write raises, so that a cache can treat it as a miss."""
    good = facts_to_json(extract_facts(b"def f(): g()", "python"))
    for bad in ([], [*good, 1], [good[0], [["f"]], *good[2:]], "text"):
        with pytest.raises((ValueError, TypeError, IndexError)):
            facts_from_json(bad)  # type: ignore[arg-type]  # that is the case


def test_the_json_is_compact() -> None:
    """Names of a set are one string, so that a cache of thousands of files stays small."""
    data = b"def handler(request):\n    return request.body\n" * 50
    facts = extract_facts(data, "python")
    assert facts_to_json(facts)[5] == "handler request"
    assert isinstance(FACTS_VERSION, int)
