"""Marked code is the same text, escaped, whatever it holds."""

from __future__ import annotations

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.reporting.code import highlight, numbered
from template_creation.reporting.visible import visible

LANGUAGES = ["python", "typescript", "rust", "html", "markdown", ""]
_TAG = re.compile(r"</?(?:i|b|span)(?: class=\w)?>")


def _read(marked: str) -> str:
    return html.unescape(_TAG.sub("", marked))


@given(st.text(alphabet="ab \n\"'`#/*<>&{}=-\\", max_size=60), st.sampled_from(LANGUAGES))
def test_marks_never_change_the_text(text: str, language: str) -> None:
    shown = visible(text).rstrip("\n")
    assert _read(highlight(text, language=language, delimiter=("{{=", "=}}"))) == shown
    assert _read(numbered(text, language=language)) == shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_markup_in_code_stays_text(language: str) -> None:
    marked = highlight('x = "</script><img src=x onerror=alert(1)>" # </code>', language=language)
    assert "<img" not in marked
    assert "</script" not in marked
    assert "</code" not in marked


def test_every_line_is_closed_so_that_lines_can_be_numbered() -> None:
    lines = numbered('a = """one\ntwo"""\nb', language="python").split("\n")
    assert lines == [
        "<span class=l>a = <i class=s>&#34;&#34;&#34;one</i></span>",
        "<span class=l><i class=s>two&#34;&#34;&#34;</i></span>",
        "<span class=l>b</span>",
    ]


def test_placeholders_stand_out_in_code_texts_and_comments() -> None:
    marked = highlight(
        'class {{=EntityName=}}: "{{=entity_name=}}"  # {{=entity_name=}}',
        language="python",
        delimiter=("{{=", "=}}"),
    )
    assert marked.count("<b>{{=entity_name=}}</b>") == 2
    assert "<b>{{=EntityName=}}</b>" in marked


def test_a_lifetime_is_no_text_and_an_address_no_comment() -> None:
    assert "<i class=s>" not in highlight("fn f<'a>(x: &'a str, y: &'a str)", language="rust")
    assert "<i class=c>" not in highlight('"http://example.org"', language="go")


@pytest.mark.parametrize("piece", ['"\\', "'", "/*", "<!--"])
def test_unclosed_forms_cost_no_more_than_their_length(piece: str) -> None:
    def cost(times: int) -> float:
        began = time.process_time()
        for language in LANGUAGES:
            highlight(piece * times, language=language)
        return time.process_time() - began

    few = min(cost(1000) for _ in range(3))
    assert cost(8000) < 32 * few  # 8 times the text; it was 64 times the work
