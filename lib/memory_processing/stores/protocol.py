"""What a store of memories can do: transactions, look-ups, rows in, merges, a journal."""

from __future__ import annotations

from typing import Protocol

__all__ = ["MemoryStore"]


class MemoryStore(Protocol):
    """A database of memories."""

    def close(self) -> None:
        """Closes the connection; twice is fine."""
        ...
