"""Basic: a list through two stages in chunks of three, then one stage on the merged list.

    python examples/pipelines/basic.py

Prints::

    3 batches, 8 items
    longest word: international
    {'word': 'chunk', 'length': 5, 'capital': 'C'}
"""

from __future__ import annotations

from typing import Any

from batch_engine.pipeline import Agent, Pipeline, StageContext, batched

WORDS = ["batch", "chunk", "scope", "international", "store", "key", "stage", "run"]


class Measure(Agent):
    """Gets the words of one chunk, gives one entry per word."""

    def run(self, context: StageContext) -> list[dict[str, Any]]:
        return [{"word": word, "length": len(word)} for word in context["words"]]


class Capital(Agent):
    """Gets what `Measure` gave."""

    def run(self, context: StageContext) -> list[dict[str, Any]]:
        return [{**entry, "capital": entry["word"][0].upper()} for entry in context["words"]]


class Longest(Agent):
    """Stands after the scope: gets the merged list, in input order."""

    def run(self, context: StageContext) -> dict[str, Any]:
        return {"longest": max(context["words"], key=lambda entry: entry["length"])["word"]}


def main() -> None:
    pipeline = Pipeline(
        batched(Measure() >> Capital(), chunk_size=3, over="words") >> Longest(),
        inputs={"words": list[str]},
    )
    result = pipeline.run({"words": WORDS})
    (scope,) = result.scopes
    print(f"{scope.batch_count} batches, {scope.counts.ok} items")
    print("longest word:", result["longest"])
    print(result["words"][1])


if __name__ == "__main__":
    main()
