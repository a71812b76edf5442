"""What a run would ask, without asking: the same road up to the bridge.

A dry run is a run on copies of the package and of the run's state, so that finished agents,
refusals of the last time and what earlier requests taught count as they would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from batch_engine.core import ItemFailure
from batch_engine.pipeline import Batch
from template_creation.agents.apply import Applied
from template_creation.agents.asking import Asked, problems_of
from template_creation.agents.planning import Planner
from template_creation.agents.plans import RequestPlan
from template_creation.values.answer import RequestUsage

__all__ = ["Answers", "Preview"]

Answers = dict[str, Applied | ItemFailure]


class Preview:
    """In the place of an `Asker`: keeps the plan of every request that would be made.

    ``ask`` then answers all the same, where that costs nothing (the offline bridge); without it
    each agent gets an `Applied` without a text, which stands for one that was not asked for.
    """

    requests = 0

    def __init__(
        self, planner: Planner, ask: Callable[[Sequence[Asked], Batch], Answers] | None = None
    ) -> None:
        self._planner = planner
        self._ask = ask
        self._plans: list[RequestPlan] = []
        self.usage: list[RequestUsage] = []

    def __call__(self, asked: Sequence[Asked], batch: Batch) -> Answers:
        """See `Asker`."""
        paths = [item.path for item in asked]
        problems = problems_of(batch, asked)
        self._plans.append(self._planner.plan(asked[0].context, paths, problems=problems))
        if self._ask is not None:
            return self._ask(asked, batch)
        return {item.key: Applied(item.path.stem, "", "", "", ()) for item in asked}

    @property
    def plan(self) -> RequestPlan:
        """All that would be asked."""
        return self._planner.merged(self._plans)

    def put(self, path: Path, text: str) -> None:
        """A stored result in its file, which is a copy."""
        path.write_bytes(text.encode("utf-8"))
