"""What keeps two near-equal texts apart: differences that are few in letters and large in sense.

"Use tabs" and "never use tabs" share most words. Of 2,541 public facts, all seven pairs that
share 70 % of their words speak of different things (facts, section 4). So a pair is merged only
if every guard finds nothing; what a guard finds is the reason shown in the review list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

from memory_processing.config import GUARDS, Guard
from memory_processing.traits import FILLERS, Traits

__all__ = ["blocking_reason", "reasons_against"]


def reasons_against(
    first: str, second: str, *, guards: Sequence[Guard] = GUARDS
) -> tuple[str, ...]:
    """Why the two texts should not be merged, one reason per guard; empty if nothing speaks
    against it. The order of the texts does not matter.

    >>> reasons_against("Use tabs in all Makefiles.", "Never use tabs in all Makefiles.")
    ('negation: never use tabs', 'substitution: never')
    >>> reasons_against("Ship to the US today", "Ship to the us today")
    ('names: US, us', 'substitution: US / us')
    >>> reasons_against("Run the tests before a push", "Run tests before a push!")
    ()
    """
    a, b = sorted((first, second))
    left, right = _traits(a), _traits(b)
    found = []
    for guard in guards:
        if reason := _CHECKS[guard](left, right):
            found.append(f"{guard}: {reason}")
    return tuple(found)


def blocking_reason(first: str, second: str, *, guards: Sequence[Guard] = GUARDS) -> str:
    """One of `reasons_against`, the one that is found soonest; empty if there is none."""
    left, right = sorted((first, second))
    a, b = _traits(left), _traits(right)
    for guard in sorted(guards, key=_SOONEST.index):
        if reason := _CHECKS[guard](a, b):
            return f"{guard}: {reason}"
    return ""


_traits = lru_cache(maxsize=4096)(Traits)


def _names(a: Traits, b: Traits) -> str:
    ours, theirs = a.distinct - b.distinct, b.distinct - a.distinct
    recased = {word.lower() for word in ours} & {word.lower() for word in theirs}
    capitals = a.capitalised | b.capitalised | recased
    return _shown({word for word in ours | theirs if word.lower() in capitals}) or _difference(
        a.names, b.names
    )


def _numbers(a: Traits, b: Traits) -> str:
    if a.numbers == b.numbers:
        return ""
    return _difference(a.numbers, b.numbers) or "in another order"


def _negation(a: Traits, b: Traits) -> str:
    return _difference(a.negations, b.negations)


def _symbols(a: Traits, b: Traits) -> str:
    if a.symbols == b.symbols:
        return ""
    return _difference(a.symbols, b.symbols) or "in another order"


def _order(a: Traits, b: Traits) -> str:
    shared = (a.distinct & b.distinct) - FILLERS
    ours = [word for word in a.words if word in shared]
    theirs = [word for word in b.words if word in shared]
    if ours != theirs:
        place = next((x for x, y in zip(ours, theirs, strict=False) if x != y), (ours + theirs)[-1])
        return f"differs from {place!r} on"
    left, right = set(a.pauses) - set(b.pauses), set(b.pauses) - set(a.pauses)
    if left and right:  # a pause left out is careless, one elsewhere is another sentence
        return f"pauses after {min(left)[0]!r} / after {min(right)[0]!r}"
    return ""


def _opposites(a: Traits, b: Traits) -> str:
    return _shown(set((a.limits - b.limits) + (b.limits - a.limits)))


def _substitution(a: Traits, b: Traits) -> str:
    left, right = a.distinct - b.distinct - FILLERS, b.distinct - a.distinct - FILLERS
    if left and right:
        return f"{_shown(left)} / {_shown(right)}"
    return _shown(left | right)


def _difference(a: Sequence[str], b: Sequence[str]) -> str:
    counted, other = Counter(a), Counter(b)
    return _shown(set((counted - other) + (other - counted)))


def _shown(words: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(words)[:5])


_CHECKS: dict[Guard, Callable[[Traits, Traits], str]] = {
    "names": _names,
    "numbers": _numbers,
    "negation": _negation,
    "symbols": _symbols,
    "order": _order,
    "opposites": _opposites,
    "substitution": _substitution,
}

_SOONEST: tuple[Guard, ...] = (
    "substitution",
    "order",
    "negation",
    "numbers",
    "symbols",
    "names",
    "opposites",
)
