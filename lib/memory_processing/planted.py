"""Generated records with duplicates planted at known similarity, to measure finding them.

Families of one base text, exact repeats (other spacing, a capital at the
start) and near ones (words replaced,
dropped, added). Texts of different families share words and no phrases, so the pairs of a
family are the truth. Same seed, same records.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, combinations

from memory_processing.similarity import words_of

__all__ = ["Planted", "plant"]

_VOCABULARY = 20_000
_SYLLABLES = [f"{a}{b}" for a in "bdfgklmnprstvz" for b in "aeiou"]


@dataclass(frozen=True, slots=True)
class Planted:
    """The texts, and the places of each family's members in them (families of one left out)."""

    texts: tuple[str, ...]
    families: tuple[tuple[int, ...], ...]

    def truth(self, threshold: float) -> set[tuple[int, int]]:
        """All pairs of places with word Jaccard >= ``threshold``, by brute force per family."""
        found = set()
        for family in self.families:
            sets = {place: set(words_of(self.texts[place])) for place in family}
            for a, b in combinations(family, 2):
                if len(sets[a] & sets[b]) >= threshold * len(sets[a] | sets[b]):
                    found.add((min(a, b), max(a, b)))
        return found

    def records(self) -> Iterator[dict[str, object]]:
        """The texts as records of one kind and scope, with differing confidence."""
        for place, text in enumerate(self.texts):
            yield {
                "schema_version": 2,
                "id": f"p-{place}",
                "kind": "lesson",
                "text": text,
                "confidence": (place * 37 % 100) / 100,
                "tags": ["planted"],
            }


def plant(count: int, *, seed: int = 1, exact: float = 0.05, near: float = 0.25) -> Planted:
    """``count`` texts of 20 to 60 words; shares ``exact`` and ``near`` of them are repeats.

    >>> planted = plant(200)
    >>> len(planted.texts), len(planted.truth(0.8)) > 10
    (200, True)
    """
    source = random.Random(seed)
    words, weights = _vocabulary()
    bases = count - int(count * exact) - int(count * near)
    texts: list[tuple[int, str]] = []
    for family in range(bases):
        size = source.randint(20, 60)
        texts.append((family, " ".join(source.choices(words, cum_weights=weights, k=size))))
    for _ in range(int(count * exact)):
        family = source.randrange(bases)
        texts.append((family, _noisy(texts[family][1], source)))
    for _ in range(count - len(texts)):
        family = source.randrange(bases)
        texts.append((family, _edited(texts[family][1], words, weights, source)))
    source.shuffle(texts)
    families: dict[int, list[int]] = {}
    for place, (family, _) in enumerate(texts):
        families.setdefault(family, []).append(place)
    several = tuple(tuple(places) for places in families.values() if len(places) > 1)
    return Planted(tuple(text for _, text in texts), several)


def _vocabulary() -> tuple[list[str], list[float]]:
    base = len(_SYLLABLES)
    words = [
        _SYLLABLES[n % base] + _SYLLABLES[n // base % base] + _SYLLABLES[n // base**2 % base]
        for n in range(_VOCABULARY)
    ]
    return words, list(accumulate(1 / rank for rank in range(1, _VOCABULARY + 1)))


def _noisy(text: str, source: random.Random) -> str:
    return "  ".join(text.split(" ")) if source.random() < 0.5 else f" {text.capitalize()}. "


def _edited(text: str, words: list[str], weights: list[float], source: random.Random) -> str:
    """The text with word Jaccard of about .95 down to .5: an edit per 2 to 40 words."""
    parts = text.split(" ")
    for _ in range(max(1, int(len(parts) * source.uniform(0.02, 0.3)))):
        place, (word,) = source.randrange(len(parts)), source.choices(words, cum_weights=weights)
        match source.randrange(3):
            case 0:
                parts[place] = word
            case 1:
                parts.insert(place, word)
            case _ if len(parts) > 10:
                del parts[place]
            case _:
                parts[place] = word
    return " ".join(parts)
