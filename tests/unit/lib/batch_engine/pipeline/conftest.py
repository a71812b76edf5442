"""Small agents and rows that the tests of pipelines share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def rows() -> Callable[[int], list[dict[str, Any]]]:
    """``rows(3)``: three items with a number each."""
    return lambda count: [{"n": number} for number in range(count)]
