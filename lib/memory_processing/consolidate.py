"""Merges after an import: every group that changed is planned anew, as a whole, and stored.

A plan depends on the group's memories and on people's decisions alone. So it does not matter in
which batches they came, and a process that died in between leaves nothing but a pending group.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from batch_engine.core.failpoints import failpoint
from memory_processing.clusters import GroupPlan, plan_group
from memory_processing.config import BatchProcessingConfig
from memory_processing.errors import MemoryStoreError
from memory_processing.merging import combine
from memory_processing.record import MemoryRecord
from memory_processing.stores.protocol import MemoryStore, MergeRow

__all__ = ["consolidate", "merged_rows"]

_OPTIMISTIC = 2


def consolidate(
    store: MemoryStore,
    config: BatchProcessingConfig,
    *,
    nested: bool = False,
    tell: Callable[[int, float], object] = lambda size, elapsed_s: None,
) -> int:
    """Brings the merges and the review list of all pending groups up to date.

    Returns how many further pairs are alike and not on the list (it has 20 per memory).

    Each group is one short transaction: it is planned before, and planned again if another
    process changed it meanwhile. ``nested``: the caller's transaction is open and is used.
    ``tell`` gets each group's size and the seconds that it took.
    """
    return sum(_consolidate_group(store, config, group, nested, tell) for group in store.pending())


def _consolidate_group(
    store: MemoryStore,
    config: BatchProcessingConfig,
    group: str,
    nested: bool,
    tell: Callable[[int, float], object],
) -> int:
    began = time.perf_counter()
    for attempt in range(_OPTIMISTIC + 1):
        locked = nested or attempt == _OPTIMISTIC
        if locked and not nested:
            store.begin()
        changes = store.changes(group)
        if changes is None:  # another process did it
            break
        members = store.group(group)
        plan = plan_group(members, config, store.decisions(group))
        merges, merged = merged_rows(store, plan)
        if not locked:
            store.begin()
            if store.changes(group) != changes:
                store.rollback()
                continue
        store.merge(group, merges=merges, merged=merged, reviews=plan.reviews)
        failpoint("memory_mid_merge")
        if not nested:
            store.commit()
        failpoint("memory_after_merge")
        tell(len(members), time.perf_counter() - began)
        return plan.unlisted
    if not nested:
        store.rollback()
    return 0


def merged_rows(store: MemoryStore, plan: GroupPlan) -> tuple[list[MergeRow], dict[str, str]]:
    """The merges with their conflicts, and each survivor's merged record as JSON."""
    members: dict[str, list[str]] = {}
    for pair in plan.merges:
        members.setdefault(pair.survivor, []).append(pair.member)
    wanted = [*members, *(name for names in members.values() for name in names)]
    stored = store.find_hashes(wanted)
    if missing := set(wanted) - stored.keys():
        raise MemoryStoreError(f"{len(missing)} memories vanished while they were merged")
    records = {name: MemoryRecord.model_validate_json(one.data) for name, one in stored.items()}
    merged: dict[str, str] = {}
    for survivor, names in members.items():
        whole = [records[survivor], *(records[name] for name in names)]
        merged[survivor] = combine(whole, survivor=records[survivor]).record.to_text()
    rows = [
        MergeRow(
            pair,
            json.dumps(
                [
                    conflict.to_json()
                    for conflict in combine(
                        [records[pair.survivor], records[pair.member]],
                        survivor=records[pair.survivor],
                    ).conflicts
                ]
            ),
        )
        for pair in plan.merges
    ]
    return rows, merged
