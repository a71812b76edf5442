"""Several scopes, with branches that run at the same time, and chunks for a single agent.

    python examples/pipelines/scopes_and_branches.py

Prints::

    scopes: lines by 2, words by 4
    the translator was asked 4 times for at most 2 words
    {'word': 'ein', 'english': 'one', 'vowels': 2, 'length': 3}
    8 words, 15 vowels in all
"""

from __future__ import annotations

from typing import Any

from batch_engine.pipeline import (
    Agent,
    Pipeline,
    StageContext,
    batched,
    filtered,
    flat_mapped,
    mapped,
    stage,
)

TEXT = ["Eins, zwei, drei", "", "vier und ein Fuchs", "laufen"]
ENGLISH = {"eins": "one", "ein": "one", "zwei": "two", "drei": "three", "vier": "four"}


class Translate(Agent):
    """A service that takes two words at a time."""

    def run(self, context: StageContext) -> dict[str, Any]:
        words = [
            {**entry, "english": ENGLISH.get(entry["word"], "?")} for entry in context["words"]
        ]
        return {"words": words, "requests": 1}


class Count(Agent):
    """Runs beside the translation; branches set keys of their own."""

    def run(self, context: StageContext) -> dict[str, Any]:
        words = [
            {**entry, "vowels": sum(letter in "aeiou" for letter in entry["word"])}
            for entry in context["words"]
        ]
        return {"words": words, "vowels": sum(entry["vowels"] for entry in words)}


def with_length(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "length": len(entry["word"])}


def as_words(context: StageContext) -> dict[str, Any]:
    return {"words": [{"word": word} for word in context["lines"]]}


def main() -> None:
    clean = mapped(str.lower) >> filtered(bool, name="not_empty")
    split = flat_mapped(lambda line: line.replace(",", "").split(), name="split")
    pipeline = Pipeline(
        batched(clean >> split, chunk_size=2, over="lines", name="lines")
        >> stage(as_words)
        >> batched(
            (Translate().in_chunks_of(2) | Count()) >> mapped(with_length),
            chunk_size=4,
            over="words",
            name="words",
            reduce={"requests": "sum", "vowels": "sum"},
        )
    )
    print("scopes:", ", ".join(f"{scope.name} by {scope.chunk_size}" for scope in pipeline.scopes))
    result = pipeline.run({"lines": TEXT})
    print(f"the translator was asked {result['requests']} times for at most 2 words")
    print(result["words"][5])
    print(f"{len(result['words'])} words, {result['vowels']} vowels in all")


if __name__ == "__main__":
    main()
