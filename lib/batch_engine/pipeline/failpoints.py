"""The pipeline's places where a test can kill the process, beside those of the core."""

from __future__ import annotations

__all__ = ["PIPELINE_FAILPOINTS"]

PIPELINE_FAILPOINTS: dict[str, str] = {
    "before_stage": "a stage is about to run",
    "after_stage": "a stage has run, the next one has not begun",
    "before_hook": "a chunk is stored and announced, the hooks were not told",
    "after_hook": "the hooks were told",
    "before_terminator": "all chunks of a scope are done, nothing that follows has begun",
}
