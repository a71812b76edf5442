"""What was spent is known after any crash, and what is learnt of a model is kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from batch_engine.core import BudgetError, MemoryRunStore, RunStore, SqliteRunStore
from template_creation.agents.ledger import Ledger
from template_creation.exchange.tokens import Calibration
from template_creation.values.answer import RequestUsage

USAGE = RequestUsage(
    request_id="msg_1",
    model="claude-haiku-5-5",
    agents=("api-specialist", "testing-specialist"),
    input_tokens=7_000,
    output_tokens=4_000,
    cache_read_tokens=1_000,
    cost_usd=0.25,
    estimated_input_tokens=10_000,
    estimator="characters/2.4",
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunStore]:
    opened: RunStore = MemoryRunStore() if request.param == "memory" else SqliteRunStore(tmp_path)
    yield opened
    opened.close()


def test_a_request_comes_back_as_it_was_recorded(store: RunStore) -> None:
    """Every field, in the order of the requests."""
    ledger = Ledger(store)
    later = replace(USAGE, request_id="msg_2", cost_usd=None, first_agent_seconds=1.5)
    ledger.record(USAGE)
    ledger.record(later)
    assert ledger.requests() == (USAGE, later)


def test_a_store_without_requests_has_spent_nothing(store: RunStore) -> None:
    """Also one that never heard of them."""
    ledger = Ledger(store)
    assert ledger.requests() == ()
    assert ledger.spent().usd == 0
    assert ledger.calibration("claude-haiku-5-5", "characters/2.4") is None


def test_the_same_id_twice_is_two_requests_unless_it_says_that_it_replaces(
    store: RunStore,
) -> None:
    """Some servers give every answer the same id; asking again costs again."""
    ledger = Ledger(store)
    first = ledger.record(USAGE)
    ledger.record(USAGE)
    assert ledger.record(replace(USAGE, cost_usd=0.75), replaces=first) == first
    assert ledger.spent().requests == 2
    assert ledger.spent().usd == pytest.approx(1.0)


def test_what_was_spent_is_that_of_the_run_over_all_processes(tmp_path: Path) -> None:
    """A killed run goes on with its sum; another run begins at nothing."""
    with SqliteRunStore(tmp_path) as before:
        Ledger(before, run="a").record(USAGE)
    with SqliteRunStore(tmp_path) as after:
        resumed, other = Ledger(after, run="a"), Ledger(after, run="b")
        resumed.record(USAGE)
        assert resumed.spent().usd == pytest.approx(0.5)
        assert resumed.spent().input_tokens == 16_000
        assert resumed.spent().output_tokens == 8_000
        assert other.spent().requests == 0
        assert other.spent(all_runs=True).requests == 2


def test_a_request_without_a_known_price_is_no_free_one(store: RunStore) -> None:
    """The sum says that it is a lower bound."""
    ledger = Ledger(store)
    ledger.record(USAGE)
    ledger.record(replace(USAGE, cost_usd=None))
    assert ledger.spent().says == (
        "at least $0.2500 for 2 requests (no price is known for 1 of them)"
    )


def test_calibration_compares_the_whole_prompt_with_the_estimate(store: RunStore) -> None:
    """Tokens that the cache had were sent too; runs learn from each other."""
    Ledger(store, run="a").record(USAGE)
    learnt = Ledger(store, run="b")
    assert learnt.calibration("claude-haiku-5-5", "characters/2.4") == Calibration(0.8, 1)
    assert learnt.calibration("claude-opus-5-5", "characters/2.4") is None


def test_a_limit_is_kept_before_the_request_that_could_break_it(store: RunStore) -> None:
    """With the sum so far, and what to do."""
    ledger = Ledger(store)
    ledger.record(USAGE)
    ledger.check(0.25, 0.5)
    ledger.check(None, None)
    with pytest.raises(BudgetError, match=r"\$0\.2600; with \$0\.2500 for 1 request so far") as got:
        ledger.check(0.26, 0.5)
    assert "--resume" in got.value.hint
    assert not got.value.retryable


def test_what_costs_an_unknown_amount_is_within_no_limit(store: RunStore) -> None:
    """Neither the next request nor those before."""
    ledger = Ledger(store)
    with pytest.raises(BudgetError, match="no price is known for the model 'm'"):
        ledger.check(None, 100, model="m")
    ledger.record(replace(USAGE, cost_usd=None))
    with pytest.raises(BudgetError, match="at least"):
        ledger.check(0.1, 100)


def test_requests_of_several_threads_are_all_there(store: RunStore) -> None:
    """Shards may be asked for at the same time."""
    ledger = Ledger(store)
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: ledger.record(USAGE), range(40)))
    assert len(set(keys)) == len(ledger.requests()) == 40
