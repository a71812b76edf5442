"""Memory records: import in batches, validation, deduplication, merging, transactions."""

from __future__ import annotations

__all__: list[str] = []
