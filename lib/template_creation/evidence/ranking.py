"""Which memories reach which agents: what they share, how much it hurt, how sure, how recent.

Deterministic: recency counts from the newest memory, not from a clock, and ties go by id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from template_creation.evidence.texts import Unusable, source_of, usable_text
from template_creation.evidence.vocabulary import LAYER_WORDS, phrases, stem, words_of
from template_creation.exchange import estimate_tokens
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Analysis, Memory
from template_creation.values.request import MemoryFact

if TYPE_CHECKING:
    from memory_processing import MemoryRecord

__all__ = [
    "WEIGHTS",
    "Explanation",
    "Score",
    "explain",
    "known_memories",
    "rank_memories",
    "with_memories",
]

WEIGHTS = {"overlap": 0.45, "pain": 0.3, "confidence": 0.15, "recency": 0.1}
KIND_FACTORS = {"fact": 0.6, "note": 0.4}
"""Facts and notes say less of what to do than constraints, failures and lessons (1.0)."""

LEAST_OVERLAP = 0.15
HALF_LIFE_DAYS = 180.0
SHARED_BY = 2
NEARLY = 0.75
"""A memory goes to the agent with which it has most in common, and to another one if that has
nearly as much; what concerns all belongs into CLAUDE.md."""

_OWN_AGENT = 4.0
_FILE_MATCH = 2.0
_TECHNOLOGY = 1.5
_LAYER = 1.0
_WORD = 0.4
_MOST_BY_WORDS = 0.8
"""Words of names and paths alone say little, however many there are."""
_TAGGED = 1.5
"""A term in the tags counts so much more than the same one in the text."""


@dataclass(frozen=True, slots=True)
class Score:
    """How well a memory fits an agent, each part from 0 to 1; ``shared`` are the terms that
    both have, the strongest first."""

    overlap: float
    pain: float
    confidence: float
    recency: float
    factor: float
    shared: tuple[str, ...]

    @property
    def value(self) -> float:
        """The weighted sum of the parts, times the factor of the kind; 0 without overlap."""
        if self.overlap < LEAST_OVERLAP:
            return 0.0
        parts: float = sum(weight * getattr(self, name) for name, weight in WEIGHTS.items())
        return round(self.factor * parts, 6)

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {getattr(self, name):.2f}" for name in WEIGHTS)
        shared = f" ({', '.join(self.shared[:4])})" if self.shared else ""
        return f"{self.value:.2f}: {parts}{shared}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What became of a memory: the agents that it reached with its scores there, or why it
    reached none."""

    record: str
    scores: Mapping[str, Score]
    reason: str = ""


def rank_memories(
    records: Iterable[MemoryRecord],
    agents: Sequence[AgentSpec],
    *,
    per_agent: int = 3,
    max_tokens: int = 1_200,
) -> dict[str, tuple[MemoryFact, ...]]:
    """The memories for each agent by name, the best first: at most ``per_agent`` each, together
    at most ``max_tokens`` (characters/2.4), each at most 120. Ids (``M1``) count from the best.

    >>> ranked = rank_memories([MemoryRecord(id="m-1", kind="constraint",
    ...     text="Never mock the database in tests.", tags=("tests",))], agents)
    >>> [fact.id for fact in ranked["test-specialist"]]
    ['M1']
    """
    chosen = _Choice(list(records), agents, per_agent, max_tokens).made()
    return {name: tuple(facts) for name, facts in chosen.facts.items()}


def explain(
    records: Iterable[MemoryRecord],
    agents: Sequence[AgentSpec],
    *,
    per_agent: int = 3,
    max_tokens: int = 1_200,
) -> tuple[Explanation, ...]:
    """For every record, by id: whom `rank_memories` gives it, with the parts of its scores, or
    why nobody."""
    listed = list(records)
    chosen = _Choice(listed, agents, per_agent, max_tokens).made()
    found = []
    for record in sorted(listed, key=lambda item: item.id):
        scores = chosen.taken.get(record.id, {})
        reason = "" if scores else chosen.left.get(record.id, "it has nothing in common with any")
        found.append(Explanation(record.id, scores, reason))
    return tuple(found)


def known_memories(ranked: Mapping[str, Sequence[MemoryFact]]) -> tuple[Memory, ...]:
    """The same as facts of an analysis: each memory once, in the order of its id, with the
    agents that it is for."""
    facts: dict[str, MemoryFact] = {}
    agents: dict[str, list[str]] = {}
    for name, listed in ranked.items():
        for fact in listed:
            facts[fact.id] = fact
            agents.setdefault(fact.id, []).append(name)
    return tuple(
        Memory(
            record=fact.record,
            kind=fact.kind,
            text=fact.text,
            source=fact.source,
            agents=tuple(agents[key]),
            hurt=fact.hurt,
        )
        for key, fact in sorted(facts.items(), key=lambda item: int(item[0][1:]))
    )


def with_memories(
    analysis: Analysis, agents: Sequence[AgentSpec], records: Iterable[MemoryRecord]
) -> Analysis:
    """``analysis`` with those of ``records`` that concern ``agents``, in place of any it had."""
    return replace(analysis, memories=known_memories(rank_memories(records, agents)))


