"""Errors: what fails is recorded, retried by rules, and asked for again alone.

    python examples/pipelines/errors.py

Prints::

    first run: ['page 1', 'page 2', 'page 4', 'page 6'], partial: True
    3: rate_limit.exceeded after 2 attempts, retryable: True
    5: io.not_found after 1 attempts, retryable: False
    asked in the first run: [1, 2, 3, 4, 5, 6, 3]
    asked again: [3, 5]
    now: 6 pages, partial: False
    a second process runs nothing: 6 loaded
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from batch_engine.core import ItemFailure, RateLimitError, RetryPolicy, SqliteRunStore
from batch_engine.pipeline import Agent, Pipeline, StageContext, batched


class Service:
    """A remote service with a bad day."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.healthy = False

    def fetch(self, page: int) -> str:
        self.asked.append(page)
        if not self.healthy and page == 3:
            raise RateLimitError("too many requests", retry_after_s=2)
        if not self.healthy and page == 5:
            raise FileNotFoundError(f"there is no page {page}")
        return f"page {page}"


class Fetch(Agent):
    """One entry per item; an `ItemFailure` fails one item and leaves the others alone."""

    reads = ("pages",)

    def __init__(self, service: Service) -> None:
        self._service = service

    def run(self, context: StageContext) -> list[Any]:
        return [self._fetch(page) for page in context["pages"]]

    def _fetch(self, page: int) -> str | ItemFailure:
        try:
            return self._service.fetch(page)
        except (RateLimitError, OSError) as error:
            return ItemFailure(error)


def main() -> None:
    service = Service()
    pipeline = Pipeline(
        batched(Fetch(service), chunk_size=6, over="pages", key=str),
        retry=RetryPolicy(max_attempts=2),
        sleep=lambda seconds: None,  # leave this out to really wait the two seconds
    )
    with tempfile.TemporaryDirectory() as folder:
        with SqliteRunStore(Path(folder)) as store:
            result = pipeline.run({"pages": [1, 2, 3, 4, 5, 6]}, store=store)
            print(f"first run: {result['pages']}, partial: {result.partial}")
            for key, record in result.errors.items():
                tried = f"after {record.retry.attempt} attempts"
                print(f"{key}: {record.code} {tried}, retryable: {record.retryable}")
            print("asked in the first run:", service.asked)
            service.asked.clear()
            service.healthy = True
            result = result.retry_failed()
            print("asked again:", service.asked)
            print(f"now: {len(result['pages'])} pages, partial: {result.partial}")
        with SqliteRunStore(Path(folder)) as store:  # as another process would
            again = pipeline.run({"pages": [1, 2, 3, 4, 5, 6]}, store=store)
            print(f"a second process runs nothing: {again.scopes[0].counts.loaded} loaded")


if __name__ == "__main__":
    main()
