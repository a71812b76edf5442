"""Agents out of answers, as they come: whole, in pieces, damaged, cut, hostile."""

from __future__ import annotations

import json
import time
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from template_creation.exchange import AnswerReader, read_answer
from template_creation.values.agent import Issue
from template_creation.values.answer import AnsweredAgent

NAMES = ("api-specialist", "db-specialist", "test-specialist")


def agent(name: str) -> dict[str, Any]:
    return {
        "agent_name": name,
        "templates": [{"id": "T1", "why": f"It shows {name}'s form: {{a}}, [b]."}],
        "practices": [{"text": 'Say "yes", not {no}.', "cites": ["C1", "R2"]}],
        "examples": [],
        "constraints": [],
        "commands": [],
        "short_because": "",
    }


WHOLE = json.dumps({"enhancements": [agent(name) for name in NAMES]}, indent=1)


def names(items: list[AnsweredAgent | Issue] | list[AnsweredAgent]) -> list[str]:
    return [item.name for item in items if isinstance(item, AnsweredAgent)]


def issues(items: list[AnsweredAgent | Issue]) -> list[tuple[str, str]]:
    return [(item.rule, item.agent) for item in items if isinstance(item, Issue)]


def test_each_agent_is_handed_over_as_its_object_closes() -> None:
    """Not one character later: what is finished can be written while the rest arrives."""
    reader = AnswerReader(NAMES)
    seen = 0
    for number, name in enumerate(NAMES):
        text = json.dumps(agent(name), indent=1).replace("\n", "\n  ")
        end = WHOLE.index(text) + len(text)
        assert names(reader.feed(WHOLE[seen : end - 1])) == []
        assert names(reader.feed(WHOLE[end - 1 : end])) == [NAMES[number]]
        seen = end
    assert reader.feed(WHOLE[seen:]) == []
    assert reader.finish() == []


def test_cut_anywhere_what_was_complete_stays_and_nothing_half_is_taken() -> None:
    """The agents taken are those whose objects end before the cut, whatever the cut."""
    ends = [WHOLE.index(json.dumps(name)) for name in NAMES[1:]]
    for cut in range(0, len(WHOLE), 7):
        found = read_answer(WHOLE[:cut], NAMES)
        complete = sum(WHOLE[:cut].rfind("}") >= WHOLE.rindex("}", 0, end) for end in ends)
        assert names(found) == list(NAMES[:complete]) or complete == len(ends)
        for item in found:
            if isinstance(item, AnsweredAgent):
                assert item.data == agent(item.name)


@given(st.lists(st.integers(min_value=0, max_value=len(WHOLE)), max_size=12))
def test_how_the_text_is_cut_into_pieces_does_not_matter(cuts: list[int]) -> None:
    """Whole, by character or in any pieces: the same agents, the same refusals."""
    damaged = WHOLE.replace('"why": "It shows db', '"why": It "shows" db').replace("},", "},,")
    places = [0, *sorted(cuts), len(damaged)]
    reader = AnswerReader(NAMES)
    found: list[AnsweredAgent | Issue] = []
    for start, end in pairwise(places):
        found += reader.feed(damaged[start:end])
    assert [*found, *reader.finish()] == read_answer(damaged, NAMES)


