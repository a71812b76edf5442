"""Languages, grammars and the facts that a syntax tree gives about one file."""

from template_creation.syntax.facts import FACTS_VERSION, TYPE_KINDS, extract_facts
from template_creation.syntax.jsonform import facts_from_json, facts_to_json
from template_creation.syntax.leaves import (
    Leaf,
    LeafKind,
    leaf_at,
    leaf_kind,
    leaves,
    node_types,
)
from template_creation.syntax.parsing import MAX_PARSE_BYTES, grammar, parse
from template_creation.values.languages import GRAMMAR_LANGUAGES, language_of

__all__ = [
    "FACTS_VERSION",
    "GRAMMAR_LANGUAGES",
    "MAX_PARSE_BYTES",
    "TYPE_KINDS",
    "Leaf",
    "LeafKind",
    "extract_facts",
    "facts_from_json",
    "facts_to_json",
    "grammar",
    "language_of",
    "leaf_at",
    "leaf_kind",
    "leaves",
    "node_types",
    "parse",
]
