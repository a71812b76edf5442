"""How many tokens a text is, by a stated estimator.

No vendor publishes the tokenizer of a current model, so a count made here is an estimate, and
its name says how it was made. (facts/llm-api.md section 5; DESIGN section 6.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from template_creation.exchange.encodings import Encoding, load_encoding

__all__ = [
    "NEWEST_FACTOR",
    "TOKEN_ESTIMATOR",
    "Calibration",
    "Estimator",
    "Measured",
    "by_encoding",
    "calibration_of",
    "estimate_tokens",
    "pick_estimator",
]

TOKEN_ESTIMATOR = "characters/2.4"
CHARACTERS_PER_TOKEN = 2.4

NEWEST_FACTOR = 1.8
"""Tokens of the newest Claude tokenizer for each of o200k, as many as were measured at most over
our prompts, answers and agents (1.48 to 1.79); also for models that nothing is known of."""

LATEST = 10
"""A calibration is the mean over so many of the latest requests."""

PLAUSIBLE = (0.2, 5.0)
"""What a server reports beyond this is no count of the same text (some report 0 or 1)."""


def estimate_tokens(text: str) -> int:
    """About how many tokens ``text`` is, by `TOKEN_ESTIMATOR`: within 10 % of the newest Claude
    tokenizer for our prompts and answers, about 30 % above the one before it
    (docs/enhancement-costs.md).

    >>> estimate_tokens("x" * 24)
    10
    """
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Estimator:
    """Counts tokens. ``name`` says how, and goes into every report with a number of it.

    >>> pick_estimator().name
    'characters/2.4'
    """

    name: str
    count: Callable[[str], int]

    def scaled(self, times: float) -> Estimator:
        """One that counts so many times as much, under the same name."""
        return Estimator(self.name, lambda text: math.ceil(self.count(text) * times))


@dataclass(frozen=True, slots=True)
class Measured:
    """What a model reported for a prompt, beside what an estimator (named) had said of it."""

    model: str
    estimator: str
    estimated: int
    reported: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """How much more tokens a model reports than estimated: ``ratio``, from ``requests``."""

    ratio: float
    requests: int


def pick_estimator(
    *,
    factor: float | None = None,
    encodings: Path | None = None,
    environ: Mapping[str, str] | None = None,
    calibrate: Callable[[str], Calibration | None] | None = None,
) -> Estimator:
    """The best estimator that there is, without reaching any network by itself.

    1. tiktoken's o200k, from a file in ``encodings`` or ``TIKTOKEN_CACHE_DIR`` whose hash is
       right, times ``factor``: tokens of the model for each of o200k
       (`template_creation.exchange.prices.ModelFacts.tokens_per_o200k`).
    2. Characters divided by 2.4.

    ``calibrate`` gives what was learnt from earlier requests for an estimator's name
    (`template_creation.agents.ledger.Ledger.calibration`); it corrects both.

    >>> pick_estimator(calibrate=lambda name: Calibration(1.1, 6)).name
    'characters/2.4, calibrated 1.10 from 6 requests'
    """
    return _calibrated(_local(factor, encodings, environ), calibrate)


def calibration_of(measured: Iterable[Measured], model: str, estimator: str) -> Calibration | None:
    """The mean of reported / estimated over the `LATEST` requests of ``model`` whose estimate
    was made by ``estimator``, calibrated or not; ``None`` without any.

    >>> rows = [Measured("m", "characters/2.4", 100, 90),
    ...         Measured("m", "characters/2.4, calibrated 0.90 from 1 request", 90, 110)]
    >>> calibration_of(rows, "m", "characters/2.4")
    Calibration(ratio=1.0, requests=2)
    """
    low, high = PLAUSIBLE
    ratios = []
    for row in measured:
        base, applied = _uncalibrated(row.estimator)
        if row.model != model or base != estimator or row.estimated <= 0:
            continue
        ratio = row.reported * applied / row.estimated
        if low <= ratio <= high:
            ratios.append(ratio)
    latest = ratios[-LATEST:]
    if not latest:
        return None
    return Calibration(round(sum(latest) / len(latest), 2), len(latest))


def _local(
    factor: float | None, encodings: Path | None, environ: Mapping[str, str] | None
) -> Estimator:
    encoding = load_encoding(encodings, environ)
    if encoding is None:
        return Estimator(TOKEN_ESTIMATOR, estimate_tokens)
    return by_encoding(encoding, factor)


def by_encoding(encoding: Encoding, factor: float | None = None) -> Estimator:
    """One that counts ``factor`` (None: `NEWEST_FACTOR`) tokens for each of ``encoding``.

    >>> by_encoding(Encoding("o200k", len)).name
    'o200k x 1.80'
    """
    times = NEWEST_FACTOR if factor is None else factor

    def count(text: str) -> int:
        return math.ceil(encoding.count(text) * times)

    return Estimator(f"{encoding.name} x {times:.2f}", count)


def _calibrated(
    base: Estimator, calibrate: Callable[[str], Calibration | None] | None
) -> Estimator:
    """``base`` corrected; by the ratio as the name says it, so that it can be taken out again."""
    learnt = calibrate(base.name) if calibrate else None
    if learnt is None:
        return base
    ratio, requests = round(learnt.ratio, 2), learnt.requests

    def count(text: str) -> int:
        return math.ceil(base.count(text) * ratio)

    noun = "request" if requests == 1 else "requests"
    name = f"{base.name}, calibrated {ratio:.2f} from {requests} {noun}"
    return Estimator(name, count)


_CALIBRATED = re.compile(r"(?P<base>.*), calibrated (?P<ratio>\d+\.\d+) from \d+ requests?")


def _uncalibrated(name: str) -> tuple[str, float]:
    """The estimator under a calibrated one, and the ratio that was applied."""
    match = _CALIBRATED.fullmatch(name)
    return (match["base"], float(match["ratio"])) if match else (name, 1.0)
