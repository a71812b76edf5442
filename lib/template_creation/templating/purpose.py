"""One factual line about a file, from its syntax facts; never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from template_creation.syntax import TYPE_KINDS
from template_creation.values.analysis import Technology
from template_creation.values.facts import FileFacts, Symbol
from template_creation.values.layers import LAYER_TITLES
from template_creation.values.template import TemplateSymbol

__all__ = ["describe", "technologies_of", "top_symbols"]

_VERBS = r"get|post|put|patch|delete|head|options|websocket|route|api_route"
_ROUTE_DECORATOR = re.compile(
    rf"(?i)^[\w.]*\.(?:{_VERBS})\(|^(?:Get|Post|Put|Patch|Delete|Request)Mapping\b"
    r"|^Http(?:Get|Post|Put|Patch|Delete)\b|^(?:get|post|put|patch|delete)\(\""
)
_ROUTE_CALL = re.compile(
    rf"(?i)^\w*(?:app|router|routes?|group|mux|api|r|e|g)\.(?:{_VERBS}|handle|handlefunc)$"
)
_SCRIPT_ROUTE_CALL = re.compile(rf"(?:^|\.)\w*(?:[aA]pp|[rR]outer|[sS]erver)\.(?:{_VERBS})$")
"""In scripts ``api.get("/x")`` is a client's request as often as a server's route."""
_MAP_CALL = re.compile(r"(?:^|\.)Map(?:Get|Post|Put|Patch|Delete)$")
_SCRIPTS = frozenset({"javascript", "jsx", "typescript", "tsx"})
_ROUTED_LAYERS = frozenset({"api", "auth", "pages"})
_NOT_ROUTED_LAYERS = frozenset({"data", "e2e", "queries", "tests"})
"""What looks like a route here is a request to one, or a stand-in for one."""
_TEST_LAYERS = frozenset({"e2e", "tests"})
_TEST_CALL = re.compile(r"\s*(?:it|test|specify|example|scenario)\b(?!\s*\.\s*describe\b)")
"""What declares one test; ``describe``, ``context`` and ``test.describe`` hold several."""
_KIND_ORDER = {
    "class": 0, "interface": 0, "struct": 0, "record": 0, "trait": 0, "enum": 1, "type": 1,
    "function": 1, "module": 2, "method": 2, "test": 2, "constant": 3,
}  # fmt: skip
_MAX_SYMBOLS = 12


def describe(
    facts: FileFacts | None, layer: str, subject: str, technologies: Sequence[Technology]
) -> str:
    """What the file holds, with counts: ``FastAPI: 5 endpoints for items``.

    ``subject`` is the entity's plural in words, or empty.
    """
    about = f" for {subject}" if subject else ""
    title = LAYER_TITLES.get(layer, layer)
    if facts is None or (not facts.symbols and not facts.calls):
        return f"{_capital(title)}{about}"
    endpoints = _endpoints(facts, layer)
    lead = next((item.name for item in technologies if item.role in ("api", "web")), "")
    if endpoints:
        return f"{lead + ': ' if lead else ''}{_count(endpoints, 'endpoint')}{about}"
    tests = _tests(facts, layer)
    if tests:
        lead = next((item.name for item in technologies if item.role in ("test", "e2e")), "")
        return f"{lead + ': ' if lead else ''}{_count(tests, 'test')}{about}"
    types = [symbol for symbol in facts.symbols if symbol.kind in TYPE_KINDS and not symbol.parent]
    functions = [symbol for symbol in facts.symbols if symbol.kind == "function"]
    methods = [symbol for symbol in facts.symbols if symbol.kind == "method"]
    parts: list[str] = []
    if types:
        parts.append(_named(types))
    if methods:
        parts.append(_count(len(methods), "method"))
    if functions:
        parts.append(
            f"function {functions[0].name}" if len(functions) == 1
            else _count(len(functions), "function")
        )  # fmt: skip
    return f"{_capital(title)}{about}: {', '.join(parts)}" if parts else f"{_capital(title)}{about}"


def _named(types: Sequence[Symbol]) -> str:
    if len(types) == 1:
        base = f" ({types[0].bases[0]})" if types[0].bases else ""
        return f"{types[0].kind} {types[0].name}{base}"
    kinds = sorted({symbol.kind for symbol in types})
    noun = kinds[0] if len(kinds) == 1 else "type"
    return f"{len(types)} {noun}{'es' if noun.endswith('ss') else 's'}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _endpoints(facts: FileFacts, layer: str) -> int:
    """The routes that the file declares; a request to a route is none."""
    if layer in _NOT_ROUTED_LAYERS:
        return 0
    decorated = sum(
        any(_ROUTE_DECORATOR.search(decorator) for decorator in symbol.decorators)
        for symbol in facts.symbols
        if symbol.kind in ("function", "method")
    )
    if decorated or layer not in _ROUTED_LAYERS:
        return decorated
    if facts.language == "csharp":
        return sum(bool(_MAP_CALL.search(call.callee)) for call in facts.calls)
    wanted = _SCRIPT_ROUTE_CALL if facts.language in _SCRIPTS else _ROUTE_CALL
    return sum(
        bool(wanted.search(call.callee) and call.first_argument.startswith("/"))
        for call in facts.calls
    )


def _tests(facts: FileFacts, layer: str) -> int:
    """The tests that a runner reports one by one, not the groups around them."""
    return sum(
        bool(_TEST_CALL.match(symbol.signature))
        if symbol.kind == "test"
        else layer in _TEST_LAYERS
        and symbol.kind in ("function", "method")
        and symbol.name.startswith(("test_", "Test"))
        for symbol in facts.symbols
    )


def technologies_of(
    facts: FileFacts | None, technologies: Iterable[Technology]
) -> tuple[Technology, ...]:
    """The technologies that the file imports, in their order, one per name."""
    if facts is None:
        return ()
    modules = {_normal(item.module) for item in facts.imports}
    found: dict[str, Technology] = {}
    for technology in technologies:
        names = {_normal(technology.package), _normal(technology.name)}
        if any(_imports(module, name) for module in modules for name in names if name):
            found.setdefault(technology.name, technology)
    return tuple(found.values())


def _normal(text: str) -> str:
    return text.strip("\"'`").lower().replace("-", "_").replace("::", ".")


def _imports(module: str, package: str) -> bool:
    if module == package:
        return True
    return module.startswith(package) and module[len(package)] in "./:"


def top_symbols(facts: FileFacts | None, template_id: str) -> tuple[TemplateSymbol, ...]:
    """The declarations worth citing: types, then functions, then methods, larger ones first;
    at most twelve, listed in the order of the file."""
    if facts is None:
        return ()
    ranked = sorted(
        (symbol for symbol in facts.symbols if symbol.kind != "constant"),
        key=lambda item: (
            _KIND_ORDER.get(item.kind, 3),
            not item.documented,
            -(item.end_line - item.line),
            item.line,
        ),
    )[:_MAX_SYMBOLS]
    return tuple(
        TemplateSymbol(
            f"{template_id}.s{number}",
            symbol.name,
            symbol.kind,
            symbol.line,
            symbol.end_line,
            symbol.signature,
        )
        for number, symbol in enumerate(sorted(ranked, key=lambda item: item.line), start=1)
    )
