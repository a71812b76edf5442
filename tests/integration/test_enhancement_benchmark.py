"""The benchmark of the enhancement runs on a package, and its page keeps our budgets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import dropwhile, takewhile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PAGE = (CHECKOUT / "docs" / "benchmarks-enhancement.md").read_text(encoding="utf-8")
ANALYSIS = CHECKOUT / "docs/research/phase-7-5-agent-enhancement-architecture-analysis.md"


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below ``heading``, without its head."""
    below = text.split(heading, 1)[1].splitlines()
    lines = takewhile(is_row, dropwhile(lambda line: not is_row(line), below))
    return [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines][2:]


def is_row(line: str) -> bool:
    return line.startswith("|")


def number(cell: str) -> float:
    return float(re.sub(r"[^\d.]", "", cell))


def test_ten_agents_and_fifteen_templates_are_within_their_tokens() -> None:
    """One request: at most 6,000 out and 14,000 in all; 25,000 in for whole texts."""
    ((_, agents, templates, _, out, offline, total, _, stubs, finished, _),) = rows(
        PAGE, "## Ten agents, fifteen templates"
    )
    assert (agents, templates) == ("10", "15")
    assert number(out) <= 6_000
    assert number(offline) <= 6_000
    assert number(total) <= 14_000
    assert number(stubs) <= 25_000
    assert number(finished) <= 25_000


def test_own_time_is_within_a_hundred_milliseconds_for_every_agent() -> None:
    """Also for the first one of a process."""
    measured = rows(PAGE, "## Own time")
    assert [row[0] for row in measured] == ["the first of a process", "median", "largest"]
    assert all(number(row[-1]) <= 100 for row in measured)


def test_the_analysis_compares_all_options_by_measurements() -> None:
    """Sections in one batch cost the least of all that an interactive command can wait for."""
    compared = rows(ANALYSIS.read_text(encoding="utf-8"), "<!-- measurements: begin -->")
    price = {row[0].split(".")[0]: number(row[6]) for row in compared}
    assert list(price) == ["1", "2", "2b", "3", "4", "4b", "5"]
    assert price["3"] == min(price.values())


def test_the_benchmark_runs_on_any_package(tmp_path: Path) -> None:
    """And gives the same tables for it."""
    environ = {**os.environ, "TEMPLATE_CREATE_HOME": str(tmp_path / "home")}
    package = tmp_path / "package"
    made = [Path(sys.executable).with_name("template-create"), "--name", "bookshop"]
    made += ["--path", CHECKOUT / "examples" / "bookshop", "--output", package]
    subprocess.run(made, env=environ, check=True, capture_output=True, timeout=60)
    script = [sys.executable, str(CHECKOUT / "benchmarks" / "enhancement.py"), str(package)]
    ran = subprocess.run(
        script, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    for heading in ("## Each package, in one request", "## Own time", "## The first agent"):
        assert rows(ran.stdout, heading)
    assert "| **3. one batch, sections (ours)** | 1 |" in ran.stdout
