"""To whom an agent hands over: agents of neighbouring layers in the same part of the code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from template_creation.agents.context import EnhancementContext
from template_creation.agents.families import family_of
from template_creation.agents.roster import roster
from template_creation.syntax import language_of
from template_creation.values.agent import AgentSpec
from template_creation.values.layers import LAYER_TITLES

__all__ = ["neighbours"]

MAX_PARTNERS = 3
_A_PART = 0.2
"""A language is an agent's own when so many of its files are in it."""


def neighbours(spec: AgentSpec, context: EnhancementContext) -> list[str]:
    """What ``spec`` hands over to whom, nearest work first: ``tests to `testing-specialist` ``.

    A partner shares a language with ``spec``, and its package root where another agent for
    the same work does.
    """
    role = next((item for item in roster() if spec.name.endswith(item.name)), None)
    found: dict[str, str] = {}
    for layer in (*role.near, "tests") if role else ():
        able = [
            other
            for other in context.agents
            if other.name != spec.name
            and layer in other.layers
            and layer not in spec.layers
            and _is_of_one_kind(spec, other)
        ]
        near = [other for other in able if _roots(spec, context) & _roots(other, context)]
        for other in (near or able)[:1]:
            found.setdefault(other.name, LAYER_TITLES.get(layer, layer))
    return [f"{work} to `{name}`" for name, work in list(found.items())[:MAX_PARTNERS]]


def _is_of_one_kind(spec: AgentSpec, other: AgentSpec) -> bool:
    mine, theirs = _families(spec.files), _families(other.files)
    return bool(mine & theirs) or not (mine and theirs)


def _families(files: Sequence[str]) -> set[str]:
    counts = Counter(family_of(language_of(path)) for path in files)
    del counts[""]
    total = sum(counts.values())
    return {name for name, count in counts.items() if count >= _A_PART * total}


def _roots(spec: AgentSpec, context: EnhancementContext) -> set[str]:
    return {context.analysis.root_of(path) for path in spec.files}
