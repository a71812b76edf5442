"""Habits of what code calls and raises: the functions that every file of a layer uses."""

from __future__ import annotations

import re
from collections import Counter

from template_creation.analysis.conventions.corpus import Group
from template_creation.analysis.conventions.measure import MIN_SITES, Ledger, Sample
from template_creation.analysis.conventions.signatures import common_values
from template_creation.values.analysis import Site
from template_creation.values.facts import FileFacts

__all__ = ["measure_calls", "measure_raises"]

_SKIPPED = frozenset({"docs", "ci", "infra", "config", "scripts"})
_RUBY_COMMON_TEXT = """
    require require_relative include extend puts raise lambda proc new private attr_accessor
    attr_reader describe it context let before after expect create build render redirect_to
    scope group_by map each
"""
_RUBY_COMMON = frozenset(_RUBY_COMMON_TEXT.split())
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
            else rf"(?<![\w.]){pattern}\s*(?:<[^()]*>)?\("
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
    found = set()
    for call in facts.calls:
        head = call.callee.split(".")[0]
        package = language == "go" and head in packages - {"fmt", "time", "strings"}
        if (head in names or package) and re.fullmatch(r"\w+(?:\.\w+)?", call.callee):
            found.add(call.callee)
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
    if name in {"Error", "Exception"}:
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
