"""How a batch is run, once its expressions are evaluated."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from batch_engine.core import NO_RETRY, Adaptive, ByCount, Chunker, RetryPolicy
from batch_engine.workflow.errors import TaskInputError
from batch_engine.workflow.retrying import retry_policy
from batch_engine.workflow.spec import BatchSpec, RetrySpec, Tolerance

__all__ = ["BatchOptions", "read_options"]

_TARGET_S = 0.5
_LARGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """The options of a batch. ``chunk_size`` counts the items that are stored together: one by
    one unless said otherwise, so that a crash repeats nothing but what was in flight; ``"auto"``
    aims at chunks of half a second. ``concurrency`` is how many items are worked on at a time;
    ``tolerated`` how many may fail (None: the batch runs to its end, and fails if any did)."""

    chunk_size: int | Literal["auto"] = 1
    concurrency: int = 1
    retry: RetryPolicy = NO_RETRY
    tolerated: Tolerance | None = None
    timeout_s: float | None = None
    idempotent: bool = True

    def chunker(self, total: int) -> Chunker[Any]:
        """How ``total`` items are cut: small enough that every worker has some to do."""
        share = max(1, math.ceil(total / self.concurrency))
        if self.chunk_size != "auto":
            return ByCount(min(self.chunk_size, share))
        largest = max(1, min(_LARGEST, math.ceil(share / 2)))
        return Adaptive(
            target_s=_TARGET_S, start=min(10, largest), largest=largest, max_memory=None
        )

    def most_failures(self, total: int) -> int | None:
        """How many of ``total`` items may fail before the batch is stopped; None: all."""
        if self.tolerated is None:
            return None
        limits = [total]
        if self.tolerated.count is not None:
            limits.append(self.tolerated.count)
        if self.tolerated.percent is not None:
            limits.append(math.floor(total * self.tolerated.percent / 100))
        return min(limits)


def read_options(
    given: Mapping[str, Any], *, outside: bool, processes: bool, retry: RetrySpec | None = None
) -> BatchOptions:
    """The options in the evaluated inputs of a batch step; ``retry`` is the step's own, for items
    that have none. ``outside`` says that its tasks wait for something outside, ``processes`` that
    they run in worker processes: then the processors are all used if nobody says how many.

    Raises `TaskInputError`.
    """
    try:
        spec = BatchSpec.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise TaskInputError(
            f"the option {path!r} of the batch came out as {first['input']!r}: {first['msg']}"
        ) from error
    former = spec.parallel_settings
    size: Any = spec.chunk_size or (former.chunk_size if former else None) or 1
    workers = spec.max_concurrency or spec.max_workers or (former.max_workers if former else None)
    default = (os.cpu_count() or 1) if outside or processes else 1
    return BatchOptions(
        chunk_size=size,
        concurrency=workers or default,
        retry=retry_policy(spec.retry or retry, idempotent=spec.idempotent),
        tolerated=spec.tolerated_failures,
        timeout_s=spec.timeout,
        idempotent=spec.idempotent,
    )
