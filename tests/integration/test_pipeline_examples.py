"""Every example under ``examples/pipelines`` prints what its docstring says."""

from __future__ import annotations

import ast
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((CHECKOUT / "examples" / "pipelines").glob("*.py"))


def test_the_five_examples_are_there() -> None:
    names = {path.stem for path in EXAMPLES}
    assert names == {"basic", "progress", "errors", "scopes_and_branches", "prospects"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_says(warm: Any, path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    expected = textwrap.dedent(text.split("Prints::\n", 1)[1]).strip()
    run = f"import runpy; runpy.run_path({str(path)!r}, run_name='__main__')"
    done = subprocess.run(
        [warm.python, "-c", run], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == expected
    assert f"python examples/pipelines/{path.name}" in text
