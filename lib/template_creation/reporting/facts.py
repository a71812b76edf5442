"""What was counted in the codebase and what was left out of it, as rows of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from template_creation.package import Package
from template_creation.values.analysis import Command, Convention, Site, Technology
from template_creation.values.layers import LAYER_TITLES

__all__ = ["REASONS", "convention_groups", "fact_rows", "left_out", "places"]

Row = dict[str, Any]

REASONS: dict[str, str] = {
    "symlink": "symbolic links; their targets are read where they are",
    "submodule": "submodules; another codebase",
    "lfs-pointer": "pointers of Git LFS; the content is elsewhere",
    "missing": "listed by git, not on disk",
    "unreadable": "cannot be read",
    "not-a-file": "sockets, pipes and devices",
    "path-not-utf8": "the path is not UTF-8",
    "vendored": "code of others, kept beside the own",
    "generated": "written by a program",
    "lock-file": "lock files",
    "binary": "not text",
    "not-utf8": "text in another encoding than UTF-8",
    "too-large": "larger than what is worth reading",
    "long-lines": "minified, or data: lines too long to be written by hand",
    "secret-file": "files that are made to hold secrets",
    "secret": "what looks like a secret is in it; the place is named, the text is not kept",
}
"""What each reason means; ``values.source.ExclusionReason`` lists them."""

_PATHS = 8
_LINES = 10
_FILES = 200
_EVIDENCE = 3


def convention_groups(package: Package) -> list[Row]:
    """The conventions by layer, those of the whole codebase first, in the analysis's order."""
    by_layer: dict[str, list[Convention]] = {}
    for item in package.analysis.conventions:
        by_layer.setdefault(item.layer, []).append(item)
    return [
        {
            "title": _title(LAYER_TITLES.get(layer, layer) if layer else "the whole codebase"),
            "rows": [_convention(item) for item in by_layer[layer]],
        }
        for layer in sorted(by_layer)
    ]


def _convention(item: Convention) -> Row:
    return {
        "statement": item.statement.rstrip("."),
        "k": item.k,
        "n": item.n,
        "otherwise": item.otherwise.rstrip("."),
        "pattern": item.pattern,
        "subject": item.subject,
        "hits": places(item.hits),
        "misses": places(item.misses),
    }


def places(sites: Sequence[Site]) -> tuple[list[str], int]:
    """The first places, those of a file in one entry, and how many places are not among them.

    >>> places([Site("a.py", 3, 4), Site("a.py", 9, 9), Site("b.py", 0, 0)])
    (['a.py:3, 9', 'b.py'], 0)
    """
    lines: dict[str, list[int]] = {}
    for site in sites:
        lines.setdefault(site.path, []).append(site.line)
    shown = {path: lines[path][:_LINES] for path in list(lines)[:_PATHS]}
    named = [
        path if not any(found) else f"{path}:{', '.join(map(str, found))}"
        for path, found in shown.items()
    ]
    return named, len(sites) - sum(map(len, shown.values()))


def fact_rows(package: Package) -> Row:
    """Languages, layers, technologies, commands, rules and settings, each with its place."""
    facts = package.analysis
    return {
        "languages": facts.languages,
        "layers": [
            {
                "title": _title(layer.title),
                "files": len(layer.files),
                "evidence": layer.evidence[:_EVIDENCE],
            }
            for layer in sorted(facts.layers, key=lambda layer: (-len(layer.files), layer.title))
        ],
        "technologies": _technologies(facts.technologies),
        "commands": _commands(facts.commands),
        "rules": facts.rules,
        "settings": facts.settings,
        "commits": facts.commits,
        "memories": facts.memories,
    }


def _technologies(found: Sequence[Technology]) -> list[Row]:
    """One row a technology, with every place that declares it."""
    places: dict[str, list[Technology]] = {}
    for item in found:
        places.setdefault(item.name, []).append(item)
    return [
        {
            "name": name,
            "role": items[0].role,
            "version": items[0].version,
            "place": f"{items[0].path}:{items[0].line}",
            "more": len(items) - 1,
        }
        for name, items in places.items()
    ]


def _commands(found: Sequence[Command]) -> list[Row]:
    """One row a command; the same one in several folders is one row."""
    places: dict[tuple[str, str], list[str]] = {}
    for item in found:
        places.setdefault((item.purpose, item.command), []).append(f"{item.path}:{item.line}")
    return [
        {"purpose": purpose, "command": command, "place": where[0], "more": len(where) - 1}
        for (purpose, command), where in places.items()
    ]


def left_out(package: Package) -> Row:
    """What is not in the package, by reason: files, templates, and what copier does not take."""
    by_reason: dict[str, list[Row]] = {}
    for item in package.report["excluded_files"]:
        by_reason.setdefault(item["reason"], []).append(item)
    copier = package.report["copier"]
    return {
        "files": [
            {
                "reason": reason,
                "means": REASONS.get(reason, ""),
                "count": len(items),
                "shown": items[:_FILES],
                "more": max(0, len(items) - _FILES),
            }
            for reason, items in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item))
        ],
        "templates": package.report["dropped_templates"],
        "copier": copier.get("excluded", []),
        "problems": package.analysis.problems,
    }


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]
