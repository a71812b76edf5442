"""Habits of what code calls and raises: the functions that every file of a layer uses."""

from __future__ import annotations

import re
from collections import Counter

from template_creation.analysis.conventions.corpus import Group
from template_creation.analysis.conventions.measure import MIN_SITES, Ledger, Sample
from template_creation.analysis.conventions.signatures import common_values
from template_creation.values.analysis import Site
from template_creation.values.facts import FileFacts, Symbol

__all__ = ["measure_calls", "measure_declared", "measure_raises"]

_SKIPPED = frozenset(
    {"docs", "ci", "infra", "config", "scripts", "models", "schemas", "validators"}
)
_TEST_WORDS = frozenset({"test", "it", "describe", "expect", "assert", "require", "vi", "jest"})
_RUBY_COMMON_TEXT = """
    require require_relative include extend puts raise lambda proc new private attr_accessor
    attr_reader describe it context let before after expect create build render redirect_to
    scope group_by map each eq be be_nil match_array contain_exactly have_text have_content click_on
    fill_in click_button is_expected subject allow receive validates validate belongs_to has_many
    has_one enum delegate before_action rescue_from
"""
_RUBY_COMMON = frozenset(_RUBY_COMMON_TEXT.split())
_GENERAL_ERRORS_TEXT = """
    ValueError TypeError RuntimeError KeyError NotImplementedError AttributeError OSError
    ArgumentError StandardError NotImplementedException ArgumentException RangeError
    ArgumentNullException InvalidOperationException IllegalArgumentException SyntaxError
    IllegalStateException RuntimeException UnsupportedOperationException
"""
_GENERAL_ERRORS = frozenset(_GENERAL_ERRORS_TEXT.split())
_LEAST_RAISES = 10
"""An error of the language itself is a habit only where it is raised often."""
_THROW = {
    "python": r"\braise\s+(?:\w+\.)*{name}\b",
    "csharp": r"\bthrow\s+new\s+(?:\w+\.)*{name}\b",
    "java": r"\bthrow\s+new\s+(?:\w+\.)*{name}\b",
    "javascript": r"\bthrow\s+(?:new\s+)?(?:\w+\.)*{name}\b",
    "typescript": r"\bthrow\s+(?:new\s+)?(?:\w+\.)*{name}\b",
    "ruby": r"\braise\s+(?:\w+::)*{name}\b",
}


