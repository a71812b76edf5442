"""The agents of a package as rows of the page: what they know, from where, and how they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from template_creation.agents import read_frontmatter
from template_creation.package import Package
from template_creation.reporting.prose import prose
from template_creation.values.agent import AgentSpec, Issue
from template_creation.values.layers import LAYER_TITLES

__all__ = ["agent_rows", "folders_of"]

Row = dict[str, Any]

_FOLDERS = 12
_STATUS = {
    "enhanced": "enhanced",
    "failed": "failed: it is as basic as it was recommended",
    "skipped": "not enhanced",
}


def agent_rows(package: Package, issues: Sequence[Issue]) -> list[Row]:
    """One row per declared agent, then one per agent file that the package did not make."""
    files = {path.stem: path for path in package.agent_paths}
    outcomes = {item["name"]: item for item in package.report["agents"]}
    anchors = {item.path: item.id for item in package.templates} | {
        name: f"agent-{name}" for name in files
    }
    declared = [
        _declared(spec, files.get(spec.name), outcomes.get(spec.name, {}), package, anchors)
        for spec in package.agents
    ]
    known = {spec.name for spec in package.agents}
    foreign = [_foreign(path, anchors) for name, path in files.items() if name not in known]
    rows = [*declared, *foreign]
    for row in rows:
        place = f"agents/{row['name']}.md"
        row["issues"] = [item for item in issues if item.place.startswith(place)]
    return rows


def _declared(
    spec: AgentSpec,
    path: Path | None,
    outcome: Mapping[str, Any],
    package: Package,
    anchors: Mapping[str, str],
) -> Row:
    return {
        "name": spec.name,
        "title": spec.title,
        "description": spec.description,
        "layers": [LAYER_TITLES.get(name, name) for name in spec.layers],
        "tools": spec.tools,
        "technologies": spec.technologies,
        "templates": [item for item in package.templates if item.id in spec.templates],
        "files": len(spec.files),
        "folders": folders_of(spec.files),
        "status": _standing(path, outcome),
        "error": outcome.get("error", ""),
        "short_because": outcome.get("short_because", ""),
        **_text(path, anchors, spec.title),
    }


def _standing(path: Path | None, outcome: Mapping[str, Any]) -> str:
    if path is None:
        return "its file is not there"
    return _STATUS.get(outcome.get("status", ""), "not recorded")


def _foreign(path: Path, anchors: Mapping[str, str]) -> Row:
    """An agent file that somebody put beside ours: its text, and nothing that we could know."""
    row: Row = {"name": path.stem, "title": "", "layers": [], "tools": (), "technologies": ()}
    row |= {"templates": [], "files": 0, "folders": ([], 0), "error": "", "short_because": ""}
    return row | {"status": "not of this package", "description": "", **_text(path, anchors, "")}


def _text(path: Path | None, anchors: Mapping[str, str], title: str) -> Row:
    """The body of an agent's file, and who wrote it, as its frontmatter says."""
    if path is None:
        return {"by": "", "lines": 0, "body": None}
    text = path.read_text(encoding="utf-8", errors="replace")
    values, body, _ = read_frontmatter(text)
    return {
        "by": str(values.get("enhancement", "")),
        "lines": text.count("\n"),
        "body": prose(body, anchors=anchors, title=title),
    }


def folders_of(files: Iterable[str]) -> tuple[list[tuple[str, list[str]]], int]:
    """The folders with the most of ``files``, each with their names, and how many more folders
    there are.

    >>> folders_of(["a/x.py", "a/y.py", "z.py"])
    ([('a', ['x.py', 'y.py']), ('.', ['z.py'])], 0)
    """
    named: dict[str, list[str]] = {}
    for file in files:
        path = PurePosixPath(file)
        named.setdefault(str(path.parent), []).append(path.name)
    counts = Counter({folder: len(names) for folder, names in named.items()})
    ranked = sorted(counts, key=lambda folder: (-counts[folder], folder))
    return [(folder, sorted(named[folder])) for folder in ranked[:_FOLDERS]], len(ranked[_FOLDERS:])
