"""docs/memory.md tells the truth: its example runs, its tables are the program's."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

from memory_processing import CATEGORIES, MEMORY_FAILPOINTS, BatchProcessingConfig
from memory_processing.config import GUARDS
from memory_processing.migrations import MIGRATIONS
from memory_processing.stores.schema import MIGRATIONS as TABLES

CHECKOUT = Path(__file__).resolve().parents[4]
TEXT = (CHECKOUT / "docs" / "memory.md").read_text(encoding="utf-8")


def _table(head: str) -> dict[str, str]:
    body = TEXT.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return dict(re.findall(r"^\| `?(\w+)`? \| ([^|]+?) \|", body, flags=re.MULTILINE))


def test_the_example_prints_what_it_says() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    expected = re.findall(r"print\(.*\)  # (.+)$", code, flags=re.MULTILINE)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == expected


def test_the_tables_are_those_of_the_program() -> None:
    assert _table("name") == MEMORY_FAILPOINTS
    assert tuple(_table("guard")) == GUARDS
    assert tuple(_table("category")) == CATEGORIES
    assert [int(version) for version in _table("version")] == sorted(MIGRATIONS)
    made = re.findall(r"CREATE TABLE (\w+)", " ".join(" ".join(step) for step in TABLES))
    assert list(_table("table")) == made


def test_the_settings_and_their_defaults_are_those_of_the_program() -> None:
    said = _table("setting")
    config = BatchProcessingConfig()
    assert list(said) == list(BatchProcessingConfig.model_fields)
    for name, value in said.items():
        real = getattr(config, name)
        if name == "guards":
            assert real == GUARDS
        else:
            assert value == ("none" if real is None else str(real).lower())


def test_the_benchmark_page_has_a_row_for_every_contestant() -> None:
    script = runpy.run_path(str(CHECKOUT / "benchmarks" / "memory.py"))
    contestants = runpy.run_path(str(CHECKOUT / "benchmarks" / "memory_contestants.py"))
    page = (CHECKOUT / "docs" / "benchmarks-memory.md").read_text(encoding="utf-8")
    titles = {**script["FINDERS"], **script["IMPORTS"]}
    assert list(titles) == list(contestants["CONTESTANTS"])
    assert [title for title in titles.values() if f"| {title} |" not in page] == []
