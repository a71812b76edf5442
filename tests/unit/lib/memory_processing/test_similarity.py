"""The join finds exactly what comparing all pairs finds."""

from __future__ import annotations

import gc
import random
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory_processing import similarity
from memory_processing.planted import plant
from memory_processing.similarity import CANDIDATE_THRESHOLD, CROWD, Near, near_pairs, words_of


def brute_force(texts: list[str], threshold: float) -> list[Near]:
    words = [words_of(text) for text in texts]
    bigrams = [set(pairwise(one)) for one in words]
    found = []
    for a, b in combinations(range(len(texts)), 2):
        union = bigrams[a] | bigrams[b]
        if not union or len(bigrams[a] & bigrams[b]) / len(union) < CANDIDATE_THRESHOLD:
            continue
        both, all_words = set(words[a]) & set(words[b]), set(words[a]) | set(words[b])
        if len(both) / len(all_words) >= threshold:
            found.append(Near(a, b, len(both) / len(all_words)))
    return found


def test_on_500_planted_texts_it_equals_comparing_all_pairs() -> None:
    texts = [*plant(500, exact=0.1, near=0.5).texts]
    found = near_pairs(texts, threshold=0.6)
    assert found == brute_force(texts, 0.6)
    assert len(found) > 100


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), max_size=9).map(" ".join), max_size=25),
    st.sampled_from([0.5, 0.6, 0.8, 1.0]),
)
def test_on_short_texts_of_few_words_it_equals_comparing_all_pairs(
    texts: list[str], threshold: float
) -> None:
    """Few words make every bigram frequent: the hardest case for a prefix."""
    assert near_pairs(texts, threshold=threshold) == brute_force(texts, threshold)


@pytest.mark.parametrize(("size", "count", "longest"), [(8, 90, 14), (20, 150, 16)])
def test_on_many_texts_of_few_words_it_equals_comparing_all_pairs(
    size: int, count: int, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long lists of partners of all sizes, and pairs that are just alike enough: where a list is
    left off has to be right, also where 5.6 / 1.4 is a little more than 4."""
    monkeypatch.setattr(similarity, "CROWD", 1_000)
    source, words = random.Random(0), [f"w{number}" for number in range(size)]
    texts = [" ".join(source.choices(words, k=source.randint(2, longest))) for _ in range(count)]
    for _ in range(count // 3):
        parts = source.choice(texts).split()
        parts[source.randrange(len(parts))] = source.choice(words)
        texts.append(" ".join(parts))
    expected = brute_force(texts, 0.5)
    assert len(expected) > 30
    assert near_pairs(texts, threshold=0.5) == expected


def test_of_planted_pairs_it_finds_99_percent_and_nothing_else() -> None:
    planted = plant(1_500)
    found = {(pair.first, pair.second) for pair in near_pairs(planted.texts, threshold=0.8)}
    truth = planted.truth(0.8)
    assert len(found & truth) >= 0.99 * len(truth) > 200
    assert found <= truth


def test_texts_without_two_words_have_no_pair() -> None:
    """No words, no union: nothing is divided by zero and nothing is near."""
    assert near_pairs(["", "a", "a", "!!", ""], threshold=0.5) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_of_cycles_is_left_as_it_was(enabled: bool) -> None:
    was = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        near_pairs(["a b c", "a b d"], threshold=0.5)
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was else gc.disable)()


def test_signs_of_scripts_without_spaces_are_words() -> None:
    first = "在发布之前运行所有的测试并且检查日志"
    assert near_pairs([first, first + "。"], threshold=0.9) == [Near(0, 1, 1.0)]


def test_a_crowd_of_one_template_is_linear_and_twins_are_still_found() -> None:
    """500 texts that differ in a number are 124,750 near pairs; two are the same twice."""
    line = "the nightly import of customer {} is done after a long wait in the queue of the worker"
    texts = [line.format(number) for number in range(500)]
    texts.insert(400, f"so {texts[350]}")
    found = near_pairs(texts, threshold=0.6)
    assert len(found) <= CROWD * len(texts)
    twins = max(found, key=lambda pair: pair.similarity)
    assert (twins.first, twins.second) == (350, 400)
