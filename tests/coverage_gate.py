"""Fail when the tests cover too few lines or too few branches.

`coverage` has one threshold for both together; our promise is two: at least 85 % of the lines
and at least 80 % of the branches. Reads the JSON report of ``coverage json``.

    python tests/coverage_gate.py build/coverage.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

MIN_LINES = 85.0
MIN_BRANCHES = 80.0


def shortfalls(totals: Mapping[str, int]) -> list[str]:
    """What is missing, one line each; empty when both promises hold.

    >>> shortfalls({"covered_lines": 85, "num_statements": 100,
    ...             "covered_branches": 79, "num_branches": 100})
    ['branches: 79.00 % covered, 80 % promised']
    """
    measured = (
        ("lines", totals["covered_lines"], totals["num_statements"], MIN_LINES),
        ("branches", totals["covered_branches"], totals["num_branches"], MIN_BRANCHES),
    )
    found = []
    for what, covered, whole, promised in measured:
        if not whole:
            found.append(f"{what}: nothing was measured")
        elif 100 * covered / whole < promised:
            found.append(f"{what}: {100 * covered / whole:.2f} % covered, {promised:g} % promised")
    return found


def main(arguments: list[str]) -> int:
    """Print both figures and return 0, or 1 when one falls short, or 2 without a report."""
    try:
        totals = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))["totals"]
    except (IndexError, OSError, ValueError, KeyError) as error:
        print(f"coverage gate: no usable report: {error!r}", file=sys.stderr)
        return 2
    print(
        f"coverage: lines {totals['covered_lines']}/{totals['num_statements']}, "
        f"branches {totals['covered_branches']}/{totals['num_branches']}"
    )
    found = shortfalls(totals)
    for line in found:
        print(f"coverage gate: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
