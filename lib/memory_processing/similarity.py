"""All pairs of near-equal texts, exactly, without comparing all pairs.

A set-similarity self-join with prefix filter over word bigrams, then exact word Jaccard
(Bayardo, Ma and Srikant, "Scaling up all pairs similarity search", 2007; facts, section 4).
Two sets that share a share t of their union also share an element among the rarest few of each,
so only these few are indexed and looked up. Rarity is counted per slot of a fixed
table: two bigrams in one slot are taken for more frequent than they are, which costs a look-up
and never a pair.
"""

from __future__ import annotations

import gc
import re
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from heapq import nsmallest
from itertools import pairwise
from math import ceil
from typing import NamedTuple

__all__ = ["CANDIDATE_THRESHOLD", "Near", "near_pairs", "words_of"]

CANDIDATE_THRESHOLD = 0.4
"""Bigram Jaccard from which a pair is looked at. On 20,000 planted texts .4 finds 99.9 % of the
pairs of word Jaccard .8, and .5 finds 98.6 % in nine tenths of the time."""

CROWD = 50
"""Partners that are looked at per text, those that share the most rare bigrams first. Thousands
of texts from one template ("import 17 is done") would otherwise give millions of pairs; what may
be merged shares its rare bigrams too, so it is among the first."""

_LONGEST = 1_000
# What two sets of the same size share at least, times this, is the size of both.
_GROWTH = (1 + CANDIDATE_THRESHOLD) / CANDIDATE_THRESHOLD
_SLACK = 1e-6  # for its rounding: 5.6 / 1.4 is more than 4
_SHORT = 8
"""Lists up to this length are looked at whole: less work than to find where to stop."""
_HITS = 2
"""How many of the rarest bigrams a pair has to share to be looked at; each adds one to the
prefix (the l-prefixes of Wang, Li and Feng, "Can we beat the prefix filtering?", 2012)."""

_WORD = re.compile(r"\w+")
_SCRIPT = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"  # written without spaces, or short of them
_WORD_OR_SIGN = re.compile(rf"[{_SCRIPT}]|[^\W{_SCRIPT}]+")
_STRIDE = 67_108_879  # a prime above the number of words: a * _STRIDE + b names one bigram
_MOST_SLOTS = 1 << 23
_SLOTS_PER_TEXT = 64
_RANK = 56  # bits of a bigram: its rarity stands above them, so that numbers sort by rarity


class Near(NamedTuple):
    """A pair of places in the input, ``first < second``, with its exact word Jaccard."""

    first: int
    second: int
    similarity: float


def words_of(text: str) -> list[str]:
    """The words that similarity is measured on: lower-case; signs of scripts without spaces
    count as words.

    >>> words_of("Use C++, not C.")
    ['use', 'c', 'not', 'c']
    """
    if text.isascii():
        return _WORD.findall(text.lower())
    return _WORD_OR_SIGN.findall(text.casefold())


