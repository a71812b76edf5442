"""What people decide about pairs, and its reversal: review, decide, unmerge.

A decision outranks thresholds and guards, is stored, and holds for later imports. After it the
pair's group is planned anew, so that the store looks as if the decision had always been there.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

from batch_engine.core import ConfigurationError
from memory_processing.clusters import ReviewPair, Verdict
from memory_processing.config import BatchProcessingConfig
from memory_processing.consolidate import consolidate
from memory_processing.guards import reasons_against
from memory_processing.identity import group_key, memory_id
from memory_processing.record import MemoryRecord
from memory_processing.stores.protocol import MemoryStore

__all__ = ["OpenPair", "decide", "export_memories", "open_pairs", "resolve_id", "unmerge"]

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class OpenPair:
    """A pair on the review list, with both records and what speaks against a merge."""

    first: MemoryRecord
    second: MemoryRecord
    similarity: float
    reasons: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The pair as plain JSON values."""
        return {
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "similarity": self.similarity,
            "reasons": list(self.reasons),
        }


def open_pairs(store: MemoryStore) -> list[OpenPair]:
    """All pairs that wait for a person, the most similar first."""
    pairs = sorted(store.reviews(), key=lambda pair: (-pair.similarity, pair))
    return [_open(pair, store) for pair in pairs]


def _open(pair: ReviewPair, store: MemoryStore) -> OpenPair:
    found = store.find_hashes([pair.first, pair.second])
    first, second = (
        MemoryRecord.model_validate_json(found[name].data) for name in (pair.first, pair.second)
    )
    guards = reasons_against(first.text, second.text)
    rest = tuple(reason for reason in pair.reasons if reason not in guards)
    return OpenPair(first, second, pair.similarity, guards + rest)


def resolve_id(store: MemoryStore, name: str) -> str:
    """The content hash that an id (``m-...``), or the start of one, stands for.

    Raises `ConfigurationError` if there is none, or more than one.
    """
    wanted = name.removeprefix("m-")
    found = store.names(wanted) if wanted and set(wanted) <= _HEX else []
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigurationError(f"no memory is called {name!r}", hint="see `memory export`")
    some = ", ".join(memory_id(content) for content in found[:3])
    raise ConfigurationError(
        f"{name!r} stands for several memories: {some}", hint="write more of the id"
    )


def decide(
    store: MemoryStore,
    first: str,
    second: str,
    verdict: Verdict,
    *,
    config: BatchProcessingConfig | None = None,
) -> None:
    """Merges two memories ("merge") or keeps them apart for good ("apart"), named by id.

    Who stands behind a survivor speaks for it: a merge unites all that both stand for, also what
    was kept apart before. To keep two apart that are merged is to unmerge the second.

    Raises `ConfigurationError` for an unknown id, one memory named twice, and a merge of two
    that differ in kind or scope.
    """
    names = (resolve_id(store, first), resolve_id(store, second))
    if names[0] == names[1]:
        raise ConfigurationError(f"{first!r} and {second!r} are the same memory")
    groups = {
        group_key(MemoryRecord.model_validate_json(found.data))
        for found in store.find_hashes(names).values()
    }
    if len(groups) > 1:
        raise ConfigurationError(
            f"{first!r} and {second!r} differ in kind or scope",
            hint="memories of different kind or scope are never merged",
        )
    store.begin()
    try:
        survivor_of = _survivors(store, groups)
        leads = survivor_of.get(names[0], names[0]), survivor_of.get(names[1], names[1])
        ours, theirs = ({lead} | {m for m, s in survivor_of.items() if s == lead} for lead in leads)
        if verdict == "apart" and ours == theirs:
            pairs = {(names[1], other) for other in ours if other != names[1]}
        else:
            kept = {tuple(sorted(pair)) for group in groups for pair in _apart(store, group)}
            pairs = {
                (one, two)
                for one in ours
                for two in theirs - ours
                if verdict == "merge" and tuple(sorted((one, two))) in kept
            } | {names, leads if verdict == "merge" and leads[0] != leads[1] else names}
        for one, two in sorted(pairs):
            store.decide(one, two, verdict)
        store.touch(groups)
        consolidate(store, config or BatchProcessingConfig(), nested=True)
        store.commit()
    except BaseException:
        store.rollback()
        raise


def _survivors(store: MemoryStore, groups: Iterable[str]) -> dict[str, str]:
    """Each merged memory with its survivor."""
    pairs = (row.pair for group in groups for row in store.merges(group))
    return {pair.member: pair.survivor for pair in pairs}


def _apart(store: MemoryStore, group: str) -> list[tuple[str, str]]:
    return [pair for pair, verdict in store.decisions(group).items() if verdict == "apart"]


def unmerge(
    store: MemoryStore, name: str, *, config: BatchProcessingConfig | None = None
) -> tuple[str, ...]:
    """Takes a merge back: a member leaves its survivor, or a survivor is left by all members.

    Each is kept apart from all that it was merged with from now on, or the next plan would join
    two that were merged into the same third; records are what they were before. Returns
    the ids that stand for themselves again. Raises `ConfigurationError` if ``name`` is in no merge.
    """
    content = resolve_id(store, name)
    record = MemoryRecord.model_validate_json(store.find_hashes([content])[content].data)
    merges = [row.pair for row in store.merges(group_key(record))]
    pairs = [pair for pair in merges if content in (pair.member, pair.survivor)]
    if not pairs:
        raise ConfigurationError(f"{name!r} is in no merge", hint="see `memory list`")
    store.begin()
    try:
        for pair in pairs:
            together = {one.member for one in merges if one.survivor == pair.survivor}
            for other in sorted({*together, pair.survivor} - {pair.member}):
                store.decide(pair.member, other, "apart")
        store.touch([group_key(record)])
        consolidate(store, config or BatchProcessingConfig(), nested=True)
        store.commit()
    except BaseException:
        store.rollback()
        raise
    return tuple(memory_id(pair.member) for pair in pairs)


def export_memories(
    store: MemoryStore, *, members: bool = False
) -> Generator[MemoryRecord, None, None]:
    """The memories as they stand, by content hash; an import of them stores the same again.

    Merged ones come as their survivor's merged record; with ``members`` every record by itself.
    """
    for _, data in store.memories(members=members):
        yield MemoryRecord.model_validate(data)
