"""The bars B1 to B8, each checked by machine on a template. (Facts section 9.)

A bar that fails names the places at fault where it can, so that the builder can leave just
those literal and try again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import median

from tree_sitter import Node, Tree

from template_creation.syntax import node_types, parse
from template_creation.templating.names import FileNames
from template_creation.templating.placeholders import Choice
from template_creation.templating.render import render_segments
from template_creation.templating.segments import (
    choose_delimiter,
    decode_template,
    encode_segments,
)
from template_creation.templating.sites import (
    identifier_leaves,
    import_module,
    is_foreign_site,
    site_kind,
)
from template_creation.templating.words import placeholder_for
from template_creation.values.template import Grade, Placeholder, Proof, Segment, Term

__all__ = [
    "Fault",
    "Subject",
    "grade_of",
    "line_similarity",
    "measure_leaks",
    "probe_terms",
    "prove_names",
    "prove_round_trip",
    "prove_syntax",
]

_PROBES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("marble", "lantern"), ("velvet", "harbor")),
    (("quillon",), ("tamarack",)),
)
_SPARE = ("zephyr", "obelisk", "juniper", "walnut", "falcon", "trellis")


@dataclass(frozen=True)
class Subject:
    """A template in the making: its source and what was chosen in it."""

    data: bytes
    language: str
    terms: tuple[Term, ...]
    names: FileNames
    choices: tuple[Choice, ...]
    segments: tuple[Segment, ...]
    tree: Tree


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a bar failed, and the identifiers and offsets to leave literal; both are empty
    where no single place is at fault."""

    proof: Proof
    identifiers: frozenset[str] = frozenset()
    offsets: frozenset[int] = frozenset()


def prove_round_trip(segments: Sequence[Segment], terms: Sequence[Term], data: bytes) -> Proof:
    """B1: the original values give the original bytes, also after encoding and decoding."""
    delimiter = choose_delimiter([segments])
    placeholders = [item for item in segments if isinstance(item, Placeholder)]
    decoded = decode_template(encode_segments(segments, delimiter), delimiter, placeholders)
    exact = render_segments(segments, terms, {}) == data
    same = render_segments(decoded, terms, {}) == data
    detail = f"{len(data)} bytes, {len(placeholders)} placeholders"
    return Proof("B1", exact and same, detail if exact and same else f"not exact: {detail}")


def probe_terms(terms: Sequence[Term], avoid: Collection[str]) -> list[dict[str, tuple[str, ...]]]:
    """Values of two words and of one word that occur nowhere in ``avoid`` (lower-case text)."""
    spare = [word for word in _SPARE if not any(word in text for text in avoid)]
    probes = []
    for entity, project in _PROBES:
        values: dict[str, tuple[str, ...]] = {}
        for key, words in (("entity", entity), ("project", project)):
            if any(term.key == key for term in terms):
                values[key] = tuple(
                    word
                    if not any(word in text for text in avoid)
                    else (spare.pop() if spare else f"{word}x")
                    for word in words
                )
        probes.append(values)
    return probes


def prove_syntax(subject: Subject) -> tuple[list[Proof], list[Fault]]:
    """B2 and B3: for a value of two words and one of one word the syntax tree has the same
    nodes and no new errors, and the identifiers map one to one and keep their style."""
    before = node_types(subject.tree)
    had_errors = subject.tree.root_node.has_error
    names = list(identifier_leaves(subject.tree))
    avoid = {subject.data.decode("utf-8", "replace").lower()}
    faults: list[Fault] = []
    renamed: set[str] = set()
    for values in probe_terms(subject.terms, avoid):
        rendered = render_segments(subject.segments, subject.terms, values)
        tree = parse(rendered, subject.language)
        if tree is None:
            return [], [Fault(Proof("B2", False, "the rendered file cannot be parsed"))]
        after = node_types(tree)
        if after != before or (tree.root_node.has_error and not had_errors):
            faults.append(_tree_fault(subject, values, after, before))
            continue
        fault = _name_fault(subject, names, list(identifier_leaves(tree)), renamed)
        if fault is not None:
            faults.append(fault)
    proofs = [
        Proof("B2", True, f"{len(before)} nodes alike for values of one and of two words"),
        Proof("B3", True, f"{len(renamed)} names map one to one and keep their style"),
    ]
    return proofs, faults


def _tree_fault(
    subject: Subject,
    values: dict[str, tuple[str, ...]],
    after: Sequence[str],
    before: Sequence[str],
) -> Fault:
    """Find the choices that change the tree, one at a time."""
    guilty: set[int] = set()
    for choice in subject.choices:
        hit = choice.hit
        one = render_segments(
            (subject.data[: hit.start], _placeholder(choice), subject.data[hit.end :]),
            subject.terms,
            values,
        )
        tree = parse(one, subject.language)
        if tree is None or node_types(tree) != before:
            guilty.add(hit.start)
    at = next(
        (i for i, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), -1
    )
    detail = f"the syntax tree changes at node {at}" if at >= 0 else "the syntax tree changes"
    return Fault(Proof("B2", False, detail), offsets=frozenset(guilty))


def _placeholder(choice: Choice) -> Placeholder:
    return placeholder_for(choice.hit.term.key, choice.hit.number, choice.case)


