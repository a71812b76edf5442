"""docs/api-bridge.md tells the truth: its example runs and prints what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_the_example_prints_what_it_says(checkout: Path) -> None:
    """A cut answer, kept and asked for again, without a key."""
    text = (checkout / "docs" / "api-bridge.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    expected = re.findall(r"^print\(.*\)  # (.+)$", code, flags=re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=checkout
    )
    assert done.stdout.splitlines() == expected, done.stderr