@given(st.text(alphabet="{}[]\",:\\' \nab`/*#", max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    """Never an exception, never an agent that nobody wrote, the same in pieces."""
    reader = AnswerReader(["a", "b"])
    found: list[AnsweredAgent | Issue] = []
    for char in text:
        found += reader.feed(char)
    assert [*found, *reader.finish()] == read_answer(text, ["a", "b"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["enhancements", "agent_name", "content", "a", "templates"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    )
)
def test_no_object_is_too_strange(payload: object) -> None:
    """An object of any shape is read, and what it is for is never made up."""
    for item in read_answer(payload, ["a", "b"]):
        assert not isinstance(item, AnsweredAgent) or item.name in ("a", "b")


def test_a_fence_ends_what_was_left_open() -> None:
    """A first try that broke off does not hold back the second: its agents come as they close."""
    cut = WHOLE[: WHOLE.index('"examples"')]
    reader = AnswerReader(NAMES)
    assert reader.feed(f"```json\n{cut}\n```\nThat broke off. Again:\n```json\n") == []
    end = WHOLE.index("}", WHOLE.index("short_because")) + 1
    assert names(reader.feed(WHOLE[:end])) == [NAMES[0]]
    assert names(reader.feed(WHOLE[end:] + "\n```\n")) == list(NAMES[1:])
    assert issues(reader.finish()) == [("answer-cut", NAMES[0])]


def test_what_is_no_json_at_all_is_an_issue() -> None:
    """A set, a circle, bytes: told, not raised."""
    circle: list[object] = []
    circle.append(circle)
    for payload in ({1, 2}, circle, object()):
        (issue,) = read_answer(payload, NAMES)
        assert isinstance(issue, Issue)
        assert issue.rule == "answer-json"
    assert names(read_answer(WHOLE.encode("utf-8-sig"), NAMES)) == list(NAMES)


HOSTILE = {
    "braces": lambda n: "{" * n,
    "nested lists": lambda n: "[" * (n // 2) + "]" * (n // 2),
    "nested objects": lambda n: '{"a":[' * (n // 6),
    "half objects": lambda n: '{"agent_name":"api-specialist",' * (n // 31),
    "unclosed strings": lambda n: '{"a":"' * (n // 6),
    "escapes": lambda n: '{"agent_name":"' + "\\" * n,
    "backticks": lambda n: "[{" + "`" * n,
    "one long string": lambda n: '["' + "x" * n,
    "spaces": lambda n: "{" + " " * n,
    "comments": lambda n: "[{/*" * (n // 4),
    "quoted": lambda n: '{"agent_name":"api-specialist","a":"' + 'x" ' * (n // 3) + '"}',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_takes_time_in_proportion(kind: str) -> None:
    """Four times the text, about four times the work; quadratic reading would take sixteen."""

    def cost(size: int) -> float:
        text = HOSTILE[kind](size)
        best = 9.0
        for _ in range(3):
            started = time.process_time()
            reader = AnswerReader(NAMES)
            for start in range(0, len(text), 997):
                reader.feed(text[start : start + 997])
            reader.finish()
            best = min(best, time.process_time() - started)
        return best

    small, large = cost(20_000), cost(80_000)
    assert large < 10 * small + 0.05


def test_memory_does_not_grow_with_what_was_already_read() -> None:
    """Only what is still open is kept, however long the answer and its prose."""
    reader = AnswerReader(NAMES)
    piece = "Some prose, then a list: [1, 2, 3] and {'a': 'b'}.\n" * 200
    for _ in range(5):
        reader.feed(piece)
    tracemalloc.start()
    for _ in range(40):
        reader.feed(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * len(piece)


def test_an_object_too_long_is_dropped_and_the_next_one_is_taken() -> None:
    """A runaway object costs itself, in bounded memory."""
    long = json.dumps({"agent_name": "api-specialist", "enhanced_content": "x" * 2_200_000})
    text = f'{{"enhancements": [{long}, {json.dumps(agent("db-specialist"))}]}}'
    found = read_answer(text, NAMES)
    assert names(found) == ["db-specialist"]
    assert issues(found) == [("answer-too-long", "api-specialist")]


def test_what_is_too_long_does_not_depend_on_the_pieces() -> None:
    """A little over the limit is seen at the same places however the text comes."""
    long = json.dumps({"agent_name": "api-specialist", "enhanced_content": "x" * 2_005_000})
    reader = AnswerReader(NAMES)
    found: list[AnsweredAgent | Issue] = []
    for start in range(0, len(long), 401_003):
        found += reader.feed(long[start : start + 401_003])
    assert [*found, *reader.finish()] == read_answer(long, NAMES)