def near_pairs(texts: Sequence[str], *, threshold: float) -> list[Near]:
    """Every pair with word Jaccard >= ``threshold`` and bigram Jaccard >= 0.4, sorted.

    Of a text with more than `CROWD` partners at least that many are found, a function of the texts
    in their order. Memory is 4 bytes per word and some per text; the texts themselves are not kept.

    >>> near_pairs(["run all tests now", "run all tests", "be kind"], threshold=0.7)
    [Near(first=0, second=1, similarity=0.75)]
    """
    with _no_cycles():
        return _Join(texts).pairs(threshold)


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Keeps the collector of cycles quiet: a join makes none, and hundreds of thousands of lists
    that each full collection would walk through (a tenth of an import's time)."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Join:
    def __init__(self, texts: Sequence[str]) -> None:
        self._words: list[array[int]] = []
        self._sizes = array("I")
        slots = min(_MOST_SLOTS, 1 << (_SLOTS_PER_TEXT * len(texts)).bit_length())
        self._mask = slots - 1
        self._counts = array("I", bytes(4 * slots))
        self._read(texts)

    def _read(self, texts: Sequence[str]) -> None:
        ids: dict[str, int] = {}
        counts, mask, number = self._counts, self._mask, ids.setdefault
        for text in texts:
            words = array("I", [number(word, len(ids)) for word in words_of(text)])
            bigrams = _bigrams(words)
            for bigram in bigrams:
                counts[bigram & mask] += 1
            self._words.append(words)
            self._sizes.append(len(bigrams))

    def pairs(self, threshold: float) -> list[Near]:
        sizes, counts, mask = self._sizes, self._counts, self._mask
        index: dict[int, int | list[int]] = {}  # one place, as most are, or several by size
        found: list[Near] = []
        for place in sorted(range(len(sizes)), key=sizes.__getitem__):
            size = sizes[place]
            least = ceil(CANDIDATE_THRESHOLD * size - _SLACK)
            bigrams = _bigrams(self._words[place])
            shared = [
                seen << _RANK | bigram for bigram in bigrams if (seen := counts[bigram & mask]) > 1
            ]
            if not size or len(shared) < least:
                continue  # too few bigrams occur anywhere else
            shared.sort()
            hits = min(least, _HITS)
            seen_often = Counter(self._partners(index, shared, size, least, hits))
            candidates = [
                other
                for other, count in seen_often.items()
                if count >= hits and sizes[other] >= least
            ]
            if len(candidates) > CROWD:
                candidates = nsmallest(CROWD, candidates, key=_most_hits(seen_often))
            found += self._confirmed(place, bigrams, candidates, threshold)
            # Whoever comes later is at least as large, so it shares more than `least`.
            kept = len(shared) - ceil(2 * size / _GROWTH - _SLACK)
            for bigram in shared[: max(kept + _HITS, 0)]:
                places = index.setdefault(bigram, place)
                if isinstance(places, int):
                    if places != place:
                        index[bigram] = [places, place]
                elif len(places) < _LONGEST:
                    places.append(place)
        found.sort()
        return found

    def _partners(
        self,
        index: dict[int, int | list[int]],
        shared: list[int],
        size: int,
        least: int,
        hits: int,
    ) -> list[int]:
        """The places that share rare bigrams, each as often as it does.

        The deeper in the prefix, the fewer bigrams are left to share, so the smaller a partner
        has to be that was not seen before; lists are in the order of sizes.
        """
        found: list[int] = []
        most = len(shared) + hits
        for depth, bigram in enumerate(shared[: most - least]):
            places = index.get(bigram)
            if places is None:
                continue
            if isinstance(places, int):
                found.append(places)
            elif len(places) < _SHORT:
                found += places
            else:
                largest = _GROWTH * (most - 1 - depth) - size + _SLACK
                found += places[: bisect_right(places, largest, key=self._sizes.__getitem__)]
        return found

    def _confirmed(
        self,
        place: int,
        bigrams: set[int],
        candidates: Sequence[int],
        threshold: float,
    ) -> list[Near]:
        if not candidates:
            return []
        found = []
        ours = set(self._words[place])
        sizes, size = self._sizes, len(bigrams)
        for other in candidates:
            theirs = set(self._words[other])
            alike = _jaccard(ours, theirs)
            if alike < threshold:
                continue
            common = len(bigrams & _bigrams(self._words[other]))
            if common / (size + sizes[other] - common) >= CANDIDATE_THRESHOLD:
                found.append(Near(min(place, other), max(place, other), alike))
        return found


def _most_hits(hits: Counter[int]) -> Callable[[int], tuple[int, int]]:
    return lambda place: (-hits[place], place)


def _bigrams(words: Sequence[int]) -> set[int]:
    return {first * _STRIDE + second for first, second in pairwise(words)}


def _jaccard(a: set[int], b: set[int]) -> float:
    common = len(a & b)
    return common / (len(a) + len(b) - common)
