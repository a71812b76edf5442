"""Recount every path, line, count and excerpt that a package states, against the codebase.

    python tests/grounding CODEBASE PACKAGE...

Prints one JSON object: for each package ``findings`` (rule, where, message) and ``checked`` (how
often each rule was applied). Exit code 1 if something was found. It shares no code with the
product, and reads nothing but these folders.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from agents import check_agents
from claims import Claims, Ledger
from evidence import Code, Package
from guides import check_guides


def check(package: Path, code: Code) -> dict[str, object]:
    """What was found in one package, and how often each rule was applied."""
    ledger = Ledger()
    claims = Claims(Package(package), code, ledger)
    check_agents(claims)
    check_guides(claims)
    for item in claims.package.conventions:
        claims.recount(item, "report.json")
    return {"findings": ledger.findings, "checked": dict(sorted(ledger.checked.items()))}


def main(codebase: str, *packages: str) -> int:
    """Checks, prints, and tells whether anything was found."""
    code = Code(Path(codebase))
    results = {package: check(Path(package), code) for package in packages}
    json.dump(results, sys.stdout, indent=1)
    return 1 if any(item["findings"] for item in results.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
