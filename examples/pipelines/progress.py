"""Progress: hooks on the scope's first agent, a snapshot with rate and ETA, and a stream.

    python examples/pipelines/progress.py

Prints::

    batch 1 of 3 begins: 4 items
    batch 1 of 3 is stored: 4 results
    batch 2 of 3 begins: 4 items
    batch 2 of 3 is stored: 4 results
    batch 3 of 3 begins: 2 items
    batch 3 of 3 is stored: 2 results
    10 of 10 done, 0 failed
    first rows can be used after 1 batch: [0, 1, 4, 9]
"""

from __future__ import annotations

from collections.abc import Iterator

from batch_engine.core import Progress
from batch_engine.pipeline import (
    Agent,
    BatchProgressContext,
    Pipeline,
    StageContext,
    batched,
    ends_batching,
    on_batch_complete,
    on_batch_start,
    triggers_batching,
)


def begins(event: BatchProgressContext) -> None:
    print(f"batch {event.number} of {event.total} begins: {event.size} items")


def is_stored(event: BatchProgressContext) -> None:
    print(f"batch {event.number} of {event.total} is stored: {len(event.results)} results")


class Square(Agent):
    def run(self, context: StageContext) -> list[int]:
        return [number**2 for number in context["numbers"]]


@on_batch_start(begins)
@on_batch_complete(is_stored)
@triggers_batching(chunk_size=4, over="numbers")
class WatchedSquare(Square):
    """The same stage; the decorators start a scope here and watch it."""


@ends_batching
class Sum(Agent):
    def run(self, context: StageContext) -> dict[str, int]:
        return {"sum": sum(context["numbers"])}


def read_numbers() -> Iterator[int]:
    """A lazy source: nobody knows how long it is, and only one chunk is in memory."""
    yield from range(1_000_000)


def main() -> None:
    progress = Progress()
    pipeline = Pipeline(WatchedSquare() >> Sum())
    shown = []

    def watch(event: BatchProgressContext) -> None:
        shown.append(progress.snapshot())

    pipeline.run({"numbers": list(range(10))}, listeners=[progress], on_batch_complete=watch)
    print(f"{shown[-1].done} of {shown[-1].total} done, {shown[-1].failed} failed")

    lazy = Pipeline(batched(Square(), chunk_size=4, over="numbers"))
    with lazy.stream({"numbers": read_numbers()}) as stream:
        first = next(stream)
    print(f"first rows can be used after {first.number} batch: {first.results}")


if __name__ == "__main__":
    main()
