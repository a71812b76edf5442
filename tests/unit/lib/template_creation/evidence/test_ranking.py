"""Each agent gets the few memories that are about its work, what hurt most first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from memory_processing import EmotionalContext, MemoryRecord, Scope
from template_creation.evidence import explain, known_memories, rank_memories
from template_creation.exchange import estimate_tokens
from template_creation.values.agent import AgentSpec
from template_creation.values.analysis import Technology
from template_creation.values.request import MemoryFact


def _agent(name: str, layer: str, *files: str, technologies: tuple[str, ...] = ()) -> AgentSpec:
    return AgentSpec(
        name=name,
        title=name.replace("-", " ").title(),
        purpose=f"Adds {layer}.",
        description="Use when needed.",
        tools=("Read",),
        layers=(layer,),
        files=files,
        technologies=tuple(
            Technology(item, "api", item.lower(), "", "pyproject.toml", 1, "python")
            for item in technologies
        ),
        templates=(),
        score=1,
    )


API = _agent("api-specialist", "api", "app/api/orders.py", technologies=("FastAPI",))
DATA = _agent("data-access-specialist", "data", "app/db/orders.py", technologies=("React Query",))
TESTS = _agent("testing-specialist", "tests", "tests/test_orders.py")
AGENTS = (API, DATA, TESTS)


def _memory(name: str, text: str, **fields: object) -> MemoryRecord:
    return MemoryRecord.model_validate({"id": name, "kind": "lesson", "text": text, **fields})


def _ids(ranked: dict[str, tuple[MemoryFact, ...]], agent: str) -> list[str]:
    return [fact.record for fact in ranked[agent]]


@pytest.mark.parametrize(
    ("memory", "agent"),
    [
        (_memory("m-1", "Return the order from every endpoint."), "api-specialist"),
        (_memory("m-1", "FastAPI needs the type to be declared."), "api-specialist"),
        (_memory("m-1", "Keep it out of the cache.", tags=("fastapi",)), "api-specialist"),
        (_memory("m-1", "React Query keeps stale pages for long."), "data-access-specialist"),
        (_memory("m-1", "Take a lock before a migration runs."), "data-access-specialist"),
        (_memory("m-1", "Prefer fakes over mocks everywhere."), "testing-specialist"),
        (
            _memory("m-1", "Mind the rounding of prices.", scope=Scope(files=("app/db/*",))),
            "data-access-specialist",
        ),
        (
            _memory("m-1", "Mind the gap between both.", scope=Scope(agent="testing-specialist")),
            "testing-specialist",
        ),
    ],
)
def test_a_memory_reaches_the_agent_whose_work_it_is_about(
    memory: MemoryRecord, agent: str
) -> None:
    ranked = rank_memories([memory], AGENTS)
    assert [name for name, facts in ranked.items() if facts] == [agent]


def test_a_memory_about_nothing_of_the_code_reaches_nobody_and_says_so() -> None:
    milk = _memory("m-1", "Buy milk on Friday evening.")
    assert not any(rank_memories([milk], AGENTS).values())
    (told,) = explain([milk], AGENTS)
    assert told.reason == "it has nothing in common with any"


def test_a_word_that_all_agents_have_does_not_make_a_memory_theirs() -> None:
    told = _memory("m-1", "Orders are a delicate matter.")
    assert not any(rank_memories([told], AGENTS).values())
    assert rank_memories([told], [API])["api-specialist"]


def test_many_words_of_paths_say_less_than_one_of_the_work() -> None:
    paths = [f"db/{word}.py" for word in ("invoices", "parcels", "refunds", "vouchers")]
    data = _agent("data-access-specialist", "data", *paths)
    told = _memory("m-1", "Mock invoices, parcels, refunds and vouchers in a test.")
    (found,) = explain([told], [data, TESTS])
    assert max(found.scores, key=lambda name: found.scores[name].value) == "testing-specialist"


def test_a_memory_goes_to_a_second_agent_only_if_that_has_nearly_as_much_in_common() -> None:
    clear = _memory("m-1", "Prefer fakes over mocks in tests of an endpoint.")
    both = _memory("m-2", "Mock the database in tests, never a query or a table.")
    ranked = rank_memories([clear, both], AGENTS)
    assert _ids(ranked, "api-specialist") == []
    assert "m-2" in _ids(ranked, "testing-specialist")
    assert _ids(ranked, "data-access-specialist") == ["m-2"]


def test_what_hurt_comes_before_what_did_not() -> None:
    calm = _memory("m-1", "An endpoint returns a list.")
    hurt = _memory(
        "m-2",
        "An endpoint returned a list.",
        emotion=EmotionalContext(mood="negative", intensity=0.9, valence=-0.9),
    )
    severe = _memory("m-3", "An endpoint returned the list.", severity="critical")
    ranked = rank_memories([calm, hurt, severe], AGENTS)
    assert _ids(ranked, "api-specialist") == ["m-3", "m-2", "m-1"]
    assert [fact.hurt for fact in ranked["api-specialist"]] == [True, True, False]


def test_surer_and_newer_ones_come_first_where_all_else_is_equal() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    old = _memory("m-1", "An endpoint returns a list.", created_at=now - timedelta(days=400))
    new = _memory("m-2", "An endpoint returns one list.", created_at=now)
    sure = _memory("m-3", "An endpoint returns the list.", confidence=1.0, created_at=now)
    assert _ids(rank_memories([old, new, sure], AGENTS), "api-specialist") == ["m-3", "m-2", "m-1"]


def test_the_order_of_the_records_does_not_matter() -> None:
    records = [
        _memory("m-1", "Return the order from every endpoint."),
        _memory("m-2", "Take a lock before a migration runs.", severity="high"),
        _memory("m-3", "Prefer fakes over mocks in tests of endpoints."),
    ]
    ranked = [rank_memories(order, AGENTS) for order in permutations(records)]
    assert all(one == ranked[0] for one in ranked)


def test_an_agent_gets_three_and_all_together_stay_within_the_tokens() -> None:
    records = [
        _memory(f"m-{number:02}", f"Endpoint {number} must return a list. " + "So it is. " * 40)
        for number in range(10)
    ]
    ranked = rank_memories(records, AGENTS)
    assert len(ranked["api-specialist"]) == 3
    assert "3 better ones" in explain(records, AGENTS)[-1].reason
    few = rank_memories(records, AGENTS, max_tokens=250)
    facts = [fact for listed in few.values() for fact in listed]
    assert 0 < len(facts) < 3
    assert sum(estimate_tokens(fact.text) for fact in facts) <= 250
    assert not any(rank_memories(records, AGENTS, max_tokens=10).values())
    (first, *_) = explain(records, AGENTS, max_tokens=10)
    assert first.reason == "there is no room left"


def test_every_fact_stays_below_120_tokens() -> None:
    long = _memory("m-1", "An endpoint must answer. " * 300, scope=Scope(project="x" * 300))
    (fact,) = rank_memories([long], AGENTS)["api-specialist"]
    assert estimate_tokens(f'{fact.id} {fact.kind}: "{fact.text}" ({fact.source})') <= 120


def test_ids_are_unique_and_count_from_the_best() -> None:
    records = [
        _memory("m-1", "Return the order from every endpoint.", severity="critical"),
        _memory("m-2", "Take a lock before a migration runs."),
    ]
    ranked = rank_memories(records, AGENTS)
    known = known_memories(ranked)
    assert [item.record for item in known] == ["m-1", "m-2"]
    assert [item.agents for item in known] == [("api-specialist",), ("data-access-specialist",)]
    assert {fact.id for facts in ranked.values() for fact in facts} == {"M1", "M2"}


def test_an_explanation_has_the_parts_of_the_score_and_what_both_share() -> None:
    hurt = _memory("m-1", "FastAPI lost a request.", severity="medium", confidence=0.8)
    (told,) = explain([hurt], AGENTS)
    score = told.scores["api-specialist"]
    assert (score.pain, score.confidence, score.recency) == (0.5, 0.8, 0.0)
    assert score.shared[0] == "fastapi"
    assert str(score).startswith(f"{score.value:.2f}: overlap ")
