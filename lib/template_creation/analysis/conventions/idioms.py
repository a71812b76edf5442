"""Habits that belong to one language: macros of Ruby classes, handlers and queries in Rust,
contexts in Go, hooks around queries in JavaScript and TypeScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

from template_creation.analysis.conventions.corpus import Group, signature_site, whole_site
from template_creation.analysis.conventions.measure import MIN_SITES, Ledger, Sample
from template_creation.analysis.conventions.signatures import common_values
from template_creation.values.analysis import Site
from template_creation.values.facts import FileFacts, Symbol

__all__ = ["measure_idioms", "measure_language"]

_MACROS_TEXT = """
    validates validate belongs_to has_many has_one has_and_belongs_to_many scope enum delegate
    include extend prepend before_action after_action around_action skip_before_action
    rescue_from before_validation after_create after_save before_save after_commit
    normalizes has_secure_password default_scope helper_method layout retry_on
    discard_on
"""
_MACROS = frozenset(_MACROS_TEXT.split())
_QUERY_HOOK = r"\buse(?:Suspense|Infinite)?(?:Query|Mutation|SWR)\b"
_SQLX = r"\bsqlx::query"


def measure_idioms(group: Group, ledger: Ledger) -> None:
    """Measures the habits of a layer."""
    if not group.layer:
        return
    if group.language == "ruby" and group.layer not in {"tests", "e2e"}:
        _ruby_macros(group, ledger)
    elif group.language == "ruby":
        _rspec(group, ledger)
    elif group.language == "rust":
        _rust_functions(group, ledger)
    elif group.language in {"javascript", "typescript"}:
        _query_hooks(group, ledger)


def measure_language(group: Group, ledger: Ledger) -> None:
    """Measures the habits of the whole codebase."""
    if group.language == "go":
        _go_context(group, ledger)


def _ruby_macros(group: Group, ledger: Ledger) -> None:
    """Macros in the bodies of classes that have a base class."""
    values = []
    for path, facts in group.files:
        for item in facts.symbols:
            if item.kind == "class" and item.bases:
                values.append((whole_site(path, item), sorted(_macros_in(facts, item))))
    for name in common_values(values, limit=3):
        ledger.measure(
            f"macro-{name}",
            "class macro",
            f"Classes of the {group.layer} layer say `{name}`",
            rf"^\s*{name}\b",
            [Sample(site, name in found, f"no `{name}`") for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def _macros_in(facts: FileFacts, item: Symbol) -> set[str]:
    return {
        call.callee
        for call in facts.calls
        if item.line <= call.line <= item.end_line and call.callee in _MACROS
    }


def _rspec(group: Group, ledger: Ledger) -> None:
    """How spec files are laid out."""
    paths = [path for path, _ in group.files if path.endswith("_spec.rb")]
    for key, statement, pattern in (
        ("describe", "Spec files open with `RSpec.describe`", r"^RSpec\.describe\b"),
        ("bare-describe", "Spec files open with a bare `describe`", r"^describe\b"),
        ("context", "Specs group their cases in `context` blocks", r"^\s+context\b"),
        ("let", "Specs set their data up with `let`", r"^\s+let!?[ (]"),
        ("create", "Specs make records with a factory's `create`", r"(?<![\w.])create\(?\s*:"),
    ):
        ledger.measure(
            f"rspec-{key}",
            "test style",
            statement,
            pattern,
            list(_files_with(paths, group, pattern, ledger)),
            layer=group.layer,
            language=group.language,
        )


def _files_with(paths: list[str], group: Group, pattern: str, ledger: Ledger) -> Iterator[Sample]:
    wanted = re.compile(pattern, re.MULTILINE)
    for path in paths:
        lines = max(group.lines.get(path, 1), 1)
        hit = wanted.search(ledger.texts.lines(path, 1, lines)) is not None
        yield Sample(Site(path, 1, lines), hit)


def _rust_functions(group: Group, ledger: Ledger) -> None:
    functions = [(path, item) for path, item in group.functions() if "test" not in item.decorators]
    if group.layer in {"api", "data", "services"}:
        ledger.measure(
            "async-fn",
            "async",
            f"Functions of the {group.layer} layer are `async fn`",
            r"\basync\s+(?:unsafe\s+)?fn\b",
            [
                Sample(signature_site(path, item), item.is_async, "plain `fn`")
                for path, item in functions
                if item.parent == "" or group.layer != "api"
            ],
            layer=group.layer,
            language=group.language,
        )
    samples = []
    for path, item in functions:
        text = ledger.texts.lines(path, item.line, item.end_line)
        if re.search(_SQLX, text):
            checked = re.search(rf"{_SQLX}\w*!", text) is not None
            samples.append(Sample(whole_site(path, item), checked, "queries built at run time"))
    ledger.measure(
        "sqlx-macro",
        "call",
        f"Queries of the {group.layer} layer are checked at compile time (`sqlx::query!`, "
        "`query_as!`, `query_scalar!`)",
        rf"{_SQLX}\w*!",
        samples,
        layer=group.layer,
        language=group.language,
    )


def _query_hooks(group: Group, ledger: Ledger) -> None:
    """Server state behind a hook of one's own, instead of queries in components."""
    if group.layer not in {"data", "hooks", "queries"}:
        return
    samples = []
    for path, facts in group.files:
        exported = [item for item in facts.symbols if item.exported and item.kind != "type"]
        if not exported or not any("quer" in i.module or "swr" in i.module for i in facts.imports):
            continue
        hit = any(re.match(r"use[A-Z]", item.name) for item in exported) and any(
            re.fullmatch(_QUERY_HOOK[2:-2], call.callee) for call in facts.calls
        )
        samples.append(Sample(Site(path, 1, max(group.lines.get(path, 1), 1)), hit, "no such hook"))
    ledger.measure(
        "query-hook",
        "declared name",
        f"Files of the {group.layer} layer that fetch export a hook of their own around "
        "`useQuery` or `useMutation`",
        rf"^export\s+(?:const|function)\s+use[A-Z].*{_QUERY_HOOK}\s*(?:<[^(]*>)?\(",
        samples,
        layer=group.layer,
        language=group.language,
    )


def _go_context(group: Group, ledger: Ledger) -> None:
    samples = []
    for path, item in group.functions():
        types = [parameter.type for parameter in item.parameters]
        if "context.Context" in types:
            hit = types[0] == "context.Context"
            samples.append(Sample(signature_site(path, item), hit, "a later parameter"))
    if len(samples) >= MIN_SITES:
        ledger.measure(
            "context-first",
            "injected parameter",
            "A `context.Context` is the first parameter",
            r"\A\s*(?:func\s+(?:\([^)]*\)\s*)?)?\w+\s*(?:\[[^\]]*\])?"
            r"\(\s*(?:\w+\s+)?context\.Context\b",
            samples,
            language=group.language,
        )
