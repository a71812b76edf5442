"""Habits of types: base types, names, kinds, modifiers, attributes, injection, derives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from template_creation.analysis.conventions.corpus import Group, signature_site, whole_site
from template_creation.analysis.conventions.measure import MIN_SITES, Ledger, Sample
from template_creation.analysis.conventions.signatures import common_values
from template_creation.values.analysis import Site
from template_creation.values.facts import Symbol

__all__ = ["measure_types"]

_SKIPPED = frozenset({"docs", "ci", "infra", "stories"})
_TRIVIAL_BASES = frozenset({"object", "Object", "T", "Exception"})
_KEYWORDS = r"(?:class|interface|struct|enum|record|trait|type)"


def measure_types(group: Group, ledger: Ledger) -> None:
    """Measures what the types of a layer have in common."""
    if not group.layer or group.layer in _SKIPPED:
        return
    types = list(group.types())
    if len(types) < MIN_SITES:
        return
    _bases(group, types, ledger)
    _suffix(group, types, ledger)
    _decorators(group, types, ledger)
    if group.language == "rust":
        _derives(group, types, ledger)
    if group.language in {"csharp", "java"}:
        _kinds(group, types, ledger)
        _injection(group, types, ledger)


def _bare(text: str) -> str:
    return re.split(r"[(\[<{\s]", text.strip(), maxsplit=1)[0]


def _bases(group: Group, types: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    values = [
        (signature_site(path, item), [_bare(text) for text in item.bases if "=" not in text])
        for path, item in types
        if item.kind in {"class", "struct", "record", "interface"}
        and (group.layer != "tests" or re.search(r"Tests?$|^Test|Spec$", item.name))
    ]
    if group.language in {"go", "rust"}:
        return
    verb = {"python": "inherit from", "ruby": "inherit from"}.get(group.language, "extend")
    claimed = set()
    for base in common_values(values, limit=2):
        if base in _TRIVIAL_BASES or not base:
            continue
        if ledger.measure(
            base,
            "base type",
            f"Classes of the {group.layer} layer {verb} `{base}`",
            _base_pattern(base, group.language),
            [
                Sample(site, base in found, f"`{found[0]}`" if found else "no base class")
                for site, found in values
            ],
            layer=group.layer,
            language=group.language,
        ):
            claimed.add(base)
    if group.layer not in {"tests", "e2e"}:
        _bases_per_file(group, claimed, ledger)


def _bases_per_file(group: Group, claimed: set[str], ledger: Ledger) -> None:
    """Base types that one type in most files has, where files hold several types: a request,
    its handler and its result."""
    held: dict[str, set[str]] = {path: set() for path, _ in group.files}
    typed = set()
    for path, item in group.types():
        if item.kind in {"class", "struct", "record"}:
            typed.add(path)
            held[path].update(_bare(text) for text in item.bases if "=" not in text)
    values = [
        (Site(path, 1, max(group.lines.get(path, 1), 1)), bases)
        for path, bases in held.items()
        if path in typed
    ]
    for base in common_values(values, limit=2):
        if base in claimed or base in _TRIVIAL_BASES or not base:
            continue
        ledger.measure(
            f"file-{base}",
            "base type",
            f"Files of the {group.layer} layer declare a type that extends `{base}`",
            _base_pattern(base, group.language),
            [Sample(site, base in bases) for site, bases in values],
            layer=group.layer,
            language=group.language,
        )


def _base_pattern(base: str, language: str) -> str:
    name = rf"(?<![\w.]){re.escape(base)}(?![\w.])"
    if language == "python":
        return rf"class\s+\w+\s*(?:\[[^\]]*\])?\([^:]*?{name}"
    if language == "ruby":
        return rf"class\s+[\w:]+\s*<\s*(?:::)?{re.escape(base)}\s*(?:$|[;#(\[])"
    if language == "csharp":
        return rf"\b(?:class|record|struct|interface)\b[^{{]*?:[^{{]*?{name}"
    return rf"\b(?:extends|implements)\b[^{{]*?{name}"


def _last_word(name: str) -> str:
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)
    return words[-1] if len(words) > 1 else ""


def _suffix(group: Group, types: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    if group.layer in {"tests", "e2e", "components", "pages"}:
        return
    named = [(path, item) for path, item in types if item.kind != "enum"]
    counts = Counter(_last_word(item.name) for _, item in named)
    counts.pop("", None)
    if not counts:
        return
    word, _ = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ledger.measure(
        f"suffix-{word}",
        "type name",
        f"Types of the {group.layer} layer are named `*{word}`",
        rf"\b{_KEYWORDS}\s+[\w:]+{word}\b" if group.language != "go" else rf"\b\w+{word}\b",
        [Sample(signature_site(path, item), _last_word(item.name) == word) for path, item in named],
        layer=group.layer,
        language=group.language,
    )


def _decorators(group: Group, types: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    if group.language == "rust":
        return
    values = [
        (signature_site(path, item), [_bare(text) for text in item.decorators])
        for path, item in types
        if item.kind in {"class", "record", "struct", "interface"}
    ]
    start, end = ("[", "]") if group.language == "csharp" else ("@", "")
    for name in common_values(values, limit=2):
        opening = r"\[(?:[^\]\n]*,\s*)?" if group.language == "csharp" else "@"
        ledger.measure(
            name,
            "class decorator",
            f"Classes of the {group.layer} layer carry `{start}{name}{end}`",
            rf"{opening}{re.escape(name)}\b",
            [Sample(site, name in found) for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def _derives(group: Group, types: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    values = []
    for path, item in types:
        derived: list[str] = []
        for text in item.decorators:
            inside = re.match(r"derive\((.*)\)?$", text, re.DOTALL)
            if inside:
                parts = inside.group(1).rstrip(")").split(",")
                derived += [part.strip().rpartition("::")[2] for part in parts if part.strip()]
        if item.kind in {"struct", "enum"}:
            values.append((signature_site(path, item), derived))
    for name in common_values(values, limit=3):
        ledger.measure(
            f"derive-{name}",
            "derive",
            f"Types of the {group.layer} layer derive `{name}`",
            rf"#\[derive\([^)]*\b{re.escape(name)}\b",
            [Sample(site, name in found, "no such derive") for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def _kinds(group: Group, types: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    """Records instead of classes, sealed classes: choices that a new type has to repeat."""
    concrete = [(path, item) for path, item in types if item.kind in {"class", "record"}]
    requests = [
        (path, item)
        for path, item in concrete
        if re.search(r"(?:Command|Query|Dto|Request|Response|Event|Vm)$", item.name)
    ]
    ledger.measure(
        "record",
        "type kind",
        f"Requests and transfer types of the {group.layer} layer are records",
        r"\brecord\b",
        [
            Sample(signature_site(path, item), item.kind == "record", "a class")
            for path, item in requests
        ],
        layer=group.layer,
        language=group.language,
    )
    word = "sealed" if group.language == "csharp" else "final"
    ledger.measure(
        word,
        "modifier",
        f"Classes of the {group.layer} layer are `{word}`",
        rf"\b{word}\b[^\n]*\b(?:class|record)\b",
        [
            Sample(signature_site(path, item), word in item.modifiers, f"not `{word}`")
            for path, item in concrete
            if "abstract" not in item.modifiers and "static" not in item.modifiers
        ],
        layer=group.layer,
        language=group.language,
    )


def _injection(group: Group, types: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    """How classes get what they need: by a constructor, by a primary constructor."""
    constructors: dict[tuple[str, str], bool] = {}
    for path, item in group.symbols("method"):
        if item.name == item.parent:
            key = (path, item.parent)
            constructors[key] = constructors.get(key, False) or bool(item.parameters)
    classes = [(path, item) for path, item in types if item.kind == "class"]
    if group.language == "csharp":
        taking = [
            (path, item)
            for path, item in classes
            if item.parameters or constructors.get((path, item.name))
        ]
        for primary, label in ((True, "a primary constructor"), (False, "an ordinary constructor")):
            if not primary and not any(item.parameters for _, item in classes):
                continue
            ledger.measure(
                "primary" if primary else "constructor",
                "injection",
                f"Classes of the {group.layer} layer take what they need by {label}",
                r"\bclass\s+\w+\s*(?:<[^>]*>)?\s*\("
                if primary
                else r"\bclass\s+\w+\s*(?:<[^>]*>)?\s*(?::|\{|where|$)",
                [
                    Sample(signature_site(path, item), bool(item.parameters) == primary)
                    for path, item in taking
                ],
                layer=group.layer,
                language=group.language,
                otherwise="an ordinary constructor" if primary else "a primary constructor",
            )
        return
    managed = [
        (path, item)
        for path, item in classes
        if re.search(r"Controller|Service|Component|Repository", " ".join(item.decorators))
        and group.layer != "tests"
    ]
    ledger.measure(
        "constructor",
        "injection",
        f"Managed classes of the {group.layer} layer take what they need by constructor",
        r"^\s*(?:public |protected |private )?[A-Z]\w*\((?!\))[^)]*\)[^;{]*\{",
        [
            Sample(whole_site(path, item), bool(constructors.get((path, item.name))))
            for path, item in managed
        ],
        layer=group.layer,
        language=group.language,
        otherwise="no constructor with parameters",
    )
