"""A text as the guards see it: words in their letter case, names, numbers, negations, pauses.

Word lists are data: they only ever make a guard speak, so a word too many costs a look by a person
and a word too few is caught by the guard "substitution".
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property

from memory_processing.writing import plain_case

__all__ = ["FILLERS", "QUALIFIERS", "Traits"]

_WORD = re.compile(r"\w+(?:'\w+)*")
_NUMBER = re.compile(r"(?<![\w.])[-+−–]?\d[\w.,:/%°-]*(?<![.,:-])")
_SYMBOL = re.compile(r"[^\w\s.,;:!'\"()\-–—…“”‘’„«»`]+|!=")
_SPAN = re.compile(r"`+[^`]+`+")
_PLAIN_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_BULLET = re.compile(r"\s*[-*+•]\s+")
_INDENTED = re.compile(r"^(?:[ ]{4}|\t).*$", re.MULTILINE)
_AFTER = ".,;:!?…"
_QUOTES = "\"'“”„‘«»¡¿"
_DASHES = frozenset("-–—")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


FILLERS = _set("actually definitely indeed please the")
"""Words that one text may have and the other not. Few on purpose: "not just", "a few", "Llama a
Ana", "this and not that", "explain simply" show what short words can do."""

_NEGATIONS = _set(
    """
    aint avoid barely cannot cant dont doesnt didnt deny except excluding fail fails failed
    forbid forbidden hardly instead isnt arent wasnt werent lack lacks missing mustnt
    neither never no nobody none nor not nothing nowhere prevent rarely refuse reject
    scarcely seldom shouldnt stop unless unlike without wont wouldnt couldnt hasnt havent
    hadnt
    kein keine keinem keinen keiner nicht nichts nie niemals niemand ohne weder
    aucun aucune jamais ne ni pas personne rien sans
    jamás nada nadie ninguna ninguno ningún nunca sin tampoco
    mai nessuno niente senza nem não ninguém sem geen niet nooit zonder
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
_QUANTITIES = _set("few fewer fewest least less little more most other same")
QUALIFIERS = _QUANTITIES | _set(
    """
    above after again all allow allowed also always any asynchronous before below best big
    bottom can client close closed could current decrease default disable disabled down each
    early enable enabled end even every everyone external first frequently from good great
    greater high higher if increase inside internal just large larger late later left local long
    lower many may maximum merely minimum might must need new newer next odd off often old
    older on only open optional or order others ought out outside over past pre previous
    private public pull push quite rather read really remote required right server shall
    short should simply slow small smaller some sometimes somewhat spaces start synchronous
    tabs that these this those to too top true false try under until up usually very when
    where which while will with within worst would write
    """
)
_FLOATING = _set(
    """
    again also always early even first frequently if just later merely often only quite rather
    simply sometimes then until usually when where while
    """
)
"""What belongs to the words before or after it, as the pause says."""
_NEVER_NAMES = FILLERS | _NEGATIONS | QUALIFIERS | _NUMBER_WORDS


class Traits:
    """One text; each view is made when it is first asked for."""

    def __init__(self, text: str) -> None:
        self._given = text.replace("’", "'")
        self.text = plain_case(self._given)
        self.words = tuple(_WORD.findall(self.text))
        self.distinct = frozenset(self.words)

    @cached_property
    def low(self) -> tuple[str, ...]:
        """The words in lower case."""
        return tuple(word.lower() for word in self.words)

    @cached_property
    def capitalised(self) -> frozenset[str]:
        """Words with a capital anywhere in them as given, in lower case, if they may be names."""
        given = {word.lower() for word in _WORD.findall(self._given) if word != word.lower()}
        return frozenset(given - _NEVER_NAMES)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What looks like code, sorted: spans, indented lines, paths, options, hidden files, calls,
        signs that stand alone, compounds whose first part limits (``no-cache``, ``read-only``)."""
        rest = _SPAN.sub("`", self.text)
        named = [*_SPAN.findall(self.text), *_INDENTED.findall(rest)]
        if mark := _BULLET.match(rest):
            rest = rest[mark.end() :]
        for token in rest.split():
            core = _core(token)
            if not core and not _WORD.search(token):
                core = token if token.strip("`*_" + _AFTER) or len(token) == 1 else ""
            if core and not _is_plain(core):
                named.append(core)
        return tuple(sorted(named))

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """Numbers in digits, then those in words, then words with digits inside; in order."""
        spelled = [word for word in self.low if word in _NUMBER_WORDS]
        if not any(sign.isnumeric() for sign in self.text):
            return tuple(spelled)
        inside = [
            word for word in self.words if not word[0].isdigit() and any(map(str.isnumeric, word))
        ]
        return (*_NUMBER.findall(self.text), *spelled, *inside)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Signs that are neither letters nor the marks of sentences, in order."""
        return tuple(_SYMBOL.findall(self.text))

    @cached_property
    def negations(self) -> tuple[str, ...]:
        """Each negating word with the two words that follow, and each pause beside one: "no, use
        it" is not "no use", "never. Use it" not "never use it"."""
        words = [word for word in self.low if word not in ("please", "the")]
        near = [
            " ".join(words[place : place + 3])
            for place, word in enumerate(words)
            if _is_negation(word)
        ]
        beside = [
            f"{one} | {two}" for one, two in self.pauses if _is_negation(one) or _is_negation(two)
        ]
        return tuple(sorted(near + beside))

    @cached_property
    def limits(self) -> Counter[str]:
        """The words that turn or limit the sense, with "the" before a quantity ("the few" is not
        "few") and the pauses beside those that belong to one side ("always, the slow ones")."""
        found = Counter(word for word in self.low if word in QUALIFIERS)
        for word, following in zip(self.low, self.low[1:], strict=False):
            if word == "the" and (following in _QUANTITIES or following in _NUMBER_WORDS):
                found[f"the {following}"] += 1
        for one, two in self.pauses:
            if one in _FLOATING or two in _FLOATING:
                found[f"{one} | {two}"] += 1
        return found

    @cached_property
    def pauses(self) -> tuple[tuple[str, str], ...]:
        """Where a sentence pauses: the words before and after a comma, a stop, a dash alone, a
        bracket."""
        found = []
        before, paused = "", False
        for token in self.text.split():
            words = _WORD.findall(token)
            opening = token.lstrip(_QUOTES + "*_`")
            if words:
                if before and (paused or opening[:1] in ("(", "[")):
                    found.append((before.lower(), words[0].lower()))
                before, paused = words[-1], False
            closing = token.rstrip(_QUOTES + "*_`")
            if closing and (closing[-1] in _AFTER + ")]" or closing in _DASHES):
                paused = True
        return tuple(found)


def _is_negation(word: str) -> bool:
    return word.replace("'", "") in _NEGATIONS or word.endswith("n't")


def _core(token: str) -> str:
    """A token without the quotes, brackets and marks of the sentence around it."""
    core = token.strip(_QUOTES + "*_`") if token.strip("*_`") else ""
    for _ in range(3):
        core = core.rstrip(_AFTER + _QUOTES).lstrip(_QUOTES)
        if core[:1] in ("(", "[") and core.count(core[0]) > core.count(_PAIRS[core[0]]):
            core = core[1:]
        elif core[-1:] in (")", "]") and core.count(core[-1]) > core.count(_PAIRS[core[-1]]):
            core = core[:-1]
        elif (core[:1], core[-1:]) in (("(", ")"), ("[", "]")):
            core = core[1:-1]
    return core


_PAIRS = {"(": ")", ")": "(", "[": "]", "]": "["}


def _is_plain(core: str) -> bool:
    """Whether it is a word or a number, not a name of code."""
    if _NUMBER.fullmatch(core):
        return True
    if not _PLAIN_WORD.fullmatch(core):
        return False
    first, hyphen, _ = core.lower().partition("-")
    return not (hyphen and (first in QUALIFIERS or _is_negation(first) or first == "non"))
