"""Which step waits for which.

Steps run one after the other, as they are listed. As soon as one of them has ``depends_on``, a step
waits for what it depends on and for the steps above whose results it names, and for nothing else.
(In yaml-workflow for what it depends on only: a result that it names may then not be there.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from batch_engine.workflow.definition import Step
from batch_engine.workflow.errors import WorkflowError
from batch_engine.workflow.references import references_of

__all__ = ["in_order", "is_graph", "waits_for"]


def is_graph(steps: Iterable[Step]) -> bool:
    """Whether the steps say themselves what they wait for."""
    return any(step.spec.depends_on is not None for step in steps)


def waits_for(steps: Iterable[Step]) -> dict[str, frozenset[str]]:
    """By step, the names of the steps that have to be done before it."""
    listed = list(steps)
    if not is_graph(listed):
        above = [None, *(step.name for step in listed)]
        return {s.name: frozenset([a] if a else []) for s, a in zip(listed, above, strict=False)}
    names = {step.name for step in listed}
    found: dict[str, frozenset[str]] = {}
    for step in listed:
        given = {name for name in step.spec.depends_on or () if name in names}
        seen = references_of([step.spec.inputs, step.spec.condition])
        named = {path[1] for path, _ in seen if path[0] == "steps" and path[1:]}
        found[step.name] = frozenset(given | (named & found.keys()))
    return found


def in_order(steps: Iterable[Step]) -> list[Step]:
    """The steps so that each comes after those that it waits for, else as they are listed. Raises
    `WorkflowError` for a circle."""
    listed = list(steps)
    before: Mapping[str, frozenset[str]] = waits_for(listed)
    ordered: list[Step] = []
    done: set[str] = set()
    while len(ordered) < len(listed):
        ready = next((s for s in listed if s.name not in done and before[s.name] <= done), None)
        if ready is None:
            stuck = ", ".join(repr(step.name) for step in listed if step.name not in done)
            raise WorkflowError(f"these steps depend on each other in a circle: {stuck}")
        ordered.append(ready)
        done.add(ready.name)
    return ordered
