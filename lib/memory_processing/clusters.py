"""Who stands for whom: merges and review pairs of one group, as a function of the group alone.

Members are ranked: higher confidence, then older, then smaller hash. In that order each one
either joins the nearest better-ranked survivor that it may be merged with, or survives. So every
merged member is verified against its survivor itself (no chains), and neither batch size nor
order nor restarts can change the outcome: none of them is an input. What people said are the same
go as one, led by the best-ranked of them; what they keep apart never stands behind one survivor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from memory_processing.config import BatchProcessingConfig
from memory_processing.guards import blocking_reason
from memory_processing.similarity import near_pairs

__all__ = ["GroupPlan", "Member", "MergePair", "ReviewPair", "Verdict", "plan_group"]

Verdict = Literal["merge", "apart"]
BELOW = "similarity: below the merge threshold"
_OWN = "survivors: each is nearer to its own"
_PARTED = "decision: one stands for what is kept apart from the other"
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
    said = _Said(ordered, decisions)
    survivor_of = _assigned(ordered, edges, said)
    merges = tuple(
        _merge(ordered, member, survivor, edges.get(_key(member, survivor)), said)
        for member, survivor in sorted(survivor_of.items())
    )
    reviews, unlisted = _reviews(ordered, edges, survivor_of, said)
    return GroupPlan(merges, reviews, unlisted)


def _merge(
    ordered: Sequence[Member], member: int, survivor: int, edge: _Edge | None, said: _Said
) -> MergePair:
    by_person = edge is None or edge.by == "review" or said.leader(member) != member
    return MergePair(
        ordered[member].content_hash,
        ordered[survivor].content_hash,
        round(edge.similarity, 6) if edge else 0.0,
        "review" if by_person else "similarity",
    )


class _Said:
    """What people said about the members, by places: who goes with whom, who stays apart."""

    def __init__(
        self, ordered: Sequence[Member], decisions: Mapping[tuple[str, str], Verdict]
    ) -> None:
        self._ordered = ordered
        self._leaders: dict[int, int] = {}
        self._parties: dict[int, set[int]] = {}
        self._apart: dict[int, set[int]] = {}
        if not decisions:
            return
        places = {member.content_hash: place for place, member in enumerate(ordered)}
        pairs = sorted((*pair, verdict) for pair, verdict in decisions.items())
        known = [
            (places[one], places[two], verdict)
            for one, two, verdict in pairs
            if one in places and two in places
        ]
        for first, second, verdict in known:
            if verdict == "apart":
                self._apart.setdefault(first, set()).add(second)
                self._apart.setdefault(second, set()).add(first)
        for first, second, verdict in known:
            if verdict == "merge":
                self._unite(first, second)

    def leader(self, place: int) -> int:
        """The best-ranked of those that people said are the same as this one."""
        return self._leaders.get(place, place)

    def leaders(self) -> set[int]:
        """All leaders of several."""
        return set(self._leaders.values())

    def party(self, place: int) -> set[int]:
        """All of them, itself included."""
        return self._parties.get(self.leader(place), {place})

    def keeps_apart(self, some: set[int], others: set[int]) -> bool:
        """Whether one of ``some`` is to stay apart from one of ``others``."""
        return bool(self._apart) and any(
            not others.isdisjoint(self._apart.get(place, ())) for place in some
        )

    def _unite(self, first: int, second: int) -> None:
        ours, theirs = self.party(first), self.party(second)
        if self.keeps_apart(ours, theirs):
            return  # "apart" is the later word, or the two could not be together by another's
        both = ours | theirs
        leader = min(both, key=lambda place: self._ordered[place].rank)
        self._parties[leader] = both
        self._leaders.update(dict.fromkeys(both, leader))


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


def _assigned(
    ordered: Sequence[Member], edges: Mapping[tuple[int, int], _Edge], said: _Said
) -> dict[int, int]:
    """Member to survivor, by places in ``ordered``."""
    partners: dict[int, list[int]] = {}
    for (first, second), edge in edges.items():
        if edge.safe:
            partners.setdefault(first, []).append(second)
            partners.setdefault(second, []).append(first)
    survivor_of: dict[int, int] = {}
    behind: dict[int, set[int]] = {}  # each survivor's party and all that joined it
    leaders = {*partners, *said.leaders()}
    for place in sorted(leaders, key=lambda place: ordered[place].rank):
        if said.leader(place) != place:
            continue
        party = said.party(place)
        better = [
            other
            for other in partners.get(place, ())
            if other in behind and not said.keeps_apart(party, behind[other])
        ]
        lead = min(better, key=_nearest(place, ordered, edges)) if better else place
        behind.setdefault(lead, set()).update(party)
        survivor_of.update((member, lead) for member in party if member != lead)
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
    said: _Said,
) -> tuple[tuple[ReviewPair, ...], int]:
    """Open pairs between survivors, each once, the most similar evidence first."""
    best: dict[tuple[int, int], _Edge] = {}
    for (first, second), edge in sorted(edges.items()):
        if edge.by == "apart":
            continue
        pair = _key(survivor_of.get(first, first), survivor_of.get(second, second))
        if pair[0] == pair[1] or said.keeps_apart({pair[0]}, {pair[1]}):
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
                edge.reasons or ((_PARTED if edges.get((first, second)) is edge else _OWN),),
            )
        )
    return tuple(sorted(kept)), len(best) - len(kept)


def _key(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)
