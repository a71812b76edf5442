"""docs/engine.md tells the truth: its example runs, its tables are the program's."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from batch_engine.core import FAILPOINT_VARIABLE, FAILPOINTS
from batch_engine.core.schema import MIGRATIONS

TEXT = (Path(__file__).resolve().parents[5] / "docs" / "engine.md").read_text(encoding="utf-8")


def _table(head: str) -> dict[str, str]:
    body = TEXT.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", body, flags=re.MULTILINE))


def test_the_example_prints_what_it_says() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    expected = re.findall(r"print\(.*\)  # (.+)$", code, flags=re.MULTILINE)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == expected


def test_the_failpoints_are_those_of_the_program() -> None:
    assert _table("name") == FAILPOINTS
    assert f"`{FAILPOINT_VARIABLE}=" in TEXT


def test_the_tables_are_those_of_the_program() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        for migration in MIGRATIONS:
            db.executescript(migration)
        tables = {
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")
        }
    assert set(_table("table")) == tables
