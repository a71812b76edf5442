"""The whole page: one HTML file that loads nothing, runs next to nothing, and reads anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, get_args

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape

from template_creation.exchange import prompts_folder
from template_creation.package import Package
from template_creation.reporting.agents import agent_rows
from template_creation.reporting.facts import convention_groups, fact_rows, left_out
from template_creation.reporting.runs import run_rows, spent
from template_creation.reporting.templates import BARS, template_rows
from template_creation.reporting.values import Findings, NoRun, Run
from template_creation.reporting.visible import visible
from template_creation.values.template import Grade

__all__ = ["GENERATOR_MARK", "render_report"]

GENERATOR_MARK = '<meta name="generator" content="template-create report'
"""Stands near the start of every report, and tells one from any other file."""

_PAGE = "package_report.html.j2"
_STYLE = "package_report.css"
_SCRIPT = "package_report.js"


def render_report(package: Package, *, findings: Findings, runs: Sequence[Run | NoRun]) -> str:
    """The page about ``package`` as HTML text; the same input gives the same text.

    Everything that comes from the package or the run state is escaped; a content security
    policy lets only the page's own style and script through, by their hashes, and nothing load.
    """
    style, script = _asset(_STYLE), _asset(_SCRIPT)
    text = (
        _environment()
        .get_template(_PAGE)
        .render(
            style=Markup(style),
            script=Markup(script),
            policy=_policy(style, script),
            generator_mark=Markup(GENERATOR_MARK),
            bars=BARS,
            **_values(package, findings, runs),
        )
    )
    return visible(text)


def _values(package: Package, findings: Findings, runs: Sequence[Run | NoRun]) -> dict[str, Any]:
    agents = agent_rows(package, findings.issues)
    templates = template_rows(package, findings.issues)
    grades = Counter(row["grade"] for row in templates)
    known = [run for run in runs if isinstance(run, Run)]
    return {
        "manifest": package.manifest,
        "project": package.analysis.project,
        "errors": [item for item in findings.issues if item.severity == "error"],
        "warnings": [item for item in findings.issues if item.severity != "error"],
        "edited": findings.edited,
        "checked": findings.checked,
        "agents": agents,
        "enhanced": sum(row["status"] == "enhanced" for row in agents),
        "enhanced_by": sorted({row["by"] for row in agents if row["by"] not in ("", "none")}),
        "templates": templates,
        "grades": [(name, grades[name]) for name in get_args(Grade) if name in grades],
        "failing": _failing(templates),
        "conventions": convention_groups(package),
        "facts": fact_rows(package),
        "left_out": left_out(package),
        "runs": run_rows(runs),
        "runs_known": len(known),
        "spent": spent([item for run in known for item in run.requests]),
    }


def _failing(templates: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, int]]:
    """Each bar that does not hold somewhere: how it ends there, and in how many templates."""
    marks = (mark for row in templates for mark in row["marks"] if mark[1] in "✗?")
    return [(bar, word, number) for (bar, _, word), number in sorted(Counter(marks).items())]


def _policy(style: str, script: str) -> str:
    """Nothing may load; our own style and script may act, told by their hashes."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


@cache
def _asset(name: str) -> str:
    return prompts_folder().joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_asset),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    environment.filters["bridge"] = _bridge
    environment.filters["count"] = _count
    environment.filters["inline"] = _inline
    environment.filters["seconds"] = _seconds
    environment.filters["usd"] = _usd
    return environment


def _inline(text: str) -> Markup:
    """``text`` with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


def _breakable(path: str) -> Markup:
    """``path``, which may go on in the next line after each slash."""
    return Markup("/<wbr>").join(path.split("/"))


def _bridge(text: str) -> str:
    """Who wrote, in words: what an agent's frontmatter says of its enhancement."""
    if text == "offline":
        return "extraction from the code"
    kind, _, rest = text.partition(" ")
    return f"{rest or 'another process'} ({kind} bridge)" if kind in ("api", "file") else text


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def _seconds(value: float) -> str:
    if value < 1:
        return f"{1000 * value:.0f} ms"
    return f"{value:.1f} s" if value < 120 else f"{int(value // 60)} min {value % 60:.0f} s"


def _usd(value: float) -> str:
    return f"${value:.4f}"
