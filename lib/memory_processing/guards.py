"""What keeps two near-equal texts apart: differences that are few in letters and large in sense.

"Use tabs" and "never use tabs" share most words. Of 2,541 public facts, all seven pairs that
share 70 % of their words speak of different things (facts, section 4). So a pair is merged only
if every guard finds nothing; what a guard finds is the reason shown in the review list.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache

from memory_processing.config import GUARDS, Guard

__all__ = ["blocking_reason", "reasons_against"]

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_PAUSE = re.compile(r"(?<![\w'])(\w++(?:'\w++)*+)\s*+([,:;])")
_NUMBER = re.compile(r"(?<![\w.])[-+−]?\d[\w.,:/%°-]*(?<![.,:-])")
_SYMBOL = re.compile(r"[^\w\s.,;:!'\"()\-–—…“”‘’`]+|!=")
_TOKEN = re.compile(r"`[^`]+`|\w+(?:[./:@]\w+)*")
_JOINTS = frozenset("./:@_`")
_CODE_LIKE = re.compile(r"[/:@_`]|\.\w|\w[A-Z]|(?<![\w-])--?[A-Za-z]|![A-Za-z]")
_LED = re.compile(r"(?<![\w.!-])(?:--?|\.|!)[A-Za-z][\w.-]*")
_DIGIT = re.compile(r"\d")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOT_PLURAL = _set("amqps ftps https imaps ldaps mqtts rediss smtps windows")
_FILLERS = _set(
    """
    a actually also an basically definitely indeed just kindly please really simply that the
    those these this very
    """
)
_NEGATIONS = _set(
    """
    aint avoid barely cannot cant dont doesnt didnt deny except excluding fail fails failed
    forbid forbidden hardly instead isnt arent wasnt werent lack lacks missing mustnt
    neither never no nobody none nor not nothing nowhere prevent rarely refuse reject
    scarcely seldom shouldnt stop unless unlike without wont wouldnt couldnt hasnt havent
    hadnt
    """
)
_NUMBER_WORDS = _set(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy
    eighty ninety hundred thousand million billion dozen half quarter third first second
    fourth fifth sixth seventh eighth ninth tenth once twice thrice single double triple
    both last monday tuesday wednesday thursday friday saturday sunday january february
    march april june july august september october november december daily weekly monthly
    yearly hourly
    """
)
_QUALIFIERS = _set(
    """
    above after again all allow allowed always any asynchronous before below best big bottom
    can client close closed could current decrease default disable disabled down each early
    enable enabled end even every everyone external few fewer first frequently from good
    greater high higher if increase inside internal large larger late later least left less
    local long lower many may maximum minimum might more most must need new newer next odd
    off often old older on only open optional or order others ought out outside over past
    pre previous post private public push pull read remote required right same server shall
    should short slow small smaller some sometimes spaces start synchronous tabs to top true
    false try under until up usually when where which while will with within worst would
    write
    """
)


class _Traits:
    """A text as the guards see it; each view is made when it is first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("’", "'")
        self.raw = _WORD.findall(self.text)
        self.words = tuple(word.casefold() for word in self.raw)
        self.distinct = frozenset(self.words)

    @cached_property
    def capitalised(self) -> frozenset[str]:
        return frozenset(
            low
            for word, low in zip(self.raw, self.words, strict=True)
            if word[:1].isupper() and low not in _PLAIN
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        if not _CODE_LIKE.search(self.text):
            return ()
        named = [token for token in _TOKEN.findall(self.text) if _is_name(token)]
        # Options, hidden files and rules: ``-x``, ``--force``, ``.env``, ``!important``.
        return tuple(sorted(named + [one.rstrip(".-") for one in _LED.findall(self.text)]))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        spelled = [word for word in self.words if word in _NUMBER_WORDS]
        if not _DIGIT.search(self.text):
            return tuple(spelled)
        inside = [word for word in self.words if _has_digit_inside(word)]
        return (*_NUMBER.findall(self.text), *spelled, *inside)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        return tuple(_SYMBOL.findall(self.text))

    @cached_property
    def negations(self) -> tuple[str, ...]:
        """Each negating word with the two words that follow, as far as the next pause: what is
        negated counts too ("no, use it" is not "no use")."""
        words = [word for word in self.words if word not in _FILLERS]
        return tuple(
            sorted(
                [
                    " ".join(words[place : place + 3])
                    for place, word in enumerate(words)
                    if _is_negation(word)
                ]
                + [f"{low}{mark}" for low, mark in self._pauses if _is_negation(low)]
            )
        )

    @cached_property
    def _pauses(self) -> list[tuple[str, str]]:
        """Each word before a comma, colon or semicolon, with it."""
        return [(word.casefold(), mark) for word, mark in _PAUSE.findall(self.text)]


def reasons_against(
    first: str, second: str, *, guards: Sequence[Guard] = GUARDS
) -> tuple[str, ...]:
    """Why the two texts should not be merged, one reason per guard; empty if nothing speaks
    against it. The order of the texts does not matter.

    >>> reasons_against("Use tabs in all Makefiles.", "Never use tabs in all Makefiles.")
    ('negation: never use tabs', 'substitution: never')
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


