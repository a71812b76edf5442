"""What a stage answered, matched with the items it was given; what branches answered, merged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from batch_engine.core import ContractError, ItemFailure, MissingResultError
from batch_engine.pipeline.agent import Agent
from batch_engine.pipeline.errors import MergeConflictError
from batch_engine.pipeline.items import Element, Elements
from batch_engine.pipeline.options import ScopeOptions
from batch_engine.pipeline.reducers import FieldMerge, same

__all__ = ["branches_merged", "check_declared_fields", "fields_merged", "matched"]


_FAILED = (ItemFailure, Exception)


def matched(
    agent: Agent, answer: object, live: Elements, field: str
) -> tuple[Elements, dict[int, Exception], dict[str, Any]]:
    """The items after a stage, failures by source, and the other fields it wrote.

    Raises `ContractError` if the answer does not fit the items.
    """
    fields: dict[str, Any] = {}
    if isinstance(answer, Mapping):
        fields = {name: value for name, value in answer.items() if name != field}
        answer = answer.get(field)
    if answer is None:
        return live, {}, fields
    after: list[Element] = []
    failures: dict[int, Exception] = {}
    entries = _entries(agent, answer, live)
    # By kinds, of which there are few: a check per item would be the dearest part of a stage.
    if agent.shape == "map" and not any(
        issubclass(kind, _FAILED) for kind in set(map(type, entries))
    ):
        return live.now(list(entries)), {}, fields
    for element, value in zip(live, entries, strict=True):
        if isinstance(value, Exception):
            value = ItemFailure(value)
        if isinstance(value, ItemFailure):
            failures.setdefault(element.source, value.error)
        else:
            after += _shaped(agent, element, value)
    return Elements.of(after), failures, fields


def check_declared_fields(agent: Agent, written: Mapping[str, Any]) -> None:
    """`ContractError` if an agent that declares what it writes wrote something else: a field
    that nobody asked for is mostly one that is misspelt."""
    if not written or agent.writes is None:
        return
    unknown = sorted(set(written) - set(agent.writes))
    if unknown:
        raise ContractError(
            f"stage {agent.label!r} wrote {unknown[0]!r}, which its writes do not name",
            hint=f"it declares {', '.join(sorted(agent.writes)) or 'none'}",
        )


def _entries(agent: Agent, answer: object, live: Elements) -> Sequence[Any]:
    if isinstance(answer, Mapping):
        keys = set(live.keys)
        unknown = [key for key in answer if key not in keys]
        if unknown:
            raise ContractError(
                f"stage {agent.label!r} answered for {len(unknown)} unknown key(s), the first is "
                f"{unknown[0]!r}",
                hint="use the keys in context.batch.keys",
            )
        return [answer[key] if key in answer else _missing(agent, key) for key in live.keys]
    if not isinstance(answer, list | tuple):
        raise ContractError(
            f"stage {agent.label!r} returned {type(answer).__name__}",
            hint="return a mapping of fields, or a list with one entry per item",
        )
    if len(answer) != len(live):
        raise ContractError(
            f"stage {agent.label!r} returned {len(answer)} entries for {len(live)} items",
            hint="return one entry per item; to remove or add items use shape='filter' or "
            "'flat_map', or filtered(...) and flat_mapped(...)",
        )
    return answer


def _missing(agent: Agent, key: str) -> ItemFailure:
    return ItemFailure(MissingResultError(f"stage {agent.label!r} gave nothing for {key!r}"))


def _shaped(agent: Agent, element: Element, value: Any) -> list[Element]:
    if agent.shape == "map":
        return [element.now(value)]
    if agent.shape == "filter":
        return [element] if value else []
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
        raise ContractError(
            f"flat_map stage {agent.label!r} gave {type(value).__name__} for one item",
            hint="give a list of new items for each item, an empty one for none",
        )
    return [
        Element(element.source, f"{element.key}/{number}", new)
        for number, new in enumerate(value, 1)
    ]


def branches_merged(
    before: Elements,
    branches: Sequence[Elements],
    labels: Sequence[str],
    failures: Mapping[int, Exception],
) -> tuple[Elements, dict[int, Exception]]:
    """Each item after all branches: as the branch that changed it left it, or, where several
    did, their mappings joined; a `MergeConflictError` for a source where that cannot be done."""
    by_key = [dict(zip(branch.keys, branch.values, strict=True)) for branch in branches]
    merged: list[Element] = []
    conflicts: dict[int, Exception] = {}
    for element in before:
        if element.source in failures:
            continue
        values = [branch[element.key] for branch in by_key]
        try:
            merged.append(element.now(_joined(element.value, values, labels)))
        except MergeConflictError as error:
            conflicts[element.source] = error
    return Elements.of(merged), conflicts


def fields_merged(
    branches: Sequence[Mapping[str, Any]], labels: Sequence[str], options: ScopeOptions | None
) -> dict[str, Any]:
    """The fields that branches wrote, together: reduced where that is declared.

    Raises `MergeConflictError` where two branches give one field different values.
    """
    merge = FieldMerge(options.reduce if options else {})
    by: dict[str, int] = {}
    for number, written in enumerate(branches):
        for name, value in written.items():
            declared = options is not None and name in options.reduce
            if name in by and not declared and not same(merge.fields[name], value):
                raise MergeConflictError(
                    f"the branches {labels[by[name]]!r} and {labels[number]!r} give different "
                    f"values for the field {name!r}",
                    hint="let each branch write a field of its own, or say reduce= for the scope",
                )
            if name not in by or declared:
                merge.add({name: value})
            by.setdefault(name, number)
    return merge.fields


def _joined(original: Any, values: Sequence[Any], labels: Sequence[str]) -> Any:
    changed = [number for number, value in enumerate(values) if not same(value, original)]
    if not changed:
        return original
    if len(changed) == 1:
        return values[changed[0]]
    if not all(isinstance(values[number], Mapping) for number in changed):
        names = " and ".join(repr(labels[number]) for number in changed)
        raise MergeConflictError(
            f"the branches {names} both replaced the item",
            hint="let items be mappings, or let one branch write to a field of its own",
        )
    start = original if isinstance(original, Mapping) else {}
    joined = dict(start)
    by: dict[Any, int] = {}
    for number in changed:
        for key, value in values[number].items():
            if key in start and same(start[key], value):
                continue
            if key in by and not same(joined[key], value):
                raise MergeConflictError(
                    f"the branches {labels[by[key]]!r} and {labels[number]!r} give different "
                    f"values for {key!r}",
                    hint="let each branch set keys of its own",
                )
            joined[key] = value
            by[key] = number
    return joined
