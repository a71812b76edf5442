"""Habits of file names and places, per layer and for tests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from template_creation.analysis.conventions.corpus import Group, of_layer
from template_creation.analysis.conventions.measure import MIN_SITES, Ledger, Sample
from template_creation.values.analysis import Site

__all__ = ["measure_file_names"]

_GIVEN = frozenset(
    {"index", "mod", "lib", "main", "__init__", "page", "layout", "route", "conftest"}
)
_STYLES: tuple[tuple[str, str], ...] = (
    ("kebab-case", r"(?:^|/)[a-z0-9]+(?:-[a-z0-9]+)+\.[\w.]+$"),
    ("snake_case", r"(?:^|/)_?[a-z0-9]+(?:_[a-z0-9]+)+\.[\w.]+$"),
    ("PascalCase", r"(?:^|/)(?:[A-Z][a-z0-9]*){2,}\.[\w.]+$"),
    ("camelCase", r"(?:^|/)[a-z][a-z0-9]*(?:[A-Z][a-z0-9]*)+\.[\w.]+$"),
)
_FREE = frozenset({"javascript", "typescript", "python"})
_SKIPPED = frozenset({"docs", "ci", "infra", "config", "scripts"})
_TEST_FOLDER = re.compile(r"^(.*?/)?(tests?|specs?|__tests__|e2e|src/test/java|src/test)/")


def measure_file_names(group: Group, ledger: Ledger) -> None:
    """Measures the names of the files of a layer."""
    if group.layer in _SKIPPED:
        return
    paths = [path for path, _ in group.files if _stem(path) not in _GIVEN]
    if len(paths) < MIN_SITES:
        return
    if group.language in _FREE:
        _style(group, paths, ledger)
    if not group.layer:
        return
    _suffix(group, paths, ledger)
    if group.layer in {"tests", "e2e"}:
        _place(group, [path for path, _ in group.files], ledger)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _style(group: Group, paths: Sequence[str], ledger: Ledger) -> None:
    """The case of names of more than one word; others would fit several styles."""
    styled = []
    for path in paths:
        style = next((name for name, pattern in _STYLES if re.search(pattern, path)), "")
        if style:
            styled.append((path, style))
    counts = Counter(style for _, style in styled)
    if not counts or (group.language == "python" and counts.get("snake_case") == len(styled)):
        return
    style, _ = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ledger.measure(
        style,
        "file name",
        f"Files{of_layer(group)} with more than one word in the name are {style}",
        dict(_STYLES)[style],
        [Sample(Site(path, 0, 0), name == style, name) for path, name in styled],
        layer=group.layer,
        language=group.language,
        subject="path",
    )


def _suffix(group: Group, paths: Sequence[str], ledger: Ledger) -> None:
    counts = Counter(affix for path in paths for affix in _affixes(path))
    if not counts:
        return
    affix, _ = min(counts.items(), key=lambda pair: (-pair[1], -len(pair[0]), pair[0]))
    shown = f"{affix}*" if affix.endswith(("_", "-")) else f"*{affix}"
    ledger.measure(
        affix,
        "file name",
        f"Files of the {group.layer} layer are named `{shown}`",
        rf"(?:^|/){re.escape(affix)}[^/]*$"
        if affix.endswith(("_", "-"))
        else rf"[^/]{re.escape(affix)}$",
        [Sample(Site(path, 0, 0), affix in _affixes(path)) for path in paths],
        layer=group.layer,
        language=group.language,
        subject="path",
    )


def _affixes(path: str) -> tuple[str, ...]:
    """Endings (with extension) and beginnings that could be a rule: ``_controller.rb``,
    ``Validator.cs``, ``.test.tsx``, ``use-``."""
    name = path.rpartition("/")[2]
    stem, dot, extension = name.partition(".")
    found = []
    if extension.count(".") >= 1:
        found.append(f".{extension}")
    elif dot:
        ending = re.search(r"([_-][a-z0-9]+|(?<=[a-z0-9])[A-Z][a-z]+)$", stem)
        if ending and len(ending.group(1)) > 2:
            found.append(f"{ending.group(1)}.{extension}")
    beginning = re.match(r"(?:test|use)[_-]", stem)
    if beginning:
        found.append(beginning.group(0))
    return tuple(found)


def _place(group: Group, paths: Sequence[str], ledger: Ledger) -> None:
    """Where tests stand: one folder, ``__tests__`` folders, or beside what they test."""
    beside = [path for path in paths if not _TEST_FOLDER.search(path)]
    noun = "End-to-end tests" if group.layer == "e2e" else "Tests"
    nested = [path for path in paths if "/__tests__/" in f"/{path}"]
    if len(nested) * 2 > len(paths):
        ledger.measure(
            "place",
            "test place",
            f"{noun} stand in a `__tests__` folder beside what they test",
            r"(?:^|/)__tests__/",
            [Sample(Site(path, 0, 0), "/__tests__/" in f"/{path}") for path in paths],
            layer=group.layer,
            language=group.language,
            subject="path",
        )
        return
    named = [path for path in beside if re.search(r"[._]test\.|[._]spec\.|Tests?\.", path)]
    if len(beside) * 2 > len(paths):
        if len(named) * 2 <= len(beside):
            return
        ledger.measure(
            "place",
            "test place",
            f"{noun} stand beside the code that they test",
            r"\A(?!(?:.*/)?(?:tests?|specs?|__tests__|e2e)/)",
            [Sample(Site(path, 0, 0), path in beside) for path in paths],
            layer=group.layer,
            language=group.language,
            subject="path",
        )
        return
    folders = Counter(
        found.group(0) for path in paths if (found := _TEST_FOLDER.search(path)) is not None
    )
    folder, _ = min(folders.items(), key=lambda pair: (-pair[1], pair[0]))
    ledger.measure(
        "place",
        "test place",
        f"{noun} stand under `{folder}`",
        rf"\A{re.escape(folder)}",
        [Sample(Site(path, 0, 0), path.startswith(folder)) for path in paths],
        layer=group.layer,
        language=group.language,
        subject="path",
    )
