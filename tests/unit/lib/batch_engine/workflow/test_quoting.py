"""A value in a command line means itself, wherever it stands, or is refused."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_engine.workflow import ExpressionError
from batch_engine.workflow.expressions import Text

EVIL = "a b'\"$HOME `echo hi` $(echo hi) \\ ; exit 9 # * ?"
PLACES = [
    "printf %s {{ x }}",
    'printf %s "{{ x }}"',
    "printf %s '{{ x }}'",
    'printf %s "$(printf %s {{ x }})"',
    'printf %s "$(printf %s "{{ x }}")"',
    "printf %s ${NOPE:-{{ x }}}",
    'printf %s "${NOPE:-{{ x }}}"',
    'y={{ x }}; printf %s "$y" # {{ x }}',
    "(printf %s {{ x }})",
    "echo $((1<<2)) >/dev/null\nprintf %s {{ x }}",
    "case a in a) printf %s {{ x }};; esac",
    "# it's fine\nprintf %s {{ x }}",
    "{% set y %}{{ x }}{% endset %}printf %s {{ y }}",
    "{% for v in [x] %}printf %s {{ v }}{% endfor %}",
]
HEREDOCS = [
    "cat <<END\n{{ x }}\nEND\n",
    "cat <<'END'\n{{ x }}\nEND\n",
    "cat <<-END\n\t{{ x }}\n\tEND\n",
]


def _shell(line: str) -> str:
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("place", PLACES + HEREDOCS)
def test_a_hostile_value_is_only_a_value(place: str) -> None:
    printed = _shell(Text(place, "shell").render({"x": EVIL}))
    assert printed.removesuffix("\n") == EVIL


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12))
@settings(max_examples=25)
def test_any_text_is_only_a_value(value: str) -> None:
    line = "; printf '|'; ".join(PLACES[:3])
    assert _shell(Text(line, "shell").render({"x": value})) == "|".join([value] * 3)


@pytest.mark.parametrize(
    "place",
    [
        'printf %s "${{ x }}"',
        'printf %s "\\{{ x }}"',
        "echo `echo {{ x }}`",
        "echo $(( {{ x }} ))",
        'echo "$(case a in a) echo {{ x }};; esac)"',
        "cat <<END\n{{ x }}\n",
        "cat <<E-1\nit's\nE-1\necho {{ x }}",
        "cat <<END\n${{ x }}\nEND",
    ],
)
def test_where_it_cannot_be_sure_it_lets_only_plain_values_in(place: str) -> None:
    with pytest.raises(ExpressionError, match="by env or stdin"):
        Text(place, "shell").render({"x": "(echo hi)"})


def test_a_plain_number_may_stand_in_arithmetic_and_an_unquoted_text_is_shell() -> None:
    assert _shell(Text("echo $(( {{ n }} * 2 ))", "shell").render({"n": 21})) == "42\n"
    assert _shell(Text("echo {{ 'a; echo b' | unquoted }}", "shell").render({})) == "a\nb\n"
