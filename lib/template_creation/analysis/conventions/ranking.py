"""Which conventions come first: those that change most what one writes next."""

from __future__ import annotations

from collections.abc import Iterable

from template_creation.values.analysis import Convention

__all__ = ["MAX_PER_LAYER", "ranked"]

MAX_PER_LAYER = 10
"""How many conventions of one layer and language are kept."""

_LAYERS = (
    *("api", "commands", "queries", "services", "domain", "models", "schemas", "validators"),
    *("data", "mapping", "jobs", "auth", "errors", "views", "pages", "components", "hooks"),
    *("state", "mailers", "cli", "tests", "e2e", "stories", "utilities", "config", "scripts"),
)
_KINDS = (
    *("decorator", "base type", "injected parameter", "exception", "class decorator", "derive"),
    "class macro",
    *("result type", "injection", "type kind", "assertion style", "fixture", "test style"),
    *("async", "route option", "declared name", "call", "component form", "props type"),
    *("return annotation", "parameter annotation", "export", "type name", "file name"),
    *("test place", "test name", "test nesting", "error wrapping", "import style", "directive"),
    *("namespace", "file header", "modifier", "docstring", "doc comment", "method name"),
    "formatting",
)


def ranked(found: Iterable[Convention]) -> tuple[Convention, ...]:
    """Sorted by layer, then by usefulness of the kind, share and number of sites. What nine of
    ten sites of the whole codebase do is said once and not again for every layer."""
    every = list(found)
    everywhere = {
        (item.kind, item.language, item.pattern)
        for item in every
        if not item.layer and item.k >= 0.9 * item.n
    }
    own = [
        item
        for item in every
        if not item.layer or (item.kind, item.language, item.pattern) not in everywhere
    ]
    ordered = sorted(own, key=_key)
    kept: list[Convention] = []
    counts: dict[tuple[str, str], int] = {}
    for item in ordered:
        group = (item.layer, item.language)
        counts[group] = counts.get(group, 0) + 1
        if counts[group] <= MAX_PER_LAYER:
            kept.append(item)
    return tuple(kept)


def _key(item: Convention) -> tuple[int, str, str, int, float, int, str]:
    return (
        _place(item.layer, _LAYERS) if item.layer else len(_LAYERS) + 1,
        item.layer,
        item.language,
        _place(item.kind, _KINDS),
        -item.k / item.n,
        -item.n,
        item.id,
    )


def _place(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)
