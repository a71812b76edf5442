"""Words of a name: splitting, nine case styles, singular and plural.

A *name* (``OrderLine``, ``order-line``) is a tuple of lower-case words in one of the case
styles; the plural of a name is the plural of its last word. (Facts sections 1 and 6.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import inflection

from template_creation.templating.vocabulary import INVARIANT_WORDS, IRREGULAR_PLURALS
from template_creation.values.template import CaseStyle, Placeholder

__all__ = [
    "CASE_STYLES",
    "in_case",
    "placeholder_for",
    "plural",
    "plural_words",
    "singular",
    "singular_words",
    "split_words",
]

CASE_STYLES: tuple[CaseStyle, ...] = (
    "pascal",
    "camel",
    "snake",
    "kebab",
    "scream",
    "flat",
    "title",
    "words",
    "sentence",
)

_ASCII_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_PLURAL_ENDS = ("s", "men", "people", "ren")
_IRREGULAR_SINGULARS = {many: one for one, many in IRREGULAR_PLURALS.items()}


@lru_cache(maxsize=1 << 17)
def split_words(name: str) -> tuple[str, ...]:
    """The lower-case words of ``name``, whatever its case style; digits stay with their word.

    >>> split_words("HTTPOrderLine2"), split_words("order-line"), split_words("ORDER_LINE")
    (('http', 'order', 'line2'), ('order', 'line'), ('order', 'line'))
    """
    if not name.isascii():
        name = _mark_humps(name)
        return tuple(word.lower() for word in re.findall(r"[^\W_]+", name))
    return tuple(word.lower() for word in _ASCII_WORD.findall(name))


def _mark_humps(name: str) -> str:
    """``name`` with a space before each upper-case letter that starts a word."""
    out = []
    for index, char in enumerate(name):
        before = name[index - 1] if index else " "
        after = name[index + 1] if index + 1 < len(name) else " "
        if char.isupper() and (before.islower() or (before.isupper() and after.islower())):
            out.append(" ")
        out.append(char)
    return "".join(out)


@lru_cache(maxsize=1 << 14)
def singular(word: str) -> str:
    """The singular of a lower-case word, or the word itself where there is no safe one.

    >>> [singular(word) for word in ("boxes", "cookies", "caches", "data", "status", "categories")]
    ['box', 'cookie', 'cache', 'data', 'status', 'category']
    """
    if word in INVARIANT_WORDS or word in IRREGULAR_PLURALS:
        return word
    if word in _IRREGULAR_SINGULARS:
        return _IRREGULAR_SINGULARS[word]
    if len(word) <= 3 or word.endswith(("ss", "us", "is")) or not word.endswith(_PLURAL_ENDS):
        return word
    one = inflection.singularize(word)
    return one if plural(one) == word else word


@lru_cache(maxsize=1 << 14)
def plural(word: str) -> str:
    """The plural of a lower-case word in the singular; equal to it where there is none.

    >>> [plural(word) for word in ("box", "hero", "category", "news", "key")]
    ['boxes', 'heroes', 'categories', 'news', 'keys']
    """
    if word in INVARIANT_WORDS:
        return word
    if word in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[word]
    if word.endswith("ss"):
        return word + "es"
    return str(inflection.pluralize(word))


def plural_words(words: Sequence[str]) -> tuple[str, ...]:
    """``words`` with the last one in the plural.

    >>> plural_words(("order", "line"))
    ('order', 'lines')
    """
    return (*words[:-1], plural(words[-1]))


def singular_words(words: Sequence[str]) -> tuple[str, ...]:
    """``words`` with the last one in the singular."""
    return (*words[:-1], singular(words[-1]))


def in_case(words: Sequence[str], case: CaseStyle) -> str:
    """``words`` written in a case style.

    >>> [in_case(("order", "line"), case) for case in CASE_STYLES]  # doctest: +ELLIPSIS
    ['OrderLine', 'orderLine', 'order_line', 'order-line', 'ORDER_LINE', 'orderline', ...]
    """
    if case == "pascal":
        return "".join(_capital(word) for word in words)
    if case == "camel":
        return words[0] + "".join(_capital(word) for word in words[1:])
    if case == "title":
        return " ".join(_capital(word) for word in words)
    if case == "sentence":
        return _capital(" ".join(words))
    if case == "scream":
        return "_".join(words).upper()
    return {"snake": "_", "kebab": "-", "flat": "", "words": " "}[case].join(words)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def placeholder_for(
    term: str, number: Literal["singular", "plural"], case: CaseStyle
) -> Placeholder:
    """The placeholder of a term in a number and a case style.

    Its name shows both and is an identifier, so that Jinja can render it too (``entity-name``
    would be a subtraction there): ``EntityName``, ``entityNames``, ``entity_name``,
    ``ENTITY_NAME``, ``entityname``, ``entity_name_kebab``, ``Entity_Name`` (title: "Order
    Line"), ``Entity_name`` (sentence: "Order line"), ``entity_name_words`` ("order line").

    >>> placeholder_for("entity", "plural", "pascal").name
    'EntityNames'
    """
    words = (term, "names" if number == "plural" else "name")
    if case in ("kebab", "words"):
        name = f"{in_case(words, 'snake')}_{case}"
    else:
        name = in_case(words, case).replace(" ", "_")
    return Placeholder(name=name, term=term, number=number, case=case)
