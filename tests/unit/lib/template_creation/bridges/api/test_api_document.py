"""docs/api-bridge.md tells the truth: its example runs and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def test_the_example_prints_what_it_says(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cut answer, kept and asked for again, without a key."""
    text = (checkout / "docs" / "api-bridge.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    expected = re.findall(r"^print\(.*\)  # (.+)$", code, flags=re.MULTILINE)
    monkeypatch.chdir(checkout)
    exec(compile(code, "docs/api-bridge.md", "exec"), {"__name__": "example"})
    assert capsys.readouterr().out.splitlines() == expected
