"""docs/pipelines.md tells the truth: its Python blocks run and print what they say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from batch_engine.pipeline import BATCHING_VARIABLE, DEBUG_VARIABLE, PIPELINE_FAILPOINTS, REDUCERS

TEXT = (Path(__file__).resolve().parents[5] / "docs" / "pipelines.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS, ids=range(len(BLOCKS)))
def test_a_block_prints_what_it_says(warm: Any, code: str) -> None:
    expected = re.findall(r"print\(.*\)  # (.+)$", code, flags=re.MULTILINE)
    assert expected
    done = subprocess.run([warm.python, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == expected


def test_names_in_tables_are_those_of_the_program() -> None:
    for name in (*REDUCERS, BATCHING_VARIABLE, DEBUG_VARIABLE):
        assert f"`{name}" in TEXT
    body = TEXT.split("| failpoint |", 1)[1].split("\n\n", 1)[0]
    assert (
        dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", body, re.MULTILINE)) == PIPELINE_FAILPOINTS
    )
