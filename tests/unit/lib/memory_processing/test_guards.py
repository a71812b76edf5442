"""What must never be merged is not, at any similarity; what says the same is."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from memory_processing import BatchProcessingConfig, RecordSource, import_memories, open_store
from memory_processing.config import Guard
from memory_processing.guards import blocking_reason, reasons_against
from memory_processing.writing import normalise


def _lines(name: str) -> list[list[str]]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [[part.strip() for part in line.split(" | ")] for line in rows]


TRAPS = [(line[0], line[1], " | ".join(line[2:])) for line in _lines("traps.txt") if len(line) == 3]
TRAPS += [
    ("symbol", " | ".join(line[1:2]), line[2]) for line in _lines("traps.txt") if len(line) > 3
]
SAFE = _lines("safe.txt")


def test_there_are_at_least_a_hundred_traps_of_every_kind() -> None:
    kinds = {kind for kind, _, _ in TRAPS}
    assert len(TRAPS) >= 140
    assert {"name swap", "number", "negation", "letter case", "code", "pause"} <= kinds


def test_every_trap_has_a_reason_against_it() -> None:
    silent = [(a, b) for _, a, b in TRAPS if not reasons_against(a, b)]
    assert silent == []
    assert all(blocking_reason(a, b) in reasons_against(a, b) for _, a, b in TRAPS)


SPECIFIC: dict[str, Guard] = {
    "code": "names",
    "letter case": "names",
    "negation": "negation",
    "number": "numbers",
    "option": "names",
    "order": "order",
    "other name": "names",
    "symbol": "symbols",
}


def test_a_trap_is_caught_by_the_guard_of_its_kind() -> None:
    """Guards can be chosen, so each has to do its work without the strictest one."""
    caught = [trap for trap in TRAPS if trap[0] in SPECIFIC]
    missed = [t for t in caught if not reasons_against(t[1], t[2], guards=(SPECIFIC[t[0]],))]
    assert len(caught) > 80
    assert missed == []


def test_no_trap_is_merged_even_at_the_lowest_threshold() -> None:
    """Each pair in a scope of its own, so that only its partner is near."""
    listed = [
        {"text": text, "scope": {"project": f"trap {number}"}}
        for number, (_, first, second) in enumerate(TRAPS)
        for text in (first, second)
    ]
    config = BatchProcessingConfig(merge_threshold=0.5, review_threshold=0.5, log_progress=False)
    with open_store(":memory:") as store:
        report = import_memories([RecordSource(listed)], store, config)
        assert report.counts.merged == 0
        assert store.counts()["current"] == len(listed) == report.counts.successful


def test_what_says_the_same_has_no_reason_against_it() -> None:
    assert [reasons_against(first, second) for first, second in SAFE] == [()] * len(SAFE)
    assert {blocking_reason(first, second) for first, second in SAFE} == {""}


WRITTEN_ALIKE = [
    ("Use tabs in all Makefiles.", "use tabs in all  Makefiles"),
    ("You must never squash", "You MUST NEVER squash."),
    ("Run the tests. Then push", "run the tests. then push"),
    ("DO NOT push to main", "Do not push to main"),
    ("Die Tests laufen nicht", "die Tests laufen NICHT"),
    ("Ask \u00c1na", "ask A\u0301na"),
]
WRITTEN_APART = [
    ("if x:\n    a()\n    b()", "if x:\n    a()\nb()"),
    ("IT decides", "It decides"),
    ("Python3 is there", "python3 is there"),
    ("I is the current", "i is the current"),
    ("The word `NOT` is reserved", "The word `not` is reserved"),
    ("gRPC is fast", "grpc is fast"),
    ("Config.yaml is read", "config.yaml is read"),
    ("Ask Dr. Will", "Ask Dr. will"),
    ("DO has a region in Frankfurt", "Do has a region in Frankfurt"),
]


def test_only_writing_that_says_nothing_is_folded() -> None:
    """What is folded makes two texts one memory for good, so it is little."""
    assert [normalise(a) for a, _ in WRITTEN_ALIKE] == [normalise(b) for _, b in WRITTEN_ALIKE]
    assert [pair for pair in WRITTEN_APART if normalise(pair[0]) == normalise(pair[1])] == []
    assert [pair for pair in WRITTEN_APART if not reasons_against(*pair)] == []


@given(st.text(max_size=60))
def test_what_is_normalised_stays_as_it_is(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_order_of_the_two_does_not_matter(first: str, second: str) -> None:
    assert reasons_against(first, second) == reasons_against(second, first)


@given(st.text(max_size=80))
def test_nothing_speaks_against_the_same_text(text: str) -> None:
    assert reasons_against(text, text) == ()


def test_guards_can_be_chosen() -> None:
    pair = ("the invoice service owns it", "the basket service owns it")
    assert reasons_against(*pair, guards=("names", "numbers", "negation")) == ()


def test_a_long_word_costs_no_more_than_its_length() -> None:
    """No pattern backtracks: 20,000 signs without a space are done at once."""
    word = "a" * 20_000
    assert reasons_against(word, word + "b")
    assert normalise(word.capitalize()) == word
    assert normalise(f"`{word} {word}") == f"`{word} {word}"
    assert reasons_against("it's" * 5_000, "it's" * 5_000 + " so")


def test_a_pause_that_moved_is_another_order_and_one_left_out_is_not() -> None:
    moved = ("Ship it, when green tell them", "Ship it when green, tell them")
    assert reasons_against(*moved, guards=("order",))
    assert reasons_against("Ship it, tell them", "Ship it tell them", guards=("order",)) == ()
