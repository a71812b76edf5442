"""Retries as a workflow words them, as a policy of the engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from batch_engine.core import (
    NO_RETRY,
    ErrorCategory,
    RetryDecision,
    RetryPolicy,
    RetryRule,
    classify,
)
from batch_engine.workflow.spec import OnErrorSpec, RetrySpec

__all__ = ["retry_policy"]

_EXIT = re.compile(r"exit[ :]\s*(-?[0-9]+)\Z")


def retry_policy(
    retry: RetrySpec | None, on_error: OnErrorSpec | None = None, *, idempotent: bool = True
) -> RetryPolicy:
    """The policy of a step or of a batch's items; without either of them nothing is tried again.

    Asked to retry without saying for what, it does so for what the engine calls retryable and for
    a task that failed for reasons of its own (an exit code, an unknown exception), and not for
    what would fail again: wrong input, a missing file, a bug in a template.

    >>> retry_policy(RetrySpec(max_attempts=4, delay=1, backoff="fixed")).max_attempts
    4
    """
    if retry is None and on_error is not None:
        again = on_error.retry if on_error.retry is not None else 3 * (on_error.action == "retry")
        if not again:
            return replace(NO_RETRY, idempotent=idempotent)
        # yaml-workflow's own wording: any error, always the same wait.
        retry = RetrySpec(
            max_attempts=again + 1, delay=on_error.delay, backoff="fixed", on=["Exception"]
        )
    if retry is None:
        return replace(NO_RETRY, idempotent=idempotent)
    return _Policy(
        rules=_rules(retry),
        max_attempts=retry.max_attempts,
        initial_s=retry.delay,
        factor=1.0 if retry.backoff == "fixed" else retry.factor,
        max_delay_s=retry.max_delay,
        max_elapsed_s=retry.max_elapsed,
        idempotent=idempotent,
        growth="linear" if retry.backoff == "linear" else "factor",
        jitter=retry.jitter == "full",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Policy(RetryPolicy):
    """The engine's policy with linear growth, and without jitter where none is wanted."""

    growth: Literal["factor", "linear"] = "factor"
    jitter: bool = False

    def decide(
        self,
        error: BaseException,
        *,
        attempt: int,
        elapsed_s: float,
        random: Callable[[], float],
    ) -> RetryDecision:
        """See `RetryPolicy.decide`."""
        draw = random if self.jitter else _always_one
        policy = self
        if self.growth == "linear":
            policy = replace(self, initial_s=self.initial_s * attempt, factor=1.0)
        return RetryPolicy.decide(policy, error, attempt=attempt, elapsed_s=elapsed_s, random=draw)


def _always_one() -> float:
    return 1.0


def _rules(retry: RetrySpec) -> tuple[RetryRule, ...]:
    rules = []
    if retry.never:
        rules.append(RetryRule(retry=False, when=_Matches(tuple(retry.never))))
    if retry.on is not None:
        rules.append(RetryRule(retry=True, when=_Matches(tuple(retry.on))))
        rules.append(RetryRule(retry=False))
    else:
        rules.append(RetryRule(retry=True, categories=(ErrorCategory.TASK,)))
    return tuple(rules)


@dataclass(frozen=True, slots=True)
class _Matches:
    """Whether an error is one of those named: by code, category, class or exit code."""

    names: tuple[str, ...]

    def __call__(self, error: BaseException) -> bool:
        kind = classify(error)
        known = {kind.category.value, *(entry.__name__ for entry in type(error).__mro__)}
        parts = kind.code.split(".")
        known |= {".".join(parts[: length + 1]) for length in range(len(parts))}
        code = getattr(error, "returncode", None)
        return any(name in known or _is_exit(name, code) for name in self.names)


def _is_exit(name: str, code: object) -> bool:
    found = _EXIT.match(name)
    return found is not None and code == int(found[1])
