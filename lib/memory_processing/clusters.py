"""Who stands for whom: merges and review pairs of one group, as a function of the group alone.

Members are ranked: higher confidence, then older, then smaller hash. In that order each one
either joins the nearest better-ranked survivor that it may be merged with, or survives. So every
merged member is verified against its survivor itself (no chains), and neither batch size nor
order nor restarts can change the outcome: none of them is an input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from memory_processing.config import BatchProcessingConfig
from memory_processing.guards import blocking_reason
from memory_processing.similarity import near_pairs

__all__ = ["GroupPlan", "Member", "MergePair", "ReviewPair", "Verdict", "plan_group"]

Verdict = Literal["merge", "apart"]
BELOW = "similarity: below the merge threshold"
MAX_REVIEWS = 20
"""Open pairs that are kept per memory, the most similar first."""


class Member(NamedTuple):
    """One memory of a group as the plan sees it; ``created_at`` is ISO 8601 in UTC or empty."""

    content_hash: str
    text: str
    confidence: float
    created_at: str

    @property
    def rank(self) -> tuple[float, bool, str, str]:
        """Smaller survives: higher confidence, then older (unknown is newest), then the hash."""
        return (-self.confidence, not self.created_at, self.created_at, self.content_hash)


@dataclass(frozen=True, slots=True, order=True)
class MergePair:
    """``member`` stands behind ``survivor``; ``by`` is "similarity", or "review" if a person
    decided it."""

    member: str
    survivor: str
    similarity: float
    by: Literal["similarity", "review"]


@dataclass(frozen=True, slots=True, order=True)
class ReviewPair:
    """Two survivors that are alike and not merged, with the reasons; ``first < second``."""

    first: str
    second: str
    similarity: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What becomes of a group; both parts are sorted. ``unlisted`` counts review pairs beyond
    the kept 20 per memory."""

    merges: tuple[MergePair, ...] = ()
    reviews: tuple[ReviewPair, ...] = ()
    unlisted: int = 0


def plan_group(
    members: Sequence[Member],
    config: BatchProcessingConfig,
    decisions: Mapping[tuple[str, str], Verdict],
) -> GroupPlan:
    """The plan for all memories of one kind and scope.

    ``decisions`` are what people said about pairs (smaller hash first); they outrank guards and
    thresholds.
    """
    ordered = sorted(members, key=lambda member: member.content_hash)
    near = near_pairs([member.text for member in ordered], threshold=config.review_threshold)
    edges: dict[tuple[int, int], _Edge] = {}
    for first, second, similarity in near:
        edges[first, second] = _judged(
            ordered[first], ordered[second], similarity, config, decisions
        )
    for pair, verdict in decisions.items():
        if verdict == "merge" and (places := _places(ordered, pair)) is not None:
            edges.setdefault(places, _Edge(0.0, True, (), "review"))
    survivor_of = _assigned(ordered, edges)
    merges = tuple(
        MergePair(
            ordered[member].content_hash,
            ordered[survivor].content_hash,
            round(edges[_key(member, survivor)].similarity, 6),
            "review" if edges[_key(member, survivor)].by == "review" else "similarity",
        )
        for member, survivor in sorted(survivor_of.items())
    )
    reviews, unlisted = _reviews(ordered, edges, survivor_of)
    return GroupPlan(merges, reviews, unlisted)


class _Edge(NamedTuple):
    similarity: float
    safe: bool
    reasons: tuple[str, ...]
    by: Literal["similarity", "review", "apart"]


def _judged(
    first: Member,
    second: Member,
    similarity: float,
    config: BatchProcessingConfig,
    decisions: Mapping[tuple[str, str], Verdict],
) -> _Edge:
    verdict = decisions.get((first.content_hash, second.content_hash))
    if verdict is not None:
        by: Literal["review", "apart"] = "review" if verdict == "merge" else "apart"
        return _Edge(similarity, verdict == "merge", (), by)
    if similarity < config.merge_threshold:  # all reasons are found when the pair is shown
        return _Edge(similarity, False, (BELOW,), "similarity")
    reason = blocking_reason(first.text, second.text, guards=config.guards)
    return _Edge(similarity, not reason, (reason,) if reason else (), "similarity")


def _assigned(ordered: Sequence[Member], edges: Mapping[tuple[int, int], _Edge]) -> dict[int, int]:
    """Member to survivor, by places in ``ordered``."""
    partners: dict[int, list[int]] = {}
    for (first, second), edge in edges.items():
        if edge.safe:
            partners.setdefault(first, []).append(second)
            partners.setdefault(second, []).append(first)
    survivor_of: dict[int, int] = {}
    survivors: set[int] = set()
    for place in sorted(partners, key=lambda place: ordered[place].rank):
        better = [other for other in partners[place] if other in survivors]
        if better:
            survivor_of[place] = min(better, key=_nearest(place, ordered, edges))
        else:
            survivors.add(place)
    return survivor_of


def _nearest(
    place: int, ordered: Sequence[Member], edges: Mapping[tuple[int, int], _Edge]
) -> Callable[[int], tuple[object, ...]]:
    def order(other: int) -> tuple[object, ...]:
        edge = edges[_key(place, other)]
        return (edge.by != "review", -edge.similarity, ordered[other].rank)

    return order


def _reviews(
    ordered: Sequence[Member],
    edges: Mapping[tuple[int, int], _Edge],
    survivor_of: Mapping[int, int],
) -> tuple[tuple[ReviewPair, ...], int]:
    """Open pairs between survivors, each once, the most similar evidence first."""
    apart = {pair for pair, edge in edges.items() if edge.by == "apart"}
    best: dict[tuple[int, int], _Edge] = {}
    for (first, second), edge in sorted(edges.items()):
        if edge.by == "apart":
            continue
        pair = _key(survivor_of.get(first, first), survivor_of.get(second, second))
        if pair[0] == pair[1] or pair in apart:
            continue
        if pair not in best or edge.similarity > best[pair].similarity:
            best[pair] = edge
    listed: dict[int, int] = {}
    kept: list[ReviewPair] = []
    for (first, second), edge in sorted(best.items(), key=lambda item: (-item[1].similarity, item)):
        if min(listed.get(first, 0), listed.get(second, 0)) >= MAX_REVIEWS:
            continue
        for place in (first, second):
            listed[place] = listed.get(place, 0) + 1
        kept.append(
            ReviewPair(
                ordered[first].content_hash,
                ordered[second].content_hash,
                round(edge.similarity, 6),
                edge.reasons or ("survivors: each is nearer to its own",),
            )
        )
    return tuple(sorted(kept)), len(best) - len(kept)


def _places(ordered: Sequence[Member], pair: Iterable[str]) -> tuple[int, int] | None:
    wanted = set(pair)
    places = [n for n, member in enumerate(ordered) if member.content_hash in wanted]
    return (places[0], places[1]) if len(places) == 2 else None


def _key(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)
