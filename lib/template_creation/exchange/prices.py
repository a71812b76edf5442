"""What models cost and can do: a dated file that ships with us, and the user's own over it.

Prices change more often than we release, and sources disagree, so none is a constant in code.
What is not in a file is unknown and said to be; it is never free. (facts/llm-api.md section 1.)
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from template_creation.errors import BadInput
from template_creation.exchange.tokens import NEWEST_FACTOR

__all__ = [
    "PRICES_VARIABLE",
    "Counts",
    "ModelFacts",
    "PriceList",
    "PriceTier",
    "TokenCounts",
    "answer_limit",
    "load_prices",
]

PRICES_VARIABLE = "TEMPLATE_CREATE_PRICES"
MILLION = 1_000_000

UNKNOWN_MAX_OUTPUT = 16_000
"""Tokens, for a model that nothing is known of."""
MOST_OUTPUT = 64_000
"""Tokens. Some models could write twice as much; ten agents of whole Markdown are 36,000."""


class Counts(Protocol):
    """The tokens of a request; `template_creation.values.answer.RequestUsage` is one."""

    @property
    def input_tokens(self) -> int:
        """Tokens of the prompt that the cache neither had nor took."""

    @property
    def output_tokens(self) -> int:
        """Tokens of the answer, thinking included."""

    @property
    def cache_read_tokens(self) -> int:
        """Tokens of the prompt that the cache had."""

    @property
    def cache_write_tokens(self) -> int:
        """Tokens of the prompt that the cache took, for five minutes."""


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """`Counts` of a request that is still only planned."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PriceTier(_Frozen):
    """US dollars per million tokens, for requests with a prompt of up to so many tokens."""

    up_to_prompt_tokens: int | None = Field(default=None, gt=0)
    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cache_read: float | None = Field(default=None, ge=0)
    cache_write_5m: float | None = Field(default=None, ge=0)
    cache_write_1h: float | None = Field(default=None, ge=0)

    def usd(self, counts: Counts) -> float:
        """What ``counts`` cost; cache prices that are not known are reckoned as the usual
        multiples of the input price (0.1 and 1.25)."""
        read = 0.1 * self.input if self.cache_read is None else self.cache_read
        write = 1.25 * self.input if self.cache_write_5m is None else self.cache_write_5m
        return (
            counts.input_tokens * self.input
            + counts.output_tokens * self.output
            + counts.cache_read_tokens * read
            + counts.cache_write_tokens * write
        ) / MILLION


class ModelFacts(_Frozen):
    """What is known of a model. ``prices`` may be empty: then what it costs is unknown.

    ``tokens_per_o200k`` is for `template_creation.exchange.tokens.pick_estimator`;
    ``structured_outputs`` says whether it takes a JSON schema for its answer, and ``thinking``
    whether it thinks: ``off``, ``optional`` (when asked to), ``adaptive`` (can be turned down)
    or ``always``. Thinking counts as output; ``less_thinking`` is the ``thinking.type`` that
    keeps the model from thinking before it writes, ``""`` where there is none.
    """

    id: str
    context_tokens: int = Field(gt=0)
    max_output_tokens: int = Field(gt=0)
    tokens_per_o200k: float = Field(default=NEWEST_FACTOR, gt=0)
    structured_outputs: bool = False
    thinking: Literal["off", "optional", "adaptive", "always"] = "off"
    less_thinking: Literal["", "between_tools", "disabled"] = ""
    prices: tuple[PriceTier, ...] = ()

    @model_validator(mode="after")
    def _tiers_rise(self) -> ModelFacts:
        limits = [item.up_to_prompt_tokens for item in self.prices]
        bounded = [limit for limit in limits[:-1] if limit is not None]
        rising = len(bounded) == len(limits[:-1]) and bounded == sorted(set(bounded))
        if limits and (not rising or limits[-1] is not None):
            raise ValueError("prices have to rise in up_to_prompt_tokens, the last without it")
        return self

    def cost(self, counts: Counts) -> float | None:
        """What a request with ``counts`` costs, in US dollars; ``None`` where no price is
        known. The whole prompt decides the tier, and the tier is that of every token."""
        prompt = counts.input_tokens + counts.cache_read_tokens + counts.cache_write_tokens
        for tier in self.prices:
            if tier.up_to_prompt_tokens is None or prompt <= tier.up_to_prompt_tokens:
                return tier.usd(counts)
        return None


