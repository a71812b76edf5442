"""Files of every format that importers read, as their programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parents[5]


@pytest.fixture
def memories(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of fixtures; it is the working directory, so that labels are short."""
    folder = _CHECKOUT / "tests" / "data" / "memories"
    monkeypatch.chdir(folder)
    return folder
