"""What must never be merged is not, at any similarity; what says the same is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory_processing import BatchProcessingConfig, RecordSource, import_memories, open_store
from memory_processing.guards import blocking_reason, reasons_against
from memory_processing.identity import normalise


def _lines(name: str) -> list[list[str]]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [[part.strip() for part in line.split(" | ")] for line in rows]


TRAPS = [(line[0], line[1], " | ".join(line[2:])) for line in _lines("traps.txt") if len(line) == 3]
TRAPS += [
    ("symbol", " | ".join(line[1:2]), line[2]) for line in _lines("traps.txt") if len(line) > 3
]
SAFE = _lines("safe.txt")


def test_there_are_at_least_sixty_traps_of_every_kind() -> None:
    kinds = {kind for kind, _, _ in TRAPS}
    assert len(TRAPS) >= 60
    assert {"name swap", "number", "negation"} <= kinds


@pytest.mark.parametrize(("kind", "first", "second"), TRAPS)
def test_a_trap_has_a_reason_against_it(kind: str, first: str, second: str) -> None:
    assert reasons_against(first, second)
    assert blocking_reason(first, second) in reasons_against(first, second)


SPECIFIC = {
    "other name": "names",
    "number": "numbers",
    "negation": "negation",
    "symbol": "symbols",
    "order": "order",
    "option": "names",
}


@pytest.mark.parametrize(
    ("kind", "first", "second"), [trap for trap in TRAPS if trap[0] in SPECIFIC]
)
def test_a_trap_is_caught_by_the_guard_of_its_kind(kind: str, first: str, second: str) -> None:
    """Guards can be chosen, so each has to do its work without the strictest one."""
    guard = SPECIFIC[kind]
    assert reasons_against(first, second, guards=(guard,))  # type: ignore[arg-type]


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


@pytest.mark.parametrize(("first", "second"), SAFE)
def test_what_says_the_same_has_no_reason_against_it(first: str, second: str) -> None:
    assert reasons_against(first, second) == ()
    assert blocking_reason(first, second) == ""


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
    assert normalise(word.upper()) == word
    assert reasons_against("it's" * 5_000, "it's" * 5_000 + " so")
