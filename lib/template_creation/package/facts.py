"""The facts of an analysis as JSON, and back: what agents cite and checkers recount.

Sites are grouped by path, ``{"app/items.py": [[12, 18], [30, 41]]}``, so that hundreds of
them stay readable; a line of 0 means the path itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from template_creation.values.analysis import (
    Analysis,
    Command,
    CommitFormat,
    Convention,
    LanguageShare,
    Layer,
    LayerEvidence,
    Memory,
    PackageRoot,
    Problem,
    ProjectIdentity,
    Rule,
    Site,
    Technology,
    ToolSetting,
)

__all__ = ["facts_from_document", "facts_to_document"]

Json = dict[str, Any]


def facts_to_document(analysis: Analysis) -> Json:
    """Everything of ``analysis`` that may be cited, without the facts per file."""
    return {
        "project": asdict(analysis.project),
        "languages": [asdict(item) for item in analysis.languages],
        "roots": [asdict(item) for item in analysis.roots],
        "technologies": [asdict(item) for item in analysis.technologies],
        "layers": [asdict(item) for item in analysis.layers],
        "conventions": [_convention_to_document(item) for item in analysis.conventions],
        "commands": [asdict(item) for item in analysis.commands],
        "rules": [asdict(item) for item in analysis.rules],
        "memories": [asdict(item) for item in analysis.memories],
        "settings": [asdict(item) for item in analysis.settings],
        "commits": None if analysis.commits is None else asdict(analysis.commits),
        "problems": [asdict(item) for item in analysis.problems],
        "excluded_by_reason": dict(sorted(analysis.excluded_by_reason.items())),
    }


def facts_from_document(document: Mapping[str, Any]) -> Analysis:
    """The analysis that `facts_to_document` wrote; ``facts`` and ``files`` are empty.

    Raises `KeyError` or `TypeError` for a document of another shape.
    """
    project = dict(document["project"])
    project["words"] = tuple(project["words"])
    return Analysis(
        project=ProjectIdentity(**project),
        languages=tuple(LanguageShare(**item) for item in document["languages"]),
        roots=tuple(PackageRoot(**item) for item in document["roots"]),
        technologies=tuple(Technology(**item) for item in document["technologies"]),
        layers=tuple(_layer(item) for item in document["layers"]),
        conventions=tuple(_convention(item) for item in document["conventions"]),
        commands=tuple(Command(**item) for item in document["commands"]),
        rules=tuple(Rule(**item) for item in document["rules"]),
        facts={},
        files={},
        excluded_by_reason=dict(document["excluded_by_reason"]),
        settings=tuple(ToolSetting(**item) for item in document["settings"]),
        commits=_commits(document["commits"]),
        problems=tuple(Problem(**item) for item in document["problems"]),
        memories=tuple(_memory(item) for item in document.get("memories", ())),
    )


def _memory(item: Json) -> Memory:
    return Memory(**item | {"agents": tuple(item["agents"])})


def _commits(item: Json | None) -> CommitFormat | None:
    return None if item is None else CommitFormat(**item | {"examples": tuple(item["examples"])})


def _layer(item: Json) -> Layer:
    evidence = tuple(LayerEvidence(**found) for found in item["evidence"])
    return Layer(item["name"], item["title"], tuple(item["files"]), evidence)


def _convention_to_document(convention: Convention) -> Json:
    return {
        "id": convention.id,
        "kind": convention.kind,
        "statement": convention.statement,
        "layer": convention.layer,
        "language": convention.language,
        "k": convention.k,
        "n": convention.n,
        "otherwise": convention.otherwise,
        "subject": convention.subject,
        "pattern": convention.pattern,
        "hits": _grouped(convention.hits),
        "misses": _grouped(convention.misses),
    }


def _convention(item: Json) -> Convention:
    fields = {key: value for key, value in item.items() if key not in ("k", "n")}
    fields["hits"] = _sites(item["hits"])
    fields["misses"] = _sites(item["misses"])
    return Convention(**fields)


def _grouped(sites: Iterable[Site]) -> dict[str, list[list[int]]]:
    grouped: dict[str, list[list[int]]] = {}
    for site in sites:
        grouped.setdefault(site.path, []).append([site.line, site.end_line])
    return grouped


def _sites(grouped: Mapping[str, list[list[int]]]) -> tuple[Site, ...]:
    return tuple(
        Site(path, line, end_line) for path, spans in grouped.items() for line, end_line in spans
    )
