"""The ways to ask for all agents of a package, compared: requests, tokens, money, and kills.

A part of `enhancement.py`; run that. The answers are given (the offline bridge's sections, the
finished texts), the prompts are those that each way would send, the prices are those of the
price file. What a kill costs is measured by cutting the streamed answer at every twentieth of it
and asking again for what was not complete.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from template_creation.agents import EnhancementContext, Limits, RequestPlan, plan_requests
from template_creation.exchange import (
    AnswerReader,
    Contract,
    PriceList,
    TokenCounts,
    estimate_tokens,
    load_prices,
    pick_estimator,
    prompt_parts,
)
from template_creation.values.agent import AgentSpec

ESTIMATOR = pick_estimator(environ={})
MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5")
CUTS = 20


@dataclass(frozen=True)
class Request:
    """A request of a way: its tokens, and how many of the prompt a cache takes or has."""

    prompt: int
    answer: int
    written: int = 0
    read: int = 0

    @property
    def counts(self) -> TokenCounts:
        """As the price list takes them."""
        return TokenCounts(
            self.prompt - self.written - self.read, self.answer, self.read, self.written
        )


@dataclass(frozen=True)
class Way:
    """A way to ask: its requests; what a kill at a random moment makes necessary again, in
    tokens of prompts and of answers, where that was measured; what it does to the price."""

    name: str
    starts: str
    requests: tuple[Request, ...]
    again: tuple[float, float] | None
    factor: float = 1.0

    def usd(self, prices: PriceList, model: str) -> float:
        """What all requests cost."""
        costs = [prices.cost(model, item.counts) for item in self.requests]
        assert None not in costs, f"no price for {model}"
        return self.factor * sum(item for item in costs if item is not None)


@dataclass(frozen=True)
class Measure:
    """A package's agents with an answer for each, by contract."""

    context: EnhancementContext
    specs: tuple[AgentSpec, ...]
    stubs: Mapping[str, str]
    answers: Mapping[Contract, Sequence[object]]

    def plan(
        self, contract: Contract, specs: Sequence[AgentSpec], agents: int | None = None
    ) -> RequestPlan:
        """The requests for some of the agents."""
        return plan_requests(
            self.context,
            specs,
            limits=Limits(agents=agents),
            estimator=ESTIMATOR,
            contract=contract,
            current=self.stubs,
        )

    def one_by_one(self, contract: Contract, *, cached: bool = False) -> tuple[Request, ...]:
        """A request for each agent; cached, the shared part of the prompt is written once."""
        requests = []
        planned = self.plan(contract, self.specs, 1).requests
        for number, (item, answer) in enumerate(zip(planned, self.answers[contract], strict=True)):
            shared = estimate_tokens(prompt_parts(item.request).shared) if cached else 0
            requests.append(
                Request(
                    item.input_tokens,
                    _tokens([answer]),
                    written=shared if number == 0 else 0,
                    read=shared if number else 0,
                )
            )
        return tuple(requests)

    def at_once(self, contract: Contract) -> tuple[Request, ...]:
        """One request for all agents."""
        (item,) = self.plan(contract, self.specs).requests
        return (Request(item.input_tokens, _tokens(self.answers[contract])),)

    def again_one_by_one(self, contract: Contract) -> tuple[float, float]:
        """The one in flight is asked again; on average half of its answer was paid for."""
        requests = self.one_by_one(contract)
        return (
            statistics.mean(item.prompt for item in requests),
            statistics.mean(item.answer for item in requests) / 2,
        )

    def again_at_once(self, contract: Contract, *, salvage: bool = True) -> tuple[float, float]:
        """Prompts and answers to pay again, over all places where the answer may be cut."""
        prompts, lost = [], []
        text = _text(self.answers[contract])
        for arrived, missing, kept in self._cuts(text):
            asked = missing if salvage else self.specs
            prompts.append(self.plan(contract, asked).input_tokens if asked else 0)
            lost.append(estimate_tokens(text[: arrived - (kept if salvage else 0)]))
        return statistics.mean(prompts), statistics.mean(lost)

    def _cuts(self, text: str) -> Iterator[tuple[int, list[AgentSpec], int]]:
        """Where the answer is cut, who is missing then, and up to where it was of use."""
        for number in range(1, CUTS):
            arrived = len(text) * number // CUTS
            reader, done, kept = AnswerReader([spec.name for spec in self.specs]), set(), 0
            for start in range(0, arrived, 20):
                taken = reader.feed(text[start : min(arrived, start + 20)])
                if taken:
                    done |= {item.name for item in taken}
                    kept = min(arrived, start + 20)
            yield arrived, [spec for spec in self.specs if spec.name not in done], kept


def _text(items: Sequence[object]) -> str:
    return json.dumps({"enhancements": list(items)}, ensure_ascii=False, separators=(",", ":"))


def _tokens(items: Sequence[object]) -> int:
    return estimate_tokens(_text(items))


def ways_of(measure: Measure, prices: PriceList) -> list[Way]:
    """The five options of the analysis, some in two forms."""
    count = len(measure.specs)
    alone = measure.one_by_one("sections")
    return [
        Way(
            "1. stateful loop, whole texts",
            str(count + 1),
            measure.one_by_one("markdown"),
            measure.again_one_by_one("markdown"),
        ),
        Way(
            "2. one batch, whole texts, read as one document",
            "2",
            measure.at_once("markdown"),
            measure.again_at_once("markdown", salvage=False),
        ),
        Way(
            "2b. the same, read agent by agent",
            "2",
            measure.at_once("markdown"),
            measure.again_at_once("markdown"),
        ),
        Way(
            "**3. one batch, sections (ours)**",
            "2",
            measure.at_once("sections"),
            measure.again_at_once("sections"),
        ),
        Way(
            "4. one request per agent, sections (ours with --no-batch)",
            str(count + 1),
            alone,
            measure.again_one_by_one("sections"),
        ),
        Way(
            "4b. the same with a prompt cache",
            str(count + 1),
            measure.one_by_one("sections", cached=True),
            measure.again_one_by_one("sections"),
        ),
        Way("5. provider batch of the requests of 4", "-", alone, None, factor=prices.batch_factor),
    ]


def options_report(
    name: str,
    context: EnhancementContext,
    specs: tuple[AgentSpec, ...],
    stubs: Mapping[str, str],
    sections: Sequence[object],
    whole: Sequence[object],
) -> str:
    """The comparison as Markdown."""
    prices = load_prices(environ={})
    measure = Measure(context, specs, stubs, {"sections": sections, "markdown": whole})
    lines = [
        f"{len(specs)} agents and {len(context.templates)} templates of {name}. Tokens are "
        f"{ESTIMATOR.name}. Dollars are",
        f"{prices.describe()},",
        "without thinking.",
        "",
        "| option | requests | starts over exit 42 | in | out | "
        + " | ".join(f"{model.removeprefix('claude-')}, $" for model in MODELS)
        + " | after a kill, in again | out again |",
        "|---|---:|---:|---:|---:|" + "---:|" * len(MODELS) + "---:|---:|",
    ]
    for way in ways_of(measure, prices):
        costs = " | ".join(f"{way.usd(prices, model):.4f}" for model in MODELS)
        again = " | ".join(f"{item:,.0f}" for item in way.again) if way.again else "- | -"
        lines.append(
            f"| {way.name} | {len(way.requests)} | {way.starts} "
            f"| {sum(item.prompt for item in way.requests):,} "
            f"| {sum(item.answer for item in way.requests):,} | {costs} | {again} |"
        )
    return "\n".join(lines)
