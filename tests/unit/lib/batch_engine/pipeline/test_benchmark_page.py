"""docs/benchmarks-engine.md is a report of the script: every contestant, and the budget's words."""

from __future__ import annotations

import runpy
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[5]


def test_the_page_has_a_row_for_every_contestant_and_every_kill() -> None:
    script = runpy.run_path(str(CHECKOUT / "benchmarks" / "engine.py"))
    page = (CHECKOUT / "docs" / "benchmarks-engine.md").read_text(encoding="utf-8")
    timed, killed = page.split("Killed with SIGKILL", 1)
    assert [label for label in script["NAMES"].values() if f"| {label} |" not in timed] == []
    for name in script["DURABLE"]:
        assert f"| {script['NAMES'][name]} |" in killed
    assert "0.3 ms" in page


def test_every_contestant_is_there_and_ours_run() -> None:
    folder = CHECKOUT / "benchmarks"
    script = runpy.run_path(str(folder / "engine.py"))
    contestants = runpy.run_path(str(folder / "engine_contestants.py"))
    assert [name for name in script["NAMES"] if not callable(contestants.get(name))] == []
    rows = [contestants["make"](number) for number in range(250)]
    for name in ("plain", "core", "pipeline"):
        finished: list[object] = []
        contestants[name](rows, finished.append)
        assert len(finished) == 3
