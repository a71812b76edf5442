"""The clock, as a value that can be passed in."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the time now, aware of its zone."""
    return datetime.now(UTC)