class PriceList(_Frozen):
    """Models by id, as of a day, from a source. ``batch_factor`` is what the provider's batch
    interface takes of the price."""

    as_of: date
    source: str
    batch_factor: float = Field(default=1.0, gt=0, le=1)
    models: Mapping[str, ModelFacts]

    def model(self, model_id: str) -> ModelFacts | None:
        """What is known of ``model_id``; one with a date at its end (``-20251001``) is the same
        model. ``None`` for one that the list does not have: say so, do not guess."""
        plain = re.sub(r"-\d{8}$", "", model_id)
        return self.models.get(model_id) or self.models.get(plain)

    def cost(self, model_id: str, counts: Counts) -> float | None:
        """US dollars of a request, ``None`` where model or price are unknown.

        >>> load_prices().cost("claude-haiku-5-5", TokenCounts(10_000, 6_000))
        0.004
        >>> load_prices().cost("some-model", TokenCounts(1, 1)) is None
        True
        """
        facts = self.model(model_id)
        return None if facts is None else facts.cost(counts)

    def describe(self) -> str:
        """Where the prices are from, for whoever reads an estimate."""
        return f"prices of {self.as_of.isoformat()} ({self.source})"


def answer_limit(facts: ModelFacts | None, *, own_server: bool = False) -> int:
    """The most tokens that an answer is allowed where nobody says another number: what plans
    are made for, and what requests say as ``max_tokens``. ``None`` is a model that nothing is
    known of. An ``own_server`` need not serve what the vendor calls so: it may take less, but is
    not thought to take more than an unknown model.

    >>> answer_limit(None)
    16000
    """
    if facts is None:
        return UNKNOWN_MAX_OUTPUT
    return min(facts.max_output_tokens, UNKNOWN_MAX_OUTPUT if own_server else MOST_OUTPUT)


def load_prices(path: Path | None = None, *, environ: Mapping[str, str] | None = None) -> PriceList:
    """The list that ships with us, with the values of ``path`` over it, or of the file that
    ``TEMPLATE_CREATE_PRICES`` names; value by value for each model, ``prices`` as a whole.

    Raises `BadInput` for a file that is missing, no TOML, or says something unknown.
    """
    shipped = tomllib.loads(
        files("template_creation.exchange").joinpath("prices.toml").read_text(encoding="utf-8")
    )
    named = (os.environ if environ is None else environ).get(PRICES_VARIABLE, "")
    if path is None and named:
        path = Path(named)
    if path is None:
        return _list(shipped)
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
        return _list(_over(shipped, own, str(path)))
    except (OSError, UnicodeDecodeError) as exc:
        raise BadInput(f"cannot read the price file {str(path)!r}: {exc}") from exc
    except tomllib.TOMLDecodeError as exc:
        raise BadInput(f"the price file {str(path)!r} is no TOML: {exc}") from exc
    except (ValidationError, TypeError) as exc:
        raise BadInput(
            f"the price file {str(path)!r} does not fit: {_first(exc)}",
            hint="docs/enhancement-costs.md shows its form",
        ) from exc


def _list(data: Mapping[str, Any]) -> PriceList:
    models = {key: {"id": key, **value} for key, value in data["models"].items()}
    return PriceList.model_validate({**data, "models": models})


def _over(shipped: Mapping[str, Any], own: Mapping[str, Any], name: str) -> dict[str, Any]:
    """``own`` over ``shipped``; the source says that both were used."""
    models, tables = dict(shipped["models"]), own.get("models", {})
    if not isinstance(tables, dict):
        raise TypeError("models is no table")
    for key, value in tables.items():
        models[key] = {**models.get(key, {}), **value}
    source = f"{own.get('source', name)}; else {shipped['source']}, {shipped['as_of'].isoformat()}"
    return {**shipped, **own, "models": models, "source": source}


def _first(exc: Exception) -> str:
    if not isinstance(exc, ValidationError):
        return "models has to be a table of tables"
    first = exc.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