class _Agent:
    """The terms of an agent, each with the points that it is worth."""

    def __init__(self, spec: AgentSpec) -> None:
        self.spec = spec
        self.terms: dict[str, float] = {}
        words = [spec.name.replace("-", " "), spec.title, spec.purpose]
        words += [path.replace("/", " ").rpartition(".")[0] for path in spec.files]
        for word in words_of(" ".join(words)):
            self.terms[word] = _WORD
        for layer in spec.layers:
            for word in LAYER_WORDS.get(layer, layer).split():
                self.terms[stem(word)] = _LAYER
        for item in spec.technologies:
            self.terms[_term(item.name)] = _TECHNOLOGY


class _Choice:
    def __init__(
        self,
        records: list[MemoryRecord],
        agents: Sequence[AgentSpec],
        per_agent: int,
        max_tokens: int,
    ) -> None:
        self.facts: dict[str, list[MemoryFact]] = {spec.name: [] for spec in agents}
        self.taken: dict[str, dict[str, Score]] = {}
        self.left: dict[str, str] = {}
        self._agents = [_Agent(spec) for spec in agents]
        self._records = records
        self._per_agent = per_agent
        self._room = max_tokens

    def made(self) -> _Choice:
        """Fills the agents greedily, the best pairs first."""
        texts: dict[str, str] = {}
        for record in self._records:
            text = usable_text(record)
            if isinstance(text, Unusable):
                self.left[record.id] = text.reason
            else:
                texts[record.id] = text
        facts: dict[str, MemoryFact] = {}
        for score, agent, record in self._pairs(texts):
            name = agent.spec.name
            if len(self.facts[name]) >= self._per_agent:
                self.left.setdefault(record.id, f"{name} has {self._per_agent} better ones")
                continue
            if len(self.taken.get(record.id, {})) >= SHARED_BY:
                continue
            if record.id not in facts:
                fact = _fact(record, texts[record.id], len(facts) + 1)
                cost = estimate_tokens(_line(fact))
                if cost > self._room:
                    self.left.setdefault(record.id, "there is no room left")
                    continue
                self._room -= cost
                facts[record.id] = fact
            self.facts[name].append(facts[record.id])
            self.taken.setdefault(record.id, {})[name] = score
        return self

    def _pairs(self, texts: Mapping[str, str]) -> list[tuple[Score, _Agent, MemoryRecord]]:
        pairs = []
        for record in self._records:
            if record.id not in texts:
                continue
            terms = _Terms(record)
            scores = [self._score(record, terms, agent) for agent in self._agents]
            enough = NEARLY * max((score.overlap for score in scores), default=0.0)
            for place, (agent, score) in enumerate(zip(self._agents, scores, strict=True)):
                if score.value and score.overlap >= enough:
                    pairs.append((-score.value, place, record.id, score, agent, record))
        pairs.sort(key=lambda pair: pair[:3])
        return [(score, agent, record) for *_, score, agent, record in pairs]

    def _score(self, record: MemoryRecord, terms: _Terms, agent: _Agent) -> Score:
        points: dict[str, float] = {}
        for term, worth in agent.terms.items():
            weight = worth / self._having[term]
            if term in terms.tags:
                points[term] = weight * _TAGGED
            elif term in terms.text:
                points[term] = weight
        if record.scope.agent and record.scope.agent == agent.spec.name:
            points[record.scope.agent] = _OWN_AGENT
        for glob in record.scope.files:
            if any(fnmatchcase(path, glob) for path in agent.spec.files):
                points[glob] = _FILE_MATCH
        weak = [value for term, value in points.items() if agent.terms.get(term) == _WORD]
        strong = [value for term, value in points.items() if agent.terms.get(term) != _WORD]
        total = sum(sorted(strong)) + min(_MOST_BY_WORDS, sum(sorted(weak)))
        return Score(
            overlap=round(total / (1 + total), 6),
            pain=record.pain,
            confidence=record.confidence,
            recency=self._recency.get(record.id, 0.0),
            factor=KIND_FACTORS.get(record.kind, 1.0),
            shared=tuple(sorted(points, key=lambda term: (-points[term], term))),
        )

    @cached_property
    def _having(self) -> Counter[str]:
        """How many agents have each term: what all have tells them not apart."""
        return Counter(term for agent in self._agents for term in agent.terms)

    @cached_property
    def _recency(self) -> dict[str, float]:
        """1 for the newest record, half as much for one that is `HALF_LIFE_DAYS` older, 0 for
        one without a date."""
        moments = {
            record.id: moment
            for record in self._records
            if (moment := record.updated_at or record.created_at)
        }
        newest = max(moments.values(), default=None)
        return {
            name: round(0.5 ** ((newest - moment).total_seconds() / 86_400 / HALF_LIFE_DAYS), 6)
            for name, moment in moments.items()
            if newest is not None
        }


class _Terms:
    """The words of a memory: of its tags and themes, and of its text."""

    def __init__(self, record: MemoryRecord) -> None:
        themes = [theme.name for theme in record.emotion.themes] if record.emotion else []
        labels = [*record.tags, *themes, *record.scope.files]
        self.tags = phrases(labels)
        self.text = phrases([record.text])


def _term(name: str) -> str:
    """A technology as it may stand in a text: ``Next.js`` and ``React Query`` as they are."""
    return " ".join(name.casefold().split())


def _fact(record: MemoryRecord, text: str, number: int) -> MemoryFact:
    return MemoryFact(
        id=f"M{number}",
        kind=record.kind,
        text=text,
        source=source_of(record),
        record=record.id,
        hurt=record.pain > 0 or record.kind in ("failure", "constraint"),
    )


def _line(fact: MemoryFact) -> str:
    """About what the prompt shows of it."""
    return f'{fact.id} {fact.kind}: "{fact.text}" ({fact.source})\n'
