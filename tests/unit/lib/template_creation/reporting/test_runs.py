"""The run is told from what was recorded, with numbers that add up."""

from __future__ import annotations

from batch_engine.core import PastChunk, PastEvent, PastProcess
from template_creation.reporting.runs import run_rows, spent
from template_creation.reporting.values import NoRun, Run
from template_creation.values.answer import RequestUsage


def _usage(cost: float | None, cached: int = 0) -> RequestUsage:
    return RequestUsage(
        request_id="r",
        model="m",
        agents=("a",),
        input_tokens=100,
        output_tokens=10,
        cache_read_tokens=cached,
        cost_usd=cost,
        seconds=2.0,
    )


def _chunk(number: int, ended: str, elapsed_ms: float, failed: int = 0) -> PastChunk:
    return PastChunk("scan", number, 5, 5 - failed, 0, failed, elapsed_ms, f"2026-01-02T{ended}Z")


def test_a_step_lasts_from_its_first_chunk_to_its_last() -> None:
    process = PastProcess(
        3, "interrupted", "2026-01-02T00:00:00+00:00", "",
        (_chunk(1, "00:00:02", 1000), _chunk(2, "00:00:05", 500, failed=2)),
        (PastEvent("2026-01-02T01:00:01+01:00", "taken_over", {}),),
        {"scan": 4},
    )  # fmt: skip
    (row,) = run_rows([Run("Made", "open", (), (process,), ())])
    (shown,) = row["processes"]
    (step,) = shown["steps"]
    assert (step["start"], step["seconds"], step["chunks"]) == (1.0, 4.0, 2)
    assert (step["ok"], step["failed"], step["retries"]) == (8, 2, 4)
    assert (step["x"], step["width"]) == (20.0, 80.0)
    assert shown["seconds"] == 5.0
    assert shown["started"] == "2026-01-02 00:00:00 UTC"
    assert shown["events"] == [{"after": 1.0, "kind": "taken over"}]


def test_only_the_last_processes_are_shown_and_the_others_counted() -> None:
    one = PastProcess(1, "completed", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", (), (), {})
    (row,) = run_rows([Run("Made", "finished", (), (one,) * 20, ())])
    assert len(row["processes"]) + row["earlier"] == 20
    assert row["earlier"] > 0


def test_what_was_spent_counts_the_whole_prompt_and_owns_up_to_unknown_prices() -> None:
    total = spent([_usage(0.25, cached=900), _usage(None)])
    assert (total["requests"], total["tokens_in"], total["tokens_out"]) == (2, 1100, 20)
    assert (total["usd"], total["unpriced"]) == (0.25, 1)
    assert spent([_usage(None)])["usd"] is None


def test_a_run_that_is_not_recorded_says_why() -> None:
    assert run_rows([NoRun("Made", "it is gone")]) == [{"title": "Made", "reason": "it is gone"}]