def measure_calls(group: Group, ledger: Ledger) -> None:
    """Imported functions that most files of a layer call: what a sibling file will need too."""
    if not group.layer or group.layer in _SKIPPED:
        return
    values = []
    for path, facts in group.files:
        if facts.symbols:
            site = Site(path, 1, max(group.lines.get(path, 1), 1))
            values.append((site, _own_callees(facts, group.language)))
    if len(values) < MIN_SITES:
        return
    for callee in common_values(values, limit=3):
        pattern = re.escape(callee)
        pattern = (
            rf"(?<![\w.]){pattern}\b"
            if group.language == "ruby"
            else rf"(?<![\w.]){pattern}\s*(?:<[^()]*>|\[[^()]*\])?\("
        )
        ledger.measure(
            callee,
            "call",
            f"Files of the {group.layer} layer call `{callee}`",
            pattern,
            [Sample(site, callee in found) for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def _own_callees(facts: FileFacts, language: str) -> set[str]:
    """Callees whose first name is imported (Ruby: macros in a class body), so that calls of
    the language's own library on values do not count."""
    if language == "ruby":
        return {
            call.callee
            for call in facts.calls
            if re.fullmatch(r"[a-z]\w+", call.callee) and call.callee not in _RUBY_COMMON
        }
    if language not in {"python", "javascript", "typescript", "go"}:
        return set()
    names = {name for item in facts.imports for name in item.names if name != "*"}
    packages = {re.split(r"[./]", item.module)[-1] for item in facts.imports if not item.names}
    used = {
        re.split(r"[(<]", text, maxsplit=1)[0] for item in facts.symbols for text in item.decorators
    }
    names -= used | _TEST_WORDS
    packages -= _TEST_WORDS
    found = set()
    for call in facts.calls:
        callee = re.sub(r"\[.*\]$", "", call.callee)
        head = callee.split(".")[0]
        package = language == "go" and head in packages - {"fmt", "time", "strings"}
        if (head in names or package) and re.fullmatch(r"\w+(?:\.\w+)?", callee):
            found.add(callee)
    return found


def measure_raises(group: Group, ledger: Ledger) -> None:
    """The exception that a layer raises, where one dominates."""
    if not group.layer or group.layer in {"tests", "e2e", "docs"} or group.language not in _THROW:
        return
    raised = [
        (path, item)
        for path, facts in group.files
        for item in facts.raises
        if not item.caught and item.name and item.name[0].isupper()
    ]
    counts = Counter(_last(item.name) for _, item in raised)
    if not counts:
        return
    name, _ = min(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    if name in {"Error", "Exception"} or (
        name in _GENERAL_ERRORS and sum(counts.values()) < _LEAST_RAISES
    ):
        return
    ledger.measure(
        name,
        "exception",
        f"Errors of the {group.layer} layer are raised as `{name}`",
        _THROW[group.language].replace("{name}", re.escape(name)),
        [
            Sample(
                Site(path, item.line, item.line), _last(item.name) == name, f"`{_last(item.name)}`"
            )
            for path, item in raised
        ],
        layer=group.layer,
        language=group.language,
    )


def _last(name: str) -> str:
    return re.split(r"\.|::", name)[-1]


_HEAD = {
    "python": r"\bdef\s+",
    "go": r"\bfunc\s+(?:\([^)]*\)\s*)?",
    "rust": r"\bfn\s+",
    "ruby": r"\bdef\s+(?:self\.)?",
    "javascript": r"(?:\bfunction\s+|\bconst\s+|^\s+(?:async\s+)?)",
    "typescript": r"(?:\bfunction\s+|\bconst\s+|^\s+(?:async\s+)?)",
    "csharp": r"(?<![.])\b",
    "java": r"(?<![.])\b",
}
_EVERYWHERE = frozenset(
    {"main", "__init__", "constructor", "initialize", "toString", "__str__", "__repr__", "setUp"}
)


def measure_declared(group: Group, ledger: Ledger) -> None:
    """Functions of the same name in most files of a layer: the entry that a sibling needs."""
    if not group.layer or group.layer in {"tests", "e2e", "docs", "config", "stories"}:
        return
    values = []
    for path, facts in group.files:
        names = {
            _declared_name(item.name, item.parent, group.language)
            for item in facts.symbols
            if item.kind in {"function", "method"} and _is_entry(item, facts)
        }
        if names:
            site = Site(path, 1, max(group.lines.get(path, 1), 1))
            values.append((site, names - _EVERYWHERE - {""}))
    for name in common_values(values, limit=2):
        body = re.escape(name).replace(r"\*", r"\w+")
        end = r"\b" if group.language in {"ruby", "javascript", "typescript"} else r"\s*[(<\[]"
        ledger.measure(
            f"declares-{name}",
            "declared name",
            f"Files of the {group.layer} layer declare a function `{name}`",
            rf"{_HEAD[group.language]}{body}{end}",
            [Sample(site, name in found) for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def _is_entry(item: Symbol, facts: FileFacts) -> bool:
    """Whether others can call the function by its name. In scripts those are what a module
    exports and the methods of its classes; functions in an object, in a type or in another
    function (``children: () => ...``) are values that somebody else asks for."""
    if facts.language not in {"javascript", "jsx", "typescript", "tsx"}:
        return True
    if not item.parent:
        return item.exported
    return any(other.kind == "class" and other.name == item.parent for other in facts.symbols)


def _declared_name(name: str, parent: str, language: str) -> str:
    if language == "go" and re.match(r"New[A-Z]", name):
        return "New*"
    return "" if name == parent else name
