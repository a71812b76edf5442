"""Habits of route handlers in Python: the functions whose decorator names an HTTP verb."""

from __future__ import annotations

import re
from collections.abc import Sequence

from template_creation.analysis.conventions.corpus import Group, of_layer, signature_site
from template_creation.analysis.conventions.measure import Ledger, Sample
from template_creation.analysis.conventions.signatures import (
    common_values,
    route_handlers,
    verb_of,
)
from template_creation.values.facts import Symbol

__all__ = ["measure_handlers"]

_Functions = Sequence[tuple[str, Symbol]]
_OPTION = re.compile(r"\b(\w+)\s*=(?!=)")
_STATUS = re.compile(r"\bstatus_code\s*=\s*(?:[\w.]*HTTP_)?(\d{3})")


def measure_handlers(group: Group, ledger: Ledger) -> None:
    """Measures async or not, the options of the decorator and the status by verb."""
    if group.language != "python" or group.layer in {"", "docs", "tests", "e2e"}:
        return
    handlers = route_handlers(list(group.functions()))
    for is_async, label, pattern in (
        (True, "`async def`", r"^[ \t]*async\s+def\b"),
        (False, "plain `def`", r"^[ \t]*def\b"),
    ):
        ledger.measure(
            "async" if is_async else "sync",
            "async",
            f"Route handlers are {label}",
            pattern,
            [
                Sample(
                    signature_site(path, item),
                    item.is_async == is_async,
                    "plain `def`" if is_async else "`async def`",
                )
                for path, item in handlers
            ],
            layer=group.layer,
            language=group.language,
        )
    _options(group, handlers, ledger)
    _statuses(group, handlers, ledger)


def _head(path: str, item: Symbol, ledger: Ledger) -> str:
    """The text of the decorators."""
    site = signature_site(path, item)
    return re.split(
        r"^[ \t]*(?:async\s+)?def\s",
        ledger.texts.lines(path, site.line, site.end_line),
        maxsplit=1,
        flags=re.MULTILINE,
    )[0]


def _options(group: Group, handlers: _Functions, ledger: Ledger) -> None:
    """Keywords that the route decorators carry (``response_model=``)."""
    values = [
        (signature_site(path, item), sorted(set(_OPTION.findall(_head(path, item, ledger)))))
        for path, item in handlers
    ]
    for name in common_values(values, limit=2):
        ledger.measure(
            name,
            "route option",
            f"Route decorators{of_layer(group)} declare `{name}=`",
            rf"@\w+\.\w+\((?:(?!\bdef\s).)*\b{re.escape(name)}\s*=",
            [Sample(site, name in found, f"no `{name}`") for site, found in values],
            layer=group.layer,
            language=group.language,
        )


def _statuses(group: Group, handlers: _Functions, ledger: Ledger) -> None:
    """The status that handlers of one verb declare, where it is not the usual 200."""
    for verb in ("post", "delete"):
        values = [
            (signature_site(path, item), _STATUS.findall(_head(path, item, ledger)))
            for path, item in handlers
            if verb_of(item) == verb
        ]
        for code in common_values(values, limit=1):
            ledger.measure(
                f"{verb}-{code}",
                "route option",
                f"Handlers of {verb.upper()} declare the status {code}",
                rf"\bstatus_code\s*=\s*(?:[\w.]*HTTP_)?{code}",
                [Sample(site, code in found, "no status") for site, found in values],
                layer=group.layer,
                language=group.language,
            )