_traits = lru_cache(maxsize=4096)(_Traits)
_PLAIN = _FILLERS | _NEGATIONS | _QUALIFIERS | _NUMBER_WORDS


def _is_negation(word: str) -> bool:
    return word.replace("'", "") in _NEGATIONS or word.endswith("n't")


def _is_name(token: str) -> bool:
    """Whether it looks like code: ``snake_case``, ``camelCase``, ``a.b``, a path, a code span."""
    return not _JOINTS.isdisjoint(token) or token[1:].lower() != token[1:]


def _has_digit_inside(word: str) -> bool:
    return not word[0].isdigit() and any(sign.isdigit() for sign in word)


def _names(a: _Traits, b: _Traits) -> str:
    one_sided = a.distinct ^ b.distinct
    found = {word for word in one_sided if word in a.capitalised or word in b.capitalised}
    return _shown(found) or _difference(a.names, b.names)


def _numbers(a: _Traits, b: _Traits) -> str:
    if a.numbers == b.numbers:
        return ""
    return _difference(a.numbers, b.numbers) or "in another order"


def _negation(a: _Traits, b: _Traits) -> str:
    return _difference(a.negations, b.negations)


def _symbols(a: _Traits, b: _Traits) -> str:
    if a.symbols == b.symbols:
        return ""
    return _difference(a.symbols, b.symbols) or "in another order"


def _order(a: _Traits, b: _Traits) -> str:
    shared = (a.distinct & b.distinct) - _FILLERS
    ours = [word for word in a.words if word in shared]
    theirs = [word for word in b.words if word in shared]
    if ours == theirs:
        return ""
    place = next((x for x, y in zip(ours, theirs, strict=False) if x != y), (ours + theirs)[-1])
    return f"differs from {place!r} on"


def _opposites(a: _Traits, b: _Traits) -> str:
    counted, other = Counter(a.words), Counter(b.words)
    one_sided = (counted - other) + (other - counted)
    return _shown(set(one_sided) & _QUALIFIERS)


def _substitution(a: _Traits, b: _Traits) -> str:
    ours, theirs = a.distinct - b.distinct, b.distinct - a.distinct
    left = {word for word in ours - _FILLERS if not _inflected(word, theirs)}
    right = {word for word in theirs - _FILLERS if not _inflected(word, ours)}
    if left and right:
        return f"{_shown(left)} / {_shown(right)}"
    return _shown(left | right)


def _inflected(word: str, others: frozenset[str]) -> bool:
    """Whether the plural or the singular of a word of four letters and more is in ``others``."""
    if len(word) < 4 or word in _NOT_PLURAL or word + "s" in _NOT_PLURAL & others:
        return False
    return bool({word + "s", word + "es"} & others) or any(
        word.endswith(end) and word.removesuffix(end) in others for end in ("s", "es")
    )


def _difference(a: Sequence[str], b: Sequence[str]) -> str:
    counted, other = Counter(a), Counter(b)
    return _shown(set((counted - other) + (other - counted)))


def _shown(words: set[str]) -> str:
    return ", ".join(sorted(words)[:5])


_CHECKS: dict[Guard, Callable[[_Traits, _Traits], str]] = {
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
