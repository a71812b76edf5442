"""The words by which a memory and an agent are about the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

__all__ = ["LAYER_WORDS", "phrases", "stem", "words_of"]

LAYER_WORDS: dict[str, str] = {
    "api": "api endpoint handler http request response route router rest status",
    "auth": "auth authentication authorization login password permission session token",
    "ci": "build ci deployment pipeline release workflow",
    "cli": "argument cli command flag terminal",
    "commands": "command handler",
    "components": "component frontend props render ui",
    "config": "configuration environment setting variable",
    "data": "database index lock migration orm query repository schema sql table transaction",
    "docs": "documentation docs readme",
    "domain": "aggregate domain entity invariant",
    "e2e": "browser e2e end-to-end playwright cypress",
    "errors": "error exception failure",
    "hooks": "hook",
    "infra": "container deployment docker infrastructure kubernetes terraform",
    "jobs": "background cron job queue retry scheduler task worker",
    "mailers": "email mail",
    "models": "column entity field model relation",
    "pages": "navigation page route",
    "queries": "query read",
    "schemas": "dto payload schema serialization validation",
    "services": "business service",
    "state": "state store",
    "stories": "storybook story",
    "tests": "assertion coverage fake fixture flaky mock stub test",
    "utilities": "helper utility",
    "validators": "validation validator",
    "views": "html template view",
}
"""What people call the work of a layer when they write down what they learned."""

_COMMON = frozenset(
    re.findall(
        r"\w+",
        """add adds after agent agents all also and any app application are because been before
        being but can change changed changes check class classes code codebase component
        could create created creates did does each every file files first fix fixed folder
        for form from function get had has have how into item items its key keys last lib
        main make makes module more name names new not off one only other our out over own
        package prefer project read reads run runs same service set should some source
        specialist src such system than that the their them then they this too twice two
        type types use used uses using value values was were what when where which who why
        will with without work works would write writes you your""",
    )
)


def words_of(text: str) -> set[str]:
    """The telling words of a name, title, purpose or path, as `stem` leaves them."""
    parted = re.sub(r"([a-z])([A-Z])", r"\1 \2", text).casefold()
    words = re.findall(r"[a-z][a-z0-9]{2,}", parted)
    return {stem(word) for word in words if word not in _COMMON}


def phrases(texts: Iterable[str]) -> frozenset[str]:
    """All words, as written and as `stem` leaves them, parts of identifiers, and pairs of words
    next to each other, so that names of two words are found too."""
    parts = [part for text in texts for part in re.findall(r"[\w+#]+(?:[.-]\w+)*", text.casefold())]
    pieces = [piece for part in parts for piece in re.split(r"[_.-]", part) if len(piece) > 2]
    pairs = [f"{one} {other}" for one, other in pairwise(parts)]
    return frozenset([*parts, *map(stem, parts), *map(stem, pieces), *pairs])


def stem(word: str) -> str:
    """Without the endings of plurals and gerunds; crude, and the same on both sides.

    >>> stem("migrations"), stem("testing"), stem("queries"), stem("status")
    ('migration', 'test', 'query', 'status')
    """
    if word.endswith("ies") and len(word) > 5:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    if word.endswith("ing") and len(word) > 6:
        return word[:-3]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word
