"""A package whose agents were written anew, told of in its manifest and report again.

Hashes that say what the package wrote last are how a later run knows what a user edited since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from template_creation.package.atomic import write_file
from template_creation.package.documents import to_json
from template_creation.package.layout import MANIFEST, REPORT
from template_creation.package.staging import digest

__all__ = ["reseal"]


def reseal(
    root: Path,
    outcomes: Sequence[Mapping[str, Any]],
    paths: Sequence[str],
    *,
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """Bring manifest and report of the package in ``root`` up to date with what became of its
    agents (``outcomes``, as the report lists them) and with the files ``paths``, relative to it.
    ``facts`` are entries of the report's facts that changed.

    False where the folder has no manifest of ours; then nothing is written. Raises `WriteError`.
    """
    manifest_path, report_path = root / MANIFEST, root / REPORT
    try:
        manifest = json.loads(manifest_path.read_bytes())
        report = json.loads(report_path.read_bytes())
        hashes = dict(manifest["files"])
        rows = {row["name"]: row for row in report["agents"]}
    except (OSError, ValueError, TypeError, KeyError):
        return False
    for outcome in outcomes:
        rows[outcome["name"]] = dict(outcome)
    report["agents"] = list(rows.values())
    if facts:
        report["facts"] = {**report.get("facts", {}), **facts}
    write_file(report_path, to_json(report))
    for path in (*paths, REPORT):
        hashes[path] = digest((root / path).read_bytes())
    manifest["files"] = dict(sorted(hashes.items()))
    write_file(manifest_path, to_json(manifest))
    return True
