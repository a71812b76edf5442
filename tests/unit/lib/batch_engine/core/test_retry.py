"""A retry happens exactly when the first matching rule, or else the error's type, allows it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_engine.core import (
    NO_RETRY,
    ConfigurationError,
    ErrorCategory,
    NetworkError,
    RateLimitError,
    RetryPolicy,
    RetryRule,
    TaskError,
    TransientError,
)


def _decide(policy: RetryPolicy, error: BaseException, attempt: int = 1, elapsed_s: float = 0.0):  # type: ignore[no-untyped-def]  # a test's shorthand
    return policy.decide(error, attempt=attempt, elapsed_s=elapsed_s, random=lambda: 1.0)


def test_max_attempts_includes_the_first() -> None:
    policy = RetryPolicy(max_attempts=3)
    assert [_decide(policy, TransientError("x"), attempt).again for attempt in (1, 2, 3)] == [
        True,
        True,
        False,
    ]
    assert _decide(policy, TransientError("x"), 3).reason == "exhausted"
    assert not _decide(NO_RETRY, TransientError("x"), 1).again


def test_the_backoff_doubles_up_to_its_limit() -> None:
    policy = RetryPolicy(max_attempts=99, initial_s=1, factor=2, max_delay_s=10)
    delays = [_decide(policy, TransientError("x"), attempt).delay_s for attempt in range(1, 7)]
    assert delays == [1, 2, 4, 8, 10, 10]


def test_a_very_late_attempt_does_not_overflow() -> None:
    policy = RetryPolicy(max_attempts=100_000, factor=10)
    assert _decide(policy, TransientError("x"), 99_999).delay_s == 60


@given(st.floats(0, 1), st.integers(1, 20))
def test_full_jitter_draws_from_zero_to_the_backoff(draw: float, attempt: int) -> None:
    policy = RetryPolicy(max_attempts=99, initial_s=1, factor=2, max_delay_s=60)
    decision = policy.decide(TransientError("x"), attempt=attempt, elapsed_s=0, random=lambda: draw)
    assert decision.delay_s == pytest.approx(min(60, 2 ** (attempt - 1)) * draw)


def test_a_wait_that_was_asked_for_is_kept_but_capped() -> None:
    policy = RetryPolicy(retry_after_cap_s=120)
    assert _decide(policy, RateLimitError("x", retry_after_s=7)).delay_s == 7
    assert _decide(policy, RateLimitError("x", retry_after_s=86_400)).delay_s == 120
    assert _decide(policy, RateLimitError("x", retry_after_s=7)).reason == "retry_after"


def test_a_missing_file_is_not_asked_for_again() -> None:
    """The seed's rule (any IOError is retryable) would ask three times."""
    assert _decide(RetryPolicy(), FileNotFoundError("a")).reason == "not_retryable"
    assert _decide(RetryPolicy(), ConnectionError("a")).again


def test_what_is_not_idempotent_is_never_repeated_by_itself() -> None:
    policy = RetryPolicy(idempotent=False, rules=(RetryRule(retry=True),))
    assert _decide(policy, TransientError("x")).reason == "not_idempotent"


def test_no_attempt_starts_after_the_allowed_time() -> None:
    policy = RetryPolicy(max_elapsed_s=10, initial_s=4)
    assert _decide(policy, TransientError("x"), elapsed_s=6).again
    assert _decide(policy, TransientError("x"), elapsed_s=6.1).reason == "exhausted"


def test_the_first_matching_rule_wins_over_later_ones_and_over_the_type() -> None:
    policy = RetryPolicy(
        max_attempts=2,
        rules=(
            RetryRule(retry=False, on=(NetworkError,), when=lambda error: "dns" in str(error)),
            RetryRule(retry=True, categories=(ErrorCategory.NETWORK,), max_attempts=5),
            RetryRule(retry=True, codes=("task",)),
        ),
    )
    assert _decide(policy, NetworkError("dns")).reason == "not_retryable"
    assert _decide(policy, NetworkError("reset"), 4).again
    assert _decide(policy, NetworkError("reset"), 4).max_attempts == 5
    assert _decide(policy, TaskError("x"), 1).again
    assert not _decide(policy, TaskError("x"), 2).again
    assert _decide(policy, RateLimitError("x"), 1).again  # no rule: by its type


def test_a_rule_may_ask_again_at_once() -> None:
    """Its own first wait goes over the policy's, and only for what it matches."""
    rule = RetryRule(retry=True, on=(ValueError,), initial_s=0)
    policy = RetryPolicy(rules=(rule,), initial_s=8)
    assert _decide(policy, ValueError(), 1).delay_s == 0
    assert _decide(policy, TransientError("x"), 1).delay_s == 8


def test_every_criterion_of_a_rule_has_to_match() -> None:
    rule = RetryRule(retry=True, on=(TaskError,), codes=("network",))
    assert not _decide(RetryPolicy(rules=(rule,)), TaskError("x")).again


@pytest.mark.parametrize("code", ["networ", "network.http", "network.http_503.x"])
def test_a_code_matches_whole_or_by_its_first_part_only(code: str) -> None:
    class UnavailableError(Exception):
        status_code = 503

    policy = RetryPolicy(rules=(RetryRule(retry=False, codes=(code,)),))
    assert _decide(policy, UnavailableError()).again
    matching = RetryPolicy(rules=(RetryRule(retry=False, codes=("network",)),))
    assert not _decide(matching, UnavailableError()).again


@pytest.mark.parametrize("limit", [0, -1, True, 1.5])
def test_a_policy_that_never_starts_is_refused(limit: object) -> None:
    with pytest.raises(ConfigurationError, match="max_attempts"):
        RetryPolicy(max_attempts=limit)  # type: ignore[arg-type]  # what the check is for
    with pytest.raises(ConfigurationError, match="max_attempts of a rule"):
        RetryPolicy(rules=(RetryRule(retry=True, max_attempts=limit),))  # type: ignore[arg-type]  # same


@pytest.mark.parametrize("name", ["initial_s", "factor", "max_delay_s", "retry_after_cap_s",
                                  "max_elapsed_s", "rule"])  # fmt: skip
@pytest.mark.parametrize("wait", [-1, "1", True, float("nan")])
def test_a_wait_that_is_none_is_refused(name: str, wait: Any) -> None:
    given = {"rules": (RetryRule(retry=True, initial_s=wait),)} if name == "rule" else {name: wait}
    with pytest.raises(ConfigurationError, match="expected 0 or more"):
        RetryPolicy(**given)


@pytest.mark.parametrize(
    ("name", "value"),
    [("codes", "network"), ("on", ValueError), ("categories", "io"), ("when", "never")],
)
def test_a_rule_that_could_never_match_is_refused(name: str, value: Any) -> None:
    """One text where a tuple is meant would be taken letter by letter."""
    with pytest.raises(ConfigurationError, match=f"{name} of a rule is"):
        RetryRule(retry=True, **{name: value})


@pytest.mark.parametrize("rules", [5, [RetryRule(retry=True)], (ValueError,)])
def test_rules_of_another_kind_are_refused(rules: Any) -> None:
    with pytest.raises(ConfigurationError, match="expected a tuple of RetryRule"):
        RetryPolicy(rules=rules)
