"""Habits of tests: style, names, fixtures, assertions, parallel and table-driven tests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from template_creation.analysis.conventions.corpus import Group, signature_site, whole_site
from template_creation.analysis.conventions.measure import Ledger, Sample
from template_creation.analysis.conventions.signatures import common_values
from template_creation.analysis.text import TextCache
from template_creation.values.analysis import Site
from template_creation.values.facts import Symbol

__all__ = ["measure_tests"]

# In each language: what an assertion can look like; the first that fits a test is its style.
_ASSERTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "python": (("self.assert*", r"\bself\.assert\w+\("), ("assert", r"^\s*assert\b")),
    "csharp": (
        ("Should().*", r"\.Should\(\)"),
        ("Should*", r"\bShould\w*(?:Async)?(?:<[^>]*>)?\("),
        ("Assert.That", r"\bAssert\.That\("),
        ("Assert.*", r"\bAssert\.\w+"),
    ),
    "go": (
        ("require.*", r"\brequire\.\w+\("),
        ("assert.*", r"\bassert\.\w+\("),
        ("t.Error*/t.Fatal*", r"\bt\.(?:Error|Fatal)\w*\("),
    ),
    "java": (
        ("assertThat", r"\bassertThat\w*\("),
        ("andExpect", r"\.andExpect\("),
        ("assert*", r"\bassert(?:Equals|True|False|Null|NotNull|Throws)\("),
    ),
    "ruby": (("expect", r"\bexpect\b"), ("assert_*", r"\bassert\w*\b")),
    "rust": (("assert_eq!", r"\bassert_eq!"), ("assert!", r"\bassert!")),
}

_MUST_HOLD = {"self.assert*": "self.assert", "Should().*": ".Should()"}
"""Text without which a pattern cannot match; looking for it is much faster."""


def measure_tests(group: Group, ledger: Ledger) -> None:
    """Measures the test functions of the test layers."""
    if group.layer not in {"tests", "e2e"}:
        return
    tests = _tests(group)
    _assertions(group, tests, ledger)
    if group.language == "python":
        _python(group, tests, ledger)
    elif group.language in {"javascript", "typescript"}:
        _javascript(group, tests, ledger)
    elif group.language == "go":
        _golang(group, tests, ledger)
    _names(group, tests, ledger)


def _tests(group: Group) -> list[tuple[str, Symbol]]:
    """The functions that a runner calls."""
    if group.language in {"javascript", "typescript", "ruby"}:
        return [
            (path, item)
            for path, item in group.symbols("test")
            if re.match(r"\s*(?:it|test|specify|scenario)\b(?!\.describe)", item.signature)
        ]
    found = []
    for path, item in group.symbols("function", "method", "test"):
        marked = any(
            re.match(
                r"(?:\w+\.)*(?:Test|Fact|Theory|TestCase|TestMethod|ParameterizedTest|test)\b", text
            )
            for text in item.decorators
        )
        named = item.name.startswith("test_" if group.language == "python" else "Test")
        if marked or (named and group.language in {"python", "go"}):
            found.append((path, item))
    return found


def _assertions(group: Group, tests: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    styles = _ASSERTIONS.get(group.language)
    if not styles:
        return
    used = []
    compiled = [
        (name, _MUST_HOLD.get(name, ""), re.compile(pattern, re.MULTILINE))
        for name, pattern in styles
    ]
    for path, item in tests:
        text = ledger.texts.lines(path, item.line, item.end_line)
        style = next(
            (name for name, part, wanted in compiled if part in text and wanted.search(text)), ""
        )
        if style:
            used.append((whole_site(path, item), style))
    counts = Counter(style for _, style in used)
    if not counts:
        return
    style, _ = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    if (
        group.language in {"python", "ruby", "rust"}
        and len(counts) == 1
        and style != "self.assert*"
    ):
        return
    ledger.measure(
        style,
        "assertion style",
        f"Tests assert with `{style}`",
        dict(styles)[style],
        [Sample(site, name == style, f"`{name}`") for site, name in used],
        layer=group.layer,
        language=group.language,
    )


def _python(group: Group, tests: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    for grouped in (False, True):
        ledger.measure(
            "classes" if grouped else "functions",
            "test style",
            "Tests are methods of test classes" if grouped else "Tests are functions, not classes",
            r"^[ \t]+(?:async )?def test" if grouped else r"^(?:async )?def test",
            [
                Sample(signature_site(path, item), bool(item.parent) == grouped)
                for path, item in tests
            ],
            layer=group.layer,
            language=group.language,
            otherwise="functions" if grouped else "methods of test classes",
        )
    values = [
        (signature_site(path, item), [p.name for p in item.parameters if p.name != "self"])
        for path, item in tests
    ]
    for name in common_values(values, limit=2):
        ledger.measure(
            name,
            "fixture",
            f"Tests take the fixture `{name}`",
            rf"\bdef\s+\w+\((?:[^)]*,)?\s*{re.escape(name)}\s*[:,)=]",
            [Sample(site, name in found) for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def _javascript(group: Group, tests: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    for word in ("test", "it"):
        ledger.measure(
            word,
            "test style",
            f"Tests are written with `{word}(...)`",
            rf"\A\s*{word}\b",
            [
                Sample(
                    Site(path, item.line, item.line),
                    re.match(rf"\s*{word}\b", item.signature) is not None,
                    f"`{_called(item)}(...)`",
                )
                for path, item in tests
            ],
            layer=group.layer,
            language=group.language,
        )
    for nested in (True, False):
        ledger.measure(
            "describe" if nested else "flat",
            "test nesting",
            "Tests stand inside `describe`"
            if nested
            else "Tests stand at the top level, without `describe`",
            r"\A[ \t]+\S" if nested else r"\A\S",
            [
                Sample(Site(path, item.line, item.line), bool(item.parent) == nested)
                for path, item in tests
            ],
            layer=group.layer,
            language=group.language,
        )


def _called(item: Symbol) -> str:
    """The function that declares a test, as the test's first line writes it."""
    return re.split(r"[^\w.]", item.signature.strip(), maxsplit=1)[0]


