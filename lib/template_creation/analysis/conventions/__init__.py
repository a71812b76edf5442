"""Measured habits: k of n, with every site, recountable by a regular expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from template_creation.analysis.conventions.calls import (
    measure_calls,
    measure_declared,
    measure_raises,
)
from template_creation.analysis.conventions.corpus import groups_of
from template_creation.analysis.conventions.filenames import measure_file_names
from template_creation.analysis.conventions.handlers import measure_handlers
from template_creation.analysis.conventions.idioms import measure_idioms, measure_language
from template_creation.analysis.conventions.measure import (
    MIN_SHARE,
    MIN_SITES,
    Ledger,
    recount,
)
from template_creation.analysis.conventions.modules import measure_layer_modules, measure_modules
from template_creation.analysis.conventions.ranking import ranked
from template_creation.analysis.conventions.signatures import measure_signatures
from template_creation.analysis.conventions.testing import measure_tests
from template_creation.analysis.conventions.types import measure_types
from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Convention, Layer, Technology
from template_creation.values.facts import FileFacts
from template_creation.values.source import Codebase

__all__ = ["MIN_SHARE", "MIN_SITES", "find_conventions", "recount"]


def find_conventions(
    codebase: Codebase,
    facts: Mapping[str, FileFacts],
    layers: Sequence[Layer],
    technologies: Sequence[Technology],
    texts: TextCache,
) -> tuple[Convention, ...]:
    """The conventions, the most useful of each layer first; layers in the order in which a
    change usually meets them, the whole codebase last."""
    ledger = Ledger(texts)
    per_layer, whole = groups_of(codebase, facts, layers)
    for group in per_layer:
        measure_signatures(group, ledger)
        measure_handlers(group, ledger)
        measure_idioms(group, ledger)
        measure_types(group, ledger)
        measure_calls(group, ledger)
        measure_declared(group, ledger)
        measure_raises(group, ledger)
        measure_file_names(group, ledger)
        measure_layer_modules(group, ledger)
        measure_tests(group, ledger)
    names = frozenset(item.name for item in technologies)
    for group in whole:
        measure_modules(group, names, ledger)
        measure_file_names(group, ledger)
        measure_signatures(group, ledger)
        measure_language(group, ledger)
    return ranked(ledger.found)