def _name_fault(
    subject: Subject, before: Sequence[Node], after: Sequence[Node], renamed: set[str]
) -> Fault | None:
    if len(before) != len(after):
        return Fault(Proof("B3", False, "the number of identifiers changes"))
    forward: dict[str, str] = {}
    backward: dict[str, str] = {}
    bad: set[str] = set()
    pairs = [(old, _bare(old), _bare(new)) for old, new in zip(before, after, strict=True)]
    touched = {name for _, one, other in pairs if one != other for name in (one, other)}
    for old, one, other in pairs:
        if one != other:
            renamed.add(one)
            if not _keeps_style(one, other):
                bad.add(one)
        elif one not in touched or is_foreign_site(old, subject.names):
            continue
        # A package is another kind of name than a variable that is written the same.
        space = "package " if site_kind(old) == "package" else ""
        one, other = space + one, space + other
        if forward.setdefault(one, other) != other or backward.setdefault(other, one) != one:
            bad.update(name.removeprefix(space) for name in (one, backward.get(other, one)))
    if not bad:
        return None
    detail = f"not one to one or another style: {', '.join(sorted(bad)[:5])}"
    return Fault(Proof("B3", False, detail), identifiers=frozenset(bad))


def _bare(node: Node) -> str:
    text = (node.text or b"").decode("utf-8", "replace")
    return text.lstrip(":").rstrip(":")


def style_of(name: str) -> str:
    """The naming style of an identifier; ``lower`` is one word that fits several.

    >>> [style_of(name) for name in ("_item", "itemId", "Item", "item_id", "ITEM_ID")]
    ['lower', 'camel', 'pascal', 'snake', 'scream']
    """
    core = name.strip("_@$?!=:")
    if core.isupper():
        return "scream"
    if "_" in core:
        return "snake" if core == core.lower() else "mixed"
    if core == core.lower():
        return "lower"
    return "pascal" if core[:1].isupper() else "camel"


_COMPATIBLE = {"lower": {"lower", "snake", "camel"}}


def _keeps_style(before: str, after: str) -> bool:
    style = style_of(before)
    return style_of(after) in _COMPATIBLE.get(style, {style})


def prove_names(subject: Subject) -> tuple[Proof, Fault | None]:
    """B4: what is renamed is declared by the repository, and import paths stay inside it."""
    bad: set[str] = set()
    offsets: set[int] = set()
    count = 0
    for choice in subject.choices:
        node = subject.tree.root_node.descendant_for_byte_range(choice.hit.start, choice.hit.end)
        kind = site_kind(node) if node is not None else "none"
        if node is None or kind == "none":
            offsets.add(choice.hit.start)
            continue
        module = import_module(node)
        if module is not None and kind in ("identifier", "package", "string"):
            fine = subject.names.resolves(module)
        elif kind in ("identifier", "symbol", "package"):
            fine = kind == "package" or subject.names.allows(choice.text)
            fine = fine and not is_foreign_site(node, subject.names)
        else:
            continue
        count += 1
        if not fine:
            bad.add(choice.text or module or "")
            offsets.add(choice.hit.start)
    if offsets:
        listed = ", ".join(sorted(bad)[:5])
        proof = Proof("B4", False, f"not declared in the repository: {listed}")
        return proof, Fault(proof, offsets=frozenset(offsets))
    return Proof("B4", True, f"{count} renamed places are declared in the repository"), None


_MAX_NAMED = 5
_WORDS_AROUND = re.compile(rb"[A-Za-z0-9_.@-]*")


def measure_leaks(
    segments: Iterable[Segment], terms: Sequence[Term]
) -> tuple[Proof, tuple[str, ...]]:
    """B5: the words in which an original name is left, most frequent first; a project's name
    should leave none."""
    found: dict[str, int] = {}
    project: dict[str, int] = {}
    for term in terms:
        flat = re.compile(rb"[_\- ]?".join(re.escape(word.encode()) for word in term.words), re.I)
        for segment in segments:
            if isinstance(segment, Placeholder):
                continue
            for match in flat.finditer(segment):
                word = _word_at(segment, *match.span())
                found[word] = found.get(word, 0) + 1
                if term.key == "project":
                    project[word] = project.get(word, 0) + 1
    leaks = tuple(sorted(found, key=lambda word: (-found[word], word)))
    total = sum(found.values())
    detail = f"{total} places keep an original name"
    if not any(term.key == "project" for term in terms):
        return Proof("B5", None, detail), leaks
    count = sum(project.values())
    most = sorted(project, key=lambda word: (-project[word], word))[:_MAX_NAMED]
    listed = f": {', '.join(f'{word} ({project[word]})' for word in most)}" if most else ""
    return Proof("B5", count == 0, f"{detail}, {count} of them the project's{listed}"), leaks


def _word_at(data: bytes, start: int, end: int) -> str:
    while start > 0 and _WORDS_AROUND.fullmatch(data[start - 1 : start]):
        start -= 1
    while end < len(data) and _WORDS_AROUND.fullmatch(data[end : end + 1]):
        end += 1
    return data[start:end][:80].decode("utf-8", "replace")


def line_similarity(left: bytes, right: bytes) -> float:
    """The share of lines that two files have in common in the same order, 0 to 1; blank lines
    and indentation do not count.

    >>> line_similarity(b"a\\nb\\n", b"a\\n  b\\n")
    1.0
    """
    one = [line.strip() for line in left.splitlines() if line.strip()]
    two = [line.strip() for line in right.splitlines() if line.strip()]
    return SequenceMatcher(None, one, two, autojunk=False).ratio()


def grade_of(similarities: Sequence[float]) -> tuple[Proof, Grade, float | None]:
    """B7: the grade by the median similarity of renderings to sibling files."""
    if not similarities:
        return Proof("B7", None, "no sibling file to compare with"), "example", None
    value = median(similarities)
    grade: Grade = "pattern" if value >= 0.8 else "shape" if value >= 0.5 else "example"
    return (
        Proof("B7", None, f"median line similarity {value:.2f} to {len(similarities)} siblings"),
        grade,
        round(value, 4),
    )
