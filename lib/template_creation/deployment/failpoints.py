"""A deployment's places where a test can kill the process, in the order of its life."""

from __future__ import annotations

__all__ = ["DEPLOYMENT_FAILPOINTS"]

DEPLOYMENT_FAILPOINTS: dict[str, str] = {
    "deploy_after_intent": "the record says what is about to be written, nothing is",
    "deploy_after_file": "one file was written or removed, others were not",
    "deploy_before_record": "every file is as planned, the record still speaks of a plan",
}
