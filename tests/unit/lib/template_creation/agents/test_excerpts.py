"""Excerpts are exact lines of the original, whole or cut where a statement ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from template_creation.agents import EnhancementContext
from template_creation.agents.excerpts import LONGEST, cut_at, excerpt_lines
from template_creation.values.template import Template, TemplateSet


def context_of(shop, template: Template) -> EnhancementContext:
    return replace(shop.context, templates=TemplateSet((template,)))


def test_a_declaration_is_shown_whole_with_its_decorator(shop) -> None:
    """The caption's lines are the original's."""
    lines = excerpt_lines("T1.s1", shop.context)
    original = shop.context.original_lines(shop.templates.get("T1"))
    assert lines.text.startswith('@router.get("/")\ndef read_items')
    assert lines.text == "\n".join(original[lines.start - 1 : lines.end])
    assert lines.caption == f"app/api/items.py:{lines.start}-{lines.end}"
    assert not lines.is_cut
    assert lines.shown == lines.text


def test_an_unknown_id_is_a_key_error(shop) -> None:
    """Parsing has refused it long before."""
    with pytest.raises(KeyError):
        excerpt_lines("T9.s9", shop.context)


def test_a_long_declaration_is_cut_after_a_statement(
    shop, make_template: Callable[..., Template]
) -> None:
    """Never in the middle of a call that is spread over lines."""
    body = "".join(f"    step(\n        {n},\n    )\n" for n in range(40))
    template = make_template(1, "app/long.py", f"def run() -> None:\n{body}", "services")
    lines = excerpt_lines("T1.s1", context_of(shop, template), most=20)
    assert lines.is_cut
    assert lines.text.endswith("    )")
    assert 12 <= lines.end - lines.start + 1 <= 20
    assert lines.whole_end == 121


def test_a_long_return_of_markup_is_cut_after_an_element(
    shop, make_template: Callable[..., Template]
) -> None:
    """The hooks alone would not show the component; the cut is told by a line of its own."""
    hooks = "".join(f"  const value{n} = useValue({n});\n" for n in range(14))
    markup = "".join(f"      <p>{n}</p>\n" for n in range(60))
    text = (
        f"export function View() {{\n{hooks}  return (\n    <div>\n{markup}    </div>\n  );\n}}\n"
    )
    template = make_template(1, "web/view.tsx", text, "components")
    lines = excerpt_lines("T1.s1", context_of(shop, template))
    assert lines.text.endswith("</p>")
    assert lines.end - lines.start + 1 == LONGEST
    assert lines.shown == f"{lines.text}\n      ..."


def test_where_hooks_fill_the_excerpt_markup_is_left_out(
    shop, make_template: Callable[..., Template]
) -> None:
    """Enough statements to read end at a statement."""
    hooks = "".join(f"  const value{n} = useValue({n});\n" for n in range(45))
    markup = "".join(f"      <p>{n}</p>\n" for n in range(60))
    text = (
        f"export function View() {{\n{hooks}  return (\n    <div>\n{markup}    </div>\n  );\n}}\n"
    )
    template = make_template(1, "web/view.tsx", text, "components")
    lines = excerpt_lines("T1.s1", context_of(shop, template))
    assert lines.text.endswith("useValue(44);")


def test_a_cut_never_falls_inside_a_text_over_many_lines(
    shop, make_template: Callable[..., Template]
) -> None:
    """Lines at the margin look like the end of a block; the syntax knows better."""
    steps = "".join(f"    value{n} = {n}\n" for n in range(14))
    prose = "".join(f"line {n}\n" for n in range(60))
    body = f'def run() -> str:\n{steps}    text = """\n{prose}"""\n    return text\n'
    template = make_template(1, "app/run.py", body, "services")
    lines = excerpt_lines("T1.s1", context_of(shop, template))
    assert lines.text.endswith("value13 = 13")


def test_a_little_over_the_limit_is_shown_whole_when_a_cut_would_leave_nothing(
    shop, make_template: Callable[..., Template]
) -> None:
    """One big statement of 50 lines has no place to stop at."""
    rows = "".join(f"    {n},\n" for n in range(50))
    template = make_template(1, "app/data.py", f"TABLE = [\n{rows}]\n", "data")
    lines = excerpt_lines("T1", context_of(shop, template))
    assert (lines.start, lines.end, lines.is_cut) == (1, 52, False)


def test_line_ends_and_byte_order_mark_are_not_part_of_a_line(
    shop, make_template: Callable[..., Template]
) -> None:
    """A CRLF file with BOM is quoted as its text."""
    template = make_template(1, "app/a.py", "x = 1\n", "api")
    template = replace(template, segments=(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n",))
    assert context_of(shop, template).original_lines(template) == ("a = 1", "b = 2")


@pytest.mark.parametrize(
    ("lines", "most", "expected"),
    [
        (["a", "b"], 5, 2),
        (["def f():", "    a = 1", "    b = [", "        2,", "    ]"], 4, 2),
        (["func f() {", "\ta()", "\tb()", "\tc()", "}"], 3, 3),
    ],
)
def test_without_a_grammar_indent_and_brackets_decide(
    lines: list[str], most: int, expected: int
) -> None:
    """Text in an unknown language is still cut between statements."""
    assert cut_at(lines, most) == expected


def test_of_a_long_class_the_fields_are_shown(shop, make_template: Callable[..., Template]) -> None:
    """What a model holds says more than its first method, which can be cited by itself."""
    fields = "".join(f"    field{n}: int = {n}\n" for n in range(12))
    methods = "".join(f"\n    def method{n}(self) -> int:\n        return {n}\n" for n in range(25))
    template = make_template(1, "app/model.py", f"class Model:\n{fields}{methods}", "models")
    lines = excerpt_lines("T1.s1", context_of(shop, template))
    assert (lines.start, lines.end) == (1, 13)
    assert lines.text.endswith("field11: int = 11")
    assert lines.is_cut
