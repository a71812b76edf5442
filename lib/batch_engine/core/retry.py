"""Whether, and when, to try again: ordered rules, exponential backoff with full jitter.

The policy only decides; waiting, clocks and randomness are the runner's and are passed in.
Full jitter draws the delay from 0 to the backoff, which spreads callers that failed together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from batch_engine.core.classification import Classification, classify, retry_after_of
from batch_engine.core.errors import ConfigurationError, ErrorCategory

__all__ = ["NO_RETRY", "RetryDecision", "RetryPolicy", "RetryRule"]


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """``delay_s`` before the next attempt, or None: no further attempt, and ``reason`` why."""

    delay_s: float | None
    max_attempts: int
    reason: Literal["backoff", "retry_after", "exhausted", "not_retryable", "not_idempotent"]

    @property
    def again(self) -> bool:
        """Whether there will be another attempt."""
        return self.delay_s is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """What to do with the errors that match; every given criterion has to.

    ``on`` holds exception types; ``codes`` match whole or by their first part (``"network"``
    matches ``network.http_503``). ``retry`` overrules the error's own type; ``max_attempts`` and
    ``initial_s``, if given, overrule the policy's. ``initial_s=0`` asks again at once: where the
    other side is well and only its answer was not, waiting helps nobody.
    """

    retry: bool
    on: tuple[type[BaseException], ...] = ()
    categories: tuple[ErrorCategory, ...] = ()
    codes: tuple[str, ...] = ()
    when: Callable[[BaseException], bool] | None = None
    max_attempts: int | None = None
    initial_s: float | None = None

    def __post_init__(self) -> None:
        for name, kind in (("on", type), ("categories", str), ("codes", str)):
            values = getattr(self, name)
            if not isinstance(values, tuple) or not all(isinstance(one, kind) for one in values):
                raise ConfigurationError(
                    f"{name} of a rule is {values!r}, expected a tuple",
                    hint=f"one of them is ({values!r},), with a comma",
                )
        if self.when is not None and not callable(self.when):
            raise ConfigurationError(f"when of a rule is {self.when!r}, expected a function")

    def matches(self, error: BaseException, kind: Classification) -> bool:
        """Whether this rule speaks about ``error``."""
        return (
            (not self.on or isinstance(error, self.on))
            and (not self.categories or kind.category in self.categories)
            and (not self.codes or any(_same_code(kind.code, code) for code in self.codes))
            and (self.when is None or self.when(error))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """First matching rule wins; an error that none matches is judged by its own type.

    ``max_attempts`` includes the first attempt. The delay before attempt n+1 is drawn from
    0 to ``min(max_delay_s, initial_s * factor ** (n - 1))``. When the other side asked for a
    wait, that is kept instead, but at most ``retry_after_cap_s``. No attempt is scheduled that
    would start later than ``max_elapsed_s`` after the first. With ``idempotent=False`` nothing
    is tried again that has begun.

    >>> policy = RetryPolicy(max_attempts=3, initial_s=1)
    >>> policy.decide(ConnectionError(), attempt=2, elapsed_s=0, random=lambda: 0.5).delay_s
    1.0
    >>> policy.decide(FileNotFoundError(), attempt=1, elapsed_s=0, random=lambda: 0.5).reason
    'not_retryable'
    """

    rules: tuple[RetryRule, ...] = ()
    max_attempts: int = 3
    initial_s: float = 1.0
    factor: float = 2.0
    max_delay_s: float = 60.0
    retry_after_cap_s: float = 300.0
    max_elapsed_s: float | None = None
    idempotent: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.rules, tuple) or not all(
            isinstance(rule, RetryRule) for rule in self.rules
        ):
            raise ConfigurationError(f"rules is {self.rules!r}, expected a tuple of RetryRule")
        for name, value in (("max_attempts", self.max_attempts), *self._rule_limits()):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ConfigurationError(
                    f"{name} is {value!r}, expected a whole number of at least 1",
                    hint="max_attempts counts the first attempt; 1 means no retry",
                )
        waits = [
            (name, getattr(self, name))
            for name in ("initial_s", "factor", "max_delay_s", "retry_after_cap_s")
        ]
        waits += [("initial_s of a rule", rule.initial_s) for rule in self.rules]
        for name, seconds in (*waits, ("max_elapsed_s", self.max_elapsed_s)):
            may_be_none = name in ("initial_s of a rule", "max_elapsed_s")
            if seconds is None and may_be_none:
                continue
            number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
            if not number or not seconds >= 0:
                raise ConfigurationError(f"{name} is {seconds!r}, expected 0 or more")

    def decide(
        self,
        error: BaseException,
        *,
        attempt: int,
        elapsed_s: float,
        random: Callable[[], float],
    ) -> RetryDecision:
        """What follows after ``attempt`` (from 1) failed, ``elapsed_s`` after the first began.

        ``random`` returns a float from 0 to 1.
        """
        kind = classify(error)
        rule = next((rule for rule in self.rules if rule.matches(error, kind)), None)
        limit = self.max_attempts if rule is None else rule.max_attempts or self.max_attempts
        retryable = kind.retryable if rule is None else rule.retry
        if not retryable:
            return RetryDecision(None, limit, "not_retryable")
        if not self.idempotent:
            return RetryDecision(None, limit, "not_idempotent")
        asked = retry_after_of(error)
        delay = self._backoff_s(rule, attempt, random) if asked is None else self._capped(asked)
        late = self.max_elapsed_s is not None and elapsed_s + delay > self.max_elapsed_s
        if attempt >= limit or late:
            return RetryDecision(None, limit, "exhausted")
        return RetryDecision(delay, limit, "backoff" if asked is None else "retry_after")

    def _backoff_s(
        self, rule: RetryRule | None, attempt: int, random: Callable[[], float]
    ) -> float:
        initial = self.initial_s if rule is None or rule.initial_s is None else rule.initial_s
        # The exponent is bounded because factor ** 5000 overflows long before it is capped.
        longest = min(self.max_delay_s, initial * self.factor ** min(attempt - 1, 64))
        return longest * random()

    def _capped(self, asked_s: float) -> float:
        return min(asked_s, self.retry_after_cap_s)

    def _rule_limits(self) -> list[tuple[str, int]]:
        return [
            ("max_attempts of a rule", rule.max_attempts)
            for rule in self.rules
            if rule.max_attempts is not None
        ]


NO_RETRY = RetryPolicy(max_attempts=1)


def _same_code(code: str, wanted: str) -> bool:
    return code == wanted or code.startswith(wanted + ".")
