"""The values of a plan: what a request may take, what each will hold, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from math import ceil
from typing import Any, Literal, TypeVar

from batch_engine.core import Chunk
from template_creation.exchange.prices import ModelFacts, PriceList, TokenCounts
from template_creation.exchange.prompt import Contract, example_answer, request_document
from template_creation.exchange.tokens import Estimator
from template_creation.values.request import BatchRequest

__all__ = [
    "LeftOut",
    "Limits",
    "PlannedRequest",
    "RequestPlan",
    "expected_output",
]

T = TypeVar("T")

AIM_INPUT: dict[Contract, int] = {"sections": 7_900, "markdown": 25_000}
"""Tokens that a prompt for ten agents is filled up to, or shortened to; with answers of 6,000
the sections contract then takes 14,000 (DESIGN section 7)."""

AIM_AGENTS = 10

ANSWER_CHARACTERS: dict[Contract, int] = {"sections": 1_430, "markdown": 7_200}
"""Of one agent's part of an answer, as compact JSON: what the offline bridge's answers and the
finished agents of ten repositories come to, rounded up (docs/benchmarks-enhancement.md)."""

ANSWER_ROOM = 1.5
"""Answers differ in length; so many times the expected one has to fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may take, in tokens of the estimator; ``None`` is no limit.

    ``input_tokens``, ``output_tokens`` and ``total_tokens`` (a model's window) are never
    exceeded. ``aim_tokens`` is what a prompt for up to ten agents is filled up to with texts
    of templates, and shortened to as far as that leaves enough to write about; for more agents
    it grows with them. ``None`` is the aim of the contract. ``agents`` is the most in one
    request: 1 asks for one at a time (the seed's loop), and its ``max_batch_agents`` is this.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    aim_tokens: int | None = None
    agents: int | None = None

    @classmethod
    def of_model(
        cls,
        facts: ModelFacts | None,
        *,
        output_tokens: int | None = None,
        input_tokens: int | None = None,
        total_tokens: int | None = None,
        aim_tokens: int | None = None,
        agents: int | None = None,
    ) -> Limits:
        """The limits of a model, and one's own where they are narrower; the window of an
        unknown model (``None``) is not known. ``output_tokens`` is what requests will allow an
        answer, where there is such a limit."""
        window = facts.context_tokens if facts else None
        known = [item for item in (window, total_tokens) if item is not None]
        return cls(
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            total_tokens=min(known, default=None),
            aim_tokens=aim_tokens,
            agents=agents,
        )

    def most_input(self, output: int) -> int | None:
        """The most for a prompt whose answer is expected to take ``output`` tokens."""
        rest = None if self.total_tokens is None else self.total_tokens - with_room(output)
        known = [item for item in (self.input_tokens, rest) if item is not None]
        return min(known, default=None)

    def aimed_input(self, contract: Contract, agents: int) -> int:
        """What a prompt for so many agents is filled up to."""
        aim = AIM_INPUT[contract] if self.aim_tokens is None else self.aim_tokens
        return aim * max(AIM_AGENTS, agents) // AIM_AGENTS


def with_room(output: int) -> int:
    """What has to be free for an answer that is expected to take ``output`` tokens."""
    return ceil(output * ANSWER_ROOM)


def expected_output(contract: Contract, agents: int, estimator: Estimator) -> int:
    """About how many tokens the answer for so many agents takes; thinking is not in it."""
    example = example_answer(contract)
    per_character = estimator.count(example) / len(example)
    return ceil(ANSWER_CHARACTERS[contract] * agents * per_character)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that a request does not hold, and why: the ``text`` of a template (``amount``
    in tokens), some of its ``declarations`` (how many), or from the current text of an agent
    the ``quotes`` of templates (in lines). ``of`` is the template's id or the agent's name."""

    what: Literal["text", "declarations", "quotes"]
    of: str
    amount: int
    why: str


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """One request. ``detail`` names its step of the ladder; ``texts`` are the templates whose
    text it holds; tokens are the plan's estimate; ``over_aim`` says by how many tokens the
    prompt is above what was aimed at, where less would leave too little to write about."""

    request: BatchRequest
    detail: str
    texts: tuple[str, ...]
    input_tokens: int
    output_tokens: int
    left_out: tuple[LeftOut, ...]
    over_aim: int = 0

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of its agents, in order."""
        return tuple(item.name for item in self.request.agents)

    @property
    def document(self) -> dict[str, Any]:
        """What a bridge gets."""
        return request_document(self.request)

    def to_json(self) -> dict[str, Any]:
        """This as plain JSON values, without the request itself."""
        return {
            "agents": list(self.agents),
            "detail": self.detail,
            "texts": list(self.texts),
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "over_aim": self.over_aim,
            "left_out": [asdict(item) for item in self.left_out],
        }


@dataclass(frozen=True)
class RequestPlan:
    """The requests for some agents, in order, and how their tokens were counted."""

    requests: tuple[PlannedRequest, ...]
    contract: Contract
    estimator: str
    limits: Limits

    @cached_property
    def input_tokens(self) -> int:
        """Of all prompts."""
        return sum(item.input_tokens for item in self.requests)

    @cached_property
    def output_tokens(self) -> int:
        """Of all answers, expected."""
        return sum(item.output_tokens for item in self.requests)

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The names of the agents of each request."""
        return tuple(item.agents for item in self.requests)

    def cost(self, prices: PriceList, model: str) -> float | None:
        """US dollars of all requests as planned, without thinking and without a prompt cache;
        ``None`` where the model's price is not known."""
        costs = [
            prices.cost(model, TokenCounts(item.input_tokens, item.output_tokens))
            for item in self.requests
        ]
        known = [item for item in costs if item is not None]
        return sum(known) if len(known) == len(costs) else None

    def chunks(self, items: Iterable[T]) -> Iterator[Chunk[T]]:
        """``items`` (one for each planned agent, in the plan's order) as the engine's chunks, one
        for each request. Raises `ValueError` for another number of items."""
        listed = list(items)
        if len(listed) != sum(len(group) for group in self.groups):
            raise ValueError(f"{len(listed)} items for a plan of other agents: {self.groups!r}")
        start = 0
        for number, group in enumerate(self.groups, 1):
            part = tuple(listed[start : start + len(group)])
            yield Chunk(number, start, part, float(self.requests[number - 1].input_tokens))
            start += len(group)

    def report(self) -> dict[str, Any]:
        """The plan as plain JSON values: what is asked in how many requests, with which
        estimate, and what is left out."""
        limits = {key: value for key, value in asdict(self.limits).items() if value is not None}
        return {
            "contract": self.contract,
            "estimator": self.estimator,
            "limits": limits,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "requests": [item.to_json() for item in self.requests],
        }
