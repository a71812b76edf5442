"""The import's places where a test can kill the process, beside those of the engine's core."""

from __future__ import annotations

__all__ = ["MEMORY_FAILPOINTS"]

MEMORY_FAILPOINTS: dict[str, str] = {
    "memory_before_write": "the batch is planned, its transaction has written nothing",
    "memory_before_journal": "rows are written, the journal row is not",
    "memory_before_commit": "rows and journal row are written, nothing is committed",
    "memory_after_commit": "the batch is stored, nobody was told",
    "memory_before_merge": "all batches are stored, no merge is planned",
    "memory_mid_merge": "merges of a group are written, not committed",
    "memory_after_merge": "merges of a group are stored, the run is not ended",
}