def _golang(group: Group, tests: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    for key, statement, pattern in (
        ("parallel", "Tests call `t.Parallel()` first", r"\bt\.Parallel\(\)"),
        ("table", "Tests are table-driven (a slice of structs)", r"\[\]struct\s*\{"),
        ("subtests", "Tests run their cases with `t.Run`", r"\bt\.Run\("),
    ):
        ledger.measure(
            key,
            "test style",
            statement,
            pattern,
            [_bodied(path, item, pattern, ledger.texts) for path, item in tests],
            layer=group.layer,
            language=group.language,
        )


def _bodied(path: str, item: Symbol, pattern: str, texts: TextCache) -> Sample:
    text = texts.lines(path, item.line, item.end_line)
    return Sample(whole_site(path, item), re.search(pattern, text) is not None)


def _names(group: Group, tests: Sequence[tuple[str, Symbol]], ledger: Ledger) -> None:
    """The word that test names begin with, where one dominates."""
    firsts = []
    for path, item in tests:
        name = re.sub(r"^(?:test_?|Test_?)", "", item.name)
        first = re.match(r"[A-Z]?[a-z]+", name)
        if first:
            firsts.append((path, item, first.group(0).lower()))
    counts = Counter(word for _, _, word in firsts)
    if not counts:
        return
    word, _ = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ledger.measure(
        f"name-{word}",
        "test name",
        f"Test names begin with `{word}`",
        rf"(?:[\"'`]|\b(?:[Tt]est_?)?)(?i:{word})",
        [Sample(signature_site(path, item), first == word) for path, item, first in firsts],
        layer=group.layer,
        language=group.language,
    )
